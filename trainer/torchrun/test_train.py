"""Holds train.py to one process: `python test_train.py RUN`, with what `clipstream train --prepare` wrote to RUN.

Two processes with DDP give the gradients, and after some steps the weights, of one with the whole batch, with drop path
and class weights on, whatever parts a batch goes through the network in.
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
    plan["microBatch"] = micro
    return plan


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
