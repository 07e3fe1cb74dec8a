"""What all pre-ranking networks share: one number for each candidate, and a loss over what became of all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, Unpack

import torch
from torch import nn

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.towers import Scores, TowerOptions, Towers
from emptor.rank.models.inputs import InputSpec, RankBatch


class Preranker(nn.Module, ABC):
    """A network that orders many candidates cheaply.

    Shapes: RankBatch -> value [B, N]: the higher, the sooner kept; rubbish where nothing is there.
    """

    @abstractmethod
    def forward(self, batch: RankBatch) -> torch.Tensor: ...

    @abstractmethod
    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        """Scalars, of which "loss" is minimised and the others are told. done: share of the training, 0..1."""


class Output(NamedTuple):
    """What towers make of a batch. scores, value [B, N]: of candidates; request [B, 2, k]; products [B, N, 2, k]."""

    scores: Scores
    value: torch.Tensor
    request: torch.Tensor
    products: torch.Tensor


class Easy(NamedTuple):
    """Products that are no candidates: value [B, Z]; counts [B, Z] bool: whether it is a negative of the request."""

    value: torch.Tensor
    counts: torch.Tensor


class TwoTower(Preranker):
    """Towers (see there) with a loss that subclasses say.

    Args: spec: see rank.models.InputSpec. towers: see Towers.
    """

    def __init__(self, spec: InputSpec, **towers: Unpack[TowerOptions]) -> None:
        super().__init__()
        self.towers = Towers(spec, **towers)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        return self.towers.value(self.towers(batch))

    def output(self, batch: PrerankBatch) -> Output:
        asked, towers = batch.asked, self.towers
        request, products = towers.both(asked)
        scores = towers.scored(request, products, asked.numeric, asked.mask)
        return Output(scores, towers.value(scores), request, products)

    def easy(self, batch: PrerankBatch, output: Output) -> Easy:
        """What others chose in the batch, then the pool. A product that the request knows already is left out, and so
        is one that stands there twice.
        """
        chosen = batch.chosen
        pool = self.towers.products(batch.pool_product, batch.pool_own)
        others = torch.cat([output.products[chosen], pool])
        number = torch.cat([batch.number[chosen], batch.pool_number])
        known = (number[None, :, None] == batch.number[:, None, :]).any(2)
        first = torch.ones_like(number, dtype=torch.bool)
        if len(number):
            _, at = torch.unique(number, return_inverse=True)
            seen = torch.full((int(at.max()) + 1,), len(number), device=number.device)
            place = torch.arange(len(number), device=number.device)
            seen = seen.scatter_reduce(0, at, place, "amin")
            first = seen[at] == place
        counts = ~known & (first & (number > 0))
        return Easy(self.towers.against(output.request, others), counts)


def hard(batch: PrerankBatch) -> torch.Tensor:
    """[B, N] bool: retrieved, and dropped before ranking."""
    return batch.level == Level.DROPPED
