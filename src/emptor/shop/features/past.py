"""What users did before a moment: the last actions of each, without anything from the moment on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from emptor.shop.ageing import DAY_US, ShopDays
from emptor.shop.features.queries import QueryTexts
from emptor.shop.features.spec import ACTIONS, GAPS

_MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Seen:
    """What B requests know of their users, the newest action first.

    row [B, T] int64: of a product, -1 padding; action [B, T] int64: 1 + place in ACTIONS, 0 padding; time [B, T] int64:
    UTC microseconds, 0 padding; query [B, T] int64: see QueryTexts, what was typed for it, 0 for nothing; gap [B, T]
    int64: bucket of the time since, 0 padding; count [B] int64: all actions before the request, also those left out.
    """

    row: np.ndarray
    action: np.ndarray
    time: np.ndarray
    query: np.ndarray
    gap: np.ndarray
    count: np.ndarray

    def since(self, now: np.ndarray, days: ShopDays) -> Seen:
        """The same with the gaps to moments [B] (UTC microseconds) that come of these days of the shop."""
        gap = gap_of((days.clock(now)[:, None] - days.clock(self.time)) * DAY_US)
        return replace(self, gap=np.where(self.action > 0, gap, 0))


class Past:
    """The actions of a log, by user and time.

    Args:
        user_ids: sorted, each once. user [A] int64: places in user_ids, rising; time [A] int64: UTC microseconds,
            rising within a user; row [A] int64: products; action [A] int64: 1 + place in ACTIONS; query [A] int64: see
            QueryTexts. days: of the log.
    """

    def __init__(
        self,
        user_ids: Sequence[str],
        user: np.ndarray,
        time: np.ndarray,
        row: np.ndarray,
        action: np.ndarray,
        query: np.ndarray,
        *,
        days: ShopDays,
    ) -> None:
        self._place = {user_id: place for place, user_id in enumerate(user_ids)}
        self._start = np.searchsorted(user, np.arange(len(user_ids) + 1))
        self._time, self._row, self._action, self._query = time, row, action, query
        self._days, self._clock = days, days.clock(time)

    @classmethod
    def of(cls, events: pl.LazyFrame, rows: pl.DataFrame, days: ShopDays, *, queries: QueryTexts | None = None) -> Past:
        """The actions of users in a log.

        Args:
            rows: columns product_id and row; actions on other products are left out. days: of the log. queries: where
                what was typed is kept; without it, it is not.
        """
        kinds = {action: number for number, action in enumerate(ACTIONS, 1)}
        acted = (
            events.filter(pl.col("action").is_in(list(kinds)) & pl.col("user_id").is_not_null())
            .select(
                "user_id",
                "product_id",
                pl.col("time").dt.epoch("us"),
                pl.col("action").replace_strict(kinds, return_dtype=pl.Int64),
                "seq",
                *(["query"] if queries is not None else []),
            )
            .collect(engine="streaming")
            .join(rows, on="product_id")
        )
        users = acted.select(pl.col("user_id").unique().sort()).with_row_index("user")
        acted = acted.join(users, on="user_id").sort("user", "time", "seq")
        columns = [acted[name].to_numpy().astype(np.int64) for name in ("user", "time", "row", "action")]
        columns.append(_typed(acted, queries))
        return cls(users["user_id"].to_list(), *columns, days=days)

    def before(
        self, users: Sequence[str | None], now: np.ndarray, *, most: int, known: np.ndarray | None = None
    ) -> Seen:
        """What users [B] had done before moments [B] (UTC microseconds), `most` actions of it.

        An action of the very moment is not before it: a page does not know its own click. Gaps are times on the shop's
        clock, which stands still on days without events: an old log stays what a model has learnt from.

        Args:
            known [B]: the moment up to which the log was known; `now` unless given.
        """
        place = np.array([-1 if own is None else self._place.get(own, -1) for own in users], np.int64)
        somebody = place >= 0
        first = np.where(somebody, self._start[place], 0)
        end = np.where(somebody, self._start[place + 1], 0)
        end = _first_at(self._time, first, end, now if known is None else np.minimum(known, now))
        count = end - first
        at = end[:, None] - 1 - np.arange(most)
        there = at >= first[:, None]
        at = np.where(there, at, 0)
        if not len(self._row):
            nothing = np.zeros(at.shape, np.int64)
            return Seen(nothing - 1, nothing, nothing, nothing, nothing, count)
        gap = gap_of((self._days.clock(now)[:, None] - self._clock[at]) * DAY_US)
        return Seen(
            row=np.where(there, self._row[at], -1),
            action=np.where(there, self._action[at], 0),
            time=np.where(there, self._time[at], 0),
            query=np.where(there, self._query[at], 0),
            gap=np.where(there, gap, 0),
            count=count,
        )


def merged(seen: Seen, later: Seen) -> Seen:
    """Two parts of a history as one, as wide as the first, without gaps; `later` is the newer where both are of one
    moment.
    """
    columns = [
        np.concatenate([getattr(own, name) for own in (later, seen)], axis=1)
        for name in ("row", "action", "time", "query")
    ]
    _, action, time, _ = columns
    order = np.argsort(np.where(action > 0, -time, np.iinfo(np.int64).max), axis=1, kind="stable")
    row, action, time, query = (np.take_along_axis(own, order[:, : seen.row.shape[1]], axis=1) for own in columns)
    return Seen(row, action, time, query, np.zeros_like(time), seen.count + later.count)


def _typed(acted: pl.DataFrame, queries: QueryTexts | None) -> np.ndarray:
    """[A] int64: the number of what was typed before each action."""
    if queries is None:
        return np.zeros(len(acted), np.int64)
    texts = acted["query"].unique(maintain_order=True)
    known = pl.DataFrame([texts, pl.Series("number", queries.numbers(texts.to_list()), pl.Int64)])
    found = acted.select("query").join(known, on="query", how="left", maintain_order="left")["number"]
    return found.fill_null(0).to_numpy()


def gap_of(micros: np.ndarray) -> np.ndarray:
    """Time since, in microseconds -> bucket 1 to GAPS - 1: a minute, then four times as long each."""
    minutes = np.maximum(micros, 0) / _MINUTE_US
    return np.clip(1 + np.ceil(np.log2(np.maximum(minutes, 1e-9)) / 2), 1, GAPS - 1).astype(np.int64)


def _first_at(time: np.ndarray, first: np.ndarray, end: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Within time[first:end], each rising, the first place that is at or after `now`: all searched side by side."""
    low, high = first.copy(), end.copy()
    while (low < high).any():
        middle = (low + high) // 2
        earlier = (low < high) & (time[np.minimum(middle, len(time) - 1)] < now)
        low = np.where(earlier, middle + 1, low)
        high = np.where(earlier | (low >= high), high, middle)
    return low
