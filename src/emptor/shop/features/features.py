"""From requests and products to the arrays that models are given; the one way there, in training and in serving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from emptor.errors import EmptorError
from emptor.shop.ageing import DAY_US, ShopDays
from emptor.shop.features.counters import Counters
from emptor.shop.features.described import Arrays, Described, arrays_of
from emptor.shop.features.past import Past
from emptor.shop.features.products import ProductColumns, product_columns
from emptor.shop.features.queries import QueryTexts
from emptor.shop.features.recent import Recent
from emptor.shop.features.spec import FeatureSpec, text_of
from emptor.shop.features.words import ProductWords, product_words, query_words
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.shop.generation import Generation
    from emptor.shop.shop import Shop

_FEW = 200
"""Products that are looked up one by one, rather than beside all others."""


class Features:
    """The features of one view of a shop, with the log as it is known.

    Args:
        view: of the catalogue. spec: what is wanted. events: the log, as far as it may be known; what a request is
            given of it lies before the request.
    """

    def __init__(self, view: View, spec: FeatureSpec, events: pl.LazyFrame) -> None:
        own = text_of(view)
        if spec.text != own:
            told = ", ".join(
                f"{name} {spec.text.get(name)!r} against {own[name]!r}"
                for name in own
                if spec.text.get(name) != own[name]
            )
            raise EmptorError(f"the features are of texts that are read in another way ({told}); train the model again")
        self.view, self.spec = view, spec
        self._products, self._words = product_columns(view, spec), product_words(view)
        self.rows = pl.DataFrame({"product_id": view.product_ids(np.arange(view.rows)), "row": np.arange(view.rows)})
        self._listed_at = np.append(view.listed_at, 0)
        self._days = days = ShopDays.of(events)
        self.queries = QueryTexts()
        self._typed: dict[int, np.ndarray] = {}
        self._past = Past.of(events, self.rows, days, queries=self.queries)
        self._counters = Counters.of(events, self.rows, days)
        self._recent: Recent | None = None

    @property
    def count(self) -> int:
        """Products of which something is known: rows below it."""
        return self._products.nobody

    @classmethod
    def of(cls, shop: Shop, spec: FeatureSpec | None = None) -> Features:
        """Those of a shop's live generation, with its whole log."""
        view = View(shop.view().generation)
        return cls(view, spec or FeatureSpec.of(view), shop.events.read())

    @classmethod
    def as_published(cls, shop: Shop, generation: Generation, spec: FeatureSpec) -> Features:
        """What a server has: counters of the log as it was known when a generation was published, and histories as the
        log is when a request comes.
        """
        known = shop.events.last_seq() if generation.last_seq is None else generation.last_seq
        made = cls(View(generation), spec, shop.events.read().filter(pl.col("seq") <= known))
        made._recent = Recent(
            shop.events, known, rows_of=made.rows_of, days=made._days, most=spec.history, queries=made.queries
        )
        return made

    def rows_of(self, product_ids: Sequence[str]) -> list[int]:
        """Rows of products, -1 for those that are not known."""
        if len(product_ids) < _FEW:
            rows = map(self.view.generation.row, product_ids)
            return [-1 if row is None else row for row in rows]
        asked = pl.DataFrame({"product_id": product_ids}, schema={"product_id": pl.String})
        return asked.join(self.rows, on="product_id", how="left", maintain_order="left")["row"].fill_null(-1).to_list()

    @property
    def products(self) -> ProductColumns:
        """What is known of each product."""
        return self._products

    def typed_words(self, numbers: np.ndarray) -> np.ndarray:
        """Words [n, L] int32, as buckets, of queries by their numbers [n], see QueryTexts."""
        new = [own for own in numbers.tolist() if own not in self._typed]
        if new:
            found = query_words(self.view, [self.queries.text(own) for own in new], self.spec)[1].astype(np.int32)
            self._typed.update(zip(new, found, strict=True))
        return np.array([self._typed[own] for own in numbers.tolist()], np.int32).reshape(-1, self.spec.query_words)

    @property
    def words(self) -> ProductWords:
        """The words of each product."""
        return self._words

    def __call__(
        self,
        users: Sequence[str | None],
        queries: Sequence[str | None],
        now: np.ndarray,
        rows: np.ndarray,
        mask: np.ndarray,
        *,
        known: np.ndarray | None = None,
    ) -> Arrays:
        """The arrays of requests; see `describe`."""
        return arrays_of(self._products, self.describe(users, queries, now, rows, mask, known=known))

    def describe(
        self,
        users: Sequence[str | None],
        queries: Sequence[str | None],
        now: np.ndarray,
        rows: np.ndarray,
        mask: np.ndarray,
        *,
        known: np.ndarray | None = None,
    ) -> Described:
        """users, queries [B] (None: nobody, none); now [B] int64: UTC microseconds; rows, mask [B, N]: of products;
        known [B] int64: the moment up to which the log was known, `now` unless given.

        Rows from `count` on are of products that an update added after the columns were made: nothing is known of them.
        """
        rows = np.where(mask, np.minimum(rows, self._products.nobody), self._products.nobody)
        seen = self._past.before(users, now, most=self.spec.history, known=known)
        if self._recent is not None:
            seen = self._recent.after(seen, users, now, known=known)
        words, buckets = query_words(self.view, queries, self.spec)
        there = np.where(rows < self._products.nobody, rows, -1)
        match, counted = self._words.match(words, there), self._counters.before(there, now)
        age = np.where(mask, self._days_on_sale(rows, now), 0)[..., None].astype(np.float32)
        searching = (words != 0).any(1)
        hour = (now % DAY_US / DAY_US * 2 * np.pi)[:, None]
        context = np.concatenate(
            [
                (words != 0).sum(1)[:, None],
                searching[:, None],
                np.log1p(seen.count)[:, None],
                np.sin(hour),
                np.cos(hour),
            ],
            axis=1,
        )
        return Described(
            rows=rows.astype(np.int32),
            mask=mask,
            numeric=np.concatenate([match, counted, age], axis=-1),
            past=np.where(seen.row >= 0, seen.row, self._products.nobody).astype(np.int32),
            action=seen.action.astype(np.uint8),
            gap=seen.gap.astype(np.uint8),
            typed=seen.query.astype(np.int32),
            words=buckets.astype(np.int32),
            context=context.astype(np.float32),
            searching=searching,
        )

    def _days_on_sale(self, rows: np.ndarray, now: np.ndarray) -> np.ndarray:
        """Log of the days since products [B, N] were listed; 0 where that is not known or still to come."""
        listed = self._listed_at[np.minimum(rows, self._products.nobody)]
        days = np.maximum(now[:, None] - listed, 0) / DAY_US
        return np.where(listed > 0, np.log1p(days), 0)
