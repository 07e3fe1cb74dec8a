"""Which behaviours matter for a target: the activation unit and the attention that rests on it.

Shapes: B requests, M targets, T behaviours, D width, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

_WORTHWHILE, _PARTS = 64, 8
"""Requests from which it pays to sort a batch by size, and how many parts it is sorted into."""


class ActivationUnit(nn.Module):
    """How much each behaviour matters for each target: MLP([t, b, t*b]) with one hidden layer.

    The first layer is linear in each of the three, so that t and b are mapped once each, and only their product [B, M,
    T, D] is made for every pair.

    Args:
        width: D, of targets and behaviours. hidden: H.

    Shapes: targets [B, M, D], behaviours [B, T, D] -> scores [B, M, T], any real number.

    Source: Zhou et al., Deep Interest Network for Click-Through Rate Prediction (KDD 2018), section 4.3.
        The product goes element by element; ReLU in the place of PReLU or Dice.

    Example:
        >>> ActivationUnit(4, hidden=8)(torch.randn(2, 3, 4), torch.randn(2, 5, 4)).shape
        torch.Size([2, 3, 5])
    """

    def __init__(self, width: int, *, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(3 * width, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, targets: torch.Tensor, behaviours: torch.Tensor) -> torch.Tensor:
        of_target, of_behaviour, of_product = self.first.weight.chunk(3, dim=1)
        units = functional.linear(targets.unsqueeze(2) * behaviours.unsqueeze(1), of_product)
        units = units + functional.linear(targets, of_target, self.first.bias).unsqueeze(2)
        units = units + functional.linear(behaviours, of_behaviour).unsqueeze(1)
        scores: torch.Tensor = self.last(units.relu()).squeeze(-1)
        return scores


def in_parts(
    attend: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    targets: torch.Tensor,
    behaviours: torch.Tensor,
    there: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """`attend` over requests of like size side by side: most pages and histories are shorter than the longest, and what
    every target makes of every behaviour is the dearest part of these networks.

    Args:
        attend: targets [B, M, D], behaviours [B, T, D], there [B, T] -> [B, M, ...]; each request for itself, and
            nothing of what is not there.
        targets [B, M, D], behaviours [B, T, D], there [B, T] bool, mask [B, M] bool: False is padding.

    Returns: [B, M, ...]; rubbish where the mask is False.
    """
    size = len(targets)
    if size < _WORTHWHILE:
        return attend(targets, behaviours, there)
    long, wide = _extent(there), _extent(mask)
    # by length in so many parts, and each of them by width in two
    order = long.argsort(stable=True)
    order = torch.cat([part[wide[part].argsort(stable=True)] for part in order.tensor_split(_PARTS // 2)])
    parts = []
    for part in order.tensor_split(_PARTS):
        m, t = max(int(wide[part].max()), 1), max(int(long[part].max()), 1)
        own = attend(targets[part, :m], behaviours[part, :t], there[part, :t])
        parts.append(functional.pad(own, (0, 0) * (own.dim() - 2) + (0, targets.shape[1] - m)))
    return torch.cat(parts)[order.argsort()]


def _extent(there: torch.Tensor) -> torch.Tensor:
    """there [B, T] bool -> [B]: 1 + the last place that is True, 0 without one."""
    return (there * torch.arange(1, there.shape[1] + 1, device=there.device)).amax(1)


class TargetAttention(nn.Module):
    """The taste that matters for each target: its behaviours, weighed by an activation unit.

    Args:
        width: D. hidden: of the activation unit.
        normalised: True is a softmax over the behaviours and nobody, whose score and whose vector are 0: an empty past
            weighs nothing, and one that has nothing to do with the target can weigh almost nothing. False weighs by the
            scores as they are: many fitting behaviours give a stronger taste than one.

    Shapes: targets [B, M, D], behaviours [B, T, D], there [B, T] bool, mask [B, M] bool -> [B, M, D], 0 for an empty
    past; rubbish where the mask is False.

    Source: Zhou et al. (KDD 2018), section 4.3, which does not normalise; nobody's slot is ours.

    Example:
        >>> attend = TargetAttention(4, hidden=8)
        >>> nothing, mask = torch.zeros(2, 5, dtype=torch.bool), torch.ones(2, 3, dtype=torch.bool)
        >>> attend(torch.randn(2, 3, 4), torch.randn(2, 5, 4), nothing, mask).abs().sum().item()
        0.0
    """

    def __init__(self, width: int, *, hidden: int, normalised: bool = True) -> None:
        super().__init__()
        self.unit = ActivationUnit(width, hidden=hidden)
        self.normalised = normalised

    def forward(
        self, targets: torch.Tensor, behaviours: torch.Tensor, there: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        return in_parts(self._attended, targets, behaviours, there, mask)

    def _attended(self, targets: torch.Tensor, behaviours: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        scores, gone = self.unit(targets, behaviours), ~there.unsqueeze(1)
        if not self.normalised:
            return scores.masked_fill(gone, 0.0) @ behaviours
        nobody = scores.new_zeros((*scores.shape[:2], 1))
        scores = torch.cat([nobody, scores.masked_fill(gone, -torch.inf)], -1)
        return scores.softmax(-1)[..., 1:] @ behaviours
