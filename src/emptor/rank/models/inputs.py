"""What every ranking network is given, and the embeddings that all of them begin with.

Shapes: B requests, N candidates, T behaviours, C fields and G numbers of a product, F numbers of a candidate for the
request, X numbers of the request, L words of its query.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import nn
from torch.nn import functional

from emptor.rank.models.layers import Standardise, spread

TASKS = ("click", "purchase")
"""What each network scores, in the order of its outputs."""


@dataclass(frozen=True)
class InputSpec:
    """How wide the inputs are; follows from the feature spec.

    Args:
        fields: categorical fields of a product, name -> how many ids (0 stands for unknown).
        actions: kinds of behaviour; gaps: buckets of the time between a behaviour and the request (0 pads both).
        own: numbers of a product that do not depend on a request (G): the price first, then its picture.
        numeric: numbers of a candidate for the request (F): the query's match, counters. context: of a request (X).
        words: ids of a query's words (0 pads).
    """

    fields: dict[str, int]
    actions: int
    gaps: int
    own: int
    numeric: int
    context: int
    words: int


@dataclass(frozen=True)
class RankBatch:
    """B requests of N candidates each.

    product [B, N, C] int64: ids of the candidates' categorical fields; own [B, N, G] and numeric [B, N, F] float32,
    standardised; mask [B, N] bool: False is padding. past [B, T, C] int64 and past_own [B, T, G]: the same of what the
    user did, newest first; action, gap [B, T] int64; there [B, T] bool: False where the history has ended. words
    [B, L] int64; context [B, X] float32; searching [B] bool: whether there is a query at all.
    """

    product: torch.Tensor
    own: torch.Tensor
    numeric: torch.Tensor
    mask: torch.Tensor
    past: torch.Tensor
    past_own: torch.Tensor
    action: torch.Tensor
    gap: torch.Tensor
    there: torch.Tensor
    words: torch.Tensor
    context: torch.Tensor
    searching: torch.Tensor

    def __len__(self) -> int:
        return len(self.product)

    def to(self, device: torch.device | str) -> RankBatch:
        """The same batch elsewhere."""
        return RankBatch(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


class FieldSum(nn.Module):
    """The sum of a product's embeddings, one of each categorical field, out of one table; ids of 0 add nothing.

    Args:
        sizes: how many ids each of the C fields has. width: D.

    Shapes: ids [M, C] int64 -> [M, D].
    """

    def __init__(self, sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(max(sum(sizes), 1), width))
        # a field's id 1 lies behind all ids of the fields before it; their ids of 0 are all the first row
        self.start: torch.Tensor
        self.register_buffer("start", torch.tensor([0, *sizes[:-1]]).cumsum(0), persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        places = (ids + self.start) * (ids > 0)
        return functional.embedding_bag(places, self.weight, mode="sum", padding_idx=0)


class Embedding(nn.Module):
    """Products, behaviours and queries as vectors; products of the page and of the past share one space.

    A product's vector is the sum of its fields' embeddings and a map of its numbers, so that a field which is unknown
    takes nothing away. It is standardised over the batch, candidates and histories together: they are compared in it,
    which only works if no direction drowns the others and both were moved alike.

    Args:
        spec: see InputSpec. width: of a product's vector (D). word_width: of a query's vector (W).
    """

    def __init__(self, spec: InputSpec, *, width: int = 24, word_width: int = 16) -> None:
        super().__init__()
        self.spec, self.width, self.word_width = spec, width, word_width
        self.of_field = FieldSum(tuple(spec.fields.values()), width)
        self.of_own = nn.Linear(spec.own, width, bias=False)
        self.of_action = nn.Embedding(spec.actions, width, padding_idx=0)
        self.of_gap = nn.Embedding(spec.gaps, width, padding_idx=0)
        self.of_word = nn.Embedding(spec.words, word_width, padding_idx=0)
        self.standard = Standardise(width)
        # in the beginning products are alike for what they are like, not for chance vectors of their names: histories
        # that are compared in a space of noise are never learnt from
        nn.init.normal_(self.of_own.weight, std=1.5 * max(spec.own, 1) ** -0.5)
        for table, sd in ((self.of_field, 0.1), (self.of_action, 0.1), (self.of_gap, 0.1), (self.of_word, 0.3)):
            nn.init.normal_(table.weight, std=sd)
            with torch.no_grad():
                table.weight[0] = 0
        if "product" in spec.fields:
            start = int(self.of_field.start[list(spec.fields).index("product")])
            with torch.no_grad():
                self.of_field.weight[start : start + spec.fields["product"]] = 0

    def products(self, ids: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """ids [M, C], own [M, G] -> [M, D]."""
        vectors: torch.Tensor = self.standard(self.of_own(own) + self.of_field(ids))
        return vectors

    def pages_and_pasts(self, batch: RankBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """`products` of the candidates [B, N, D] and of the histories [B, T, D], standardised together: apart, training
        would move each by its own mean, but serving both by the same.
        """
        shown, past = (
            (batch.product[batch.mask], batch.own[batch.mask]),
            (batch.past[batch.there], batch.past_own[batch.there]),
        )
        vectors = self.products(torch.cat([shown[0], past[0]]), torch.cat([shown[1], past[1]]))
        size = len(shown[0])
        return spread(vectors[:size], batch.mask), spread(vectors[size:], batch.there)

    def behaviours(self, past: torch.Tensor, action: torch.Tensor, gap: torch.Tensor) -> torch.Tensor:
        """past [B, T, D] of `products`; action, gap [B, T] -> [B, T, D] with what was done and how long ago."""
        return past + self.of_action(action) + self.of_gap(gap)

    def query(self, words: torch.Tensor) -> torch.Tensor:
        """words [B, L] -> [B, W]: the mean of the words' vectors, 0 for no query."""
        count = (words > 0).sum(1, keepdim=True).clamp(min=1)
        return self.of_word(words).sum(1) / count
