"""Which behaviours matter for a target: the activation unit and the attention that rests on it.

Shapes: B requests, M targets, T behaviours, D width, H hidden width.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class ActivationUnit(nn.Module):
    """How much each behaviour matters for each target: MLP([t, b, t*b]) with one hidden layer.

    The first layer is linear in b for a given t, so it is one matrix product per request, and nothing of shape
    [B, M, T, 3D] is ever made.

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
        # W_p (t*b) + W_b b = (W_p diag(t) + W_b) b
        maps = (targets.unsqueeze(2) * of_product + of_behaviour).flatten(1, 2)
        of_target_alone = functional.linear(targets, of_target, self.first.bias).flatten(1).unsqueeze(-1)
        units = torch.baddbmm(of_target_alone, maps, behaviours.transpose(1, 2)).relu()
        units = units.view(*targets.shape[:2], self.first.out_features, behaviours.shape[1])
        # a product and a sum: on CPUs twice as fast as a product of matrices this thin
        return (units * self.last.weight.view(-1, 1)).sum(2) + self.last.bias


class TargetAttention(nn.Module):
    """The taste that matters for each target: its behaviours, weighed by an activation unit.

    Args:
        width: D. hidden: of the activation unit.
        normalised: True is a softmax over the behaviours and nobody, whose score and whose vector are 0: an empty past
            weighs nothing, and one that has nothing to do with the target can weigh almost nothing. False weighs by the
            scores as they are: many fitting behaviours give a stronger taste than one.

    Shapes: targets [B, M, D], behaviours [B, T, D], there [B, T] bool -> [B, M, D], 0 for an empty past.

    Source: Zhou et al. (KDD 2018), section 4.3, which does not normalise; nobody's slot is ours.

    Example:
        >>> attend = TargetAttention(4, hidden=8)
        >>> attend(torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.zeros(2, 5, dtype=torch.bool)).abs().sum().item()
        0.0
    """

    def __init__(self, width: int, *, hidden: int, normalised: bool = True) -> None:
        super().__init__()
        self.unit = ActivationUnit(width, hidden=hidden)
        self.normalised = normalised

    def forward(self, targets: torch.Tensor, behaviours: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        scores, gone = self.unit(targets, behaviours), ~there.unsqueeze(1)
        if not self.normalised:
            return scores.masked_fill(gone, 0.0) @ behaviours
        nobody = scores.new_zeros((*scores.shape[:2], 1))
        scores = torch.cat([nobody, scores.masked_fill(gone, -torch.inf)], -1)
        return scores.softmax(-1)[..., 1:] @ behaviours
