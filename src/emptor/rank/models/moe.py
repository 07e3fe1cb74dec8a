"""What all mixtures of experts share: features, experts, and a sum weighed by whatever the gate looks at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Unpack

import torch
from torch import nn

from emptor.rank.models.experts import Experts
from emptor.rank.models.features import FeatureNet, FeatureOptions, Features
from emptor.rank.models.inputs import TASKS, InputSpec, RankBatch
from emptor.rank.models.layers import spread


class MixtureOfExperts(nn.Module, ABC):
    """score = the experts' logits, weighed by a gate and summed, plus a bias per task. Subclasses say what the gate is.

    The experts see what DIN's head sees. A trainer that needs the features as well calls `features` and `score` apart.

    Args:
        spec: see InputSpec. experts: K. hidden: widths of each expert. The others: see FeatureNet.

    Shapes: RankBatch -> logits [B, N, 2].
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        experts: int = 4,
        hidden: tuple[int, ...] = (128, 64),
        **features: Unpack[FeatureOptions],
    ) -> None:
        super().__init__()
        self.features = FeatureNet(spec, history="attention", **features)
        self.experts = Experts(self.features.size, experts=experts, hidden=hidden)
        self.bias = nn.Parameter(torch.zeros(len(TASKS)))

    @abstractmethod
    def weights(self, features: Features) -> torch.Tensor:
        """What each expert counts for what is joined: [M, K, 1], or [M, K, 2] where the tasks have their own."""

    def score(self, features: Features) -> torch.Tensor:
        """Logits [B, N, 2] of what `features` gave."""
        return spread((self.weights(features) * self.experts(features.joined)).sum(1) + self.bias, features.mask)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        return self.score(self.features(batch))
