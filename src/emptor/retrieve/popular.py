"""The popularity channel: what shoppers liked lately, within the filters; or the newest, or the cheapest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emptor.cascade import Requests
from emptor.retrieve.channel import NOTHING, Excluded, Found
from emptor.shop.filters import Filters
from emptor.shop.memo import Memo
from emptor.shop.view import View


class PopularChannel:
    """The most popular products that pass the filters, what can be bought first; ties, and shops without a log, by
    newest and then id. Where a list without a query is to be sorted by date or price, the first in that order: the
    newest among what is popular would not be the newest.
    """

    name = "popular"
    covers = None

    def __init__(self, view: View) -> None:
        self._view = view
        self._results: Memo[tuple[Filters, Excluded, str, int], Found] = Memo(200)

    def __call__(
        self, requests: Requests, *, depth: int, excluded: Sequence[Excluded] | None = None
    ) -> list[Found | None]:
        excluded = excluded or [NOTHING] * len(requests)
        sorts = [
            sort if query is None else "relevance" for sort, query in zip(requests.sort, requests.query, strict=True)
        ]
        return [self._best(*own, depth) for own in zip(requests.filters, excluded, sorts, strict=True)]

    def _best(self, filters: Filters, excluded: Excluded, sort: str, depth: int) -> Found:
        key = (filters, excluded, sort, depth)
        return self._results.get(key, lambda: self._search(*key))

    def _search(self, filters: Filters, excluded: Excluded, sort: str, depth: int) -> Found:
        view = self._view
        mask = view.mask(filters)
        rows = np.flatnonzero(mask & ~excluded.mask(view) if excluded else mask)
        weights = view.popularity[rows]
        weights = np.where(view.in_stock[rows], weights + 1.0 + weights.max(initial=0.0), weights)
        first = -weights
        if sort == "newest":
            first = -view.listed_at[rows].astype(np.float64)
        elif sort in ("price_asc", "price_desc"):
            price = view.price[rows]
            first = np.where(np.isnan(price), np.inf, price if sort == "price_asc" else -price)
        if len(rows) > depth:
            # everything that ties with the last place stays in until the full order decides
            kept = first <= np.partition(first, depth - 1)[depth - 1]
            rows, weights, first = rows[kept], weights[kept], first[kept]
        best = np.lexsort((view.order[rows], -view.listed_at[rows], -weights, first))[:depth]
        # rank-like scores: a strict order in which newer products stand before older ones of the same weight
        scores = np.linspace(1.0, 0.0, len(best), endpoint=False, dtype=np.float32)
        return Found(rows[best], scores)
