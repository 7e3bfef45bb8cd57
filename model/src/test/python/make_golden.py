"""Makes src/test/resources/io/clipstream/model/swin/golden.{json,bin}: what torchvision's Swin3D gives.

Two small networks of random weights, with inputs that are and are not multiples of patch and window, some
smaller than the window. The .bin holds weights (float32) and inputs (uint8 [N, T, H, W, 3]) one after the
other; the .json says where, and holds the logits.

    pip install torch torchvision && python make_golden.py
"""

import json
import pathlib

import torch
from torchvision.models.video.swin_transformer import PatchEmbed3d, SwinTransformer3d

OUT = pathlib.Path(__file__).parent.parent / "resources/io/clipstream/model/swin"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
NETWORKS = [
    dict(embedDim=8, depths=[2, 2], heads=[2, 4], window=[4, 3, 3], patch=[2, 4, 4], mlpRatio=4.0, patchNorm=True),
    dict(embedDim=6, depths=[1, 3, 2], heads=[1, 2, 3], window=[2, 4, 3], patch=[1, 2, 4], mlpRatio=2.5, patchNorm=False),
]
INPUTS = [  # [N, T, H, W]
    (2, 8, 24, 24),  # whole patches and windows
    (1, 16, 48, 36),  # several windows along every axis, shifted ones included
    (1, 11, 30, 41),  # neither whole patches nor whole windows
    (1, 3, 40, 28),  # fewer frames than the window has
    (2, 1, 9, 7),  # smaller than the window on every axis
]
CLASSES = 5

torch.manual_seed(20220622)
blob, networks = bytearray(), []
for sizes in NETWORKS:
    without_norm = lambda patch_size, embed_dim, norm_layer: PatchEmbed3d(patch_size, embed_dim=embed_dim)
    model = SwinTransformer3d(
        patch_size=sizes["patch"],
        embed_dim=sizes["embedDim"],
        depths=sizes["depths"],
        num_heads=sizes["heads"],
        window_size=sizes["window"],
        mlp_ratio=sizes["mlpRatio"],
        num_classes=CLASSES,
        patch_embed=None if sizes["patchNorm"] else without_norm,
    ).eval()
    weights = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)  # away from zeros and ones
            weights.append(dict(name=name, shape=list(parameter.shape), offset=len(blob)))
            blob += parameter.numpy().tobytes()
    cases = []
    for shape in INPUTS:
        clips = torch.randint(0, 256, (*shape, 3), dtype=torch.uint8)
        pixels = (clips.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
        with torch.no_grad():
            logits = model(pixels.permute(0, 4, 1, 2, 3))
        cases.append(dict(shape=list(clips.shape), offset=len(blob), logits=logits.tolist()))
        blob += clips.numpy().tobytes()
    config = dict(family="swin3d", **sizes, dropout=0.0, attentionDropout=0.0, stochasticDepth=0.1, classes=CLASSES)
    networks.append(dict(config=config, weights=weights, cases=cases))
golden = dict(torch=torch.__version__, mean=MEAN, std=STD, networks=networks)
(OUT / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
(OUT / "golden.bin").write_bytes(blob)
