"""The small parts that several retrieval networks are made of.

Shapes: M rows, D width.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from emptor.errors import EmptorError


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """vectors [M, D] -> [M, D] of length one; what is 0 stays 0."""
    return functional.normalize(vectors, dim=-1)


def where(there: torch.Tensor, values: torch.Tensor, other: torch.Tensor | int = 0) -> torch.Tensor:
    """there [M] bool, values [M, ...] -> [M, ...]: the values where True, `other` elsewhere."""
    return torch.where(there.view(-1, *[1] * (values.dim() - 1)), values, other)


def dropped(has_image: torch.Tensor, has_text: torch.Tensor, rate: float, *, training: bool) -> torch.Tensor:
    """Image dropout: has_image [M] bool with a random share of pictures taken away in training, so that the way by the
    text is kept alive. A product without text keeps its picture: it has nothing else.
    """
    if not training or rate == 0:
        return has_image
    kept = torch.rand(has_image.shape, device=has_image.device) >= rate
    return has_image & (kept | ~has_text)


def share(option: str, value: float) -> float:
    """The value, if it lies from 0 to below 1.

    Raises: EmptorError naming the option and the value.
    """
    if not 0 <= value < 1:
        raise EmptorError(f"{option}: {value} is no share; expected from 0 to below 1")
    return value


def mostly(other: float) -> float:
    """The logit of a weight that, to begin with, gives 1 to one side and `other` to the other, both over their sum."""
    return -math.log(other)


def out_as(own: nn.Linear, *, beside: int = 0) -> nn.Linear:
    """A map that starts as another one, which it then leaves behind.

    Args: beside: further inputs, which count nothing at the start.
    """
    out = nn.Linear(own.in_features + beside, own.out_features)
    with torch.no_grad():
        out.weight.zero_()
        out.weight[:, : own.in_features] = own.weight
        out.bias.copy_(own.bias)
    return out


def begin_alike(blocks: nn.ModuleList, others: nn.ModuleList) -> None:
    """Give blocks the weights of others to start with, as far as there are so many."""
    for mine, its in zip(blocks, others, strict=False):
        mine.load_state_dict(its.state_dict())
