"""For who asks for nothing: what is like the products that a user chose, by the vectors of a trained retriever."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emptor.cascade import Requests
from emptor.retrieve.channel import NOTHING, Excluded, Found
from emptor.retrieve.dense import DenseChannel, Sides
from emptor.shop.filters import Filters
from emptor.shop.history import ACTION_WEIGHT
from emptor.shop.taste import Taste

LATEST = 30
"""Actions of a user that count, the newest."""
_BOUGHT = list(ACTION_WEIGHT).index("purchase")


class AlikeChannel:
    """A dense channel that answers a request without a query, too, where its user has a history.

    The user is the mean of the vectors of what they chose, by the weight of the action. What they bought is left out,
    unless a filter was asked for; where nothing is left, the channel has no answer, and what is popular is shown. What
    users did since the last publish is not in it yet.
    """

    def __init__(self, dense: DenseChannel, *, taste: Taste) -> None:
        self.name, self.covers = dense.name, dense.covers
        self._dense, self._taste = dense, taste

    def __call__(
        self, requests: Requests, *, depth: int, excluded: Sequence[Excluded] | None = None
    ) -> list[Found | None]:
        excluded = excluded or [NOTHING] * len(requests)
        answers = self._dense(requests, depth=depth, excluded=excluded)
        for at, answer in enumerate(answers):
            nothing = requests.query[at] is None and requests.product_id[at] is None
            if answer is None and nothing and requests.sort[at] == "relevance":
                answers[at] = self._like(requests, at, excluded[at], depth)
        return answers

    @property
    def sees(self) -> bool:
        """See DenseChannel."""
        return self._dense.sees

    def by_side(self, query: str, filters: Filters, excluded: Excluded, *, depth: int) -> Sides | None:
        """See DenseChannel."""
        return self._dense.by_side(query, filters, excluded, depth=depth)

    def _like(self, requests: Requests, at: int, excluded: Excluded, depth: int) -> Found | None:
        user_id = requests.user_id[at]
        history = self._taste.history
        own = history.of(user_id) if user_id else slice(0, 0)
        latest = slice(max(own.start, own.stop - LATEST), own.stop)
        rows, weight = history.row[latest], history.weight[latest]
        vectors = self._dense.vectors_of(rows)
        there = np.isfinite(vectors[:, 0])
        if not there.any():
            return None
        liked = (weight[there, None] * vectors[there]).sum(0, keepdims=True)
        bought = history.row[own][history.kind[own] == _BOUGHT] if not requests.filters[at] else np.zeros(0, np.int64)
        (found,) = self._dense.near(
            liked.astype(np.float32), [requests.filters[at]], [excluded], depth=depth + len(bought)
        )
        kept = np.flatnonzero(~np.isin(found.products, bought))[:depth]
        return Found(found.products[kept], found.scores[kept]) if len(kept) else None
