#!/usr/bin/env python3
"""Makes the videos that NvdecGpuTest and GpuDecodeBenchmark read, of a second of real footage, forth and back.

    pip install av==18.1.0
    ops/test/gpu/decode_corpus.py birds.mp4 OUT      OUT/bench: ten seconds each; OUT/same: short, of many kinds

birds.mp4 is in Debian's package wordpress-theme-twentytwentytwo (PublicVideosIT fetches it).
"""

import pathlib
import sys

import av

RATE = 30


def main():
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    with av.open(str(source)) as container:
        second = [frame for _, frame in zip(range(31), container.decode(video=0))]
    bench, same = out / "bench", out / "same"
    bench.mkdir(parents=True, exist_ok=True)
    same.mkdir(parents=True, exist_ok=True)
    for width, height in ((320, 180), (322, 182), (180, 320), (50, 50), (640, 360), (854, 480)):
        write(same / f"h264_{width}x{height}.mp4", second, 45, "libx264", width, height, 400_000, x264(12))
    for width, height in ((320, 180), (322, 182), (640, 360), (160, 160)):
        write(same / f"hevc_{width}x{height}.mp4", second, 45, "libx265", width, height, 400_000, x265(12))
    for codec, name in (("libvpx", "vp8"), ("libvpx-vp9", "vp9")):
        for width, height in ((320, 180), (641, 361), (200, 150)):
            options = {"deadline": "realtime", "cpu-used": "8", "g": "12"}
            write(same / f"{name}_{width}x{height}.webm", second, 45, codec, width, height, 400_000, options)
    small = (second, 45, "libx264", 320, 180, 400_000)
    write(same / "h264_opengop.mp4", *small, x264(10) | {"x264-params": "open-gop=1:b-pyramid=normal"})
    write(same / "h264_intra_refresh.mp4", *small, x264(30) | {"x264-params": "intra-refresh=1:bframes=0"})
    write(same / "h264_interlaced.mp4", *small[:4], 192, 400_000, x264(12) | {"x264-params": "tff=1"})
    write(same / "h264_full.mp4", *small, x264(12), "yuvj420p")
    write(same / "h264_444.mp4", *small, x264(12), "yuv444p")
    write(same / "h264_10.mp4", *small, x264(12), "yuv420p10le")
    write(same / "h264_mono.mp4", *small, x264(12), "gray")
    write(same / "h264_32x32.mp4", second, 45, "libx264", 32, 32, 100_000, x264(12))
    write(same / "hevc_10.mp4", *small[:2], "libx265", 320, 180, 400_000, x265(12), "yuv420p10le")
    write(same / "hevc_444.mp4", *small[:2], "libx265", 320, 180, 400_000, x265(12), "yuv444p")
    write(same / "hevc_64x64.mp4", second, 45, "libx265", 64, 64, 100_000, x265(12))
    write(same / "mpeg4.mp4", *small[:2], "mpeg4", 320, 180, 400_000, {"bf": "2"})
    damaged = bytearray((same / "h264_322x182.mp4").read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 40] = bytes(40)
    (same / "h264_damaged.mp4").write_bytes(damaged)
    for gop in (30, 250):
        for height, h264, hevc in ((1080, 3_200_000, 2_000_000), (720, 1_800_000, 1_100_000)):
            width = height * 16 // 9
            write(bench / f"h264_{height}_g{gop}.mp4", second, 300, "libx264", width, height, h264, x264(gop))
            write(bench / f"hevc_{height}_g{gop}.mp4", second, 300, "libx265", width, height, hevc, x265(gop))


def x264(gop):
    return {"preset": "veryfast", "bf": "3", "refs": "3", "g": str(gop), "keyint_min": str(gop), "sc_threshold": "0"}


def x265(gop):
    keys = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0"
    return {"preset": "veryfast", "x265-params": f"log-level=error:bframes=3:pools=1:frame-threads=1:{keys}"}


def write(path, second, count, codec, width, height, bits, options, pixels="yuv420p"):
    if path.exists():
        return
    loop = second + second[::-1]
    with av.open(str(path), "w", options={"movflags": "+faststart"} if path.suffix == ".mp4" else {}) as container:
        stream = container.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, pixels, bits
        stream.thread_count = 1
        scaled = {}
        for i in range(count):
            at = i % len(loop)
            if at not in scaled:
                scaled[at] = loop[at].reformat(width, height, pixels, interpolation="BICUBIC")
            scaled[at].pts = i
            container.mux(stream.encode(scaled[at]))
        container.mux(stream.encode())
    print(path, path.stat().st_size, flush=True)


if __name__ == "__main__":
    main()
