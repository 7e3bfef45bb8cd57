#!/usr/bin/env python3
"""Speed of clipstream's serving form of Swin3D beside torchvision's Swin3D, in one run on one machine.

    pip install torch torchvision
    clipstream model export --serving --precision bf16 MODEL.pt -o serving.pt
    python3 ops/bench/swin3d.py --training MODEL.pt --serving serving.pt --batches 1,8,32 --compile

Both networks have the same weights (those of MODEL.pt) and see the same random clips; their logits are
compared first. The serving form takes uint8 [N, T, H, W, 3] and normalises it; torchvision's network is given
pixels that are normalised already, in its own layout and precision. Inputs lie on the device. Times are of
repeated calls, after warm-up: on a GPU their median, with CUDA events, on the CPU the least, which other work on
the machine disturbs least; there --rounds times all networks in turn, so that such work meets all of them.

--kernels and --operators also measure the same network with clipstream's GPU kernels: the serving form with its other
source (BenchModels among the model module's tests writes it), and the library from the module's resources. --graph
replays that as a CUDA graph, too.

--variants also times changes of the serving form's source that were considered, and --profile says where its
time goes. Results are printed as a table, and written to --json line by line as they come.
"""

import argparse
import io
import json
import pathlib
import platform
import re
import statistics
import sys
import time
import zipfile

import torch
from torchvision.models.video.swin_transformer import PatchEmbed3d, SwinTransformer3d

# Source of the archive -> source of the variant
EXPRESSION = {
    "gelu": "torch._addmm_activation(bias, x, torch.t(weight), use_gelu=True)",
    "attend": "o = torch.scaled_dot_product_attention(q, k, v, bias, 0., False, scale=0.69314718055994529)",
    "normalise": "return torch.layer_norm(x, [torch.size(x, 1)], None, None, 1e-05)",
}
CUDNN = {
    EXPRESSION["attend"]: "o, _0, _1, _2, _3, _4, _5, _6, _7 = torch._scaled_dot_product_cudnn_attention(q, k, v, "
    "torch.expand(bias, [torch.size(q, 0), -1, -1, -1]), False, scale=0.69314718055994529)"
}
TWO_REDUCTIONS = {
    EXPRESSION["normalise"]: "m = torch.mean(x, [1], True, dtype=6)\n"
    "  s = torch.linalg_vector_norm(x, 2, [1], True, dtype=6)\n"
    "  r = torch.rsqrt(s * s / torch.size(x, 1) - m * m + 1e-05)\n"
    "  return torch.to((x - m) * r, x.dtype)"
}
MATRIX_ATTENTION = {
    EXPRESSION["attend"]: "s = torch.matmul(q, torch.transpose(k, 2, 3)) * 0.69314718055994529\n"
    "    o = torch.matmul(torch.softmax(torch.add_(s, bias), -1), v)"
}
EFFICIENT = {
    EXPRESSION["attend"]: "o, _0, _1, _2 = torch._scaled_dot_product_efficient_attention(q, k, v, "
    "torch.expand(bias, [torch.size(q, 0), -1, -1, -1]), False, scale=0.69314718055994529)"
}
GROUP_NORM = {
    EXPRESSION["normalise"]: "if torch.size(x, 1) < 512:\n"
    "    y = torch.group_norm(x, 1, None, None, 1e-05)\n"
    "  else:\n"
    "    y = torch.layer_norm(x, [torch.size(x, 1)], None, None, 1e-05)\n"
    "  return y"
}
VARIANTS = {
    "exact GELU, own kernel": {EXPRESSION["gelu"]: "torch.gelu(torch.linear(x, weight, bias))"},
    "cuDNN attention": CUDNN,
    "layer norm from two reductions": TWO_REDUCTIONS,
    "cuDNN attention, two reductions": {**CUDNN, **TWO_REDUCTIONS},
    "attention from matrix products": MATRIX_ATTENTION,
    "memory-efficient attention": EFFICIENT,
    "group norm's kernels for narrow rows": GROUP_NORM,
    "no bias and no mask (wrong, a bound)": {EXPRESSION["attend"]: "o = torch.scaled_dot_product_attention(q, k, v, None, 0., False, scale=0.69314718055994529)"},
}


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--training", required=True, type=pathlib.Path, help="artifact in its training form")
    p.add_argument("--serving", required=True, type=pathlib.Path, help="its serving form")
    p.add_argument("--kernels", type=pathlib.Path, help="the serving form whose source names the operators")
    p.add_argument("--operators", type=pathlib.Path, help="libclipstream_kernels.so")
    p.add_argument("--graph", action="store_true", help="also --kernels as a CUDA graph")
    p.add_argument("--batches", default="1,8,32", type=lambda s: [int(n) for n in s.split(",")])
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--threads", type=int, help="of PyTorch on the CPU")
    p.add_argument("--runs", type=int, default=15, help="timed calls")
    p.add_argument("--warm", type=int, default=5, help="calls before them")
    p.add_argument("--rounds", type=int, default=1, help="times that every network is measured; the best counts")
    p.add_argument("--compile", action="store_true", help="also torchvision under torch.compile")
    p.add_argument("--reduce-overhead", action="store_true", help="also torch.compile in this mode, at batch 1")
    p.add_argument("--compile-only", type=int, metavar="BATCH", help="fill torch.compile's cache and leave")
    p.add_argument("--variants", nargs="?", const="", metavar="REGEX", help="all, or those whose name it finds")
    p.add_argument("--profile", action="store_true")
    p.add_argument("--json", type=pathlib.Path, help="file of results, appended to")
    return p.parse_args()


