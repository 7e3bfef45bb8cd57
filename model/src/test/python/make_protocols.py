"""What the reference implementations do: makes protocols.csv, protocol-clips.csv and origins.bin.

    pip install torch==2.7.1 torchvision==0.22.1 numpy==1.26.4 opencv-python-headless==4.10.0.84 av==18.1.0
    pip install --no-deps mmengine==0.10.7 mmcv-lite==2.1.0 addict rich termcolor pyyaml platformdirs yapf
    pip install --no-deps --target ORIGINS/paddle ppvideo==2.3.1
    pip install --no-deps --target ORIGINS/mm0 mmaction2==0.24.1
    pip install --no-deps --target ORIGINS/mm1 mmaction2==1.2.0
    make_protocols.py ORIGINS

Runs their own transforms: PaddleVideo's Sampler, Scale, CenterCrop and UniformCrop with the arguments of its
videoswin_k400_videos.yaml; MMAction2's SampleFrames, Resize, CenterCrop and ThreeCrop with those of its Swin configs,
before 1.0 and since; torchvision's VideoClassification preset. Their modules are read from their files, without the
packages around them, which want PaddlePaddle and compiled operators: what is in the way of an import is empty here, and
none of it runs. MMAction2 0.24 scales with the imresize of MMCV 2.1.

protocols.csv: protocol, width, height, crops, scaled width, scaled height, x and y of each crop. protocol-clips.csv: protocol,
frames of the video, clips, first frame of each clip, CRC-32 of all frames' numbers (four bytes each, little endian).
origins.bin: of each of FILES, each protocol, one view (first, middle and last frame) and then 4 x 3 views (first frames;
not torchvision's, which has none), five patches of each crop: its corners and its middle, 6 x 6 RGB.
"""

import importlib.util
import pathlib
import sys
import types
import zlib

import av
import mmcv.transforms
import mmcv.utils
import mmengine.fileio
import mmengine.utils
import numpy as np
import torch

np.int = int  # which NumPy had when two of them were written

HERE = pathlib.Path(__file__).parent
OUT = HERE.parent / "resources/io/clipstream/model/clip"
DEMO = HERE.parents[3] / "streams-app/src/main/resources/io/clipstream/streams/demo"
SIZES = [(320, 240), (240, 320), (340, 256), (1280, 720), (720, 1280), (1920, 1080), (426, 240), (640, 360), (500, 375),
         (176, 144), (854, 480), (333, 251), (257, 256), (256, 256), (405, 720)]
LENGTHS = (20, 62, 63, 64, 100, 150, 250, 300, 301, 1000)
# Name, shorter side after resizing and crop of one view; three crops have the crop's side as the shorter one.
FILES = [("real-toy.webm", 256, 224), ("real-cockatoo.mkv", 128, 112)]
PATCH = 6


class Registry:
    def register(self, *args, **kwargs):
        return lambda registered: registered

    register_module = register


def empty(name, **members):
    module = types.ModuleType(name)
    module.__path__ = []
    module.__dict__.update(members)
    sys.modules[name] = module
    return module


def read(package, path):
    """A module of a package that is empty but for what was put there."""
    name = package + "." + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def paddle(folder):
    nothing = type("Tensor", (), {})
    functional = empty("paddle.nn.functional")
    empty("paddle", Tensor=nothing, nn=empty("paddle.nn", functional=functional))
    for name in "p", "p.loader", "p.loader.pipelines":
        empty(name)
    empty("p.loader.registry", PIPELINES=Registry())
    folder = folder / "ppvideo/paddlevideo/loader/pipelines"
    sample = read("p.loader.pipelines", folder / "sample.py")
    cut = read("p.loader.pipelines", folder / "augmentations.py")

    def indices(frames, clips):
        sampler = sample.Sampler(clips, 32, frame_interval=2, valid_mode=True, use_pil=False)
        sampler._get = lambda chosen, results: chosen  # the numbers, not the pictures
        return sampler(dict(frames_len=frames, format="video"))

    def scale(images, side):
        scaler = cut.Scale(side, fixed_ratio=False, keep_ratio=True, backend="cv2", do_round=True)
        return scaler(dict(imgs=images))["imgs"]

    def centre(images, side):
        return [cut.CenterCrop(side, do_round=False, backend="cv2")(dict(imgs=images))["imgs"]]

    def three(images, side):
        return thirds(cut.UniformCrop(side, backend="cv2")(dict(imgs=images))["imgs"])

    return indices, scale, centre, three


def thirds(crops):
    """Left, right, middle of all images: in order of place."""
    count = len(crops) // 3
    return [crops[:count], crops[2 * count:], crops[count:2 * count]]


