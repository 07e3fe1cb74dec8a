"""The personal channel: what suits a user who asked for nothing, for home pages and browsing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emptor.cascade import Requests
from emptor.retrieve.channel import NOTHING, Excluded, Found
from emptor.retrieve.popular import PopularChannel
from emptor.shop.filters import Filters
from emptor.shop.history import ACTION_WEIGHT
from emptor.shop.memo import Memo
from emptor.shop.taste import Taste
from emptor.shop.view import View

CATEGORIES, BRANDS = 8, 6
"""Of a user, those that candidates come from: where they did most."""
EACH = 150
"""Candidates of a category or brand, the most popular ones."""
POPULAR = 8.0
"""Weight of popularity (0..1, of its logarithm) beside affinity."""
_BOUGHT = list(ACTION_WEIGHT).index("purchase")


class PersonalChannel:
    """Products of the user's categories and brands by affinity and popularity; then, up to the depth, what is popular.

    Applies where there is a user with a history, no query and no product to start from, and the page is by relevance.
    What the user has bought is left out of the first part, what is out of stock comes in the second alone.
    """

    name = "personal"
    covers = None

    def __init__(self, view: View, *, taste: Taste, popular: PopularChannel) -> None:
        self._view, self._taste, self._popular = view, taste, popular
        self._results: Memo[tuple[str, Filters, Excluded, int], Found] = Memo(200)
        self._shelves: Memo[str, tuple[np.ndarray, np.ndarray]] = Memo(3)

    def __call__(
        self, requests: Requests, *, depth: int, excluded: Sequence[Excluded] | None = None
    ) -> list[Found | None]:
        excluded = excluded or [NOTHING] * len(requests)
        known = self._taste.history.places(requests.user_id) >= 0
        applies = known & (requests.sort == "relevance")
        return [
            self._best(requests, at, excluded[at], depth)
            if applies[at] and requests.query[at] is None and requests.product_id[at] is None
            else None
            for at in range(len(requests))
        ]

    def _best(self, requests: Requests, at: int, excluded: Excluded, depth: int) -> Found:
        key = (requests.user_id[at], requests.filters[at], excluded, depth)
        popular = lambda: self._popular(requests.rows(slice(at, at + 1)), depth=depth, excluded=[excluded])[0]  # noqa: E731
        return self._results.get(key, lambda: self._search(*key, popular=popular()))

    def _search(self, user_id: str, filters: Filters, excluded: Excluded, depth: int, popular: Found | None) -> Found:
        view = self._view
        allowed = view.mask(filters) & view.in_stock
        if excluded:
            allowed = allowed & ~excluded.mask(view)
        rows = self._candidates(user_id)
        rows = rows[allowed[rows]]
        affinity = self._taste.affinity([user_id], rows[None])[0]
        score = affinity + POPULAR * self._fame[rows]
        best = rows[np.lexsort((view.order[rows], -score))][:depth]
        if popular is not None:
            best = np.concatenate([best, popular.products[~np.isin(popular.products, best)]])[:depth]
        # rank-like scores, as those of popularity: a strict order over both parts
        return Found(best, np.linspace(1.0, 0.0, len(best), endpoint=False, dtype=np.float32))

    def _candidates(self, user_id: str) -> np.ndarray:
        """Rows of the user's categories and brands, without what the user bought; ascending."""
        view, history = self._view, self._taste.history
        own = history.of(user_id)
        liked, weights = history.row[own], history.weight[own]
        found = [self._shelf("category", code) for code in _most(view.category[liked], weights, CATEGORIES)] + [
            self._shelf("brand", code) for code in _most(view.brand[liked], weights, BRANDS)
        ]
        rows = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
        return rows[~np.isin(rows, liked[history.kind[own] == _BOUGHT])]

    def _shelf(self, field: str, code: int) -> np.ndarray:
        """The most popular products of a category or brand."""
        order, codes = self._shelves.get(field, lambda: self._sorted(field))
        first, last = np.searchsorted(codes, [code, code + 1])
        return order[first : min(last, first + EACH)]

    def _sorted(self, field: str) -> tuple[np.ndarray, np.ndarray]:
        """(rows by code, and by popularity within one; their codes)."""
        codes = getattr(self._view, field)
        order = np.lexsort((self._view.order, -self._view.popularity, codes))
        return order, codes[order]

    @property
    def _fame(self) -> np.ndarray:
        """[rows] float64: 0 for products that nobody touched, up to 1 for the most popular one."""
        return self._shelves.get("fame", self._famous)[0]

    def _famous(self) -> tuple[np.ndarray, np.ndarray]:
        popularity = np.log1p(np.maximum(self._view.popularity, 0).astype(np.float64))
        return popularity / max(popularity.max(initial=0.0), 1e-9), popularity


def _most(codes: np.ndarray, weights: np.ndarray, most: int) -> list[int]:
    """The codes (-1: none) with the largest sums of weights."""
    own, place = np.unique(codes[codes >= 0], return_inverse=True)
    sums = np.bincount(place, weights[codes >= 0], len(own))
    return own[np.lexsort((own, -sums))][:most].tolist()
