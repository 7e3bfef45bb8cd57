"""Compares the clips that clipstream's decoder samples with those of a Python pipeline: PyAV decodes, OpenCV
resizes, NumPy crops. Prints a Markdown table.

    compare_preprocessing.py DUMP [NPY]

DUMP is a folder that the test class DumpClips wrote. With NPY, the clips of the Python pipeline are written there,
one uint8 [clips * crops, T, H, W, 3] a file, for compare_probabilities.py.

The Python pipeline decodes every frame of the file. For clips with a stride it chooses frames by the formulas of
MMAction2 0.x's SampleFrames and PaddleVideo's Sampler; for clips with a rate, which they do not have, it puts the N =
floor(duration * rate) samples of an even grid on the frames on display and starts the clips likewise. It resizes the
picture with bilinear interpolation (cv2.INTER_LINEAR, as MMAction2, PaddleVideo and, without OpenCV, torchvision's
preset do; where the clips were made with antialias, Pillow's BILINEAR, which averages too, in floating point, as
torchvision resizes floats: with bytes both round between rows and columns) and cuts crops out as torchvision's
center_crop or PaddleVideo's UniformCrop does.

Needs: av, numpy, opencv-python-headless, pillow.
"""

import json
import math
import pathlib
import sys

import av
import cv2
import numpy as np
from PIL import Image


def decode(file, seconds):
    """All pictures, and their times in seconds from the first; evenly spread where the file's times jump."""
    with av.open(file) as container:
        frames = list(container.decode(video=0))
    times = np.array([float("nan") if frame.time is None else float(frame.time) for frame in frames])
    if not (np.diff(times) > 0).all():
        times = np.arange(len(frames)) * seconds / len(frames)
    return frames, times - times[0]


def indices(times, case):
    """The frames of every clip: [clips][T]."""
    clips, t = case["clips"], case["frames"]
    if case["stride"] > 0:
        # SampleFrames of MMAction2 0.x and Sampler of PaddleVideo, in test mode.
        samples, span = len(times), t * case["stride"]
        average = (samples - span + 1) / clips
        if samples > span - 1:
            starts = (np.arange(clips) * average + average / 2).astype(int)
        else:
            starts = np.zeros(clips, int)
        return [np.mod(start + np.arange(t) * case["stride"], samples).tolist() for start in starts]
    rate = case["rate"]
    late = min(0.001, case["seconds"] / len(times) / 4)  # containers round times to milliseconds
    samples = max(1, math.floor((case["seconds"] + late) * rate))
    average = max(samples - t, 0) / clips
    starts = (np.arange(clips) * average + average / 2).astype(int)
    grid = [(start + np.arange(t)) % samples if start + t > samples else start + np.arange(t) for start in starts]
    return [np.maximum(np.searchsorted(times, g / rate + late, side="right") - 1, 0).tolist() for g in grid]


def crop_size(case):
    """Height and width of the crops: a square's side or "HxW"."""
    height, _, width = str(case["crop"]).partition("x")
    return int(height), int(width or height)


def crops(picture, case):
    """The crops of one picture: resized whole, then cut."""
    high, wide = crop_size(case)
    width, height = case["width"], case["height"]
    short = case["shortSide"] / min(width, height) if case["crops"] == 1 else 0
    factor = max(short, wide / width, high / height)
    size = max(wide, int(factor * width + 1e-6)), max(high, int(factor * height + 1e-6))
    if case["antialias"]:
        channels = [Image.fromarray(c.astype(np.float32)) for c in np.moveaxis(picture, 2, 0)]
        scaled = np.stack([np.asarray(c.resize(size, Image.Resampling.BILINEAR)) for c in channels], 2)
        scaled = scaled.round().clip(0, 255).astype(np.uint8)
    else:
        scaled = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    if case["crops"] == 1:
        places = [(round((size[0] - wide) / 2), round((size[1] - high) / 2))]
    else:
        room = size[0] - wide, size[1] - high
        steps = (0, math.ceil(max(room) / 2), max(room))
        places = [(at, 0) if room[0] >= room[1] else (0, at) for at in steps]
    return [scaled[y : y + high, x : x + wide] for x, y in places]


def main():
    dump = pathlib.Path(sys.argv[1])
    print("| video | picture | views | indices | mean difference | largest of a clip |")
    print("|---|---|---|---|---|---|")
    for n, case in enumerate(json.loads((dump / "clips.json").read_text())):
        shape = case["clips"], case["crops"], case["frames"], *crop_size(case), 3
        ours = np.fromfile(dump / f"{n}.rgb", np.uint8).reshape(shape)
        frames, times = decode(case["file"], case["seconds"])
        same = indices(times, case) == case["indices"]
        theirs = np.empty_like(ours)
        done = {}
        for clip, wanted in enumerate(case["indices"]):
            for place, number in enumerate(wanted):
                if number not in done:
                    done[number] = crops(frames[number].to_ndarray(format="rgb24"), case)
                for crop, square in enumerate(done[number]):
                    theirs[clip, crop, place] = square
        difference = np.abs(ours.astype(np.int16) - theirs).mean(axis=(2, 3, 4, 5))
        print(
            f"| {pathlib.Path(case['file']).name} | {case['width']} x {case['height']} "
            f"| {case['clips']} x {case['crops']} | {'identical' if same else 'DIFFERENT'} "
            f"| {difference.mean():.2f} | {difference.max():.2f} |",
            flush=True,
        )
        if len(sys.argv) > 2:
            np.save(pathlib.Path(sys.argv[2]) / f"{n}.npy", theirs.reshape(-1, *shape[2:]))


if __name__ == "__main__":
    main()
