"""An encoder over the frozen features of a vision backbone, in the place of pixels."""

from __future__ import annotations

import torch
from torch import nn

from emptor.encoders.transformer import Block
from emptor.errors import EmptorError


class BackboneNet(nn.Module):
    """Features of a picture as states: a linear map, a CLS state before them, and a transformer over all.

    There are no positions: those of a grid are in what a backbone makes of it, and a pooled vector has none.

    Args:
        values: V of each feature vector. width: d. layers: blocks; with 0 no state looks at another. heads: of
            attention. dropout: of what blocks add.

    Shapes: features [P, n, V] -> states [P, 1 + n, d], CLS first.

    Features may be of any precision. `mean` and `deviation` [V] are what they are beside each other, see `measure`.

    Raises: EmptorError for features of another form.

    Source: see SMAR: transformers over features of the picture; the CLS state and the map are ours.

    Example:
        >>> BackboneNet(12, width=8, layers=1, heads=2)(torch.randn(2, 1, 12)).shape
        torch.Size([2, 2, 8])
    """

    def __init__(self, values: int, *, width: int, layers: int, heads: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.zeros(values))
        self.register_buffer("deviation", torch.ones(values))
        self.of_values = nn.Linear(values, width)
        self.cls = nn.Parameter(torch.randn(width))
        self.before = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads=heads, layers=layers, dropout=dropout) for _ in range(layers))
        self.last = nn.LayerNorm(width)

    def measure(self, features: torch.Tensor) -> None:
        """Take mean and deviation from features [N, V] of many pictures: what is large in all of them says nothing."""
        self.mean.copy_(features.mean(0))
        self.deviation.copy_(features.std(0, correction=0) + 1e-3)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        values = self.of_values.in_features
        if features.dim() != 3 or features.shape[2] != values:
            found = " x ".join(map(str, features.shape[1:]))
            raise EmptorError(
                f"pictures: features of {found}, expected n x {values}; one pooled vector is 1 x {values}"
            )
        tokens = self.of_values((features.to(self.mean.dtype) - self.mean) / self.deviation)
        # backbones differ by orders of magnitude in the size of what they give
        states = torch.cat([self.cls.expand(len(tokens), 1, -1), self.before(tokens)], 1)
        for block in self.blocks:
            states = block(states)
        last: torch.Tensor = self.last(states)
        return last
