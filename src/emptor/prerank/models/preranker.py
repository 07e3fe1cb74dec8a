"""What all pre-ranking networks share: one number for each candidate, and a loss over what became of all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, Unpack

import torch
from torch import nn

from emptor.errors import EmptorError
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
    """What towers make of a batch. scores, value [B, N]: of candidates; alike [B, N]: their value without the head;
    easy [B, Z], counts [B, Z] bool: the same of products that are no candidates, and whether each is a negative.
    """

    scores: Scores
    value: torch.Tensor
    alike: torch.Tensor
    easy: torch.Tensor
    counts: torch.Tensor


class TwoTower(Preranker):
    """Towers (see there) with a loss that subclasses say.

    Args: spec: see rank.models.InputSpec. towers: see Towers.
    """

    def __init__(self, spec: InputSpec, **towers: Unpack[TowerOptions]) -> None:
        super().__init__()
        self.towers = Towers(spec, **towers)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        return self.towers.value(self.towers(batch).cosine)

    def output(self, batch: PrerankBatch) -> Output:
        """Candidates and, as easy negatives, what others chose in the batch, then the pool: without what was found for
        the request, and each once.

        Of easy ones nothing is known that the head reads: where they stand beside candidates, these count without it,
        or the head would soon tell who is a candidate, which serving never asks.
        """
        asked, towers = batch.asked, self.towers
        request, products, pool = towers.all_of(asked, batch.pool_product, batch.pool_own)
        scores = towers.scored(request, products, asked.numeric, asked.mask)
        others = torch.cat([products[batch.chosen], pool])
        number = torch.cat([batch.number[batch.chosen], batch.pool_number])
        return Output(
            scores,
            towers.value(scores.cosine),
            towers.value(scores.alike),
            towers.against(request, others),
            ~_among(number, batch.found) & ~_among(number, batch.number.sort(1).values) & _once(number),
        )


def _among(number: torch.Tensor, found: torch.Tensor) -> torch.Tensor:
    """number [Z], found [B, F], rising -> [B, Z] bool: whether each is among what was found."""
    if not found.shape[1]:
        return torch.zeros(len(found), len(number), dtype=torch.bool, device=number.device)
    wanted = number.expand(len(found), -1).contiguous()
    at = torch.searchsorted(found.contiguous(), wanted).clamp(max=found.shape[1] - 1)
    return found.gather(1, at) == wanted


def _once(number: torch.Tensor) -> torch.Tensor:
    """[Z] bool: known, and the first of its number."""
    if not len(number):
        return torch.zeros(0, dtype=torch.bool, device=number.device)
    _, at = torch.unique(number, return_inverse=True)
    place = torch.arange(len(number), device=number.device)
    first = torch.full((int(at.max()) + 1,), len(number), device=number.device).scatter_reduce(0, at, place, "amin")
    return (first[at] == place) & (number > 0)


def hard(batch: PrerankBatch) -> torch.Tensor:
    """[B, N] bool: retrieved, and dropped before ranking."""
    return batch.level == Level.DROPPED


def above_0(option: str, value: float) -> float:
    """The value. Raises: EmptorError where it is not above 0."""
    if value <= 0:
        raise EmptorError(f"{option}: {value}, expected a number above 0")
    return value
