"""What a list and who asks for it tell of each other: four losses that fall as their mutual information rises.

Shapes: B lists, d width. Each takes z [B, d], drawn of `users` [B, d], and `posterior` [B, d]: what the list's own
draw says of z.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from emptor.rerank.models.gaussians import Gaussian, kl_divergence, log_density

Mutual = Callable[[torch.Tensor, Gaussian, Gaussian], torch.Tensor]


def ba_marginal(z: torch.Tensor, users: Gaussian, posterior: Gaussian) -> torch.Tensor:
    """-E[log q(z | list) - log p(z)], with p(z) the mean of all users' densities in the batch: a scalar.

    Minus the loss is a lower bound of the mutual information of z and list, and at most log B: q leaves more open than
    the true posterior, and a batch that holds z's own density finds z less surprising than the true marginal would.

    Source: Barber and Agakov, The IM Algorithm (NeurIPS 2003); the marginal out of the batch is ours.

    Example:
        >>> same = Gaussian(torch.zeros(3, 2), torch.zeros(3, 2))
        >>> ba_marginal(torch.ones(3, 2), same, same).abs() < 1e-6
        tensor(True)
    """
    all_of = log_density(z.unsqueeze(1), Gaussian(users.mean.unsqueeze(0), users.log_var.unsqueeze(0)))
    marginal = all_of.logsumexp(1) - math.log(max(len(z), 1))
    return (marginal - log_density(z, posterior)).mean()


def kl(z: torch.Tensor, users: Gaussian, posterior: Gaussian) -> torch.Tensor:
    """KL(N(user) || q(. | list)), the mean: a scalar. The entropy of z is taken as that of each user by itself, so that
    users who are all the same bring it to 0: alone, it makes them so.

    Source: Wang et al., ROMA: Multi-Agent Reinforcement Learning with Emergent Roles (ICML 2020).
    """
    return kl_divergence(users, posterior).mean()


def cross_entropy(z: torch.Tensor, users: Gaussian, posterior: Gaussian) -> torch.Tensor:
    """-E log q(z | list): a scalar. The bound without the entropy of z, which it makes as small as it may be."""
    return -log_density(z, posterior).mean()


def infonce(z: torch.Tensor, users: Gaussian, posterior: Gaussian) -> torch.Tensor:
    """-E log of the share of q(z | own list) in its sum over all lists of the batch: a scalar; log B minus it is a
    lower bound.

    Source: van den Oord et al., Contrastive Predictive Coding (2018), with the posterior's density as the critic.

    Example:
        >>> same = Gaussian(torch.zeros(4, 2), torch.zeros(4, 2))
        >>> infonce(torch.ones(4, 2), same, same)
        tensor(1.3863)
    """
    all_of = log_density(z.unsqueeze(1), Gaussian(posterior.mean.unsqueeze(0), posterior.log_var.unsqueeze(0)))
    return -all_of.log_softmax(1).diagonal().mean()


MUTUAL: dict[str, Mutual] = {
    "ba_marginal": ba_marginal,
    "kl": kl,
    "cross_entropy": cross_entropy,
    "infonce": infonce,
}
"""Every loss by its name."""
