#!/usr/bin/env python3
"""Clips a second of Python's libraries for decoding, alone and in a plain service, beside clipstream's on one machine.

    gpu_peers.py decode  THREADS SECONDS LIBRARY,centre,FILE...      or whole
    gpu_peers.py service THREADS SECONDS LIBRARY,centre,FILE...

Measures what is named one after the other. LIBRARY is pynvvideocodec (SimpleDecoder, which keeps its decoders),
torchcodec-cuda or torchcodec-cpu. Clips are 32 frames at 15 a second of a video of 30: the one in the middle, or one after the
other. `decode` only decodes, to RGB at full size. `service` is what one would write first: each thread decodes, scales to 256,
crops to 224 x 224 (all on the GPU but with torchcodec-cpu) and puts clips into a queue; batches of 16, always full, go through
torchvision's Swin3D-B with random weights under torch.compile in bfloat16. There is no Kafka in it. Needs torch, torchvision,
PyNvVideoCodec or torchcodec.
"""

import os
import queue
import sys
import threading
import time

FRAMES, STEP, BATCH = 32, 2, 16


def windows(kind, count):
    """Numbers of the frames of each clip."""
    span = FRAMES * STEP
    if kind == "centre":
        starts = [(count - span) // 2]
    else:
        clips = -(-count // span)
        starts = [round(i * (count - span) / (clips - 1)) for i in range(clips)]
    return [[start + STEP * i for i in range(FRAMES)] for start in starts]


class PyNv:
    def __init__(self, file):
        import PyNvVideoCodec as nvc

        self.decoder = nvc.SimpleDecoder(file, decoder_cache_size=4, output_color_type=nvc.OutputColorType.RGBP)
        self.first = True

    def clips(self, file, kind):
        """Tensors of uint8 [32, 3, height, width]."""
        import torch

        if not self.first:
            self.decoder.reconfigure_decoder(file)
        self.first = False
        for numbers in windows(kind, len(self.decoder)):
            yield torch.stack([torch.from_dlpack(frame) for frame in self.decoder.get_batch_frames_by_index(numbers)])


class TorchCodec:
    def __init__(self, device):
        self.device = device

    def clips(self, file, kind):
        from torchcodec.decoders import VideoDecoder

        decoder = VideoDecoder(file, device=self.device, num_ffmpeg_threads=1)
        for numbers in windows(kind, decoder.metadata.num_frames):
            yield decoder.get_frames_at(numbers).data


class Run:
    def __init__(self, library, kind, threads, file, take):
        self.library, self.kind, self.file, self.take = library, kind, file, take
        self.clips = 0
        self.end = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self):
        try:
            decoder = PyNv(self.file) if self.library == "pynvvideocodec" else TorchCodec(self.library.split("-")[1])
            while not self.end:
                for clip in decoder.clips(self.file, self.kind):
                    self.take(clip)
                    with self.lock:
                        self.clips += 1
        except Exception as error:
            if not self.end:
                print(self.library, "failed:", repr(error)[:400], flush=True)
            self.end = True

    def warm(self):
        """Waits until decoders are open, then two seconds."""
        begun = time.time()
        while self.clips < 2 * len(self.threads) and not self.end and time.time() < begun + 20:
            time.sleep(0.1)
        time.sleep(2)

    def stop(self):
        self.end = True
        for thread in self.threads:
            thread.join(30)

    def measure(self, seconds, what, clips):
        begun, cpu, before = time.time(), time.process_time(), clips()
        time.sleep(seconds)
        took, done = time.time() - begun, clips() - before
        cores = (time.process_time() - cpu) / took
        name = os.path.basename(self.file)
        print(f"{what} {self.library} {len(self.threads)} threads, {self.kind} {name}: {done / took:.1f} clips/s, {cores:.1f} cores", flush=True)


def ignore(clip):
    pass


def decode(threads, seconds, wanted):
    for library, kind, file in wanted:
        run = Run(library, kind, threads, file, ignore)
        run.warm()
        run.measure(seconds, "decode", lambda: run.clips)
        run.stop()


def service(threads, seconds, wanted):
    import torch
    from torchvision.models.video import swin3d_b
    from torchvision.transforms import functional

    if any(library == "torchcodec-cpu" for library, _, _ in wanted):
        torch.set_num_threads(1)
    model = swin3d_b().eval().cuda().bfloat16()
    mean = torch.tensor([0.485, 0.456, 0.406], device="cuda").view(1, 3, 1, 1, 1) * 255
    std = torch.tensor([0.229, 0.224, 0.225], device="cuda").view(1, 3, 1, 1, 1) * 255

    def classify(batch):  # uint8 [N, T, 3, H, W]
        return model(((batch.permute(0, 2, 1, 3, 4).float() - mean) / std).bfloat16()).float().softmax(1)

    compiled = torch.compile(classify)
    with torch.inference_mode():
        blank = torch.zeros(BATCH, FRAMES, 3, 224, 224, dtype=torch.uint8, device="cuda")
        begun = time.time()
        for _ in range(3):
            compiled(blank).cpu()
        warm, begun = time.time() - begun, time.time()
        for _ in range(8):
            compiled(blank).cpu()
        alone = 8 * BATCH / (time.time() - begun)
    print(f"torch.compile took {warm:.0f} s; classifier alone {alone:.1f} clips/s", flush=True)
    ready, done = queue.Queue(maxsize=4 * BATCH), [0]

    def take(clip):
        ready.put(functional.center_crop(functional.resize(clip, [256], antialias=False), [224, 224]))

    def label():
        with torch.inference_mode():
            while True:
                batch = [ready.get() for _ in range(BATCH)]
                compiled(torch.stack([clip.cuda(non_blocking=True) for clip in batch])).topk(5).values.cpu()
                done[0] += BATCH

    threading.Thread(target=label, daemon=True).start()
    for library, kind, file in wanted:
        run = Run(library, kind, threads, file, take)
        run.warm()
        run.measure(seconds, "service", lambda: done[0])
        run.stop()


if __name__ == "__main__":
    how, threads, seconds, *wanted = sys.argv[1:]
    {"decode": decode, "service": service}[how](int(threads), float(seconds), [w.split(",") for w in wanted])
    sys.stdout.flush()
    os._exit(0)
