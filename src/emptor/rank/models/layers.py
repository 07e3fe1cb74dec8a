"""The small parts that several ranking networks are made of.

Shapes: B requests, M candidates or behaviours, D width.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def spread(packed: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """packed [M, ...], one for each True of there [B, N] in its order -> [B, N, ...], 0 elsewhere."""
    out = packed.new_zeros(*there.shape, *packed.shape[1:])
    out[there] = packed
    return out


class Standardise(nn.Module):
    """Each of D features minus its mean, in its standard deviations; nothing is learnt.

    In training the statistics are the batch's, then the running
    ones; a lone row has no statistics and takes the running ones as well.

    Args:
        width: D. eps: added to the variance. Large on purpose: a feature that never moved in training must not explode
            once it moves (a query's, in a network trained on recommendation only).

    Shapes: [M, D] -> [M, D]: only what is there, never padding.

    Example:
        >>> layer = Standardise(1)
        >>> layer(torch.tensor([[1.0], [3.0]])).round().flatten()
        tensor([-1.,  1.])
    """

    def __init__(self, width: int, *, eps: float = 1e-2) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, eps=eps, affine=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        norm = self.norm
        if norm.training and len(values) > 1:
            out: torch.Tensor = norm(values)
            return out
        return functional.batch_norm(values, norm.running_mean, norm.running_var, eps=norm.eps)


def masked_mean(vectors: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """vectors [B, M, D], there [B, M] bool -> [B, D]: the mean of what is there, 0 where nothing is."""
    count = there.sum(1, keepdim=True).clamp(min=1)
    return (vectors * there.unsqueeze(-1)).sum(1) / count
