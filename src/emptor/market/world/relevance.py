"""How far a product meets what a query asks for: the truth, and what its listing and picture promise.

Grades: 3 all that is asked for; 2 the right category and at least half of it; 1 the category only; 0 another category.
A colour that people take for the one asked, and a measure within a fifth of it, count half.
"""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.palette import ALIKE
from emptor.market.world.products import COLOR, COLOR_NAMES, MEASURE, SEEN, SLOTS, Products
from emptor.market.world.queries import Queries

_NEAR = 0.2
UNKNOWN = 0.5
"""What a user makes of a thing asked for that the listing does not tell: perhaps."""

_colors_alike = np.eye(len(COLOR_NAMES), dtype=np.float32)
for _first, _second in map(sorted, ALIKE):
    _at, _and = COLOR_NAMES.index(_first), COLOR_NAMES.index(_second)
    _colors_alike[_at, _and] = _colors_alike[_and, _at] = 0.5

_most = max(len(own.measure.numbers) if own.measure else 1 for own in CATEGORIES)
_measures_alike = np.tile(np.eye(_most, dtype=np.float32), (len(CATEGORIES), 1, 1))
for _number, _category in enumerate(CATEGORIES):
    if _category.measure:
        _sizes = np.array(_category.measure.numbers)
        _near = np.abs(_sizes[None] / _sizes[:, None] - 1) <= _NEAR
        _own = _measures_alike[_number, : len(_sizes), : len(_sizes)]
        _own[_near & (_own == 0)] = 0.5


class Relevance:
    """Answers for pairs of queries and products.

    Args:
        needs [needs, P] uint8: the grades of `world.needs`. invented: see `Stock`.
    """

    def __init__(self, products: Products, queries: Queries, needs: np.ndarray, *, invented: bool = True) -> None:
        self._products, self._queries, self._needs, self._invented = products, queries, needs, invented
        # a picture shows colour and pattern as they are, whatever the title says
        seen = products.claimed.copy()
        for slot in SEEN:
            seen[:, slot] = np.where(products.pictured, products.values[:, slot], seen[:, slot])
        self._promised = seen

    def match(self, queries: np.ndarray, rows: np.ndarray, *, promised: bool = False) -> np.ndarray:
        """queries [B], rows [B, N] -> float32 [B, N] in 0..1: 0 another category, .4 the category, 1 all of it.

        Args:
            promised: as title and picture have it, rather than as it is.
        """
        share, fits = self._share(queries, rows, promised=promised)
        return np.where(fits, 0.4 + 0.6 * share, 0).astype(np.float32)

    def grades(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """queries [B], rows [B, N] -> uint8 [B, N], 0 to 3."""
        share, fits = self._share(queries, rows, promised=False)
        grade = np.where(share >= 1, 3, np.where(share >= 0.5, 2, 1))
        return np.where(fits, grade, 0).astype(np.uint8)

    def grades_of_all(self, query: int) -> np.ndarray:
        """uint8 [P]: the grade of every product for one query."""
        return self.grades(np.array([query]), np.arange(len(self._products))[None])[0]

    def _share(self, queries: np.ndarray, rows: np.ndarray, *, promised: bool) -> tuple[np.ndarray, np.ndarray]:
        """Share of what is asked for that is met [B, N], and whether the category is right [B, N]."""
        products, asked = self._products, self._queries
        values = self._promised if promised else products.values
        category = asked.category[queries][:, None]
        found = products.category[rows]
        fits = found == category
        met = np.zeros(rows.shape, np.float32)
        wanted = asked.asked[queries]
        count = (wanted >= 0).sum(1).astype(np.float32)
        for slot in range(SLOTS):
            some = np.flatnonzero(wanted[:, slot] >= 0)
            if not len(some):
                continue
            asks, has = wanted[some, slot][:, None], values[rows[some], slot]
            credit = self._credit(slot, asks, has, np.maximum(found[some], 0))
            met[some] += np.where(has >= 0, credit, UNKNOWN if promised else 0)
        brand = asked.brand[queries]
        count += brand >= 0
        met += (brand >= 0)[:, None] * (products.brand[rows] == brand[:, None])
        share = np.where(count[:, None] > 0, met / np.maximum(count, 1)[:, None], 1)
        need = asked.need[queries]
        some = np.flatnonzero(need >= 0)
        if len(some):
            grade = self._needs[need[some][:, None], rows[some]]
            fits[some] = grade > 0
            share[some] = np.array([0, 0, 0.5, 1], np.float32)[grade]
        return share, fits

    def _credit(self, slot: int, asks: np.ndarray, has: np.ndarray, category: np.ndarray) -> np.ndarray:
        if slot == COLOR and self._invented:
            return _colors_alike[asks, has]
        if slot == MEASURE and self._invented:
            return _measures_alike[category, np.minimum(asks, _most - 1), has]
        return (asks == has).astype(np.float32)
