"""The popularity channel: what shoppers liked lately, within the filters."""

from __future__ import annotations

import numpy as np

from emptor.cascade import Requests
from emptor.retrieve.channel import Found
from emptor.shop.filters import Filters
from emptor.shop.memo import Memo
from emptor.shop.view import View


class PopularChannel:
    """The most popular products that pass the filters, what can be bought first; ties, and shops without a log, by
    newest and then id.
    """

    name = "popular"
    covers = None

    def __init__(self, view: View) -> None:
        self._view = view
        self._results: Memo[tuple[Filters, int], Found] = Memo(200)

    def __call__(self, requests: Requests, *, depth: int) -> list[Found | None]:
        return [self._best(filters, depth) for filters in requests.filters]

    def _best(self, filters: Filters, depth: int) -> Found:
        return self._results.get((filters, depth), lambda: self._search(filters, depth))

    def _search(self, filters: Filters, depth: int) -> Found:
        view = self._view
        rows = np.flatnonzero(view.mask(filters))
        weights = view.popularity[rows]
        weights = np.where(view.in_stock[rows], weights + 1.0 + weights.max(initial=0.0), weights)
        if len(rows) > depth:
            # everything that ties with the last place stays in until the full order decides
            border = np.partition(weights, len(rows) - depth)[len(rows) - depth]
            kept = weights >= border
            rows, weights = rows[kept], weights[kept]
        best = np.lexsort((view.order[rows], -view.listed_at[rows], -weights))[:depth]
        # rank-like scores: a strict order in which newer products stand before older ones of the same weight
        scores = np.linspace(1.0, 0.0, len(best), endpoint=False, dtype=np.float32)
        return Found(rows[best], scores)
