"""Logistic regression: what plain counters and hand-made crosses are worth without any network."""

from __future__ import annotations

import torch
from torch import nn

from emptor.rank.models.crosses import crosses_width, history_crosses
from emptor.rank.models.inputs import TASKS, FieldSum, InputSpec, RankBatch
from emptor.rank.models.layers import Standardise, spread


class LogisticRegression(nn.Module):
    """Scores click and purchase for ranking as a sum of weights: the numbers' and those of the candidate's ids.

    Without crosses the order of a page is the same for every user.

    Args:
        spec: see InputSpec. crosses: whether to add the hand-made comparisons with the history, see crosses.py.

    Shapes: RankBatch -> logits [B, N, 2].

    Source: hand-made crosses in a linear model as in the wide part of Cheng et al., Wide & Deep Learning for
        Recommender Systems (DLRS 2016).

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> LogisticRegression(spec, crosses=True)(batch).shape
        torch.Size([2, 3, 2])
    """

    def __init__(self, spec: InputSpec, *, crosses: bool = False) -> None:
        super().__init__()
        self.crosses = crosses
        size = spec.numeric + spec.own + spec.context + 1 + (crosses_width(spec) if crosses else 0)
        self.standard = Standardise(size)
        self.of_number = nn.Linear(size, len(TASKS))
        self.of_field = FieldSum(tuple(spec.fields.values()), len(TASKS))
        for weights in (self.of_number.weight, self.of_number.bias):
            nn.init.zeros_(weights)

    def forward(self, batch: RankBatch) -> torch.Tensor:
        request = torch.cat([batch.context, batch.searching.unsqueeze(1).to(batch.context.dtype)], 1)
        numbers = [batch.numeric[batch.mask], batch.own[batch.mask], request[batch.mask.nonzero()[:, 0]]]
        if self.crosses:
            numbers.append(history_crosses(batch)[batch.mask])
        logits = self.of_number(self.standard(torch.cat(numbers, -1))) + self.of_field(batch.product[batch.mask])
        return spread(logits, batch.mask)