def mmaction(name, folder, pipelines, sources):
    empty("mmcv.fileio", FileClient=mmengine.fileio.FileClient)  # where these were before MMCV 2
    mmcv.utils.digit_version = mmengine.utils.digit_version
    mmcv.is_tuple_of = mmengine.is_tuple_of
    for package in name, name + ".datasets", name + ".datasets." + pipelines:
        empty(package)
    helpers = dict(get_random_string=None, get_shm_dir=None, get_thread_id=None)
    empty(name + ".utils", **helpers)
    empty(name + ".registry", TRANSFORMS=Registry())
    empty(name + ".datasets.builder", PIPELINES=Registry())
    package = name + ".datasets." + pipelines
    empty(package + ".formatting", to_tensor=None)
    folder = folder / "mmaction/datasets" / pipelines
    cut, sample = (read(package, folder / source) for source in sources)

    def indices(frames, clips):
        sampler = sample.SampleFrames(clip_len=32, frame_interval=2, num_clips=clips, test_mode=True)
        return sampler(dict(total_frames=frames, start_index=0))["frame_inds"]

    def scale(images, side):
        return cut.Resize((-1, side))(dict(imgs=images, img_shape=images[0].shape[:2], modality="RGB"))["imgs"]

    def centre(images, side):
        return [cut.CenterCrop(side)(dict(imgs=images, img_shape=images[0].shape[:2], modality="RGB"))["imgs"]]

    def three(images, side):
        return thirds(cut.ThreeCrop(side)(dict(imgs=images, img_shape=images[0].shape[:2], modality="RGB"))["imgs"])

    return indices, scale, centre, three


def torchvision():
    from torchvision.transforms import functional
    from torchvision.transforms._presets import VideoClassification

    def tensor(images):
        return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)

    def arrays(images):
        return list(images.permute(0, 2, 3, 1).numpy())

    def scale(images, side):
        return arrays(functional.resize(tensor(images), [side], antialias=False))

    def centre(images, side):
        return [arrays(functional.center_crop(tensor(images), [side, side]))]

    def whole(images, short, side):
        preset = VideoClassification(crop_size=(side, side), resize_size=(short,))
        mean, std = (torch.tensor(v).view(3, 1, 1, 1) for v in (preset.mean, preset.std))
        pixels = (preset(tensor(images)) * std + mean) * 255
        return [list(pixels.round().to(torch.uint8).permute(1, 2, 3, 0).numpy())]

    return scale, centre, whole


def places(scaled, crops, side):
    """Where the crops begin: cut out of a picture whose pixels say where they are."""
    y, x = np.mgrid[0:scaled.shape[0], 0:scaled.shape[1]]
    where = np.stack([x, y, x], axis=2).astype(np.int32)
    return sorted(tuple(crop[0][0, 0, :2].tolist()) for crop in crops([where], side))


def pictures(file):
    with av.open(str(file)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def patches(crop):
    far, middle = len(crop) - PATCH, (len(crop) - PATCH) // 2
    for x, y in ((0, 0), (far, 0), (0, far), (far, far), (middle, middle)):
        yield crop[y:y + PATCH, x:x + PATCH].tobytes()


origins = pathlib.Path(sys.argv[1])
CODE_BASES = {
    "PADDLEVIDEO": paddle(origins / "paddle"),
    "MMACTION2_0": mmaction("mm0", origins / "mm0", "pipelines", ("augmentations.py", "loading.py")),
    "MMACTION2_1": mmaction("mmaction", origins / "mm1", "transforms", ("processing.py", "loading.py")),
}
tv_scale, tv_centre, tv_whole = torchvision()

lines = []
for w, h in SIZES:
    blank = np.zeros((h, w, 3), np.uint8)
    scaled = tv_scale([blank], 256)[0]
    lines.append(["TORCHVISION", w, h, 1, scaled.shape[1], scaled.shape[0], *places(scaled, tv_centre, 224)[0]])
    for name, (_, scale, centre, three) in CODE_BASES.items():
        for side, crops in (256, centre), (224, three):
            scaled = scale([blank], side)[0]
            at = places(scaled, crops, 224)
            lines.append([name, w, h, len(at), scaled.shape[1], scaled.shape[0], *(c for place in at for c in place)])
(OUT / "protocols.csv").write_text("".join(",".join(map(str, line)) + "\n" for line in lines))

lines = []
for name, (indices, *_) in CODE_BASES.items():
    for frames in LENGTHS:
        for clips in 1, 3, 4, 5, 10:
            chosen = np.asarray(indices(frames, clips)).reshape(clips, 32)
            checksum = zlib.crc32(chosen.astype("<i4").tobytes())
            lines.append([name, frames, clips, *chosen[:, 0], checksum])
(OUT / "protocol-clips.csv").write_text("".join(",".join(map(str, line)) + "\n" for line in lines))

with open(OUT / "origins.bin", "wb") as out:
    for file, short, side in FILES:
        frames = pictures(DEMO / file)
        middle = (len(frames) - 63) // 2
        views = [frames[middle + 2 * k] for k in (0, 15, 31)]
        for crop in tv_whole(views, short, side)[0]:
            out.writelines(patches(crop))
        for name, (indices, scale, centre, three) in CODE_BASES.items():
            chosen = np.asarray(indices(len(frames), 1))
            for crop in centre(scale([frames[chosen[k]] for k in (0, 15, 31)], short), side)[0]:
                out.writelines(patches(crop))
            firsts = np.asarray(indices(len(frames), 4)).reshape(4, 32)[:, 0]
            crops = three(scale([frames[i] for i in firsts], side), side)
            for clip in range(4):
                for third in crops:
                    out.writelines(patches(third[clip]))
