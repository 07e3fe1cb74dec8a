"""What a list's preference does to its scores: PODM-MI's utility matrix, in three readings.

Shapes: B lists, N products, d width of the Gaussians, H hidden width, K width of likeness.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from emptor.rerank.models.blocks import mlp
from emptor.rerank.models.fusion import shares
from emptor.rerank.models.gaussians import Gaussian

UTILITIES = ("dual", "hypernetwork", "items", "none")
_START = (1.0, 0.1)
"""Utilities of accuracy and diversity that training begins near."""


class DualUtility(nn.Module):
    """How much accuracy and how much diversity counts for each product: two numbers above 0.

    U = softplus(MLP([z_u ; log var_u ; mean_j ; log var_j ; a_j ; mean log var_u])).

    Args: latent: d. hidden: H.

    Shapes: users [B, d], z [B, d], items [B, N, d], overlap a [B, N] -> [B, N, 2].

    Source: JD says of PODM-MI's learnable utility matrix that it balances relevance and diversity and adjusts each
        product; this form is ours.
    """

    def __init__(self, latent: int, hidden: int) -> None:
        super().__init__()
        self.net = mlp(4 * latent + 2, hidden, 2)
        with torch.no_grad():
            last = self.net[-1]
            assert isinstance(last, nn.Linear)
            last.bias.copy_(torch.tensor([math.log(math.expm1(own)) for own in _START]))

    def forward(self, users: Gaussian, z: torch.Tensor, items: Gaussian, overlap: torch.Tensor) -> torch.Tensor:
        width = users.log_var.mean(-1, keepdim=True)
        asks = torch.cat([z, users.log_var, width], -1).unsqueeze(1).expand(-1, overlap.shape[1], -1)
        known = torch.cat([asks, items.mean, items.log_var, overlap.unsqueeze(-1)], -1)
        return functional.softplus(self.net(known))


class HyperUtility(nn.Module):
    """The user's z makes the weights of a linear map of each product: z [B, d], h [B, N, H] -> [B, N].

    Source: Wang et al., ROMA (ICML 2020). Its offset is left out: what is added to a whole list changes no order.
    """

    def __init__(self, latent: int, hidden: int) -> None:
        super().__init__()
        self.net = mlp(latent, hidden, hidden)

    def forward(self, z: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return (h @ self.net(z).unsqueeze(-1)).squeeze(-1)


def item_utility(users: Gaussian, items: Gaussian, mask: torch.Tensor) -> torch.Tensor:
    """Who lifts whom: softmax over the rows of M diag(1 / var_u) M' / sqrt(d), with M the products' means.

    Args: users: [B, d]. items: [B, N, d]. mask: [B, N] bool: False is padding, which lifts nobody.
    Returns: [B, N, N].
    """
    weighed = items.mean * (-users.log_var).exp().unsqueeze(1)
    scores = weighed @ items.mean.transpose(1, 2) * items.mean.shape[-1] ** -0.5
    return shares(scores, mask.unsqueeze(1).expand_as(scores))


def expected_overlap(
    relevance: torch.Tensor, alike: torch.Tensor, mask: torch.Tensor, *, temperature: float, sharp: int = 1
) -> torch.Tensor:
    """d_j = -sum over l of sigmoid((r_l - r_j) / temperature) max(0, <alike_l, alike_j>) ** sharp: minus how much of
    what stands before a product it is expected to repeat; the sharper, the more copies alone count.

    Args: relevance: [B, N]. alike: [B, N, K], of length one or 0. mask: [B, N] bool: False is padding.
    Returns: [B, N], up to 0.

    Source: Yan et al., DALETOR: Diversification-Aware Learning to Rank using Distributed Representation (WWW 2021),
        whose soft ranks stand for the products before.

    Example:
        >>> same = torch.ones(1, 2, 1)
        >>> expected_overlap(torch.tensor([[9.0, -9.0]]), same, torch.ones(1, 2).bool(), temperature=0.5).round()
        tensor([[-0., -1.]])
    """
    before = ((relevance.unsqueeze(1) - relevance.unsqueeze(2)) / temperature).sigmoid()
    others = mask.unsqueeze(1) & ~torch.eye(mask.shape[1], dtype=torch.bool, device=mask.device)
    repeats = (alike @ alike.transpose(1, 2)).clamp(min=0) ** sharp
    return -(before * repeats * others).sum(-1)
