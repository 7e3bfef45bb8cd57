"""Trains a run that `clipstream train --prepare` wrote, on many GPUs or hosts: PyTorch's DDP under torchrun.

    torchrun --nnodes=2 --nproc-per-node=8 --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 train.py RUN

RUN is a folder that every host has: plan.json (recipe and clips), initial.pt (the network in its training form) and
the decoded videos. It ends with RUN/weights.safetensors, which `clipstream model import` makes a model of. A run that
was stopped goes on with its last whole epoch. Needs PyTorch 2.7 or newer, nothing else.

What a step is depends on the plan, the step and the clips alone, not on the number of processes: each takes its part of
the batch, and gradients are those of the whole. Random numbers are PyTorch's, so that a run is not, number for number,
the one that clipstream itself would train.
"""

import argparse
import ctypes
import json
import math
import os
import struct
from pathlib import Path

import operations
import torch
import torch.distributed as dist
from torch.nn.functional import interpolate
from torch.nn.parallel import DistributedDataParallel


def generator(seed, step, clip, purpose):
    """Random numbers of one clip in one step, for one purpose."""
    mixed = 0
    for number in (seed, step, clip, purpose):
        mixed = ((mixed ^ (number + 1)) * 0x9E3779B97F4A7C15 + 0x7F4A7C15) & (2**63 - 1)
        mixed ^= mixed >> 29
    return torch.Generator().manual_seed(mixed)


class Clips:
    """The decoded videos of a split."""

    def __init__(self, folder, split, plan):
        path = folder / split["file"]
        self.bytes = torch.from_file(str(path), size=path.stat().st_size, dtype=torch.uint8)
        self.places = split["clips"]
        self.frames = plan["frames"]
        self.crop = plan["crop"]
        self.augmentation = plan["augmentation"]

    def __len__(self):
        return len(self.places)

    def video(self, clip):
        """uint8 [frames, height, width, 3] of all that is kept, and its class."""
        offset, frames, width, height, label = self.places[clip]
        size = frames * height * width * 3
        return self.bytes[offset : offset + size].view(frames, height, width, 3), label

    def middle(self, clip):
        """The clip and the crop in the middle, as serving with one view cuts them."""
        video, label = self.video(clip)
        start = (video.size(0) - self.frames) // 2
        top = round((video.size(1) - self.crop) / 2)
        left = round((video.size(2) - self.crop) / 2)
        return video[start : start + self.frames, top : top + self.crop, left : left + self.crop], label

    def draw(self, clip, random):
        """What to do to a clip, as the plan's augmentation draws it, and the class that it has then."""
        a = self.augmentation
        _, frames, width, height, label = self.places[clip]

        def uniform(low, high):
            return low + (high - low) * torch.rand((), generator=random).item()

        change = {"start": min(int(uniform(0, frames - self.frames + 1)), frames - self.frames)}
        if a["largest"] == 0:
            change.update(width=self.crop, height=self.crop)
        else:
            side = uniform(a["smallest"], a["largest"]) * min(width, height)
            stretch = math.sqrt(a["narrowest"] * (a["widest"] / a["narrowest"]) ** uniform(0, 1))
            change["width"] = max(1, min(width, round(side * stretch)))
            change["height"] = max(1, min(height, round(side / stretch)))
        change["top"] = round(uniform(0, height - change["height"]))
        change["left"] = round(uniform(0, width - change["width"]))
        for swap in ("mirror", "flip", "transpose", "reverse"):
            change[swap] = bool(a[swap]) and uniform(0, 1) < 0.5
            if change[swap]:
                label = a[swap][label]
        change["gain"] = 1 + a["contrast"] * uniform(-1, 1)
        change["offset"] = 255 * a["brightness"] * uniform(-1, 1)
        change["gray"] = uniform(0, 1) < a["grayscale"]
        change["operations"] = [operations.draw(a["magnitude"], uniform) for _ in range(a["operations"])]
        return change, label

    def changed(self, clip, change):
        """uint8 [frames, crop, crop, 3] of a clip to which that was done."""
        video, _ = self.video(clip)
        video = video[change["start"] : change["start"] + self.frames]
        top, left, height, width = (change[key] for key in ("top", "left", "height", "width"))
        x = video[:, top : top + height, left : left + width].permute(0, 3, 1, 2).float()
        if (height, width) != (self.crop, self.crop):
            x = interpolate(x, (self.crop, self.crop), mode="bilinear", align_corners=False)
        if change["mirror"]:
            x = x.flip(3)
        if change["flip"]:
            x = x.flip(2)
        if change["transpose"]:
            x = x.transpose(2, 3)
        if change["reverse"]:
            x = x.flip(0)
        if change["gray"]:
            x = (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True).expand(-1, 3, -1, -1)
        x = ((x - 127.5) * change["gain"] + 127.5 + change["offset"]).round().clamp(0, 255).byte()
        for kind, magnitude in change["operations"]:
            x = operations.apply(x, kind, magnitude)
        return x.permute(0, 2, 3, 1).contiguous()


