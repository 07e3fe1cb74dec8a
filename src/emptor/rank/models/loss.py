"""What every ranking network learns from: which of the shown candidates were clicked and which were bought."""

from __future__ import annotations

import torch
from torch.nn import functional


def ranking_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    mask: torch.Tensor,
    *,
    purchase_weight: float = 1.0,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross entropy of both tasks, the mean over candidates that are there; purchases are of all shown, not of clicked.

    Args:
        logits: [B, N, 2] click, purchase. labels: [B, N, 2] in 0..1. mask: [B, N] bool, False is padding.
        purchase_weight: what the purchase task counts beside the click's 1; purchases are rare.
        weights: [B, N] from 0, such as 1 / the chance that the place was looked at; the mean is weighed by them, so
            their scale changes nothing.

    Returns: a scalar; 0 where no candidate counts.

    Source: weighing by the inverse propensity as in Joachims et al., Unbiased Learning-to-Rank with Biased Feedback
        (WSDM 2017), self-normalised; for binary labels without a correction of what was not clicked.

    Example:
        >>> ranking_loss(torch.zeros(1, 1, 2), torch.ones(1, 1, 2), torch.ones(1, 1).bool(), purchase_weight=0.0)
        tensor(0.6931)
    """
    each = functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction="none")
    both = each[..., 0] + purchase_weight * each[..., 1]
    counted = torch.where(mask, 1.0 if weights is None else weights, 0.0)
    total = (torch.where(mask, both, 0.0) * counted).sum()
    return total / counted.sum().clamp(min=torch.finfo(both.dtype).tiny)
