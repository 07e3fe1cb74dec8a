"""Two towers on what was shown alone: what pre-ranking learns where nobody asks what became of the rest."""

from __future__ import annotations

import torch

from emptor.prerank.models.inputs import PrerankBatch
from emptor.prerank.models.losses import response_loss
from emptor.prerank.models.preranker import TwoTower


class Exposed(TwoTower):
    """Cross entropy of clicks and purchases on pages. Products of kinds that were never shown are scored at random.

    Args and shapes: see TwoTower.

    Source: Huang et al., Learning Deep Structured Semantic Models for Web Search (CIKM 2013), on exposures, as in the
        public code of RecFlow (ICLR 2025).

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> Exposed(spec)(batch.asked).shape
        torch.Size([3, 8])
    """

    def loss(self, batch: PrerankBatch, done: float) -> dict[str, torch.Tensor]:
        return {"loss": response_loss(self.output(batch).scores.logits, batch.level)}