ARGS = arguments()
CUDA = ARGS.device.startswith("cuda")
RESULTS = []


def manifest(path):
    with zipfile.ZipFile(path) as z:
        name = next(n for n in z.namelist() if n.endswith("/extra/manifest.json"))
        return json.loads(z.read(name))


def torchvision_network(m, state):
    a = m["architecture"]
    plain = lambda patch_size, embed_dim, norm_layer: PatchEmbed3d(patch_size, embed_dim=embed_dim)
    network = SwinTransformer3d(
        patch_size=a["patch"],
        embed_dim=a["embedDim"],
        depths=a["depths"],
        num_heads=a["heads"],
        window_size=a["window"],
        mlp_ratio=a["mlpRatio"],
        num_classes=a["classes"],
        patch_embed=None if a["patchNorm"] else plain,
    )
    own = network.state_dict()
    network.load_state_dict({k: state[k] for k in own})
    return network.eval()


def clip_size(clip):
    """T, H and W of a manifest's clip, whose crop is a square's side or "HxW"."""
    height, _, width = str(clip["crop"]).partition("x")
    return [clip["frames"], int(height), int(width or height)]


def flops(m):
    """Floating-point operations of one clip: matrix products and attention, a multiply-add being two."""
    a, clip = m["architecture"], m["clip"]
    size = [-(-n // p) for n, p in zip(clip_size(clip), a["patch"])]
    c, total = a["embedDim"], 0
    total += 2 * size[0] * size[1] * size[2] * 3 * a["patch"][0] * a["patch"][1] * a["patch"][2] * c
    for stage, depth in enumerate(a["depths"]):
        window = [min(w, n) for w, n in zip(a["window"], size)]
        tokens, length = 1, window[0] * window[1] * window[2]
        for w, n in zip(window, size):
            tokens *= -(-n // w) * w
        total += depth * 2 * tokens * c * (4 * c + 2 * int(c * a["mlpRatio"]) + 2 * length)
        if stage < len(a["depths"]) - 1:
            size = [size[0], -(-size[1] // 2), -(-size[2] // 2)]
            total += 2 * size[0] * size[1] * size[2] * 4 * c * 2 * c
            c *= 2
    return total


def seconds(call):
    """Median and least time of a call; on a machine with other work, the least says more."""
    with torch.inference_mode():
        for _ in range(ARGS.warm):
            call()
        times = []
        for _ in range(ARGS.runs):
            if CUDA:
                start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                torch.cuda.synchronize()
                start.record()
                call()
                end.record()
                torch.cuda.synchronize()
                times.append(start.elapsed_time(end) / 1e3)
            else:
                start = time.perf_counter()
                call()
                times.append(time.perf_counter() - start)
    return statistics.median(times), min(times)


def record(name, batch, median, least):
    per_call = median if CUDA else least
    row = dict(name=name, batch=batch, milliseconds=per_call * 1e3, clipsPerSecond=batch / per_call)
    row.update(medianMilliseconds=median * 1e3, leastMilliseconds=least * 1e3)
    if CUDA:
        row["peakMiB"] = torch.cuda.max_memory_allocated() / 2**20
    emit(row)
    for i, earlier in enumerate(RESULTS):
        if (earlier["name"], earlier["batch"]) == (name, batch):
            if row["milliseconds"] < earlier["milliseconds"]:
                RESULTS[i] = row
            return
    RESULTS.append(row)


def emit(row):
    print(json.dumps(row), file=sys.stderr, flush=True)
    if ARGS.json:
        with ARGS.json.open("a") as f:
            f.write(json.dumps(row) + "\n")


def measure(name, network, pixels, batches):
    """Times a network alone on the device: its peak memory is of its weights, inputs and activations."""
    for n in batches:
        if CUDA:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        clips = pixels(n)
        try:
            record(name, n, *seconds(lambda: network(clips)))
        except Exception as e:
            emit(dict(name=name, batch=n, failed=last_line(e)))
            return


def relative(found, expected):
    return ((found.double() - expected.double()).norm() / expected.double().norm()).item()


def ceiling(dtype, n):
    a, b = (torch.randn(n, n, device=ARGS.device, dtype=dtype) for _ in range(2))
    return 2 * n**3 / seconds(lambda: a @ b)[0 if CUDA else 1]


def edited(path, edits):
    """The archive with another source."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as z, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as w:
        for name in z.namelist():
            data = z.read(name)
            if name.endswith("/code/__torch__.py"):
                source = data.decode()
                for old, new in edits.items():
                    if old not in source:
                        return None
                    source = source.replace(old, new)
                data = source.encode()
            w.writestr(name, data)
    out.seek(0)
    return out


def main():
    torch.manual_seed(1)
    if ARGS.threads:
        torch.set_num_threads(ARGS.threads)
    m = manifest(ARGS.serving)
    dtype = torch.bfloat16 if m["precision"] == "bf16" else torch.float32
    clip = m["clip"]
    shape = [*clip_size(clip), 3]
    scale = torch.tensor(clip["mean"], device=ARGS.device), torch.tensor(clip["std"], device=ARGS.device)

    def raw(n):
        torch.manual_seed(n)
        return torch.randint(0, 256, [n, *shape], dtype=torch.uint8, device=ARGS.device)

    def normalised(n, to=dtype):
        x = raw(n).float().div_(255).sub_(scale[0]).div_(scale[1])
        return x.permute(0, 4, 1, 2, 3).to(to).contiguous()

    state = torch.jit.load(str(ARGS.training), map_location="cpu").state_dict()
    reference = torchvision_network(m, state).to(ARGS.device)
    if ARGS.compile_only:
        compiled = torch.compile(reference.to(dtype), dynamic=False)
        with torch.inference_mode():
            compiled(normalised(ARGS.compile_only))
        return

    per_clip = flops(m)
    peak = ceiling(dtype, 8192 if CUDA else 2048)
    about = dict(
        machine=torch.cuda.get_device_name() if CUDA else f"{platform.machine()}, {torch.get_num_threads()} threads",
        torch=torch.__version__,
        precision=m["precision"],
        clip=shape,
        flopsPerClip=per_clip,
        ceilingTflops=peak / 1e12,
    )
    emit(about)
    with torch.inference_mode():
        few = min(2, max(ARGS.batches))
        expected = reference(normalised(few, torch.float32)).float().cpu()
        own = reference.to(dtype)(normalised(few)).float().cpu()
    emit(dict(name="torchvision", error=relative(own, expected)))

    compiled = torch.compile(reference, dynamic=False)  # static, so once for each batch size
    for _ in range(ARGS.rounds):
        reference.cpu()
        serving("clipstream serving form", edited(ARGS.serving, {}), raw, expected)
        if ARGS.kernels:
            torch.ops.load_library(str(ARGS.operators))
            serving("clipstream with kernels", edited(ARGS.kernels, {}), raw, expected)
            if ARGS.graph:
                graph("clipstream with kernels, CUDA graph", raw)
        reference.to(ARGS.device)
        measure("torchvision eager", reference, normalised, ARGS.batches)
        if ARGS.compile:
            measure("torchvision torch.compile", compiled, normalised, ARGS.batches)
        if ARGS.reduce_overhead:
            torch._dynamo.reset()
            reduced = torch.compile(reference, dynamic=False, mode="reduce-overhead")
            measure("torchvision torch.compile, reduce-overhead", reduced, normalised, [1])
    reference.cpu()
    table(per_clip, peak)
    if ARGS.variants is not None:
        for name, edits in VARIANTS.items():
            if re.search(ARGS.variants, name):
                serving(name, edited(ARGS.serving, edits), raw, expected)
        table(per_clip, peak)


def serving(name, archive, raw, expected):
    if archive is None:
        return
    try:
        network = torch.jit.load(archive, map_location=ARGS.device).eval()
        with torch.inference_mode():
            for _ in range(3):  # profiled, optimised, run
                found = network(raw(len(expected))).float().cpu()
        emit(dict(name=name, error=relative(found, expected)))
    except Exception as e:  # a variant that this build of PyTorch cannot run
        emit(dict(name=name, failed=last_line(e)))
        return
    measure(name, network, raw, ARGS.batches)
    if ARGS.profile:
        profile(network, raw(max(ARGS.batches)))


def graph(name, raw):
    network = torch.jit.load(str(ARGS.kernels), map_location=ARGS.device).eval()
    for n in ARGS.batches:
        clips = raw(n)
        with torch.inference_mode():
            side = torch.cuda.Stream()
            with torch.cuda.stream(side):
                for _ in range(4):
                    network(clips)
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            recorded = torch.cuda.CUDAGraph()
            with torch.cuda.graph(recorded):
                logits = network(clips)
            record(name, n, *seconds(recorded.replay))
            clips.copy_(raw(n).flip(0))
            recorded.replay()
            emit(dict(name=name, batch=n, differsFromCall=relative(logits, network(clips))))


def last_line(e):
    lines = [line for line in str(e).splitlines() if line.strip()]
    return lines[-1][:300] if lines else repr(e)


def profile(network, clips):
    from torch.profiler import ProfilerActivity

    with torch.inference_mode(), torch.profiler.profile(activities=[ProfilerActivity.CUDA if CUDA else ProfilerActivity.CPU]) as p:
        network(clips)
        if CUDA:
            torch.cuda.synchronize()
    events = sorted(p.key_averages(), key=lambda e: -(e.self_device_time_total if CUDA else e.self_cpu_time_total))
    total = sum(e.self_device_time_total if CUDA else e.self_cpu_time_total for e in events)
    for e in events[:14]:
        own = e.self_device_time_total if CUDA else e.self_cpu_time_total
        emit(dict(kernel=e.key[:120], milliseconds=own / 1e3, share=own / total, calls=e.count))


def table(per_clip, peak):
    base = {r["batch"]: r["clipsPerSecond"] for r in RESULTS if r["name"] == ("torchvision torch.compile" if ARGS.compile else "torchvision eager")}
    against = "torch.compile" if ARGS.compile else "torchvision eager"
    print(f"| network | batch | clips/s | ms | x {against} | share of matrix ceiling | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    for r in RESULTS:
        n = r["batch"]
        ratio = f"{r['clipsPerSecond'] / base[n]:.2f}" if n in base else ""
        share = r["clipsPerSecond"] * per_clip / peak
        memory = f"{r['peakMiB']:.0f}" if "peakMiB" in r else ""
        print(f"| {r['name']} | {n} | {r['clipsPerSecond']:.2f} | {r['milliseconds']:.1f} | {ratio} | {share:.1%} | {memory} |")


if __name__ == "__main__":
    main()
