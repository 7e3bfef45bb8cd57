"""Makes src/test/resources/io/clipstream/model/infer: small TorchScript classifiers as torch.jit.save writes them.

Each is for clips of 4 frames of 16x20 pixels and has three classes; scripts.json holds what it gives for the golden clip
of ModelWrap, which golden.bin holds: uint8 [1, 4, 16, 20, 3].

    pip install torch && python make_scripts.py golden.bin
"""

import json
import pathlib
import sys

import torch
from torch import nn

OUT = pathlib.Path(__file__).parent.parent / "resources/io/clipstream/model/infer"
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
torch.manual_seed(3)


class Volume(nn.Module):
    """float32 [N, 3, T, H, W], as torchvision's video networks take it"""

    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv3d(3, 5, 3, stride=2)
        self.norm = nn.BatchNorm3d(5)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(5, classes)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.head(self.drop(x.mean([2, 3, 4])))


class Probabilities(Volume):
    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return torch.softmax(self.head(self.drop(x.mean([2, 3, 4]))), 1)


class Alone(Volume):
    """takes one clip, as some networks do after torch.jit.trace"""

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x))).reshape(5, -1).mean(1)
        return self.head(x).reshape(1, 3)


class Frames(nn.Module):
    """float32 [N, T, 3, H, W]"""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, stride=2)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        n, t = x.shape[0], x.shape[1]
        x = torch.relu(self.conv(x.flatten(0, 1))).mean([2, 3])
        return self.head(x.view(n, t, 5).mean(1))


class Contract(nn.Module):
    """uint8 [N, T, H, W, 3]"""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, clips):
        return self.head(clips.float().mean([1, 2, 3]) / 255)


def main():
    clip = torch.frombuffer(bytearray(pathlib.Path(sys.argv[1]).read_bytes()), dtype=torch.uint8).view(1, 4, 16, 20, 3)
    pixels = (clip.float() / 255 - MEAN) / STD
    volume, frames = pixels.permute(0, 4, 1, 2, 3), pixels.permute(0, 1, 4, 2, 3)
    expected = {}
    nets = dict(volume=(Volume(), volume), probabilities=(Probabilities(), volume), frames=(Frames(), frames))
    nets.update(contract=(Contract(), clip))
    for name, (net, x) in nets.items():
        scripted = torch.jit.script(net)  # in training mode, as many are saved
        torch.jit.save(scripted, OUT / f"{name}.pt")
        expected[name] = net.eval()(x).flatten().tolist()
    alone = Alone().eval()
    torch.jit.save(torch.jit.trace(alone, volume.contiguous()), OUT / "alone.pt")
    expected["alone"] = alone(volume).flatten().tolist()
    (OUT / "scripts.json").write_text(json.dumps(expected, indent=1) + "\n")


with torch.no_grad():
    main()
