"""Makes src/test/resources/io/clipstream/model/checkpoint: one small network in every format that is imported.

reference.safetensors holds torchvision's names and values; every 3D checkpoint holds the same network, so an
import must give exactly these values. inflated.safetensors is what a 2D network becomes. golden.json holds
torchvision's logits for a clip; the clip is in clip.bin, uint8 [1, T, H, W, 3].

    pip install torch torchvision safetensors paddlepaddle && python make_checkpoints.py
"""

import argparse
import collections
import json
import pathlib
import pickle
import random
import re

import numpy
import paddle
import safetensors.torch
import torch
import torch.nn.functional as F
from torchvision.models.video.swin_transformer import SwinTransformer3d

OUT = pathlib.Path(__file__).parent.parent / "resources/io/clipstream/model/checkpoint"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CLASSES, WINDOW, PATCH = 3, [2, 3, 3], [2, 4, 4]
OUT.mkdir(parents=True, exist_ok=True)
torch.manual_seed(20220624)

model = SwinTransformer3d(PATCH, 4, [2, 1], [1, 2], WINDOW, mlp_ratio=2.0, num_classes=CLASSES).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.2)  # away from zeros and ones
state = model.state_dict()
parameters = {name: value.detach().clone() for name, value in model.named_parameters()}


def microsoft(name):
    """torchvision's name -> the name of layers that Swin-Transformer and all after it use"""
    name = re.sub(r"^features\.(\d+)\.(reduction|norm)\.", lambda m: f"layers.{int(m[1]) // 2}.downsample.{m[2]}.", name)
    name = re.sub(r"^features\.(\d+)\.(\d+)\.", lambda m: f"layers.{int(m[1]) // 2}.blocks.{m[2]}.", name)
    return name.replace("mlp.0.", "mlp.fc1.").replace("mlp.3.", "mlp.fc2.")


def renamed(values, backbone, head, norm="norm."):
    out = collections.OrderedDict()
    for name, value in values.items():
        if name.startswith("head."):
            out[head + name[len("head.") :]] = value
        elif name.startswith("norm."):
            out[backbone + norm + name[len("norm.") :]] = value
        else:
            out[backbone + microsoft(name)] = value
    return out


# --- torchvision, safetensors
torch.save(state, OUT / "torchvision.pth")
torch.save(state, OUT / "torchvision-legacy.pth", _use_new_zipfile_serialization=False)
safetensors.torch.save_file(parameters, OUT / "reference.safetensors", metadata={"format": "pt"})

# --- Video-Swin-Transformer and MMAction2 before 1.0; MMAction2 since 1.0 names the last norm by its stage
meta = dict(env_info="sys.platform: linux", epoch=30, time="Mon Jun 27 2022", lr=[3e-4], mmaction_version="0.15.0")
mmaction = renamed(state, "backbone.", "cls_head.fc_cls.")
torch.save(dict(meta=meta, state_dict=mmaction), OUT / "video-swin.pth")
half = renamed(parameters, "backbone.", "cls_head.fc_cls.", "norm1.")
torch.save(dict(meta=meta, state_dict={k: v.half() for k, v in half.items()}), OUT / "mmaction-half.pth")

# --- PaddleVideo: weights of linear layers are transposed, as paddle.nn.Linear has them
video = {}
for name, value in renamed(state, "backbone.", "head.fc.").items():
    linear = value.ndim == 2 and name.endswith(".weight")
    video[name] = paddle.to_tensor((value.T if linear else value).contiguous().numpy())
paddle.save(video, str(OUT / "paddle.pdparams"))
paddle.save(video, str(OUT / "paddle-2.pdparams"), protocol=2)
# What paddle.save makes of arrays of more than 1 GiB with protocol 2 and 3 (framework/io_utils.py).
sliced = {name: value.numpy() for name, value in video.items() if "index" not in name}
large = "backbone.layers.1.blocks.0.mlp.fc1.weight"
flat = sliced.pop(large)
sliced.update({f"{large}@@.0": flat.flatten()[:50], f"{large}@@.1": flat.flatten()[50:]})
sliced["UnpackBigParamInfor@@"] = {large: dict(OriginShape=flat.shape, slices=[f"{large}@@.0", f"{large}@@.1"])}
with open(OUT / "paddle-slices.pdparams", "wb") as file:
    pickle.dump(sliced, file, protocol=2)

