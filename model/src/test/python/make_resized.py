"""Writes the fixture of ResizerTest: squares that OpenCV and Pillow resize and NumPy cuts from synthetic pictures.

    make_resized.py src/test/resources/io/clipstream/model/clip/resized.bin

For each case of CASES the squares of OpenCV (INTER_LINEAR) and then those of Pillow (BILINEAR, which averages when it
shrinks), uint8 [crops, 24, 24, 3].

Needs: numpy, opencv-python-headless, pillow.
"""

import math
import pathlib
import sys

import cv2
import numpy as np
from PIL import Image

SIDE = 24
# width, height, shorter side after resizing, crops
CASES = [(101, 67, 28, 1), (67, 101, 24, 3), (640, 360, 28, 1), (20, 16, 28, 1), (28, 28, 28, 1), (300, 30, 24, 3)]


def picture(width, height):
    """uint8 [height, width, 3] of what ResizerTest.picture computes."""
    y, x, c = np.ogrid[:height, :width, :3]
    return ((x * 7 + y * 13 + c * 29 + (x * y) % 31 * 5 + (x // 9 + y // 5) % 2 * 90) % 256).astype(np.uint8)


out = bytearray()
for width, height, short, crops in CASES:
    size = (short, short * height // width) if width <= height else (short * width // height, short)
    if crops == 1:
        places = [(round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2))]
    else:
        room = max(size) - SIDE
        places = [(at, 0) if width > height else (0, at) for at in (0, math.ceil(room / 2), room)]
    original = picture(width, height)
    interpolated = cv2.resize(original, size, interpolation=cv2.INTER_LINEAR)
    averaged = np.asarray(Image.fromarray(original).resize(size, Image.Resampling.BILINEAR))
    for scaled in interpolated, averaged:
        for x, y in places:
            out += scaled[y : y + SIDE, x : x + SIDE].tobytes()
pathlib.Path(sys.argv[1]).write_bytes(out)
