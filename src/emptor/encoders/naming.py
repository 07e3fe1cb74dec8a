"""What a picture would be called: the words that a shop's titles use, read off the numbers of a picture."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from emptor.errors import EmptorError

_FAR = 4.0
"""Deviations from the mean beyond which a number says no more."""


class Naming(nn.Module):
    """For each of K words of a tokenizer whether a picture's text would have it: one hidden layer over its numbers.

    It is fitted to the products that say what they show (`retrieve.naming`) and tells it of those that do not. `names`
    [K] int64: the ids of the words. `mean`, `deviation` [V]: of the numbers.

    Args: values: V. names: K. hidden: of its layer.

    Shapes: numbers [..., V] -> logits [..., K].

    Raises: EmptorError without values or names.

    Source: learning what a picture shows from the words beside it is old (Mori et al., 1999; Joulin et al., Learning
        Visual Features from Large Weakly Supervised Data, ECCV 2016); here from numbers, as a shop has few pictures.

    Example:
        >>> naming = Naming(12, 5)
        >>> naming(torch.randn(2, 12)).shape
        torch.Size([2, 5])
    """

    def __init__(self, values: int, names: int, *, hidden: int = 512) -> None:
        super().__init__()
        if min(values, names) < 1:
            raise EmptorError(f"naming: {values} numbers and {names} names, expected at least one of each")
        self.names: torch.Tensor
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("names", torch.zeros(names, dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(values))
        self.register_buffer("deviation", torch.ones(values))
        self.hidden, self.out = nn.Linear(values, hidden), nn.Linear(hidden, names)

    def standardised(self, numbers: torch.Tensor) -> torch.Tensor:
        """[..., V], of any precision: each number beside those of other pictures."""
        return ((numbers.to(self.mean.dtype) - self.mean) / self.deviation).clamp(-_FAR, _FAR)

    def forward(self, numbers: torch.Tensor, *, dropout: float = 0.0) -> torch.Tensor:
        """dropout: of the numbers half of it, of the hidden layer all; only while it is fitted."""
        seen = functional.dropout(self.standardised(numbers), dropout / 2, training=dropout > 0)
        states = functional.dropout(self.hidden(seen).relu(), dropout, training=dropout > 0)
        logits: torch.Tensor = self.out(states)
        return logits
