"""Two towers that imitate the ranker: what is lost when the teacher has only seen what pre-ranking let through."""

from __future__ import annotations

from typing import Unpack

import torch

from emptor.prerank.models.inputs import PrerankBatch
from emptor.prerank.models.losses import response_loss
from emptor.prerank.models.preranker import TwoTower
from emptor.prerank.models.towers import TowerOptions
from emptor.rank.models.inputs import InputSpec


class Distilled(TwoTower):
    """Responses, and the softmax of the ranker's scores over what it ranked.

    Args:
        spec: see rank.models.InputSpec. weight: of the imitation beside the responses. temperature: of the ranker's
            scores, which are standardised over a list: rankers differ in scale. towers: see Towers.

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
        self.weight, self.temperature = weight, temperature

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        output = self.output(batch)
        response = response_loss(output.scores.logits, batch.level)
        imitation = imitation_loss(output.scores.logits[..., 0], batch.teacher, temperature=self.temperature)
        return {"loss": response + self.weight * imitation, "response": response, "imitation": imitation}


def imitation_loss(logits: torch.Tensor, teacher: torch.Tensor, *, temperature: float) -> torch.Tensor:
    """Divergence of the softmax of logits [B, N] from that of a teacher's scores [B, N], NaN where it gave none."""
    seen = teacher.isfinite()
    count = seen.sum(1, keepdim=True).clamp(min=1)
    own = torch.where(seen, teacher, 0.0)
    mean = own.sum(1, keepdim=True) / count
    spread = (torch.where(seen, own - mean, 0.0).square().sum(1, keepdim=True) / count).sqrt().clamp(min=1e-3)
    low = torch.finfo(logits.dtype).min / 2
    wanted = torch.where(seen, (own - mean) / spread / temperature, low).log_softmax(1)
    found = torch.where(seen, logits, low).log_softmax(1)
    each = torch.where(seen, wanted.exp() * (wanted - found), 0.0).sum(1)
    known = seen.sum(1) > 1
    return torch.where(known, each, 0.0).sum() / known.sum().clamp(min=1)
