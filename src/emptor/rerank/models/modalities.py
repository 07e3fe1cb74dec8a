"""Texts and pictures of products as vectors of one width, and what a user's past says of them.

Shapes: B lists, N products, T behaviours, M modalities, d width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.registry import one_of
from emptor.rank.models.attention import ActivationUnit
from emptor.rank.models.layers import Standardise, spread
from emptor.rerank.models.fusion import shares
from emptor.rerank.models.inputs import ListSpec, Sides

UNITS = ("dot", "din")


class Modalities(NamedTuple):
    """vectors [B, N, M, d], 0 where has [B, N, M] bool is False."""

    vectors: torch.Tensor
    has: torch.Tensor


class ModalityNet(nn.Module):
    """m = dropout(GELU(W x + b)) of each modality, with x standardised over the batch.

    Products of the list and of the past are mapped alike, and standardised together: they are compared. What comes out
    is not normalised: how large it is says something, see ContextFusion.

    Args:
        spec: see ListSpec. names: which modalities, of "text" and "image"; one of width 0 is left out. width: d.
        dropout: share of 0..1.

    Shapes: Sides of B lists and which of them count, [B, N] bool -> Modalities, for each pair given. `names` are the
    modalities that are left.

    Raises: EmptorError where none is left.

    Source: projections of frozen vectors are ours, as ARMMT's could not be read; so is that the vectors, of length one
        or not, are standardised first.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> net = ModalityNet(spec, ("text", "image"), width=8)
        >>> shown, past = net((batch.sides, batch.mask), (batch.past, batch.asked.there))
        >>> shown.vectors.shape, past.vectors.shape
        (torch.Size([4, 6, 2, 8]), torch.Size([4, 4, 2, 8]))
    """

    def __init__(self, spec: ListSpec, names: tuple[str, ...], *, width: int, dropout: float = 0.1) -> None:
        super().__init__()
        widths = {"text": spec.text, "image": spec.image}
        self.names = tuple(name for name in names if widths[name])
        if not self.names:
            raise EmptorError(f"spec: no {' and no '.join(names)} to fuse, expected vectors of one of them at least")
        self.width = width
        self.maps = nn.ModuleDict(
            {
                name: nn.Sequential(
                    Standardise(widths[name]), nn.Linear(widths[name], width), nn.GELU(), nn.Dropout(dropout)
                )
                for name in self.names
            }
        )

    def forward(self, *given: tuple[Sides, torch.Tensor]) -> list[Modalities]:
        has = [
            torch.stack([getattr(sides, f"has_{name}") & counts for name in self.names], -1) for sides, counts in given
        ]
        mapped: list[list[torch.Tensor]] = [[] for _ in given]
        for at, name in enumerate(self.names):
            rows = [getattr(sides, name)[there[..., at]] for (sides, _), there in zip(given, has, strict=True)]
            vectors = self.maps[name](torch.cat(rows)).split([len(own) for own in rows])
            for own, packed, there in zip(mapped, vectors, has, strict=True):
                own.append(spread(packed, there[..., at]))
        return [Modalities(torch.stack(own, -2), there) for own, there in zip(mapped, has, strict=True)]


class PersonalAttention(nn.Module):
    """What of the past goes with each product, one modality at a time: texts by texts and pictures by pictures.

    Args:
        modalities: M. width: d.
        unit: "dot": <W_a m_past, W_b m_target> / sqrt(d); "din": DIN's unit, with one hidden layer of `hidden`.

    Shapes: targets [B, N], past [B, T] as Modalities, among [B, N, T] bool: which behaviours count for which product ->
    Modalities [B, N]. Nothing is there where the product lacks the modality, or all behaviours that count do.

    Source: Xu et al., ARMMT (CIKM 2024), has a "personalised representation" of which no formula could be read. That it
        is target attention is ours; a softmax with either unit, as modalities are dense. Unit: Zhou et al., DIN
        (KDD 2018).

    Example:
        >>> targets = Modalities(torch.randn(2, 3, 1, 4), torch.ones(2, 3, 1).bool())
        >>> past = Modalities(torch.randn(2, 5, 1, 4), torch.tensor([True, False])[:, None, None].expand(2, 5, 1))
        >>> taste = PersonalAttention(1, 4)(targets, past, torch.ones(2, 3, 5).bool())
        >>> taste.has[..., 0]
        tensor([[ True,  True,  True],
                [False, False, False]])
    """

    def __init__(self, modalities: int, width: int, *, unit: str = "dot", hidden: int = 16) -> None:
        super().__init__()
        self.scale, dot = width**-0.5, one_of("personal_unit", unit, UNITS) == "dot"
        self.of_past = _maps(modalities, width) if dot else None
        self.of_target = _maps(modalities, width) if dot else None
        self.units = None if dot else nn.ModuleList(_unit(width, hidden) for _ in range(modalities))

    def forward(self, targets: Modalities, past: Modalities, among: torch.Tensor) -> Modalities:
        vectors, has = [], []
        for at in range(targets.vectors.shape[2]):
            target, behaviours = targets.vectors[:, :, at], past.vectors[:, :, at]
            counts = among & targets.has[:, :, None, at] & past.has[:, None, :, at]
            vectors.append(shares(self._scores(at, target, behaviours), counts) @ behaviours)
            has.append(counts.any(-1))
        return Modalities(torch.stack(vectors, -2), torch.stack(has, -1))

    def _scores(self, at: int, target: torch.Tensor, behaviours: torch.Tensor) -> torch.Tensor:
        """[B, N, T]."""
        if self.of_past is None or self.of_target is None:
            assert self.units is not None
            scores: torch.Tensor = self.units[at](target, behaviours)
            return scores
        dots: torch.Tensor = self.of_target[at](target) @ self.of_past[at](behaviours).transpose(1, 2)
        return dots * self.scale


def _unit(width: int, hidden: int) -> ActivationUnit:
    unit = ActivationUnit(width, hidden=hidden)
    unit.last.register_parameter("bias", None)  # a softmax takes no notice of what is added to all
    return unit


def _maps(modalities: int, width: int) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(modalities))
