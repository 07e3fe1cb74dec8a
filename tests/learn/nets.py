"""A network, data and loss small enough to train in a moment; run as a program it trains until it is killed."""

import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from emptor.learn.fit import FitOptions, fit
from emptor.learn.seeds import numpy_rng, seeded

SAMPLES, WIDTH, BATCH = 48, 6, 12
OPTIONS = FitOptions(
    metric="fit", epochs=4, patience=None, lr=0.05, schedule="one-cycle", warmup_steps=3, total_steps=16, seed=7
)


class Net(nn.Module):
    """Has what is hard to resume: dropout, running statistics, tied weights, a frozen and an unused parameter."""

    def __init__(self, width=WIDTH, dropout=0.3):
        super().__init__()
        self.first = nn.Linear(width, width)
        self.norm, self.dropout = nn.BatchNorm1d(width), nn.Dropout(dropout)
        self.tied = nn.Linear(width, width)
        self.tied.weight = self.first.weight
        self.last = nn.Linear(width, 1)
        self.unused = nn.Parameter(torch.ones(2))
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x):
        return self.last(self.dropout(self.norm(self.tied(torch.relu(self.first(x)))))).squeeze(-1) * self.frozen


def net(seed=7, **options):
    with seeded(seed, "weights"):
        return Net(**options)


X = torch.from_numpy(numpy_rng(1, "x").normal(size=(SAMPLES, WIDTH)).astype(np.float32))
Y = (X @ torch.arange(1.0, WIDTH + 1) > 0).float()


def batches(epoch):
    order = torch.from_numpy(numpy_rng(7, "epoch", epoch).permutation(SAMPLES))
    for start in range(0, SAMPLES, BATCH):
        rows = order[start : start + BATCH]
        yield {"x": X[rows], "y": Y[rows]}


def loss(net, batch, step):
    value = nn.functional.binary_cross_entropy_with_logits(net(batch["x"]), batch["y"])
    return {"loss": value, "half": value / 2}


def validate(net):
    return {"fit": -float(nn.functional.binary_cross_entropy_with_logits(net(X), Y).detach())}


def main():
    torch.set_num_threads(1)

    def die(step, losses):
        if step == int(sys.argv[2]):
            os.kill(os.getpid(), 9)

    fit(net(), batches, loss, options=OPTIONS, validate=validate, resume=Path(sys.argv[1]), on_step=die)


if __name__ == "__main__":
    main()
