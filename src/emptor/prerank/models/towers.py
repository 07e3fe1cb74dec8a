"""Two towers, one for who asks and one for products, and a light head over what only both together show.

Shapes: B requests, N candidates, M products, k width of each half of a vector.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, TypedDict

import torch
from torch import nn
from torch.nn import functional

from emptor.rank.models.inputs import Embedding, InputSpec, RankBatch
from emptor.rank.models.layers import Standardise, masked_mean, spread

TASKS = 2
"""Click and purchase: the two halves of a vector."""


class TowerOptions(TypedDict, total=False):
    """Options of Towers that a network passes on as they are."""

    width: int
    word_width: int
    hidden: tuple[int, ...]
    vector: int
    head: int
    purchase: float


class Scores(NamedTuple):
    """alike [B, N, 2]: the cosines of click and purchase; cosine [B, N, 2]: with what the head adds; logits [B, N, 2]:
    of the chances.
    """

    alike: torch.Tensor
    cosine: torch.Tensor
    logits: torch.Tensor


class Towers(nn.Module):
    """c = <u, v> + head(x) for click and for purchase; a product's v depends on nothing that is asked.

    So v is made once for all products, and what a request costs is u, one product of a matrix and a vector, and the
    head over a few numbers x of each candidate: how its words match the query, and how it did on the days before.

    Args:
        spec: see rank.models.InputSpec. width: D of products as they are embedded. word_width: of queries.
        hidden: widths of both towers. vector: k, of each half. head: hidden width of the head; 0 leaves it out.
        purchase: what the score of a purchase counts beside the click's where one number is wanted (kappa).

    Shapes: RankBatch -> Scores; `value` -> [B, N].

    Start: the head begins with nothing.

    Source: towers of 128-64-32 with a cosine as in JD's public pre-ranking code (Song et al., CIKM 2022) and RecFlow
        (Liu et al., ICLR 2025), from other encoders. Two halves and the head are ours; that a few crosses bring most of
        what a full network would is COLD's (Wang et al., 2020).

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> Towers(spec)(batch).cosine.shape
        torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        width: int = 24,
        word_width: int = 16,
        hidden: tuple[int, ...] = (128, 64),
        vector: int = 16,
        head: int = 16,
        purchase: float = 1.0,
    ) -> None:
        super().__init__()
        self.spec, self.vector, self.purchase = spec, vector, purchase
        self.embedding = Embedding(spec, width=width, word_width=word_width)
        asking = width + word_width + spec.context + 1
        self.of_request = _tower(asking, hidden, TASKS * vector)
        self.of_product = _tower(width, hidden, TASKS * vector)
        self.head = None
        if head:
            self.head = nn.Sequential(
                Standardise(spec.numeric), nn.Linear(spec.numeric, head), nn.ReLU(), nn.Linear(head, TASKS)
            )
            last = self.head[-1]
            for weight in last.parameters():
                nn.init.zeros_(weight)
        # what a cosine means as a logit: steep, and rare
        self.steep = nn.Parameter(torch.full((TASKS,), 20.0).log())
        self.rare = nn.Parameter(torch.tensor([-3.0, -6.0]))

    def products(self, ids: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """ids [M, C], own [M, G] -> [M, 2, k], each half of length one."""
        return self._halves(self.of_product(self.embedding.products(ids, own)))

    def forward(self, batch: RankBatch) -> Scores:
        return self.scored(*self.both(batch), batch.numeric, batch.mask)

    def both(self, batch: RankBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Requests [B, 2, k] and their candidates [B, N, 2, k]."""
        request, products, _ = self.all_of(batch, batch.product[:0, 0], batch.own[:0, 0])
        return request, products

    def all_of(
        self, batch: RankBatch, pool: torch.Tensor, pool_own: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Requests [B, 2, k], their candidates [B, N, 2, k], and products beside them, pool [P, C], pool_own [P, G] ->
        [P, 2, k]; standardised together: apart, training would move each by its own mean, but serving all by the same.
        """
        ids = (batch.product[batch.mask], batch.past[batch.there], pool)
        own = (batch.own[batch.mask], batch.past_own[batch.there], pool_own)
        embedded = self.embedding.products(torch.cat(ids), torch.cat(own))
        shown, past, beside = embedded.split([len(part) for part in ids])
        vectors = self._halves(self.of_product(torch.cat([shown, beside])))
        request = self._request(batch, spread(past, batch.there))
        return request, spread(vectors[: len(shown)], batch.mask), vectors[len(shown) :]

    def request(self, batch: RankBatch) -> torch.Tensor:
        """Who asks, what and when: [B, 2, k], each half of length one. Candidates of the batch are not looked at."""
        past = spread(self.embedding.products(batch.past[batch.there], batch.past_own[batch.there]), batch.there)
        return self._request(batch, past)

    def scored(
        self, request: torch.Tensor, products: torch.Tensor, numeric: torch.Tensor, mask: torch.Tensor
    ) -> Scores:
        """request [B, 2, k] with products [B, N, 2, k], numeric [B, N, F] and mask [B, N] of its candidates."""
        alike = cosine = torch.einsum("bhk,bnhk->bnh", request, products)
        if self.head is not None:
            cosine = alike + spread(self.head(numeric[mask]), mask)
        return Scores(alike, cosine, cosine * self.steep.exp() + self.rare)

    def value(self, cosine: torch.Tensor) -> torch.Tensor:
        """cosine [..., 2] -> [...]: one number, click + kappa purchase."""
        return cosine[..., 0] + self.purchase * cosine[..., 1]

    def steepened(self, value: torch.Tensor) -> torch.Tensor:
        """Values as logits of a list: as steep as clicks are."""
        return value * self.steep[0].exp()

    def against(self, request: torch.Tensor, products: torch.Tensor) -> torch.Tensor:
        """request [B, 2, k] with products [M, 2, k] that are no candidates: [B, M], as `value` without the head."""
        return self.value(torch.einsum("bhk,mhk->bmh", request, products))

    def _request(self, batch: RankBatch, past: torch.Tensor) -> torch.Tensor:
        taste = masked_mean(self.embedding.behaviours(past, batch.action, batch.gap), batch.there)
        query = self.embedding.query(batch.words)
        searching = batch.searching.unsqueeze(1).to(query.dtype)
        return self._halves(self.of_request(torch.cat([taste, query, batch.context, searching], 1)))

    def _halves(self, flat: torch.Tensor) -> torch.Tensor:
        return functional.normalize(flat.view(len(flat), TASKS, self.vector), dim=-1)


def _tower(size: int, hidden: tuple[int, ...], out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise((size, *hidden)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear((size, *hidden)[-1], out))