class Mixing:
    """Mixes each clip of a batch with the one before it, by blending (mixup) or by a rectangle of it (cutmix)."""

    def __init__(self, plan):
        self.mixup, self.cutmix = plan["mixing"]["mixup"], plan["mixing"]["cutmix"]
        self.crop = plan["crop"]

    def draw(self, random):
        """The rectangle (left, top, right, bottom) that the other clip shows through, or None, and the clip's own share."""
        if self.mixup == 0 and self.cutmix == 0:
            return None, 1.0
        cut = self.cutmix > 0 and (self.mixup == 0 or torch.rand((), generator=random).item() < 0.5)
        alpha = torch.full((2,), float(self.cutmix if cut else self.mixup))
        one, two = torch._standard_gamma(alpha, generator=random).tolist()
        share = one / (one + two) if one + two > 0 else 0.5
        if not cut:
            return None, share
        x, y = (torch.randint(self.crop, (), generator=random).item() for _ in range(2))
        half = int(0.5 * math.sqrt(1 - share) * self.crop)
        box = (max(0, x - half), max(0, y - half), min(self.crop, x + half), min(self.crop, y + half))
        return box, 1 - (box[2] - box[0]) * (box[3] - box[1]) / self.crop**2

    @staticmethod
    def mix(own, other, box, share):
        """uint8 [frames, crop, crop, 3] of both."""
        if box is not None:
            left, top, right, bottom = box
            own = own.clone()
            own[:, top:bottom, left:right] = other[:, top:bottom, left:right]
            return own
        if share == 1:
            return own
        return (share * own.double() + (1 - share) * other.double()).round().byte()


def drop_mask(plan, features, step, clips):
    """What a step drops of clips, as the network takes it: float32 [N, 2 B + F]."""
    rates = [rate for rate in plan["branchDropRates"] for _ in range(2)] + [plan["headDropout"]] * features
    keep = 1 - torch.tensor(rates)
    rows = [torch.rand(len(rates), generator=generator(plan["seed"], step, clip, 1)) < keep for clip in clips]
    return torch.stack(rows) / keep


def targets(plan, shown):
    """Smoothed and weighted rows of the loss, [N, K], and the sum of their weights; of (class, other class, share)."""
    k = len(plan["labels"])
    smoothing = plan["labelSmoothing"]
    rows, total = torch.zeros(len(shown), k), 0.0
    for row, (label, other, share) in zip(rows, shown):
        for c, part in ((label, share), (other, 1 - share)):
            weight = part * plan["classWeights"][c]
            total += weight
            row += weight * smoothing / k
            row[c] += weight * (1 - smoothing)
    return rows, total