# --- a 2D network with a window of 4, and what it is in 3D with a window of (2, 3, 3)
flat2d, inflated = collections.OrderedDict(), {}
for name, value in parameters.items():
    inflated[name] = value
    if name == "patch_embed.proj.weight":
        value = torch.randn(4, 3, 4, 4) * 0.2
        inflated[name] = value.unsqueeze(2).repeat(1, 1, PATCH[0], 1, 1) / PATCH[0]
    if name.endswith("relative_position_bias_table"):
        heads = value.shape[1]
        value = torch.randn(7 * 7, heads) * 0.2
        grid = F.interpolate(value.permute(1, 0).view(1, heads, 7, 7), size=(5, 5), mode="bicubic")
        inflated[name] = grid.view(heads, 25).permute(1, 0).repeat(2 * WINDOW[0] - 1, 1)
        flat2d[microsoft(name).replace("bias_table", "index")] = torch.zeros(16, 16, dtype=torch.int64)
    if not name.startswith("head."):
        flat2d[microsoft(name)] = value
        inflated[name] = inflated[name].contiguous()
del inflated["head.weight"], inflated["head.bias"]
flat2d["layers.0.blocks.1.attn_mask"] = torch.zeros(4, 16, 16)
flat2d["head.weight"], flat2d["head.bias"] = torch.randn(10, 8), torch.randn(10)
torch.save(dict(model=flat2d), OUT / "swin2d.pth")
safetensors.torch.save_file(inflated, OUT / "inflated.safetensors")
# PaddlePaddle's 2D networks (SwinTransformer_imagenet.pdparams): the same names, weights of linear layers transposed.
paddle2d = {n: (v.T if v.ndim == 2 and n.endswith(".weight") else v).contiguous().numpy() for n, v in flat2d.items()}
with open(OUT / "swin2d.pdparams", "wb") as file:
    pickle.dump(paddle2d, file, protocol=4)

# --- every type of element, views of storages
base = torch.arange(24, dtype=torch.float32)
types = dict(
    float32=base.view(4, 6)[1:3, 2:5],  # strides and an offset
    transposed=base.view(4, 6).t(),
    float64=base.double() / 7,
    float16=torch.tensor([1.5, -2.25, 6e-8, 65504, float("inf"), float("nan"), 0.1, -0.0]).half(),
    bfloat16=(base / 7).bfloat16(),
    int64=torch.tensor([-(2**40), 5]),
    int32=torch.tensor([-7, 5], dtype=torch.int32),
    int16=torch.tensor([-7, 5], dtype=torch.int16),
    int8=torch.tensor([-7, 5], dtype=torch.int8),
    uint8=torch.tensor([7, 250], dtype=torch.uint8),
    bool=torch.tensor([True, False]),
    scalar=torch.tensor(3.5),
    empty=torch.zeros(0, 4),
    parameter=torch.nn.Parameter(torch.ones(2)),
)
torch.save(types, OUT / "types.pth")
torch.save(types, OUT / "types-legacy.pth", _use_new_zipfile_serialization=False)
numpy_types = {n: v.detach().numpy() for n, v in types.items() if n != "bfloat16"}
numpy_types["fortran"] = numpy.asfortranarray(base.view(4, 6).numpy())
paddle.save(numpy_types, str(OUT / "types.pdparams"))

