"""Deep interest network: the history is pooled anew for every candidate."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rank.models.experts import Experts
from emptor.rank.models.features import FeatureNet, FeatureOptions
from emptor.rank.models.inputs import InputSpec, RankBatch
from emptor.rank.models.layers import spread


class DIN(nn.Module):
    """Scores click and purchase for ranking; behaviours that matter for a candidate form the taste it is held against.

    Args:
        spec: see InputSpec. hidden: widths of the head. features: see FeatureNet; normalised=False is the paper's sum.

    Shapes: RankBatch -> logits [B, N, 2].

    Source: Zhou et al., Deep Interest Network for Click-Through Rate Prediction (KDD 2018).
        Attention is a softmax with nobody's slot by default; ReLU in the place of Dice; standardised inputs, and no
        mini-batch aware regularisation; the product of target and taste is joined.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> DIN(spec)(batch).shape
        torch.Size([2, 3, 2])
    """

    def __init__(
        self, spec: InputSpec, *, hidden: tuple[int, ...] = (128, 64), **features: Unpack[FeatureOptions]
    ) -> None:
        super().__init__()
        self.features = FeatureNet(spec, history="attention", **features)
        self.experts = Experts(self.features.size, hidden=hidden)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        return spread(self.experts(self.features(batch).joined)[:, 0], batch.mask)
