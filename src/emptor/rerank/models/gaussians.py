"""Gaussians whose numbers are independent: densities, divergences, overlaps, and one that stands for a whole list.

Shapes: ... any, d width; a Gaussian's mean and log_var are [..., d]; what stands before d may differ if it broadcasts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

_LOG_2_PI = math.log(2 * math.pi)


class Gaussian(NamedTuple):
    """mean, log_var [..., d]: the logarithms of the variances, since these must be above 0."""

    mean: torch.Tensor
    log_var: torch.Tensor

    @classmethod
    def of(cls, both: torch.Tensor, *, floor: float, ceiling: float) -> Gaussian:
        """both [..., 2 d]: means, and logarithms of variances, which are kept from `floor` up to `ceiling`."""
        mean, log_var = both.chunk(2, -1)
        return cls(mean, log_var.clamp(math.log(floor), math.log(ceiling)))

    def drawn(self) -> torch.Tensor:
        """[..., d]: one sample of each; its gradient reaches mean and variance."""
        return self.mean + (0.5 * self.log_var).exp() * torch.randn_like(self.mean)

    def apart(self) -> Gaussian:
        """The same, without a gradient."""
        return Gaussian(self.mean.detach(), self.log_var.detach())


def log_density(z: torch.Tensor, own: Gaussian) -> torch.Tensor:
    """log N(z; mean, var), summed over d: [...].

    Example:
        >>> log_density(torch.zeros(2), Gaussian(torch.zeros(2), torch.zeros(2)))
        tensor(-1.8379)
    """
    far = (z - own.mean).square() * (-own.log_var).exp()
    return -0.5 * (far + own.log_var + _LOG_2_PI).sum(-1)


def kl_divergence(p: Gaussian, q: Gaussian) -> torch.Tensor:
    """KL(p || q) = 1/2 sum[ln v_q / v_p + (v_p + (m_p - m_q)^2) / v_q - 1]: [...].

    Example:
        >>> p = Gaussian(torch.ones(2), torch.zeros(2))
        >>> kl_divergence(p, Gaussian(torch.zeros(2), torch.zeros(2)))
        tensor(1.)
    """
    ratio = (p.log_var - q.log_var).exp() + (p.mean - q.mean).square() * (-q.log_var).exp()
    return 0.5 * (q.log_var - p.log_var + ratio - 1).sum(-1)


def log_overlap(p: Gaussian, q: Gaussian) -> torch.Tensor:
    """How far two Gaussians lie over each other: log of the integral of p q, without its constant -(d / 2) ln 2 pi.

    -1/2 sum[(m_p - m_q)^2 / (v_p + v_q) + ln(v_p + v_q)]: [...].

    Example:
        >>> one = Gaussian(torch.zeros(1), torch.zeros(1))
        >>> log_overlap(one, one) == log_density(torch.zeros(1), Gaussian(one.mean, torch.ones(1).mul(2).log())) + (
        ...     0.5 * torch.log(torch.tensor(2 * torch.pi)))
        tensor(True)
    """
    var = p.log_var.exp() + q.log_var.exp()
    return -0.5 * ((p.mean - q.mean).square() / var + var.log()).sum(-1)


def matched(items: Gaussian, there: torch.Tensor, *, floor: float) -> Gaussian:
    """The Gaussian with the mean and the variance of a mixture: of a list, how far its products are apart is in it.

    Args:
        items: [B, N, d]. there: [B, N] bool, those that are in it, all alike. floor: least variance.

    Returns: [B, d]; of an empty list the standard one.

    Example:
        >>> items = Gaussian(torch.tensor([[[-1.0], [1.0]]]), torch.zeros(1, 2, 1))
        >>> found = matched(items, torch.ones(1, 2).bool(), floor=1e-3)
        >>> found.mean.item(), round(found.log_var.exp().item(), 4)
        (0.0, 2.0)
    """
    share = (there / there.sum(1, keepdim=True).clamp(min=1)).unsqueeze(-1)
    mean = (share * items.mean).sum(1)
    # as distances from the mean: a difference of two large squares loses its digits
    var = (share * (items.log_var.exp() + (items.mean - mean.unsqueeze(1)).square())).sum(1)
    var = torch.where(there.any(1, keepdim=True), var, 1.0)
    return Gaussian(mean, var.clamp(min=floor).log())


def collapse(users: Gaussian) -> torch.Tensor:
    """How far users are apart beside how wide each is: variance of the means over B, by the mean variance: a scalar.

    Below 0.01 every user's Gaussian is the same one, and says nothing. 0 for a single user.

    Example:
        >>> collapse(Gaussian(torch.zeros(4, 2), torch.zeros(4, 2)))
        tensor(0.)
    """
    between = users.mean.var(0, correction=0).mean()
    return between / users.log_var.exp().mean()
