"""
One rank of a training step with PyTorch's DistributedDataParallel over Gloo. Arguments: rank, number of ranks, a file for the
rendezvous, then one JSON request per line on standard input and one answer per line: the steps' [wall, processor] milliseconds.
"""

import json
import sys
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

rank, size = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)
torch.manual_seed(1)
dist.init_process_group("gloo", init_method=f"file://{sys.argv[3]}", rank=rank, world_size=size)

models = {
    "mlp": lambda: nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    ),
    "convnet": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.BatchNorm2d(16),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(800, 10),
    ),
}


def train(name, batch, steps, distributed):
    """Milliseconds of each step. The batch is divided among the ranks, or this process alone trains it with `size` threads."""
    torch.set_num_threads(1 if distributed else size)
    model = models[name]()
    # As in data-parallel training, each rank has its own statistics.
    model = DistributedDataParallel(model, broadcast_buffers=False) if distributed else model
    optimizer = torch.optim.Adam(model.parameters())
    share = batch // size if distributed else batch
    x = torch.randn(share * steps, 784)
    y = torch.arange(share * steps) % 10
    times = []
    wall, processor = time.perf_counter(), time.process_time()
    for step in range(steps):
        rows = slice(step * share, (step + 1) * share)
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
        ends = time.perf_counter(), time.process_time()
        times.append([1000 * (ends[0] - wall), 1000 * (ends[1] - processor)])
        wall, processor = ends
    return times


print(json.dumps(f"PyTorch {torch.__version__}"), flush=True)
for line in sys.stdin:
    print(json.dumps(train(**json.loads(line))), flush=True)
