"""A mixture of experts that is gated by what is looked for, not by who looks."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import nn

from emptor.errors import EmptorError
from emptor.rank.models.features import FeatureOptions, Features
from emptor.rank.models.inputs import InputSpec
from emptor.rank.models.moe import MixtureOfExperts


class CategoryMoE(MixtureOfExperts):
    """Scores click and purchase for ranking; softmax gate over the query (search) or the category (recommendation).

    All who ask the same share its experts: what a gate over the history adds is measured against this.

    Args:
        spec: see InputSpec. experts: K. hidden: widths of each expert.
        category: the field that gates where there is no query. features: see FeatureNet.

    Shapes: RankBatch -> logits [B, N, 2].
    Raises: EmptorError if there is no such field.

    Source: Xiao et al., Adversarial Mixture of Experts with Category Hierarchy Soft Constraint (ICDE 2021).
        The query's words in the place of its predicted category; all experts run, without noise and top-k; neither the
        adversarial loss nor the one over the hierarchy.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> CategoryMoE(spec, experts=4)(batch).shape
        torch.Size([2, 3, 2])
    """

    def __init__(
        self,
        spec: InputSpec,
        *,
        experts: int = 4,
        hidden: tuple[int, ...] = (128, 64),
        category: str = "category",
        **features: Unpack[FeatureOptions],
    ) -> None:
        super().__init__(spec, experts=experts, hidden=hidden, **features)
        if category not in spec.fields:
            raise EmptorError(f"category: no field {category!r}; the fields are {', '.join(spec.fields)}")
        self.field = list(spec.fields).index(category)
        width = self.features.embedding.word_width
        self.of_category = nn.Embedding(spec.fields[category], width, padding_idx=0)
        self.of_query = nn.Linear(width, experts)
        self.of_kind = nn.Linear(width, experts)

    def weights(self, features: Features) -> torch.Tensor:
        owner = features.mask.nonzero()[:, 0]
        by_query = self.of_query(features.query)[owner]
        by_category = self.of_kind(self.of_category(features.product[features.mask][:, self.field]))
        gate = torch.where(features.searching[owner, None], by_query, by_category)
        return gate.softmax(-1).unsqueeze(-1)