# --- what torchvision makes of a clip
clip = torch.randint(0, 256, (1, 5, 22, 30, 3), dtype=torch.uint8)
pixels = (clip.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
with torch.no_grad():
    logits = model(pixels.permute(0, 4, 1, 2, 3))
(OUT / "clip.bin").write_bytes(clip.numpy().tobytes())
expected = {n: v.float().flatten().tolist() for n, v in types.items()}
expected["float16"] = [str(x) for x in expected["float16"]]
golden = dict(
    torch=torch.__version__.split("+")[0],
    paddle=paddle.__version__,
    clip=list(clip.shape),
    logits=logits.flatten().tolist(),
    types=expected,
)
(OUT / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")

# --- a small file that names a large network: every parameter is a view of one storage
shared = torch.zeros(3 * 32 * 32, dtype=torch.half)
many = {}
for name, value in SwinTransformer3d(PATCH, 32, [4], [1], [1, 2, 2], mlp_ratio=3.0, num_classes=3).named_parameters():
    many[name] = shared[: value.numel()].view(value.shape)
torch.save(many, OUT / "one-storage.pth")

# --- the window of the networks for Something-Something v2 (swin_base_patch244_window1677_sthv2.pth), which only the
# position table tells without the large index; the values follow from name and place, as Swin3dImportTest has them
wide = SwinTransformer3d(PATCH, 4, [2], [1], [16, 7, 7], mlp_ratio=2.0, num_classes=CLASSES)
numbered = {n: ((torch.arange(p.numel()) + len(n)) % 251 / 16).view(p.shape) for n, p in wide.named_parameters()}
numbered = renamed(numbered, "backbone.", "cls_head.fc_cls.")
torch.save(dict(meta=meta, state_dict={n: v.half() for n, v in numbered.items()}), OUT / "window-16.pth")

# --- what a training loop leaves: everything it needs to go on beside the weights and their average
averaged = torch.optim.swa_utils.AveragedModel(model)  # names begin with module., and n_averaged counts
with torch.no_grad():
    for parameter in averaged.parameters():
        parameter.mul_(2)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
sum(p.sum() for p in model.parameters()).backward()
optimizer.step()  # after state and averaged were taken
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
training = dict(
    args=argparse.Namespace(out=pathlib.PosixPath("runs/1"), device=torch.device("cpu"), dtype=torch.float16),
    epoch=7,
    seen=collections.Counter(left=3, right=4),
    by_class=collections.defaultdict(list, {"left": [0.5]}),
    tags={"a", "b"},
    sizes={torch.float32: 4, (1, 2): 5},
    optimizer=optimizer.state_dict(),
    scheduler=scheduler,
    numpy_rng=numpy.random.get_state(),
    python_rng=random.getstate(),
    torch_rng=torch.get_rng_state(),
    model={name: value.clone() for name, value in parameters.items()},
    model_ema=averaged.state_dict(),
)
torch.save(training, OUT / "training.pth")
torch.save(training, OUT / "training-5.pth", pickle_protocol=5)
with open(OUT / "arrays-5.pdparams", "wb") as file:  # out of PaddlePaddle's weights by hand
    pickle.dump({n: v.numpy() for n, v in paddle.load(str(OUT / "paddle.pdparams")).items()}, file, protocol=5)
# One weight is what no import can read, another one element seen often.
odd = dict(parameters)
odd["norm.weight"] = torch.ones(1).expand_as(odd["norm.weight"])
torch.save(odd, OUT / "expanded.pth")
odd["norm.weight"] = torch.quantize_per_tensor(parameters["norm.weight"], 0.1, 0, torch.qint8)
torch.save(odd, OUT / "quantised.pth")

# --- timm since 0.9 has the merging at the start of the next stage, and head.fc
timm = renamed(parameters, "", "head.fc.")
timm = {re.sub(r"^layers\.(\d+)\.downsample", lambda m: f"layers.{int(m[1]) + 1}.downsample", n): v for n, v in timm.items()}
torch.save(timm, OUT / "timm.pth")

# --- several files and their index, as Hugging Face's libraries write them
names = list(parameters)
shards = {"sharded-00001-of-00002.safetensors": names[:20], "sharded-00002-of-00002.safetensors": names[20:]}
for file, held in shards.items():
    safetensors.torch.save_file({n: parameters[n] for n in held}, OUT / file, metadata={"format": "pt"})
index = dict(metadata={}, weight_map={n: file for file, held in shards.items() for n in held})
(OUT / "sharded.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")
