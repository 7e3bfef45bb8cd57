#!/usr/bin/env python3
"""Attention of networks that learn, and its gradients, against PyTorch's in float32 on a GPU.

    python3 ops/test/gpu/learning_attention.py libclipstream_kernels.so
    compute-sanitizer --tool memcheck python3 ops/test/gpu/learning_attention.py libclipstream_kernels.so --few
    python3 ops/test/gpu/learning_attention.py libclipstream_kernels.so --times

A case is good if output and gradients of queries, keys, values and position table are about as near to float32 as those of
PyTorch's attention in bfloat16 (at most 1.5 times as far), and a second run gives the same bits. --times tells what the kernels take in the
stages of Swin3D-T, 16 clips of 32 frames of 224x224. Exit status: 1 if a case is not good.
"""

import argparse
import sys

import torch

# Window of the table, tokens of a window, heads, windows of a clip, clips, size of queries and keys, whether parts of the
# clip do not see each other.
CASES = [
    ((8, 7, 7), 392, 3, 4, 2, 1, True),
    ((5, 5, 3), 17, 3, 5, 2, 1, True),
    ((8, 7, 7), 196, 6, 8, 2, 1, True),
    ((8, 7, 7), 392, 2, 3, 3, 1, False),
    ((8, 7, 7), 392, 4, 2, 1, 8, True),
    ((8, 7, 7), 392, 24, 2, 2, 1, True),
    ((8, 7, 7), 49, 8, 8, 3, 1, False),
    ((7, 7, 7), 343, 2, 4, 5, 1, True),
    ((8, 7, 7), 160, 2, 2, 3, 1, True),
    ((8, 7, 7), 161, 1, 2, 2, 1, False),
    ((16, 7, 7), 400, 1, 2, 2, 1, True),
    ((2, 3, 3), 16, 1, 3, 2, 1, False),
    ((2, 1, 1), 1, 4, 5, 3, 1, False),
]
STAGES = [(3, 128, 2), (6, 32, 2), (12, 8, 6), (24, 2, 2)]  # heads, windows of a clip, blocks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--times", action="store_true")
    a = parser.parse_args()
    torch.ops.load_library(a.library)
    if a.times:
        return times()
    good = [check(*case) for case in (CASES[:2] if a.few else CASES)]
    sys.exit(not all(good))


def own(qkv, table, places):
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(qkv, table, places)[0]


def make(window, length, heads, windows, clips, size, masked):
    torch.manual_seed(length + heads)
    t, h, w = window
    i = torch.arange(length, device="cuda")
    codes = ((i // (h * w)) * (2 * h - 1) + i // w % h) * (2 * w - 1) + i % w
    parts = torch.randint(0, 3, (windows, length), device="cuda") * masked
    parts[::2] = 0
    rows = torch.randperm(windows * length, device="cuda").view(windows, length)
    places = torch.cat([codes[None], parts, rows]).int()
    qkv = (torch.randn(clips * windows * length, 96 * heads, device="cuda") * size).bfloat16()
    table = torch.randn((2 * t - 1) * (2 * h - 1) * (2 * w - 1), heads, device="cuda")
    gradient = torch.randn(clips * windows * length, 32 * heads, device="cuda").bfloat16()
    return qkv, table, places, gradient


def of_pytorch(qkv, table, places):
    windows, length, heads = places.size(0) // 2, places.size(1), table.size(1)
    codes, parts, rows = places[0], places[1 : 1 + windows], places[1 + windows :].reshape(-1).long()
    clips = qkv.size(0) // rows.numel()
    x = qkv.view(clips, rows.numel(), -1)[:, rows].view(clips, windows, length, 3, heads, 32)
    q, k, v = x.permute(3, 1, 0, 4, 2, 5)  # [windows, clips, heads, length, 32]
    bias = table[(codes[:, None] - codes[None] + table.size(0) // 2).long()].permute(2, 0, 1)
    apart = (parts[:, :, None] != parts[:, None]).float() * -100
    bias = (bias + apart[:, None, None]).to(qkv.dtype)  # [windows, 1, heads, length, length]
    if qkv.dtype == torch.float32:
        y = torch.softmax(q @ k.mT * 32**-0.5 + bias, -1) @ v
    else:
        y = torch.stack(
            [torch.nn.functional.scaled_dot_product_attention(q[i], k[i], v[i], bias[i].expand(clips, -1, -1, -1)) for i in range(windows)]
        )
    y = y.permute(1, 0, 3, 2, 4).reshape(clips, rows.numel(), -1)
    return y[:, torch.argsort(rows)].reshape(qkv.size(0), -1)


def run(attention, qkv, table, places, gradient):
    qkv, table = qkv.detach().requires_grad_(), table.detach().requires_grad_()
    y = attention(qkv, table, places)
    y.backward(gradient.to(y.dtype))
    return [y.detach(), *qkv.grad.chunk(3, 1), table.grad]


def check(*case):
    qkv, table, places, gradient = make(*case)
    found, again = (run(own, qkv, table, places, gradient) for _ in range(2))
    same = all(torch.equal(x, y) for x, y in zip(found, again))
    exact = run(of_pytorch, qkv.float(), table, places, gradient)
    half = run(of_pytorch, qkv, table, places, gradient)
    distances = [[((x - e).norm() / e.norm().clamp_min(1e-2 * e.numel() ** 0.5)).item() for x, e in zip(of, exact)] for of in (found, half)]
    good = same and all(x < 1.5 * y + 1e-3 for x, y in zip(*distances))
    texts = [" ".join(f"{d:.1e}" for d in of) for of in distances]
    print("good" if good else "BAD ", *case, "same" if same else "DIFFERENT", "|", texts[0], "| PyTorch", texts[1], flush=True)
    return good


def times():
    for heads, windows, blocks in STAGES:
        qkv, table, places, gradient = make((8, 7, 7), 392, heads, windows, 16, 1, True)
        places[1 + windows :] = torch.arange(windows * 392).view(windows, 392)
        for _ in range(2):
            run(own, qkv, table, places, gradient)
        torch.cuda.synchronize()
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            for _ in range(5):
                run(own, qkv, table, places, gradient)
            torch.cuda.synchronize()
        kernels = {e.key.replace("learning_attention_", ""): e.self_device_time_total / 5000 for e in profile.key_averages() if "learning_attention" in e.key}
        print(f"{heads} heads, {blocks} blocks:", ", ".join(f"{k} {ms:.3f}" for k, ms in kernels.items()), "ms", flush=True)


if __name__ == "__main__":
    main()
