"""What a retrieval channel finds, and what every channel is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emptor.cascade import Requests
from emptor.shop.filters import Filters
from emptor.shop.view import View


@dataclass(frozen=True)
class Found:
    """One request's finds, best first: products [n] int64 (rows of the view), scores [n] float32."""

    products: np.ndarray
    scores: np.ndarray


def empty() -> Found:
    """Nothing found."""
    return Found(np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Excluded:
    """What blocking rules keep out of a search before the cut: rows of the view, and what passes one of the clauses."""

    rows: tuple[int, ...] = ()
    clauses: Filters = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.clauses)

    def mask(self, view: View) -> np.ndarray:
        """[rows] bool: the products that are kept out."""
        mask = np.zeros(view.rows, bool)
        mask[list(self.rows)] = True
        for clause in self.clauses:
            mask |= view.mask((clause,))
        return mask


NOTHING = Excluded()

Excluding = Callable[[str | None, Filters], Excluded]
"""What is kept out of a search with this query under these filters."""


class Channel(Protocol):
    """One way of finding products.

    `covers` [rows] bool: products that this channel could find at all (None: all). A product without a picture or a
    vector must not lose for that reason: fusion weighs it by the channels that cover it.
    Returns one answer a request; None where the channel does not apply (no query, no such user).
    """

    @property
    def name(self) -> str: ...

    @property
    def covers(self) -> np.ndarray | None: ...

    def __call__(
        self, requests: Requests, *, depth: int, excluded: Sequence[Excluded] | None = None
    ) -> Sequence[Found | None]: ...
