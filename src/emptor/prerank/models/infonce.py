"""Two towers by choices against everything else, hard or easy alike."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.losses import margin_infonce, response_loss
from emptor.prerank.models.preranker import TwoTower, above_0, hard
from emptor.prerank.models.towers import TowerOptions
from emptor.rank.models.inputs import InputSpec

PURCHASES = 2.0
"""What a purchase counts among choices, beside 1 for a click."""


class InfoNCE(TwoTower):
    """Responses, and each choice against what was dropped, what others chose and the catalogue, without margins.

    The towers alone are compared there, without the head.

    Args:
        spec: see rank.models.InputSpec. weight: of the choices beside the responses. temperature: of scores.
        towers: see Towers.

    Source: van den Oord et al., Contrastive Predictive Coding (2018); for candidates of all stages, ASMOL (Taobao,
        arXiv 2305.13647).

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> sorted(InfoNCE(spec).loss(batch, 1.0))
        ['choice', 'loss', 'response']
    """

    def __init__(
        self, spec: InputSpec, *, weight: float = 0.1, temperature: float = 0.07, **towers: Unpack[TowerOptions]
    ) -> None:
        super().__init__(spec, **towers)
        self.weight, self.temperature = weight, above_0("temperature", temperature)

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        output = self.output(batch)
        response = response_loss(output.scores.logits, batch.level)
        choice = margin_infonce(
            output.alike,
            output.alike,
            output.easy,
            chosen=batch.chosen,
            is_hard=hard(batch),
            is_easy=output.counts,
            temperature=self.temperature,
            weight=worth(batch),
        )
        return {"loss": response + self.weight * choice, "response": response, "choice": choice}


def worth(batch: PrerankBatch) -> torch.Tensor:
    """[B, N]: what each choice counts."""
    return torch.where(batch.level == Level.BOUGHT, PURCHASES, 1.0)
