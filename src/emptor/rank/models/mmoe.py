"""A mixture of experts whose gates look at everything, one gate per task."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.rank.models.features import FeatureOptions, Features
from emptor.rank.models.inputs import TASKS, InputSpec
from emptor.rank.models.moe import MixtureOfExperts


class MMoE(MixtureOfExperts):
    """Scores click and purchase for ranking; per task a softmax gate over all that the experts see, too.

    Args:
        spec: see InputSpec. experts: K. hidden: widths of each expert. features: see FeatureNet.

    Shapes: RankBatch -> logits [B, N, 2].

    Source: Ma et al., Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts (KDD 2018).
        Experts give a logit per task, so there are no towers: only the gate differs from its siblings here.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> MMoE(spec, experts=4)(batch).shape
        torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        experts: int = 4,
        hidden: tuple[int, ...] = (128, 64),
        **features: Unpack[FeatureOptions],
    ) -> None:
        super().__init__(spec, experts=experts, hidden=hidden, **features)
        self.of_joined = nn.Linear(self.features.size, experts * len(TASKS))

    def weights(self, features: Features) -> torch.Tensor:
        gates = self.of_joined(features.joined)
        return gates.unflatten(-1, (self.experts.count, len(TASKS))).softmax(-2)
