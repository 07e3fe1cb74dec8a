"""What every re-ranking network is given: whole lists, with what can be read and seen of their products.

Shapes: B lists, N products, T behaviours, Q earlier queries, L words, V numbers of a text, W of a picture, K of a
product's likeness.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from emptor.errors import EmptorError
from emptor.rank.models.inputs import InputSpec, RankBatch


@dataclass(frozen=True)
class ListSpec:
    """How wide the inputs are.

    Args:
        products: of products and requests, see rank.models.InputSpec. text, image: V and W. places: the longest list.
        earlier: Q. alike: K.
    """

    products: InputSpec
    text: int
    image: int
    places: int = 60
    earlier: int = 10
    alike: int = 0


@dataclass(frozen=True)
class Sides:
    """What can be read and seen of products [B, M]: text [B, M, V], image [B, M, W] float32; has_text, has_image [B, M]
    bool. Where a side is lacking its vector is 0.
    """

    text: torch.Tensor
    image: torch.Tensor
    has_text: torch.Tensor
    has_image: torch.Tensor

    def to(self, device: torch.device | str) -> Sides:
        """The same elsewhere."""
        return Sides(**{own.name: getattr(self, own.name).to(device) for own in fields(self)})


@dataclass(frozen=True)
class RerankBatch:
    """B lists of N products, in the order of the stage before.

    asked: the requests and their products, as a ranker is given them. score [B, N] float32: what the stage before gave,
    standardised over the list. place [B, N] int64: from 0, in its order. sides, past: of the products, and of the
    behaviours of `asked`. earlier [B, Q, L] int64: words of the queries before this one, newest first, 0 pads;
    earlier_gap [B, Q] int64: bucket of the time since, 0 where there is none. alike [B, N, K] float32: vectors of
    length one whose products say how alike two products are; 0 of those of which nothing is known.

    Raises: EmptorError where shapes disagree.
    """

    asked: RankBatch
    score: torch.Tensor
    place: torch.Tensor
    sides: Sides
    past: Sides
    earlier: torch.Tensor
    earlier_gap: torch.Tensor
    alike: torch.Tensor

    def __post_init__(self) -> None:
        lists, behaviours = tuple(self.asked.mask.shape), tuple(self.asked.there.shape)
        wanted = {
            **{name: (getattr(self, name), lists) for name in ("score", "place")},
            "alike": (self.alike, lists),
            "sides": (self.sides.has_text, lists),
            "past": (self.past.has_text, behaviours),
            "earlier": (self.earlier, tuple(self.earlier_gap.shape)),
        }
        for name, (found, shape) in wanted.items():
            if tuple(found.shape[:2]) != shape:
                raise EmptorError(f"batch: {name} is {tuple(found.shape)}, expected it to begin with {shape}")

    def __len__(self) -> int:
        return len(self.score)

    @property
    def mask(self) -> torch.Tensor:
        """[B, N] bool: False is padding."""
        return self.asked.mask

    def to(self, device: torch.device | str) -> RerankBatch:
        """The same batch elsewhere."""
        return RerankBatch(**{own.name: getattr(self, own.name).to(device) for own in fields(self)})


@dataclass(frozen=True)
class Labels:
    """What became of lists: click, purchase [B, N] float32 of 0 and 1, what is bought is clicked, too; seen [B, N]
    bool: whether it was on a screen; what was not says nothing.
    """

    click: torch.Tensor
    purchase: torch.Tensor
    seen: torch.Tensor

    def to(self, device: torch.device | str) -> Labels:
        """The same elsewhere."""
        return Labels(**{own.name: getattr(self, own.name).to(device) for own in fields(self)})
