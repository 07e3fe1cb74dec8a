"""Whether to bring the picture in: decided by the query, or by the product's category; and how to see that it decides.

Shapes: Q queries, P products, d width.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional

from emptor.errors import EmptorError

CONSTANT = 0.05
"""A gate whose p has a standard deviation of no more than this decides nothing."""

_START, _COLD = 1.0, 0.3
"""Temperatures that annealing begins and ends with."""


class Gate(nn.Module):
    """A temperature T that a gate's logits are divided by, and which falls in training; kept with the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature: torch.Tensor
        self.register_buffer("temperature", torch.tensor(_START))

    def anneal(self, done: float) -> None:
        """Set T for a share of the training that is done, 0..1: from 1 evenly down to 0.3."""
        self.temperature.fill_(_START + (_COLD - _START) * min(max(done, 0.0), 1.0))


class QueryGate(Gate):
    """p = sigmoid(w2 GELU(W1 h) / T) of a query's CLS state h; a gate that has learnt nothing yet says: with picture.

    Args: width: d. hidden: of W1.
    Shapes: states [Q, d] -> logits [Q], divided by T already.

    Source: SMAR reports a prediction header over the query; its layers are ours.

    Example:
        >>> gate = QueryGate(8)
        >>> bool((gate(torch.randn(3, 8)) > 0).all())
        True
    """

    def __init__(self, width: int, *, hidden: int = 64) -> None:
        super().__init__()
        self.wide, self.out = nn.Linear(width, hidden), nn.Linear(hidden, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.ones_(self.out.bias)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.out(functional.gelu(self.wide(states))).squeeze(-1)
        return logits / self.temperature


class CategoryGate(Gate):
    """One logit for each category; one that has learnt nothing yet says: with picture.

    Args: categories: how many ids; 0 stands for unknown and learns as any other.
    Shapes: categories [P] int64 -> logits [P].
    Raises: EmptorError without categories.

    Source: SMAR's summary says "per query or item category"; this reading of the second is ours.
    """

    def __init__(self, categories: int) -> None:
        super().__init__()
        if categories < 1:
            raise EmptorError("gate item_category: the spec has no categories; give their number, or take gate query")
        self.table = nn.Embedding(categories, 1)
        nn.init.ones_(self.table.weight)

    def forward(self, categories: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.table(categories).squeeze(-1)
        return logits / self.temperature


@dataclass(frozen=True)
class GateSummary:
    """mean and std of p; by_group: mean p of each group; constant: whether the gate decides nothing (std too small)."""

    mean: float
    std: float
    constant: bool
    by_group: dict[int, float] = field(default_factory=dict)


def gate_summary(p: torch.Tensor, groups: torch.Tensor | None = None) -> GateSummary:
    """What a gate does over many queries: look at it before serving by it.

    Args: p: [Q] in 0..1. groups: [Q] int64, such as the category of what was chosen.

    Example:
        >>> gate_summary(torch.tensor([0.8, 0.8, 0.8])).constant
        True
        >>> gate_summary(torch.tensor([0.2, 0.4, 0.9]), torch.tensor([0, 0, 5])).by_group
        {0: 0.3, 5: 0.9}
    """
    p = p.detach().double()
    std = float(p.std(correction=0))
    names = [] if groups is None else groups.unique().tolist()
    by_group = {name: round(float(p[groups == name].mean()), 6) for name in names}
    return GateSummary(float(p.mean()), std, std <= CONSTANT, by_group)
