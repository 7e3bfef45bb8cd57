"""RandAugment's operations (https://arxiv.org/abs/1909.13719) with torchvision's ranges and arithmetic
(torchvision.transforms.v2.RandAugment, nearest pixels, black outside), as clipstream's own trainer has them."""

import math

import torch
from torch.nn.functional import conv2d

STEPS = 30

# Largest magnitude, and whether it has a sign.
KINDS = {
    "IDENTITY": (0.0, False),
    "SHEAR_X": (0.3, True),
    "SHEAR_Y": (0.3, True),
    "TRANSLATE_X": (150 / 331, True),
    "TRANSLATE_Y": (150 / 331, True),
    "ROTATE": (30.0, True),
    "BRIGHTNESS": (0.9, True),
    "COLOUR": (0.9, True),
    "CONTRAST": (0.9, True),
    "SHARPNESS": (0.9, True),
    "POSTERIZE": (4.0, False),
    "SOLARIZE": (1.0, False),
    "AUTO_CONTRAST": (0.0, False),
    "EQUALIZE": (0.0, False),
}


def magnitude(kind, step, negative):
    """What the kind takes a step of 0 to STEPS for."""
    largest, signed = KINDS[kind]
    size = torch.linspace(0.0, largest, STEPS + 1)[step].item()
    return -size if signed and negative else size


def draw(step, uniform):
    """A kind and its magnitude; uniform(low, high) gives random numbers."""
    kind = list(KINDS)[min(int(uniform(0, len(KINDS))), len(KINDS) - 1)]
    return kind, magnitude(kind, step, uniform(0, 1) < 0.5)


def apply(x, kind, m):
    """uint8 [frames, 3, side, side], each frame changed alike."""
    side = x.size(-1)
    if kind == "SHEAR_X":
        return warp(x, 1, m, m * side / 2, 0, 1, 0)
    if kind == "SHEAR_Y":
        return warp(x, 1, 0, 0, m, 1, m * side / 2)
    if kind == "TRANSLATE_X":
        return warp(x, 1, 0, -int(m * side), 0, 1, 0)
    if kind == "TRANSLATE_Y":
        return warp(x, 1, 0, 0, 0, 1, -int(m * side))
    if kind == "ROTATE":
        cos, sin = math.cos(math.radians(m)), math.sin(math.radians(m))
        return warp(x, cos, -sin, 0, sin, cos, 0)
    if kind == "BRIGHTNESS":
        return cut(x.float() * (1 + m))
    if kind == "COLOUR":
        return blend(x, gray(x), 1 + m)
    if kind == "CONTRAST":
        return blend(x, gray(x).mean((-3, -2, -1), keepdim=True), 1 + m)
    if kind == "SHARPNESS":
        return sharpness(x, 1 + m)
    if kind == "POSTERIZE":
        return x & ((0xFF << (8 - int(round(8 - m)))) & 0xFF)
    if kind == "SOLARIZE":
        return torch.where(x.double() >= 255 * (1 - m), 255 - x, x)
    if kind == "AUTO_CONTRAST":
        return auto_contrast(x)
    if kind == "EQUALIZE":
        return equalize(x)
    return x


def warp(x, xx, xy, x0, yx, yy, y0):
    """The pixel at (x, y) from the middle shows what was at (xx x + xy y + x0, yx x + yy y + y0)."""
    side = x.size(-1)
    middle = (side - 1) / 2
    place = torch.arange(side, dtype=torch.float64) - middle
    across, down = place.view(1, side), place.view(side, 1)
    u = (xx * across + xy * down + x0 + middle).round().long().expand(side, side)
    v = (yx * across + yy * down + y0 + middle).round().long().expand(side, side)
    inside = (u >= 0) & (u < side) & (v >= 0) & (v < side)
    return x[..., v.clamp(0, side - 1), u.clamp(0, side - 1)] * inside


def cut(x):
    return x.clamp(0, 255).byte()


def gray(x):
    r, g, b = x.unbind(-3)
    return r.mul(0.2989).add(g, alpha=0.587).add(b, alpha=0.114).floor().unsqueeze(-3)


def blend(x, other, share):
    return cut(x.float().mul(share).add(other, alpha=1 - share))


def sharpness(x, factor):
    kernel = torch.ones(3, 3)
    kernel[1, 1] = 5
    kernel = (kernel / 13).expand(3, 1, 3, 3)
    inner = conv2d(x.float(), kernel, groups=3).round()
    changed = x.clone()
    changed[..., 1:-1, 1:-1] = blend(x[..., 1:-1, 1:-1], inner, factor)
    return changed


def auto_contrast(x):
    least = x.amin((-2, -1), keepdim=True).float()
    most = x.amax((-2, -1), keepdim=True).float()
    flat = least == most
    inverse = (most - least).mul(1 / 255)
    return torch.where(flat, x, cut((x.float() - least).div(torch.where(flat, torch.ones_like(inverse), inverse))))


def equalize(x):
    """PIL's way, for each channel of each frame."""
    flat = x.reshape(-1, x.size(-2) * x.size(-1))
    changed = flat.clone()
    for row, values in zip(changed, flat):
        counts = torch.bincount(values.long(), minlength=256)
        step = int(values.numel() - counts[counts.nonzero()[-1]]) // 255
        if step > 0:
            below = counts.cumsum(0) - counts + step // 2
            row.copy_((below // step).clamp(max=255).byte()[values.long()])
    return changed.view_as(x)
