#!/usr/bin/env python3
"""Every operator against its reference, small, for compute-sanitizer, which is slow and does not take a JVM.

    java ... io.clipstream.model.kernels.OperatorsGpuTest checks.pt
    compute-sanitizer --tool memcheck python3 ops/test/gpu/checks.py libclipstream_kernels.so checks.pt
"""

import sys

import torch

ATTENTION, MASK, NORM, MERGE, PATCHES, LINEAR = range(6)
CALLS = [
    (ATTENTION, 17, 1, 2, 5, 3, 1),
    (ATTENTION, 98, 3, 2, 1, 3, 30),
    (ATTENTION, 392, 2, 2, 1, 2, 1),
    (MASK, 120),
    *((NORM, c, 3, 2, 5) for c in (32, 96, 128, 160, 384, 1536)),
    *((MERGE, c, 3, 2, 5, 2, 3) for c in (96, 128, 192, 320, 768)),
    (PATCHES, 2, 8, 28, 28, 4, 7, 7),
    (PATCHES, 1, 13, 50, 43, 4, 3, 3),
    (LINEAR, 37, 96, 40),
]

torch.ops.load_library(sys.argv[1])
checks = torch.jit.load(sys.argv[2], map_location="cuda")
torch._C._jit_set_profiling_executor(False)
failed = 0
for call in CALLS:
    with torch.inference_mode():
        distances = checks(torch.tensor(call, device="cuda")).tolist()
    least = distances[1:] if call[0] == MASK else distances
    good = max(least) < 4e-2
    failed += not good
    print("good" if good else "BAD ", call, " ".join(f"{d:.1e}" for d in distances), flush=True)
sys.exit(failed > 0)
