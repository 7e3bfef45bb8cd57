"""Clips per CPU second of PyAV, torchcodec and decord, on the pixels that clipstream cuts.

    decode_peers.py DUMP [PASSES]

DUMP is what the test class DumpClips wrote: DumpClips DUMP 1 32 15 256 224 false FILE... Prints a line of CSV for each file
and peer: file, peer, clips per CPU second with either way to scale, mean and largest difference of the pixels from clipstream's,
of 255.

Each peer opens the file and decodes the frames of one clip, by their times, on one thread, to RGB. They are scaled so that
the shorter side has 256 pixels, and 224 x 224 in the middle are kept: by OpenCV (INTER_LINEAR), as PaddleVideo and
MMAction2 do, or by torchvision's resize without antialias. PyAV seeks to the key frame before. torchcodec seeks too, in both
of its modes: exact reads all packets first, as clipstream does, approximate believes the header. decord reads all packets
when it opens a file. CPU time is that of the whole process, in which nothing else runs.
Needs av, decord, numpy, opencv-python-headless, torch, torchcodec and torchvision.
"""

import json
import os
import pathlib
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import av
import cv2
import decord
import numpy as np
import torch
from torchcodec.decoders import VideoDecoder
from torchvision.transforms import functional

cv2.setNumThreads(1)
torch.set_num_threads(1)
WARM = 2


def by_opencv(frames, short, side):
    """RGB uint8 [T, side, side, 3]."""
    height, width = frames[0].shape[:2]
    factor = short / min(height, width)
    size = (int(width * factor + 1e-6), int(height * factor + 1e-6))
    x, y = round((size[0] - side) / 2), round((size[1] - side) / 2)
    scaled = (cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR) for frame in frames)
    return np.stack([picture[y:y + side, x:x + side] for picture in scaled])


def by_torchvision(frames, short, side):
    pixels = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)
    scaled = functional.center_crop(functional.resize(pixels, [short], antialias=False), [side, side])
    return scaled.permute(0, 2, 3, 1).contiguous().numpy()


def seconds(passes, work):
    """CPU time of one, when it is warm."""
    for _ in range(WARM):
        result = work()
    start = time.process_time()
    for _ in range(passes):
        result = work()
    return (time.process_time() - start) / passes, result


def pyav(path, times, indices):
    """By times: the last frame that is not later, half a millisecond allowed for the container's clock."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        base = float(stream.time_base)
        start = (stream.start_time or 0) * base
        container.seek(int((start + times[0]) / base), stream=stream, backward=True)
        shown, picture, frames = None, None, []
        for frame in container.decode(stream):
            while len(frames) < len(times) and times[len(frames)] + 5e-4 < frame.pts * base - start:
                picture = picture if picture is not None else (shown or frame).to_ndarray(format="rgb24")
                frames.append(picture)
            shown, picture = frame, None
            if len(frames) == len(times):
                break
        while len(frames) < len(times):
            picture = picture if picture is not None else shown.to_ndarray(format="rgb24")
            frames.append(picture)
        return frames


def torchcodec(mode):
    def decode(path, times, indices):
        decoder = VideoDecoder(path, dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode=mode)
        start, end = decoder.metadata.begin_stream_seconds or 0, decoder.metadata.end_stream_seconds
        wanted = [min(start + at + 5e-4, end - 1e-6) for at in times]
        return list(decoder.get_frames_played_at(wanted).data.numpy())

    return decode


def by_decord(path, times, indices):
    return list(decord.VideoReader(path, num_threads=1).get_batch(indices).asnumpy())


PEERS = {
    "PyAV": pyav,
    "torchcodec exact": torchcodec("exact"),
    "torchcodec approximate": torchcodec("approximate"),
    "decord": by_decord,
}

dump = pathlib.Path(sys.argv[1])
passes = int(sys.argv[2]) if len(sys.argv) > 2 else 20
for n, clip in enumerate(json.loads((dump / "clips.json").read_text())):
    path, side = clip["file"], clip["crop"]["height"] if isinstance(clip["crop"], dict) else int(clip["crop"])
    ours = np.fromfile(dump / f"{n}.rgb", np.uint8).reshape(-1, side, side, 3)
    indices, times = clip["indices"][0], clip["times"][0]
    scalers = None
    for name, decode in PEERS.items():
        try:
            decoding, frames = seconds(passes, lambda: decode(path, times, indices))
            if scalers is None:  # all have the same frames
                scalers = [seconds(passes, lambda: by(frames, clip["shortSide"], side))
                           for by in (by_opencv, by_torchvision)]
            difference = np.abs(ours.astype(int) - by_opencv(frames, clip["shortSide"], side))
            rates = ",".join(f"{1 / (decoding + scaling):.1f}" for scaling, _ in scalers)
            result = f"{rates},{difference.mean():.2f},{difference.max()}"
        except Exception as error:  # a peer that cannot read a file is a result, too
            result = f"-,-,{type(error).__name__},"
        print(f"{pathlib.Path(path).name},{name},{result}", flush=True)
