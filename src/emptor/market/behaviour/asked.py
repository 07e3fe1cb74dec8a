"""Pages as users meet them: who asks for what, when, and in which mission."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from emptor.market.streams import paired

PAGE = 20
"""Products on a page."""


@dataclass(frozen=True)
class Asked:
    """B page views, one array a column.

    user [B] int64; day, visit, page [B] int64: which page of which visit; query [B] int64: row in Queries, -1 for
    recommendations; offset [B] int64: position of the page's first product in its list; category [B] int64: what the
    mission is about; appetite [B] float32: 1 browses, 0 wants one thing and buys it; now [B] int64: UTC microseconds;
    liked [B, 8] int64: products clicked earlier in the mission, -1 where fewer; start [B] int64: what the visit's draws
    are keyed by.
    """

    user: np.ndarray
    day: np.ndarray
    visit: np.ndarray
    page: np.ndarray
    query: np.ndarray
    offset: np.ndarray
    category: np.ndarray
    appetite: np.ndarray
    now: np.ndarray
    liked: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    @property
    def key(self) -> np.ndarray:
        """uint64 [B]: the page view's own random streams."""
        return paired(self.user, self.day, self.visit, self.page)

    @property
    def visit_key(self) -> np.ndarray:
        """uint64 [B]: the visit's own random streams."""
        return paired(self.user, self.day, self.visit)

    def rows(self, places: np.ndarray) -> Asked:
        """Some of the page views."""
        return Asked(**{field.name: getattr(self, field.name)[places] for field in fields(self)})
