"""The parts that networks over whole lists are made of: attention among products, with padding that nobody looks at.

Shapes: B lists, N products, D width.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from emptor.errors import EmptorError


def mlp(*widths: int, bias: bool = True) -> nn.Sequential:
    """Linear maps from each width to the next, ReLU between them. bias: whether the last has one: what is added to all
    values of a list changes no softmax over it, and is never learnt.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(widths[:-1]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1], bias=bias))


class Positions(nn.Module):
    """A learned vector for each place of a list. All begin at 0: a place that no training list had adds nothing.

    Args: places: how many. width: D.

    Shapes: place [B, N] int64 from 0 -> [B, N, D]. What stands behind the last place shares its vector.

    Example:
        >>> Positions(3, 4)(torch.tensor([[0, 1, 9]])).shape
        torch.Size([1, 3, 4])
    """

    def __init__(self, places: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(places, width))

    def forward(self, place: torch.Tensor) -> torch.Tensor:
        return functional.embedding(place.clamp(max=len(self.weight) - 1), self.weight)


class Attend(nn.Module):
    """Attention of some vectors to others, then a small network for each, with residuals, normalised after each step.

    Padding is taken out before the softmax, so that it gets no share; where all is padding, nothing is added.

    Args:
        width: D. heads: that divide D among them. inner: of the small network. dropout: of attention and of both steps.

    Shapes: asking [B, M, D], asked [B, N, D], mask [B, N] bool: False is padding -> [B, M, D].

    Raises: EmptorError where heads do not divide the width, and for a share outside of 0..1.

    Source: Vaswani et al., Attention Is All You Need (NeurIPS 2017). Queries and keys have no bias: a key's is never
        learnt, as it moves all scores of a query alike.
    """

    def __init__(self, width: int, *, heads: int = 1, inner: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise EmptorError(f"heads: {heads}, expected a number that divides the width of {width}")
        if not 0 <= dropout < 1:
            raise EmptorError(f"dropout: {dropout}, expected a share from 0 to below 1")
        self.heads, self.share = heads, dropout
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.content = nn.Linear(width, width)
        self.joined = nn.Linear(width, width, bias=False)
        self.each = mlp(width, inner, width)
        self.first, self.second, self.dropout = nn.LayerNorm(width), nn.LayerNorm(width), nn.Dropout(dropout)

    def forward(self, asking: torch.Tensor, asked: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        some = mask.any(1)[:, None, None]
        # an empty softmax is NaN in some kernels: it is taken over all, and what comes of it dropped
        open_to = (mask[:, None, :] | ~some).unsqueeze(1)
        heads = functional.scaled_dot_product_attention(
            self._split(self.query(asking)),
            self._split(self.key(asked)),
            self._split(self.content(asked)),
            attn_mask=open_to,
            dropout_p=self.share if self.training else 0.0,
        )
        heard = self.joined(heads.transpose(1, 2).flatten(2)) * some
        vectors = self.first(asking + self.dropout(heard))
        out: torch.Tensor = self.second(vectors + self.dropout(self.each(vectors)))
        return out

    def _split(self, vectors: torch.Tensor) -> torch.Tensor:
        """[B, N, D] -> [B, heads, N, D / heads]."""
        return vectors.unflatten(2, (self.heads, -1)).transpose(1, 2)


class ListBlock(nn.Module):
    """Every product looks at all products of its list; one transformer block.

    Without positions in x it is equivariant: in whatever order products come, each gets the same.

    Args: see Attend.

    Shapes: x [B, N, D], mask [B, N] bool: False is padding -> [B, N, D], 0 where nothing is.

    Source: Vaswani et al. (NeurIPS 2017); over lists, Pei et al. (PRM, RecSys 2019), and without positions Pang et al.
        (SetRank, SIGIR 2020), multi-head self-attention block.

    Example:
        >>> mask = torch.tensor([[True, True, False], [False, False, False]])
        >>> ListBlock(8, heads=2)(torch.randn(2, 3, 8), mask).abs().sum(2) > 0
        tensor([[ True,  True, False],
                [False, False, False]])
    """

    def __init__(self, width: int, *, heads: int = 1, inner: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.attend = Attend(width, heads=heads, inner=inner, dropout=dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.attend(x, x, mask)
        return out * mask.unsqueeze(-1)


class InducedBlock(nn.Module):
    """A few learned vectors look at the list, and every product looks at them: what a list costs grows with its length,
    not with its square. Equivariant, too.

    Args: width: D. points: how many learned vectors. heads, inner, dropout: see Attend.

    Shapes: as ListBlock.

    Source: Pang et al., SetRank (SIGIR 2020), induced multi-head self-attention block; Lee et al., Set Transformer
        (ICML 2019).

    Example:
        >>> InducedBlock(8, points=3)(torch.randn(2, 5, 8), torch.ones(2, 5).bool()).shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, width: int, *, points: int = 20, heads: int = 1, inner: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.randn(points, width))
        self.gather = Attend(width, heads=heads, inner=inner, dropout=dropout)
        self.give = Attend(width, heads=heads, inner=inner, dropout=dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        points = self.points.expand(len(x), -1, -1)
        known = self.gather(points, x, mask)
        out: torch.Tensor = self.give(x, known, mask.new_ones(known.shape[:2]))
        return out * mask.unsqueeze(-1)
