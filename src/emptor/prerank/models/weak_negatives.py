"""Two towers on what was shown, and what was not as if nobody wanted it."""

from __future__ import annotations

from typing import Unpack

import torch
from torch.nn import functional

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.losses import response_loss
from emptor.prerank.models.preranker import TwoTower
from emptor.prerank.models.towers import TowerOptions
from emptor.rank.models.inputs import InputSpec


class WeakNegatives(TwoTower):
    """As Exposed, with candidates that no page showed, and products of the catalogue, as negatives that count less.

    "Not shown is not wanted" tells kinds of products apart that were never shown, and makes those rich that are shown:
    what nobody saw is never found out about.

    Args:
        spec: see rank.models.InputSpec. weak: what all that was not shown counts together, beside 1 for what was.
        towers: see Towers.

    Source: common practice, as RecFlow's sampled negatives of each stage.

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> sorted(WeakNegatives(spec).loss(batch, 0.0))
        ['loss', 'response', 'unseen']
    """

    def __init__(self, spec: InputSpec, *, weak: float = 0.5, **towers: Unpack[TowerOptions]) -> None:
        super().__init__(spec, **towers)
        self.weak = weak

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        output, towers = self.output(batch), self.towers
        response = response_loss(output.scores.logits, batch.level)
        hidden = batch.there & (batch.level < Level.SHOWN)
        values = torch.cat([output.alike[hidden], output.easy[output.counts]])
        parts = towers.steepened(values / (1 + towers.purchase)) + towers.rare[0]
        unseen = functional.softplus(parts).sum() / max(len(parts), 1)
        return {"loss": response + self.weak * unseen, "response": response, "unseen": unseen}
