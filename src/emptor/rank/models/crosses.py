"""Hand-made comparisons of a candidate with the history: what a model without attention cannot find by itself."""

from __future__ import annotations

import torch

from emptor.rank.models.inputs import InputSpec, RankBatch

_LATELY = 5
"""Newest behaviours that are looked at apart from the rest: what is wanted now."""


def history_crosses(batch: RankBatch) -> torch.Tensor:
    """How a candidate compares with what the user did, by counting.

    Per field, the share of the history that has the candidate's id, over all of it and over the newest five (an unknown
    id matches nothing); the mean and the largest dot product of the candidate's numbers with the history's, divided by
    the root of their count; the mean absolute difference of the prices, which are the first of the numbers.

    Shapes: B requests, N candidates, C fields; see RankBatch.
    Returns: [B, N, 2 C + 3] float32; all 0 without a history.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> history_crosses(batch).shape[-1] == crosses_width(spec)
        True
    """
    there = batch.there.unsqueeze(1)
    count = there.sum(-1).clamp(min=1)
    lately = there & (batch.there.cumsum(1) <= _LATELY).unsqueeze(1)
    made = []
    for at in range(batch.product.shape[-1]):
        own = batch.product[..., at].unsqueeze(-1)
        same = (own == batch.past[..., at].unsqueeze(1)) & (own != 0)
        made.append((same & there).sum(-1) / count)
        made.append((same & lately).sum(-1) / lately.sum(-1).clamp(min=1))
    scale = max(1, batch.own.shape[-1]) ** -0.5
    dots = batch.own @ batch.past_own.transpose(1, 2) * scale
    made.append(dots.masked_fill(~there, 0.0).sum(-1) / count)
    made.append(_largest(dots, there))
    far = (batch.own[..., :1] - batch.past_own[..., :1].transpose(1, 2)).abs() if batch.own.shape[-1] else dots
    made.append(far.masked_fill(~there, 0.0).sum(-1) / count)
    return torch.stack(made, -1).to(batch.own.dtype)


def _largest(values: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """The largest of values [B, N, T] that is there [B, 1, T] -> [B, N]; 0 where none is."""
    none = torch.where(there.any(-1, keepdim=True), -torch.inf, 0.0).expand(*values.shape[:2], 1)
    return torch.cat([values.masked_fill(~there, -torch.inf), none], -1).amax(-1)


def crosses_width(spec: InputSpec) -> int:
    """How many numbers `history_crosses` makes of a candidate."""
    return 2 * len(spec.fields) + 3
