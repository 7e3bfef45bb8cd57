"""Holds train.py to one process: `python test_train.py RUN`, with what `clipstream train --prepare` wrote to RUN.

Two processes with DDP give the gradients, and after some steps the weights, of one with the whole batch, with drop path,
class weights, RandAugment, mixup and cutmix on, whatever parts a batch goes through the network in.
"""

import json
import os
import socket
import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

import train


def plan_of(folder, micro):
    plan = json.loads((folder / "plan.json").read_text())
    plan["branchDropRates"] = [0.3] * len(plan["branchDropRates"])
    plan["headDropout"] = 0.2
    plan["classWeights"] = [0.5 + k for k in range(len(plan["labels"]))]
    plan["augmentation"].update(operations=2, magnitude=9)
    plan["mixing"] = {"mixup": 0.8, "cutmix": 1.0}
    plan["microBatch"] = micro
    return plan


def shares(folder):
    """Of mixed clips: the share of a clip's own values is the share of its own class, a rectangle's or a blend's."""
    trainer = train.Trainer(folder, plan_of(folder, 1))
    boxes = 0
    for step in range(40):
        box, share = trainer.mixing.draw(train.generator(1, step, 0, 3))
        assert 0 <= share <= 1, share
        ones, zeros = (torch.full((2, trainer.mixing.crop, trainer.mixing.crop, 3), v, dtype=torch.uint8) for v in (100, 0))
        mixed = train.Mixing.mix(ones, zeros, box, share).float().mean().item() / 100
        assert abs(mixed - share) < 6e-3, (mixed, share)
        boxes += box is not None
    assert 8 <= boxes <= 32, boxes
    rows, total = train.targets({"labels": "ab", "labelSmoothing": 0.1, "classWeights": [1, 3]}, [(0, 1, 0.75), (1, 1, 1)])
    assert abs(total - (0.75 + 0.75 + 3)) < 1e-6, total
    assert torch.allclose(rows, torch.tensor([[0.75, 0.75], [0.15, 2.85]])), rows


def seen(folder, micro, rank, world):
    """Gradients of step 0 and weights after three steps."""
    trainer = train.Trainer(folder, plan_of(folder, micro), rank, world)
    loss = trainer.backward(0)
    gradients = {n: p.grad.clone() for n, p in trainer.network.named_parameters()}
    trainer.optimizer.zero_grad(set_to_none=False)
    for step in range(3):
        trainer.step(step)
    weights = {n: p.detach().clone() for n, p in trainer.network.named_parameters()}
    return loss, gradients, weights


def process(rank, folder, micro, port, out):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=2)
    result = seen(folder, micro, rank, 2)
    if rank == 0:
        torch.save(result, out)
    dist.destroy_process_group()


def main():
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    shares(folder)
    loss, gradients, weights = seen(folder, 1000, 0, 1)
    for micro in (1000, 1):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        out = folder / "two.pth"
        mp.spawn(process, (folder, micro, port, out), nprocs=2)
        two_loss, two_gradients, two_weights = torch.load(out)
        out.unlink()
        assert abs(two_loss - loss) < 1e-5 * max(1, abs(loss)), (two_loss, loss)
        largest = max(g.abs().max().item() for g in gradients.values())
        apart = max((two_gradients[n] - g).abs().max().item() for n, g in gradients.items())
        assert apart < 1e-5 * largest, (apart, largest)
        moved = max((two_weights[n] - w).abs().max().item() for n, w in weights.items())
        print(f"parts of {micro}: loss {loss:.6f}, gradients apart {apart / largest:.1e} of the largest, weights {moved:.1e}")
        assert moved < 1e-3, moved
    print("ok")


if __name__ == "__main__":
    main()
