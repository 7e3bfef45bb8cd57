"""Classifies the clips of two pipelines with one artifact in PyTorch, and compares the probabilities with those that
`clipstream predict --json` printed.

    compare_probabilities.py MODEL.pt DUMP NPY PREDICTIONS.jsonl

DUMP is a folder of the test class DumpClips, NPY one of compare_preprocessing.py, both with the clip sizes and views
of the model; PREDICTIONS.jsonl has a line for each file of the dump, of `predict --json --top CLASSES`.

Needs: torch, numpy.
"""

import json
import pathlib
import sys

import numpy as np
import torch

model = torch.jit.load(sys.argv[1], map_location="cpu").eval()
dump, arrays = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
predictions = [json.loads(line) for line in pathlib.Path(sys.argv[4]).read_text().splitlines()]


def probabilities(clips):
    """Mean over the clips, uint8 [N, T, H, W, 3]."""
    with torch.no_grad():
        return model(torch.from_numpy(clips)).float().softmax(1).mean(0).numpy()


print("| video | top-1 | clipstream | Python | largest difference | of it, same pixels |")
print("|---|---|---|---|---|---|")
for n, case in enumerate(json.loads((dump / "clips.json").read_text())):
    theirs = np.load(arrays / f"{n}.npy")
    ours = np.fromfile(dump / f"{n}.rgb", np.uint8).reshape(theirs.shape)
    labels = sorted(predictions[n]["labels"], key=lambda label: label["id"])
    printed = np.array([label["score"] for label in labels])
    python = probabilities(theirs)
    top = int(printed.argmax())
    print(
        f"| {pathlib.Path(case['file']).name} | {labels[top]['name']} | {printed[top]:.4f} | {python[top]:.4f} "
        f"| {np.abs(printed - python).max():.4f} | {np.abs(printed - probabilities(ours)).max():.6f} |",
        flush=True,
    )
