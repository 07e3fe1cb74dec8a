"""K heads side by side, computed as one: a plain network is the case of a single one."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from emptor.rank.models.inputs import TASKS


class Experts(nn.Module):
    """K ReLU networks of the same form; each gives one logit per task.

    One grouped matrix product per layer runs them all: K small ones would leave most of the machine idle.

    Args:
        size: S, width of the input. experts: K, from 1. hidden: widths of the hidden layers.

    Shapes: joined [M, S] -> logits [M, K, 2].

    Source: scalar logits per expert follow Xiao et al., Adversarial Mixture of Experts with Category Hierarchy Soft
        Constraint (ICDE 2021).

    Example:
        >>> Experts(10, experts=3)(torch.randn(5, 10)).shape
        torch.Size([5, 3, 2])
    """

    def __init__(self, size: int, *, experts: int = 1, hidden: tuple[int, ...] = (128, 64)) -> None:
        super().__init__()
        sizes = (size, *hidden, len(TASKS))
        self.weight, self.bias = nn.ParameterList(), nn.ParameterList()
        for before, after in pairwise(sizes):
            bound = before**-0.5
            self.weight.append(nn.Parameter(torch.empty(experts, before, after).uniform_(-bound, bound)))
            self.bias.append(nn.Parameter(torch.empty(experts, 1, after).uniform_(-bound, bound)))
        self.count = experts

    def forward(self, joined: torch.Tensor) -> torch.Tensor:
        units = joined.expand(self.count, -1, -1)
        for layer, (weight, bias) in enumerate(zip(self.weight, self.bias, strict=True)):
            units = torch.baddbmm(bias, units if layer == 0 else units.relu(), weight)
        return units.transpose(0, 1)
