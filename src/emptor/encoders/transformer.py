"""The attention and the block that the networks for texts and pictures are made of."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from emptor.errors import EmptorError


class Attention(nn.Module):
    """Attention of several heads, from states to others or among themselves.

    Args:
        width: D. heads: they share D evenly.
        start: what comes out counts so much at the start; with 0, what it adds is only what was learnt.

    Shapes: asking [B, L, D], answering [B, M, D] (left out: the asking ones), there [B, M] bool: False is nothing to
    attend to -> [B, L, D], 0 for a row where nothing is there.

    Start: Xavier (uniform) for queries and keys, biases 0; values are turned (orthogonal) and turned back, times
    `start`: what comes out is about the mean of the states, and not a mixture that has to be learnt to be read.

    Raises: EmptorError where the heads do not divide the width.

    Source: Vaswani et al. (NeurIPS 2017), section 3.2; without dropout of weights, which is slow on a CPU.

    Example:
        >>> attend = Attention(8, heads=2)
        >>> gone = torch.zeros(1, 5, dtype=torch.bool)
        >>> attend(torch.randn(1, 3, 8), torch.randn(1, 5, 8), there=gone).abs().sum().item()
        0.0
    """

    def __init__(self, width: int, *, heads: int, start: float = 1.0) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise EmptorError(f"attention: {heads} heads of width {width}, expected a number that divides the width")
        self.heads = heads
        self.ask = nn.Linear(width, width)
        self.answer = nn.Linear(width, 2 * width)
        self.back = nn.Linear(width, width)
        keys, values = self.answer.weight.split(width)
        for part in (self.ask.weight, keys):
            nn.init.xavier_uniform_(part)
        nn.init.orthogonal_(values)
        with torch.no_grad():
            self.back.weight.copy_(start * values.T)
        for layer in (self.ask, self.answer, self.back):
            nn.init.zeros_(layer.bias)

    def forward(
        self, asking: torch.Tensor, answering: torch.Tensor | None = None, there: torch.Tensor | None = None
    ) -> torch.Tensor:
        answering = asking if answering is None else answering
        queries = self._headed(self.ask(asking))
        keys, values = (self._headed(part) for part in self.answer(answering).chunk(2, dim=-1))
        if there is None:
            return self._back(functional.scaled_dot_product_attention(queries, keys, values))
        # a row with nothing attends to everything and its result is dropped: a softmax over nothing is not a number
        some = there.any(1)
        allowed = (there | ~some[:, None])[:, None, None, :]
        found = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed)
        return self._back(found) * some[:, None, None]

    def _headed(self, states: torch.Tensor) -> torch.Tensor:
        """[B, L, D] -> [B, heads, L, D / heads]."""
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _back(self, found: torch.Tensor) -> torch.Tensor:
        back: torch.Tensor = self.back(found.transpose(1, 2).flatten(2))
        return back


class Block(nn.Module):
    """A transformer's block: attention among the states, then a network of each; norms come before (pre-norm).

    Args:
        width: D; the inner network has 4 D, GELU. heads: of attention. layers: how many blocks are stacked: each adds
            so much less at the start. dropout: of what is added to the states. quiet: whether it adds nothing at the
            start.

    Shapes: states [B, L, D], there [B, L] bool or None -> [B, L, D].

    Source: Xiong et al. (ICML 2020) for the place of the norms; GPT-2 for the smaller start of what is added.

    Example:
        >>> Block(8, heads=2)(torch.randn(1, 3, 8)).shape
        torch.Size([1, 3, 8])
    """

    def __init__(self, width: int, *, heads: int, layers: int = 1, dropout: float = 0.0, quiet: bool = False) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(width)
        self.attention = Attention(width, heads=heads, start=0.0 if quiet else layers**-0.5)
        self.before_inner = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)
        for layer, gain in ((self.up, 1.0), (self.down, 0.0 if quiet else (2 * layers) ** -0.5)):
            nn.init.xavier_uniform_(layer.weight, gain)
            nn.init.zeros_(layer.bias)

    def forward(self, states: torch.Tensor, there: torch.Tensor | None = None) -> torch.Tensor:
        states = states + self.dropout(self.attention(self.before_attention(states), there=there))
        inner = self.down(functional.gelu(self.up(self.before_inner(states))))
        return states + self.dropout(inner)
