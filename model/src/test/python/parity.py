"""Writes one of torchvision's Swin3D networks with random weights, and what it gives for random clips.

    parity.py OUT ARCH [EXPORTED]

ARCH: swin3d_t, swin3d_s, swin3d_b or swin3d_l. Written are OUT/torchvision.pth, OUT/paddle.pdparams (the same network
with PaddleVideo's names and layout), OUT/N.clip (uint8 [1, T, H, W, 3]) and OUT/cases.json.

With EXPORTED, what clipstream made of OUT/torchvision.pth as safetensors: loads it into the network, strictly, and
fails if a value is another one than there.
"""

import json
import pathlib
import pickle
import re
import sys

import safetensors.torch
import torch
import torchvision

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
INPUTS = [  # [T, H, W]
    (32, 224, 224),
    (16, 224, 224),
    (32, 256, 256),
    (32, 224, 320),
    (13, 150, 187),  # neither whole patches nor whole windows
    (4, 112, 112),  # fewer frames than the window has
    (3, 20, 25),  # smaller than the window on every axis
]

out, arch = pathlib.Path(sys.argv[1]), sys.argv[2]
out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(20220624)
if arch == "swin3d_l":  # torchvision has the network but no name for this size
    model = torchvision.models.video.SwinTransformer3d(
        [2, 4, 4], 192, [2, 2, 18, 2], [6, 12, 24, 48], [8, 7, 7], stochastic_depth_prob=0.1
    ).eval()
else:
    model = getattr(torchvision.models.video, arch)(weights=None).eval()
if len(sys.argv) > 3:
    model.load_state_dict(safetensors.torch.load_file(sys.argv[3]))
    expected = torch.load(out / "torchvision.pth")
    wrong = [name for name, value in model.state_dict().items() if not torch.equal(value, expected[name])]
    sys.exit(f"other values: {wrong}" if wrong else 0)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.02)
torch.save(model.state_dict(), out / "torchvision.pth")

paddle = {}
for name, value in model.named_parameters():
    value = value.detach()
    value = value.T if value.ndim == 2 and name.endswith(".weight") else value
    name = re.sub(r"^features\.(\d+)\.(reduction|norm)\.", lambda m: f"layers.{int(m[1]) // 2}.downsample.{m[2]}.", name)
    name = re.sub(r"^features\.(\d+)\.(\d+)\.", lambda m: f"layers.{int(m[1]) // 2}.blocks.{m[2]}.", name)
    name = name.replace("mlp.0.", "mlp.fc1.").replace("mlp.3.", "mlp.fc2.")
    name = "head.fc." + name[5:] if name.startswith("head.") else "backbone." + name
    paddle[name] = value.contiguous().numpy()
with open(out / "paddle.pdparams", "wb") as file:
    pickle.dump(paddle, file, protocol=4)

cases = []
for i, shape in enumerate(INPUTS):
    clip = torch.randint(0, 256, (1, *shape, 3), dtype=torch.uint8)
    pixels = (clip.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    with torch.no_grad():
        logits = model(pixels.permute(0, 4, 1, 2, 3).contiguous())
    (out / f"{i}.clip").write_bytes(clip.numpy().tobytes())
    cases.append(dict(shape=list(clip.shape), logits=logits.flatten().tolist()))
(out / "cases.json").write_text(json.dumps(dict(torch=torch.__version__, cases=cases)))
