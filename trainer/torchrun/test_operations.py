"""Holds operations.py to what torchvision makes of a picture: `python test_operations.py [randaugment.txt]`.

The stored values, which clipstream's own operations are held to as well, are of torchvision 0.26: kind, magnitude, sign, side,
values. Value i of the picture, RGB row by row, is (31 i i + 17 i) mod 256.
"""

import sys
from pathlib import Path

import torch

import operations

STORED = Path(__file__).parents[1] / "src/test/resources/io/clipstream/trainer/data/randaugment.txt"


def main():
    lines = Path(sys.argv[1] if len(sys.argv) > 1 else STORED).read_text().splitlines()
    kinds = set()
    for line in lines:
        kind, step, sign, side, stored = line.split()
        side = int(side)
        i = torch.arange(side * side * 3)
        picture = ((31 * i * i + 17 * i) % 256).byte().view(1, side, side, 3).permute(0, 3, 1, 2)
        changed = operations.apply(picture, kind, operations.magnitude(kind, int(step), sign == "-1"))
        found = changed.permute(0, 2, 3, 1).reshape(-1)
        expected = torch.tensor(list(bytes.fromhex(stored)), dtype=torch.uint8)
        apart = (found.int() - expected.int()).abs()
        assert apart.max() == 0, (kind, step, sign, int(apart.max()), int((apart > 0).sum()))
        kinds.add(kind)
    assert kinds == set(operations.KINDS), set(operations.KINDS) - kinds
    print(f"ok: {len(lines)} cases of {len(kinds)} operations")


if __name__ == "__main__":
    main()
