"""What every pre-ranking network is given: requests with what became of candidates all along the cascade.

Shapes: B requests, N listed candidates, P products of the catalogue, C fields and G numbers of a product.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import torch

from emptor.errors import EmptorError
from emptor.rank.models.inputs import RankBatch


class Level(IntEnum):
    """How far a candidate came, and what became of it; a higher level is the better sign."""

    PADDING = 0
    DROPPED = 1
    """Retrieved, and dropped before ranking."""
    RANKED = 2
    """Ranked, and on no page."""
    SHOWN = 3
    """On a page, and left alone."""
    CLICKED = 4
    BOUGHT = 5


@dataclass(frozen=True)
class PrerankBatch:
    """B requests with N candidates of all levels, all F products that were found for each, and P of the catalogue.

    asked: the requests and their candidates, as a ranker is given them. level [B, N] int64: of Level. place [B, N]
    int64: where the ranker put the candidate, from 0 on, -1 where it did not. number [B, N], pool_number [P] int64:
    which product it is, 0 where that is not known. found [B, F] int64: the numbers of all that was found, rising: none
    of them is an easy negative. pool_product [P, C] int64, pool_own [P, G] float32: as product and own of `asked`.

    Raises: EmptorError where shapes disagree.
    """

    asked: RankBatch
    level: torch.Tensor
    place: torch.Tensor
    number: torch.Tensor
    found: torch.Tensor
    pool_product: torch.Tensor
    pool_own: torch.Tensor
    pool_number: torch.Tensor

    def __post_init__(self) -> None:
        wanted = tuple(self.asked.mask.shape)
        for name in ("level", "place", "number"):
            found = tuple(getattr(self, name).shape)
            if found != wanted:
                raise EmptorError(f"batch: {name} is {found}, expected {wanted} as the candidates are")
        if len(self.found) != wanted[0]:
            raise EmptorError(f"batch: found has {len(self.found)} rows, expected one for each of {wanted[0]} requests")
        if not len(self.pool_product) == len(self.pool_own) == len(self.pool_number):
            raise EmptorError("batch: pool_product, pool_own and pool_number must have a row for each product")

    def __len__(self) -> int:
        return len(self.level)

    def to(self, device: torch.device | str) -> PrerankBatch:
        """The same batch elsewhere."""
        return PrerankBatch(**{own.name: getattr(self, own.name).to(device) for own in fields(self)})

    @property
    def there(self) -> torch.Tensor:
        """[B, N] bool: False is padding."""
        return self.level > Level.PADDING

    @property
    def ordered(self) -> torch.Tensor:
        """[B, N] bool: has a place in the teacher's order: what the ranker placed, and what was chosen."""
        return (self.level > Level.DROPPED) & ((self.place >= 0) | self.chosen)

    @property
    def chosen(self) -> torch.Tensor:
        """[B, N] bool: clicked or bought."""
        return self.level >= Level.CLICKED
