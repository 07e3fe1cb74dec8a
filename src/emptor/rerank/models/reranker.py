"""What all re-ranking networks share: one number for each product of a list, and a loss over what became of it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from emptor.rerank.models.inputs import Labels, RerankBatch


class Reranker(nn.Module, ABC):
    """A network that orders lists it sees as a whole.

    Shapes: RerankBatch -> value [B, N]: the higher, the earlier; rubbish where nothing is there.

    `apart`: whether each product is valued without a look at the others of its list, or at its place: then it is
    trained without those that nobody saw.
    """

    apart = False

    @abstractmethod
    def forward(self, batch: RerankBatch) -> torch.Tensor: ...

    @abstractmethod
    def loss(self, batch: RerankBatch, labels: Labels) -> dict[str, torch.Tensor]:
        """Scalars, of which "loss" is minimised and the others are told."""
