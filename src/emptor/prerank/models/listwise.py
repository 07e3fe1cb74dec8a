"""Two towers that learn the order of all stages: bought, clicked, ranked, dropped."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.losses import list_mle, response_loss, teacher_key
from emptor.prerank.models.preranker import TwoTower
from emptor.prerank.models.towers import TowerOptions
from emptor.rank.models.inputs import InputSpec


class Listwise(TwoTower):
    """Responses, and one list of all candidates in the teacher's order, what was dropped at its end.

    Args: spec: see rank.models.InputSpec. weight: of the list beside the responses. towers: see Towers.

    Source: learning to rank over the whole stream as FS-LTR of RecFlow (ICLR 2025), by ListMLE in the place of pairs.

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> sorted(Listwise(spec).loss(batch, 0.0))
        ['list', 'loss', 'response']
    """

    def __init__(self, spec: InputSpec, *, weight: float = 0.1, **towers: Unpack[TowerOptions]) -> None:
        super().__init__(spec, **towers)
        self.weight = weight

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        output = self.output(batch)
        response = response_loss(output.scores.logits, batch.level)
        key = teacher_key(batch.level, batch.place, local=False)
        there = batch.ordered | (batch.level == Level.DROPPED)
        listed = list_mle(self.towers.steepened(output.value), key, there)
        return {"loss": response + self.weight * listed, "response": response, "list": listed}
