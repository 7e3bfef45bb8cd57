#!/usr/bin/env python3
"""Training steps of Swin3D-T, 32 frames of 224x224, bf16: clipstream's network against torchvision's.

    train.py FORM [--learning learning.pt | --learning kernels.pt --operators libclipstream_kernels.so] [--batch 16] [--steps 20]

FORM is torchvision, compiled (torch.compile), both with autocast to bfloat16; learning (what TrainingBenchmark wrote, as the
trainer runs it); or gradients, which compares the gradients of both networks in float32 and bfloat16 on a small batch. One
process for each, so that memory is its own. A step: forward, cross entropy, backward, torch.optim.AdamW(fused=True).
"""

import argparse
import time

import torch
import torchvision


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("form", choices=["torchvision", "compiled", "learning", "gradients"])
    parser.add_argument("--learning")
    parser.add_argument("--operators", help="library of clipstream's kernels, for a network that names them")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--plain-executor", action="store_true", help="without TorchScript's optimiser")
    parser.add_argument("--profile", action="store_true")
    a = parser.parse_args()
    torch.manual_seed(1)
    if a.operators:
        torch.ops.load_library(a.operators)
    if a.plain_executor:
        torch._C._set_graph_executor_optimize(False)
    if a.form == "gradients":
        return gradients(a.learning)
    pixels = torch.randint(0, 256, (a.batch, 32, 224, 224, 3), dtype=torch.uint8, device="cuda")
    classes = torch.randint(0, 400, (a.batch,), device="cuda")
    if a.form == "learning":
        network = load(a.learning)
        mask = torch.ones(a.batch, 2 * 12 + 768, device="cuda")
        forward = lambda: network(pixels, mask)
    else:
        network = torchvision.models.video.swin3d_t(weights=None).cuda().train()
        model = torch.compile(network) if a.form == "compiled" else network
        mean = torch.tensor([0.485, 0.456, 0.406], device="cuda").view(3, 1, 1, 1)
        std = torch.tensor([0.229, 0.224, 0.225], device="cuda").view(3, 1, 1, 1)

        def forward():
            with torch.autocast("cuda", torch.bfloat16):
                return model((pixels.permute(0, 4, 1, 2, 3) / 255.0 - mean) / std)

    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-5, weight_decay=0.05, fused=True)

    def step():
        loss = torch.nn.functional.cross_entropy(forward().float(), classes)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return loss

    for _ in range(6):
        loss = step()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    for _ in range(a.steps):
        loss = step()
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - start) / a.steps
    print(
        f"{a.form}: batch {a.batch}, {a.batch / seconds:.1f} clips/s, {1000 * seconds:.1f} ms a step, peak"
        f" {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB allocated, {torch.cuda.max_memory_reserved() / 2**30:.2f} reserved,"
        f" loss {loss.item():.4f}",
        flush=True,
    )
    if a.profile:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            for _ in range(3):
                step()
            torch.cuda.synchronize()
        for event in sorted(profile.key_averages(), key=lambda e: -e.self_device_time_total)[:32]:
            print(f"{event.self_device_time_total / 3000:8.2f} ms {event.count // 3:5d} {event.key[:110]}")


def load(path):
    network = torch.jit.load(path, map_location="cuda").train()
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return network


def gradients(path):
    network = load(path)
    reference = torchvision.models.video.swin3d_t(weights=None).cuda().eval()
    missing = reference.load_state_dict(dict(network.named_parameters()), strict=False)
    print("not in the network:", {k.split(".")[-1] for k in missing.missing_keys}, missing.unexpected_keys)
    pixels = torch.randint(0, 256, (2, 32, 224, 224, 3), dtype=torch.uint8, device="cuda")
    classes = torch.tensor([3, 200], device="cuda")
    mask = torch.ones(2, 2 * 12 + 768, device="cuda")
    mean = torch.tensor([0.485, 0.456, 0.406], device="cuda").view(3, 1, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225], device="cuda").view(3, 1, 1, 1)
    clips = (pixels.permute(0, 4, 1, 2, 3) / 255.0 - mean) / std
    torch.nn.functional.cross_entropy(reference(clips), classes).backward()
    exact = {name: p.grad.clone() for name, p in reference.named_parameters()}
    reference.zero_grad()
    with torch.autocast("cuda", torch.bfloat16):
        answers = reference(clips)
    torch.nn.functional.cross_entropy(answers.float(), classes).backward()
    autocast = {name: p.grad for name, p in reference.named_parameters()}
    torch.nn.functional.cross_entropy(network(pixels, mask), classes).backward()
    own = {name: p.grad for name, p in network.named_parameters()}
    for title, found in (("clipstream", own), ("torchvision, autocast", autocast)):
        for kind in ("", "relative_position_bias_table", "norm"):
            names = [n for n in exact if kind in n]
            apart = torch.stack([(found[n] - exact[n]).norm() / exact[n].norm() for n in names])
            print(f"{title}, {kind or 'all'}: relative distance of gradients from float32: median"
                  f" {apart.median().item():.1e}, largest {apart.max().item():.1e}")


if __name__ == "__main__":
    main()
