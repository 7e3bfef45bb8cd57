#!/usr/bin/env python3
"""Makes the videos that NvdecGpuTest and GpuDecodeBench read, of a second of real footage, forth and back.

    apt-get install ffmpeg
    ops/test/gpu/decode_corpus.py birds.mp4 OUT      OUT/bench: ten seconds each; OUT/same: short, of many kinds

birds.mp4 is in Debian's package wordpress-theme-twentytwentytwo (PublicVideosIT fetches it). Needs ffmpeg with libx264,
libx265 and libvpx. Files that are there stay.
"""

import pathlib
import subprocess
import sys

RATE = 30


def main():
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    bench, same = out / "bench", out / "same"
    bench.mkdir(parents=True, exist_ok=True)
    same.mkdir(parents=True, exist_ok=True)
    for height, h264, hevc in ((720, 1_800_000, 1_100_000), (1080, 3_200_000, 2_000_000)):
        size = f"{height * 16 // 9}x{height}"
        repeat(source, bench / f"h264_{height}_g30.mp4", size, h264, x264(RATE))
        repeat(source, bench / f"hevc_{height}_g30.mp4", size, hevc, x265(RATE))
        write(source, bench / f"h264_{height}_g250.mp4", 300, size, h264, x264(250))
    for size in ("320x180", "322x182", "180x320", "50x50", "640x360", "854x480"):
        write(source, same / f"h264_{size}.mp4", 45, size, 400_000, x264(12))
    for size in ("320x180", "322x182", "640x360", "160x160"):
        write(source, same / f"hevc_{size}.mp4", 45, size, 400_000, x265(12))
    for codec, name in (("libvpx", "vp8"), ("libvpx-vp9", "vp9")):
        for size in ("320x180", "641x361", "200x150"):
            options = ["-c:v", codec, "-deadline", "realtime", "-cpu-used", "8", "-g", "12"]
            write(source, same / f"{name}_{size}.webm", 45, size, 400_000, options)
    for name, options, pixels in (
        ("opengop", [*x264(10), "-x264-params", "open-gop=1:b-pyramid=normal"], "yuv420p"),
        ("intra_refresh", [*x264(30), "-x264-params", "intra-refresh=1:bframes=0"], "yuv420p"),
        ("interlaced", [*x264(12), "-x264-params", "tff=1"], "yuv420p"),
        ("full", x264(12), "yuvj420p"),
        ("444", x264(12), "yuv444p"),
        ("10", x264(12), "yuv420p10le"),
        ("mono", x264(12), "gray"),
    ):
        write(source, same / f"h264_{name}.mp4", 45, "320x192", 400_000, options, pixels)
    write(source, same / "h264_32x32.mp4", 45, "32x32", 100_000, x264(12))
    write(source, same / "hevc_10.mp4", 45, "320x180", 400_000, x265(12), "yuv420p10le")
    write(source, same / "hevc_444.mp4", 45, "320x180", 400_000, x265(12), "yuv444p")
    write(source, same / "hevc_64x64.mp4", 45, "64x64", 100_000, x265(12))
    write(source, same / "mpeg4.mp4", 45, "320x180", 400_000, ["-c:v", "mpeg4", "-bf", "2"])
    damaged = bytearray((same / "h264_322x182.mp4").read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 40] = bytes(40)
    (same / "h264_damaged.mp4").write_bytes(damaged)


def x264(gop):
    keys = ["-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0"]
    return ["-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-refs", "3", *keys]


def x265(gop):
    keys = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0"
    params = f"log-level=error:bframes=3:pools=1:frame-threads=1:{keys}"
    return ["-c:v", "libx265", "-preset", "veryfast", "-tag:v", "hvc1", "-x265-params", params]


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def repeat(source, path, size, bits, options):
    """Ten seconds of two groups of pictures, the third and fourth of an encoding: they pack well."""
    if path.exists():
        return
    whole, part, turns = (path.with_name(name) for name in ("whole.mp4", "part.mp4", "turns.txt"))
    write(source, whole, 4 * RATE, size, bits, options)
    ffmpeg("-ss", 2, "-i", whole, "-c", "copy", part)
    turns.write_text(f"file {part.name}\n" * 5)
    ffmpeg("-f", "concat", "-i", turns, "-c", "copy", "-movflags", "+faststart", path)
    for made in (whole, part, turns):
        made.unlink()


def write(source, path, count, size, bits, options, pixels="yuv420p"):
    if path.exists():
        return
    width, height = size.split("x")
    loop = (
        f"trim=end_frame={RATE},split[a][b];[b]reverse[r];[a][r]concat,scale={width}:{height}:flags=bicubic,"
        f"format={pixels},loop=-1:{2 * RATE},setpts=N/{RATE}/TB"
    )
    output = ["-r", RATE, "-frames:v", count, "-an", "-threads", "1", "-b:v", bits, *options]
    faststart = ["-movflags", "+faststart"] if path.suffix == ".mp4" else []
    ffmpeg("-i", source, "-filter_complex", loop, *output, *faststart, path)


if __name__ == "__main__":
    main()
