"""CAFU: text and picture of a product as one vector, weighed by what they are like and by what is asked.

Shapes: ... any, M modalities, d width, C width of the context.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rerank.models.blocks import mlp

SQUEEZES = ("statistics", "mean", "query")
GATES = ("softmax", "sigmoid")
CONTEXTS = ("all", "none")


class Fusion(nn.Module, ABC):
    """Some modalities as one vector, of those that are there; 0 where none is.

    Shapes: modalities [..., M, d], has [..., M] bool, context [..., C] -> [..., d].
    """

    @abstractmethod
    def forward(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor: ...


class WeightedFusion(Fusion):
    """The sum of modalities, each by a weight of its own: `weights`, [..., M], 0 for what is not there."""

    @abstractmethod
    def weights(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor: ...

    def forward(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return (self.weights(modalities, has, context).unsqueeze(-1) * modalities).sum(-2)


class ContextFusion(WeightedFusion):
    """w = softmax(W2 relu(W1 [z_1 ; ... ; z_M ; context])) over the modalities that are there; z_j says how m_j is.

    Args:
        modalities: M. width: d. context_width: C.
        squeeze: z of a modality. "statistics": its mean, largest and root mean square over d; "mean": the first alone;
            "query": how it goes with the mean of all modalities, <m_j, mean> / sqrt(d).
        gate: "softmax": modalities compete for a weight of 1; "sigmoid": 2 sigmoid each, and nobody loses what the
            other gains. context: "none" leaves it out. hidden: of the network in between.

    Modalities must not have been normalised over d: then their mean is 0 and their root mean square 1, whatever they
    are, and z says nothing.

    Source: Xu et al., ARMMT (CIKM 2024, arXiv 2408.05751). A summary could be read: weights begin with mean pooling,
        are joined with context and go through an MLP. So it is squeeze-and-excitation (Hu et al., CVPR 2018) that knows
        the context; the statistics beside the mean, softmax and what is lacking are ours.

    Example:
        >>> fuse = ContextFusion(2, 8, 4)
        >>> has = torch.tensor([[True, True], [True, False], [False, False]])
        >>> modalities = torch.randn(3, 2, 8) * has.unsqueeze(-1)
        >>> fuse.weights(modalities, has, torch.randn(3, 4)).sum(1).detach().round(decimals=4)
        tensor([1., 1., 0.])
    """

    def __init__(
        self,
        modalities: int,
        width: int,
        context_width: int,
        *,
        squeeze: str = "statistics",
        gate: str = "softmax",
        context: str = "all",
        hidden: int = 32,
    ) -> None:
        super().__init__()
        self.squeeze = one_of("squeeze", squeeze, SQUEEZES)
        self.gate = one_of("gate", gate, GATES)
        self.context = one_of("context", context, CONTEXTS)
        squeezed = modalities * (3 if squeeze == "statistics" else 1)
        self.excite = mlp(squeezed + (context_width if context == "all" else 0), hidden, modalities)

    def weights(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        parts = [self.squeezed(modalities, has)]
        if self.context == "all":
            parts.append(context)
        scores = self.excite(torch.cat(parts, -1))
        return 2 * scores.sigmoid() * has if self.gate == "sigmoid" else shares(scores, has)

    def squeezed(self, modalities: torch.Tensor, has: torch.Tensor) -> torch.Tensor:
        """z of all modalities, [..., M] or with all statistics [..., 3 M]; 0 of those that are not there."""
        if self.squeeze == "query":
            there = has.unsqueeze(-1)
            mean = (modalities * there).sum(-2, keepdim=True) / there.sum(-2, keepdim=True).clamp(min=1)
            return (modalities * mean).sum(-1) * modalities.shape[-1] ** -0.5 * has
        mean = modalities.mean(-1)
        if self.squeeze == "mean":
            return mean * has
        # the root's slope has no end at 0
        root = (modalities.square().mean(-1) + 1e-6).sqrt()
        return (torch.stack([mean, modalities.amax(-1), root], -1) * has.unsqueeze(-1)).flatten(-2)


def shares(scores: torch.Tensor, has: torch.Tensor) -> torch.Tensor:
    """The softmax of scores [..., M] over those that are there; 0 for others, and all 0 where none is.

    Example:
        >>> shares(torch.zeros(2, 2), torch.tensor([[True, False], [False, False]]))
        tensor([[1., 0.],
                [0., 0.]])
    """
    low = torch.finfo(scores.dtype).min / 2  # finite: an empty softmax is NaN
    return torch.where(has, scores, low).softmax(-1) * has
