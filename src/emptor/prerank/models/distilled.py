"""Two towers that imitate the ranker: what is lost when the teacher has only seen what pre-ranking let through."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.prerank.models.inputs import PrerankBatch
from emptor.prerank.models.losses import imitation_loss, response_loss
from emptor.prerank.models.preranker import TwoTower, above_0
from emptor.prerank.models.towers import TowerOptions
from emptor.rank.models.inputs import InputSpec


class Distilled(TwoTower):
    """Responses, and a softmax of the ranker's places over what it ranked.

    Args:
        spec: see rank.models.InputSpec. weight: of the imitation beside the responses. temperature: see imitation_loss.
            towers: see Towers.

    Source: Hinton et al., Distilling the Knowledge in a Neural Network (2015), over lists as in Cao et al., Learning to
        Rank: From Pairwise Approach to Listwise Approach (ICML 2007).

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> sorted(Distilled(spec).loss(batch, 0.0))
        ['imitation', 'loss', 'response']
    """

    def __init__(
        self, spec: InputSpec, *, weight: float = 0.1, temperature: float = 1.0, **towers: Unpack[TowerOptions]
    ) -> None:
        super().__init__(spec, **towers)
        self.weight, self.temperature = weight, above_0("temperature", temperature)

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        output = self.output(batch)
        response = response_loss(output.scores.logits, batch.level)
        imitation = imitation_loss(self.towers.steepened(output.value), batch.place, temperature=self.temperature)
        return {"loss": response + self.weight * imitation, "response": response, "imitation": imitation}
