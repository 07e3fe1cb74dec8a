"""A plain deep network: the history is one mean, the same for every candidate."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rank.models.experts import Experts
from emptor.rank.models.features import FeatureNet, FeatureOptions
from emptor.rank.models.inputs import InputSpec, RankBatch
from emptor.rank.models.layers import spread


class DNN(nn.Module):
    """Scores click and purchase for ranking with one ReLU head over all features.

    Args:
        spec: see InputSpec.
        history: "mean" pools the past, "none" leaves it out. hidden: widths of the head. features: see FeatureNet.

    Shapes: RankBatch -> logits [B, N, 2].

    Source: the pooled histories of Covington et al., Deep Neural Networks for YouTube Recommendations (RecSys 2016).
        The product of target and taste, and its sum, are added: a small head learns no dot product by itself.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> DNN(spec, history="mean", crosses=True)(batch).shape
        torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        history: str = "mean",
        hidden: tuple[int, ...] = (128, 64),
        **features: Unpack[FeatureOptions],
    ) -> None:
        super().__init__()
        self.features = FeatureNet(spec, history=one_of("history", history, ("none", "mean")), **features)
        self.experts = Experts(self.features.size, hidden=hidden)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        return spread(self.experts(self.features(batch).joined)[:, 0], batch.mask)