class Trainer:
    """The network of one process, with its part of every batch."""

    def __init__(self, folder, plan, rank=0, world=1, device="cpu"):
        self.plan, self.rank, self.world, self.device = plan, rank, world, device
        self.clips = Clips(folder, plan["train"], plan)
        self.mixing = Mixing(plan)
        self.network = torch.jit.load(str(folder / "initial.pt"), map_location=device)
        self.network.train()
        for parameter in self.network.parameters():
            parameter.requires_grad_(True)
        self.features = self.network.head.weight.size(1)
        self.model = DistributedDataParallel(self.network) if world > 1 else self.network
        self.steps = -(-len(self.clips) // plan["batchSize"])
        groups = {}
        for name, parameter in self.network.named_parameters():
            groups.setdefault(tuple(plan["parameters"][name]), []).append(parameter)
        self.optimizer = torch.optim.AdamW(
            [{"params": p, "factor": rate, "weight_decay": decay} for (rate, decay), p in groups.items()],
            lr=0.0,
            betas=(0.9, plan["beta2"]),
        )
        self.average = {name: p.detach().clone() for name, p in self.network.named_parameters()}

    def batch(self, step):
        """Indices of all clips of a step: each once an epoch, in its random order, in even batches."""
        epoch, number = divmod(step, self.steps)
        order = torch.randperm(len(self.clips), generator=generator(self.plan["seed"], epoch, 0, 2)).tolist()
        return order[number * len(order) // self.steps : (number + 1) * len(order) // self.steps]

    def rate(self, step):
        p = self.plan
        warmup = round(p["warmupEpochs"] * self.steps)
        if step < warmup:
            return p["learningRate"] * (step + 1) / warmup
        done = (step - warmup) / max(1, p["epochs"] * self.steps - warmup)
        last = p["finalLearningRate"]
        return last + (p["learningRate"] - last) * (1 + math.cos(math.pi * done)) / 2

    def backward(self, step):
        """Adds up the gradient of a step; the same in every process, that of the whole batch. Gives the loss."""
        clips = self.batch(step)
        # Who has no clip of a small batch runs one that does not count, so that all exchange as often.
        share = max(1, -(-len(clips) // self.world))
        parts = -(-share // self.plan["microBatch"])
        own = clips[self.rank * len(clips) // self.world : (self.rank + 1) * len(clips) // self.world]
        drawn = self.draw(step, clips)
        rows, weight = targets(self.plan, [shown for *_, shown in drawn])
        first = self.rank * len(clips) // self.world
        loss_sum = torch.zeros(())
        for part in range(parts):
            begin, end = first + part * len(own) // parts, first + (part + 1) * len(own) // parts
            counted = 1.0 if end > begin else 0.0
            if end == begin:
                begin, end = 0, 1
            pixels = self.pixels(clips, drawn, begin, end).to(self.device)
            mask = drop_mask(self.plan, self.features, step, clips[begin:end]).to(self.device)
            expected = rows[begin:end].to(self.device)
            exchange = part == parts - 1
            context = self.model.no_sync if self.world > 1 and not exchange else _nothing
            with context():
                logits = self.model(pixels, mask)
                # DDP takes the mean over the processes, the loss that over the clips of all of them.
                loss = -(logits.log_softmax(1) * expected).sum() / weight * counted
                (loss * self.world).backward()
            loss_sum += loss.detach().cpu()
        if self.world > 1:
            total = loss_sum.to(self.device)
            dist.all_reduce(total)
            loss_sum = total.cpu()
        return loss_sum.item()

    def draw(self, step, clips):
        """For each clip of a batch what is done to it, how it is mixed, and (class, class mixed in, its own share)."""
        seed = self.plan["seed"]
        changes = [self.clips.draw(c, generator(seed, step, c, 0)) for c in clips]
        mixes = [self.mixing.draw(generator(seed, step, c, 3)) for c in clips]
        return [
            (change, box, (label, changes[i - 1][1], share))
            for i, ((change, label), (box, share)) in enumerate(zip(changes, mixes))
        ]

    def pixels(self, clips, drawn, begin, end):
        """uint8 [N, frames, crop, crop, 3] of some clips of a batch, each mixed with the one before it in the batch."""
        made = {}

        def changed(i):
            if i not in made:
                made[i] = self.clips.changed(clips[i], drawn[i][0])
            return made[i]

        def mixed(i):
            _, box, (_, _, share) = drawn[i]
            plain = box is None and share == 1
            return changed(i) if plain else Mixing.mix(changed(i), changed((i - 1) % len(clips)), box, share)

        return torch.stack([mixed(i) for i in range(begin, end)])

    def step(self, step):
        """One step of the optimiser. Gives the loss."""
        loss = self.backward(step)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.plan["maxGradNorm"])
        if not (math.isfinite(loss) and torch.isfinite(norm)):
            raise SystemExit(f"loss {loss} and gradient {norm.item()} at step {step + 1}: lower train.learning-rate")
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step) * group["factor"]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)
        keep = min(self.plan["emaDecay"], (2 + step) / (11 + step))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                self.average[name].lerp_(parameter, 1 - keep)
        return loss

    @torch.no_grad()
    def validate(self, folder):
        """Mean class accuracy of the averaged weights on the middle clips."""
        clips = Clips(folder, self.plan["validation"], self.plan)
        counts = torch.zeros(2, len(self.plan["labels"]), device=self.device)
        now = {name: p.detach().clone() for name, p in self.network.named_parameters()}
        self.load(self.average)
        self.network.eval()
        size = min(self.plan["microBatch"], self.plan["batchSize"])
        mine = list(range(self.rank, len(clips), self.world))
        for first in range(0, len(mine), size):
            read = [clips.middle(c) for c in mine[first : first + size]]
            answers = self.network(torch.stack([x for x, _ in read]).to(self.device)).argmax(1).tolist()
            for (_, label), answer in zip(read, answers):
                counts[0, label] += 1
                counts[1, label] += float(answer == label)
        self.network.train()
        self.load(now)
        if self.world > 1:
            dist.all_reduce(counts)
        there = counts[0] > 0
        return (counts[1][there] / counts[0][there]).mean().item()

    @torch.no_grad()
    def load(self, weights):
        for name, parameter in self.network.named_parameters():
            parameter.copy_(weights[name])


class _nothing:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        return None


def write_safetensors(path, weights, manifest):
    """The weights as `clipstream model import` takes them, with the manifest."""
    header, at = {"__metadata__": {"format": "pt", "clipstream.manifest": manifest}}, 0
    for name, tensor in weights.items():
        end = at + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_suffix(".part")
    with open(part, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for tensor in weights.values():
            values = tensor.detach().cpu().float().contiguous()
            out.write(ctypes.string_at(values.data_ptr(), 4 * values.numel()))
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description="Trains what `clipstream train --prepare` wrote, under torchrun.")
    parser.add_argument("run", type=Path, metavar="RUN", help="folder with plan.json, initial.pt and the clips")
    folder = parser.parse_args().run
    world = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    device = "cpu"
    if torch.cuda.is_available():
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    if world > 1:
        dist.init_process_group("nccl" if device != "cpu" else "gloo")
    plan = json.loads((folder / "plan.json").read_text())
    trainer = Trainer(folder, plan, rank, world, device)
    state = {"epoch": 0, "best": -1.0, "chosen": 0, "weights": None}
    saved = folder / "torchrun.pth"
    if saved.exists():
        state = torch.load(saved, map_location=device)
        trainer.load(state["network"])
        trainer.average = state["average"]
        trainer.optimizer.load_state_dict(state["optimizer"])
    for epoch in range(state["epoch"], plan["epochs"]):
        losses = [trainer.step(step) for step in range(epoch * trainer.steps, (epoch + 1) * trainer.steps)]
        accuracy = trainer.validate(folder)
        if accuracy > state["best"]:
            state.update(best=accuracy, chosen=epoch + 1, weights={n: w.clone() for n, w in trainer.average.items()})
        state.update(
            epoch=epoch + 1,
            network={n: p.detach() for n, p in trainer.network.named_parameters()},
            average=trainer.average,
            optimizer=trainer.optimizer.state_dict(),
        )
        if rank == 0:
            torch.save(state, saved.with_suffix(".part"))
            os.replace(saved.with_suffix(".part"), saved)
            mean = sum(losses) / len(losses)
            print(f"epoch {epoch + 1}/{plan['epochs']}: loss {mean:.4f}; mean class {100 * accuracy:.1f} %", flush=True)
        if plan["patience"] and epoch + 1 - state["chosen"] >= plan["patience"]:
            break
    if rank == 0:
        write_safetensors(folder / "weights.safetensors", state["weights"], plan["manifest"])
        print(f"chosen: epoch {state['chosen']}; {folder / 'weights.safetensors'}", flush=True)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
