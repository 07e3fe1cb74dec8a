"""The fusions that CAFU is compared with, in its shape, and all of them by name.

Shapes: see fusion.py; "text" and "image" are given a single modality.
"""

from __future__ import annotations

from typing import TypedDict

import torch
from torch import nn

from emptor.learn.registry import one_of
from emptor.rerank.models.blocks import Attend, mlp
from emptor.rerank.models.fusion import ContextFusion, Fusion, WeightedFusion, shares

FUSIONS = ("cafu", "concatenation", "sum", "attention", "senet", "cross_attention", "text", "image")


class FusionOptions(TypedDict, total=False):
    """Options of ContextFusion that a network passes on as they are."""

    squeeze: str
    gate: str
    context: str


class Concatenation(Fusion):
    """A linear map of all modalities side by side; what is lacking is 0 in it."""

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__()
        self.joined = nn.Linear(modalities * width, width)

    def forward(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.joined((modalities * has.unsqueeze(-1)).flatten(-2))
        return out * has.any(-1, keepdim=True)


class Sum(WeightedFusion):
    """Each modality counts 1; nothing is learnt."""

    def weights(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return has.to(modalities.dtype)


class AttentionFusion(WeightedFusion):
    """softmax(w tanh(W m_j)) over what is there: by what a modality is like, not by what is asked.

    Source: additive attention, Yang et al., Hierarchical Attention Networks (NAACL 2016).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1, bias=False))

    def weights(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        return shares(self.score(modalities).squeeze(-1), has)


class Senet(Fusion):
    """Each modality times a gate that is made of the means of all, then side by side.

    Source: Huang et al., FiBiNET (RecSys 2019), after Hu et al., Squeeze-and-Excitation Networks (CVPR 2018). With two
        modalities FiBiNET's reduction by 3 and its second ReLU leave a gate that is often shut for good: hidden units
        are four, and the gate is the earlier paper's sigmoid.
    """

    def __init__(self, modalities: int, width: int, *, hidden: int = 4) -> None:
        super().__init__()
        self.excite = mlp(modalities, hidden, modalities)
        self.joined = Concatenation(modalities, width)

    def forward(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        gate = self.excite(modalities.mean(-1) * has).sigmoid()
        out: torch.Tensor = self.joined(modalities * gate.unsqueeze(-1), has, context)
        return out


class CrossAttention(Fusion):
    """The first modality, the text, asks all that are there: one transformer block.

    A picture is one vector here, not one of each region, so that among pictures alone there would be nothing to choose:
    the text asks itself, too. Where it is lacking, 0 asks.

    Source: text that asks pictures is ALBEF's (Li et al., NeurIPS 2021).
    """

    def __init__(self, width: int, *, heads: int = 2, inner: int = 128) -> None:
        super().__init__()
        self.attend = Attend(width, heads=heads, inner=inner)

    def forward(self, modalities: torch.Tensor, has: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        kept = modalities * has.unsqueeze(-1)
        flat = kept.reshape(-1, *kept.shape[-2:])
        out: torch.Tensor = self.attend(flat[:, :1], flat, has.reshape(-1, has.shape[-1]))
        return out.reshape(*kept.shape[:-2], -1) * has.any(-1, keepdim=True)


def build_fusion(name: str, modalities: int, width: int, context_width: int, options: FusionOptions) -> Fusion:
    """The fusion of a name.

    Args: name: of FUSIONS. modalities, width, context_width, options: see ContextFusion; only CAFU takes options.
    Raises: EmptorError for an unknown name or option.

    Example:
        >>> fuse = build_fusion("senet", 2, 8, 4, {})
        >>> fuse(torch.randn(5, 2, 8), torch.ones(5, 2).bool(), torch.randn(5, 4)).shape
        torch.Size([5, 8])
    """
    one_of("fusion", name, FUSIONS)
    if name == "cafu":
        return ContextFusion(modalities, width, context_width, **options)
    if name == "concatenation":
        return Concatenation(modalities, width)
    if name == "attention":
        return AttentionFusion(width)
    if name == "senet":
        return Senet(modalities, width)
    if name == "cross_attention":
        return CrossAttention(width)
    return Sum()


def modalities_of(name: str) -> tuple[str, ...]:
    """What a fusion looks at: of "text" and "image"."""
    return (name,) if name in ("text", "image") else ("text", "image")
