"""How products did on the days before: impressions, clicks and orders, never of the day itself."""

from __future__ import annotations

import numpy as np
import polars as pl

from emptor.shop.ageing import DAY_US, ShopDays

_PRIOR = 30.0
"""Impressions at the shop's mean rate that every product is given: a product with three is not yet good or bad."""
_PLACES_SEEN = {"impression": 0, "click": 1, "purchase": 2}


class Counters:
    """Sums by product and day of a log.

    Args:
        days: of the log. key [K] int64: product row * (days + 1) + number of the day, rising; sums [K, 3] float64: of
            impressions, clicks and purchases of that product up to and with that day. whole [D + 1, 3]: of all
            products, before each day.
    """

    def __init__(self, days: ShopDays, key: np.ndarray, sums: np.ndarray, whole: np.ndarray) -> None:
        self._days, self._key, self._sums, self._whole = days, key, sums, whole

    @classmethod
    def of(cls, events: pl.LazyFrame, rows: pl.DataFrame, days: ShopDays) -> Counters:
        """The counters of a log, whose days are `days`. rows: columns product_id and row; other products count only in
        the mean.
        """
        count = len(days.days)
        daily = (
            events.filter(pl.col("action").is_in(list(_PLACES_SEEN)))
            .group_by("product_id", (pl.col("time").dt.epoch("us") // DAY_US).alias("day"))
            .agg(*[(pl.col("action") == name).sum().cast(pl.Float64).alias(name) for name in _PLACES_SEEN])
            .collect(engine="streaming")
        )
        day = np.searchsorted(days.days, daily["day"].to_numpy())
        whole = np.zeros((count + 1, 3))
        for at, name in enumerate(_PLACES_SEEN):
            whole[1:, at] = np.bincount(day, daily[name].to_numpy(), count)[:count].cumsum()
        own = daily.with_columns(pl.Series("number", day)).join(rows, on="product_id").sort("row", "number")
        row = own["row"].to_numpy().astype(np.int64)
        sums = own.select(list(_PLACES_SEEN)).to_numpy().cumsum(0) if own.height else np.zeros((0, 3))
        # running sums of each product alone: less what had come before its first day
        first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.zeros(0, int)
        before = np.concatenate([np.zeros((1, 3)), sums])[first]
        sums = sums - np.repeat(before, np.diff(np.append(first, len(row))), axis=0)
        return cls(days, row * (count + 1) + own["number"].to_numpy(), sums, whole)

    def before(self, rows: np.ndarray, now: np.ndarray) -> np.ndarray:
        """Of products [B, N] (-1: none) before the days of moments [B]: log click rate against the mean, log of the
        impressions, log of orders per impression against the mean; float32 [B, N, 3].
        """
        day = np.searchsorted(self._days.days, now // DAY_US)
        size = len(self._days.days) + 1
        wanted = rows * size + day[:, None]
        at = np.searchsorted(self._key, wanted) - 1
        there = (at >= 0) & (rows >= 0)
        there &= np.where(there, self._key[np.maximum(at, 0)] // size if len(self._key) else -1, -1) == rows
        sums = self._sums[np.maximum(at, 0)] if len(self._key) else np.zeros((*rows.shape, 3))
        shown, clicks, orders = np.moveaxis(np.where(there[..., None], sums, 0), -1, 0)
        all_shown, all_clicks, all_orders = (self._whole[day, own][:, None] for own in range(3))
        click_rate = (all_clicks + 1) / (all_shown + 20)
        order_rate = (all_orders + 1) / (all_shown + 1_000)
        found = (
            np.log((clicks + _PRIOR * click_rate) / (shown + _PRIOR) / click_rate),
            np.log1p(shown),
            np.log((orders + 10 * _PRIOR * order_rate) / (shown + 10 * _PRIOR) / order_rate),
        )
        return np.stack(found, axis=-1).astype(np.float32)
