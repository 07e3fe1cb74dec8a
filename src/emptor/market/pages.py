"""What a policy answers to page views: the products it shows, and how likely it was to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emptor.cascade import Trace
from emptor.market.behaviour.asked import Asked
from emptor.market.world.world import Happened


@dataclass(frozen=True)
class Pages:
    """Pages for B page views, N products each.

    rows [B, N] int64: rows of the world's products, best first; shown [B, N] bool: False where a page has ended;
    propensity [B, N] float32; explored [B] bool; cascade: its hash; traces: (page view, its trace) for those
    that a cascade traced; hash: the cascade's.
    """

    rows: np.ndarray
    shown: np.ndarray
    propensity: np.ndarray
    explored: np.ndarray
    cascade: str = ""
    traces: Sequence[tuple[int, Trace]] = ()

    @classmethod
    def of(cls, rows: np.ndarray, shown: np.ndarray) -> Pages:
        """Pages that leave nothing to chance."""
        return cls(rows, shown, np.ones(rows.shape, np.float32), np.zeros(len(rows), bool))


class Policy(Protocol):
    """Decides what page views show. It knows who asks what, and nothing of the truth unless it is an oracle."""

    name: str

    def __call__(self, asked: Asked) -> Pages: ...

    def begin(self, day: int) -> None:
        """A day begins: products have come and gone."""

    def hear(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        """What users did on these pages, as a shop would see it. Of `happened` nothing else may be used: it is the
        truth.
        """

    def learn(self) -> None:
        """A window has ended, and what happened in it is on record."""
