"""From requests and products to the arrays that models are given; the one way there, in training and in serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from emptor.errors import EmptorError
from emptor.shop.ageing import DAY_US, ShopDays
from emptor.shop.features.counters import Counters
from emptor.shop.features.past import Past
from emptor.shop.features.products import product_columns
from emptor.shop.features.spec import FeatureSpec, text_of
from emptor.shop.features.words import product_words, query_words
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.shop.shop import Shop


@dataclass(frozen=True)
class Arrays:
    """B requests of N products each, T behaviours, L words; names and widths as in FeatureSpec.

    product [B, N, C] int64; own [B, N, G], numeric [B, N, F] float32; mask [B, N] bool; past [B, T, C] int64; past_own
    [B, T, G] float32; action, gap [B, T] int64; there [B, T] bool; words [B, L] int64; context [B, X] float32;
    searching [B] bool.
    """

    product: np.ndarray
    own: np.ndarray
    numeric: np.ndarray
    mask: np.ndarray
    past: np.ndarray
    past_own: np.ndarray
    action: np.ndarray
    gap: np.ndarray
    there: np.ndarray
    words: np.ndarray
    context: np.ndarray
    searching: np.ndarray


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
        days = ShopDays.of(events)
        self._past, self._counters = Past.of(events, self.rows, days), Counters.of(events, self.rows, days)

    @property
    def count(self) -> int:
        """Products of which something is known: rows below it."""
        return self._products.nobody

    @classmethod
    def of(cls, shop: Shop, spec: FeatureSpec | None = None) -> Features:
        """Those of a shop's live generation, as a server has them, and its whole log."""
        view = View(shop.view().generation)
        return cls(view, spec or FeatureSpec.of(view), shop.events.read())

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
        """users, queries [B] (None: nobody, none); now [B] int64: UTC microseconds; rows, mask [B, N]: of products;
        known [B] int64: the moment up to which the log was known, `now` unless given.

        Rows from `count` on are of products that an update added after the columns were made: nothing is known of them.
        """
        rows = np.where(mask, np.minimum(rows, self._products.nobody), self._products.nobody)
        seen = self._past.before(users, now, most=self.spec.history, known=known)
        past = np.where(seen.row >= 0, seen.row, self._products.nobody)
        words, buckets = query_words(self.view, queries, self.spec)
        known = np.where(rows < self._products.nobody, rows, -1)
        match, counted = self._words.match(words, known), self._counters.before(known, now)
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
        return Arrays(
            product=self._products.fields[rows],
            own=self._products.own[rows],
            numeric=np.concatenate([match, counted, age], axis=-1),
            mask=mask,
            past=self._products.fields[past],
            past_own=self._products.own[past],
            action=seen.action,
            gap=seen.gap,
            there=seen.row >= 0,
            words=buckets,
            context=context.astype(np.float32),
            searching=searching,
        )

    def _days_on_sale(self, rows: np.ndarray, now: np.ndarray) -> np.ndarray:
        """Log of the days since products [B, N] were listed; 0 where that is not known or still to come."""
        listed = np.append(self.view.listed_at, 0)[np.minimum(rows, self._products.nobody)]
        days = np.maximum(now[:, None] - listed, 0) / DAY_US
        return np.where(listed > 0, np.log1p(days), 0)
