"""What users did since a generation was published: the end of the log, as it is when a request comes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from emptor.errors import EmptorError
from emptor.shop.ageing import ShopDays
from emptor.shop.events import EventLog
from emptor.shop.features.actions import Actions
from emptor.shop.features.heard import Heard, heard_now
from emptor.shop.features.past import Seen, merged
from emptor.shop.features.queries import QueryTexts
from emptor.shop.features.spec import ACTIONS

log = logging.getLogger(__name__)

_KINDS = {action: number for number, action in enumerate(ACTIONS, 1)}
_AGAIN_S = 1.0
"""After the log could not be read, requests do not try for so long."""


class _Part:
    """Actions of one source, and the days on which anything happened."""

    def __init__(self, most: int) -> None:
        """told, seq: how often something was told, and how many actions of it."""
        self.actions, self.days = Actions(most), np.zeros(0, np.int64)
        self.told, self.seq = 0, 0


class Recent:
    """The actions after a place in a log's order of arrival, and in a simulation those that it was told of. Safe
    between threads.

    What is acknowledged before a call, by any process, counts in it. What is erased from the log is gone with the next
    call: all is read again. Where the log cannot be read, what was known stays.

    Args:
        since: what comes after this event counts. rows_of: product_ids -> rows, -1 for products that are not known.
        days: of the log up to there. most: actions of a user that count. queries: where what was typed is kept.
    """

    def __init__(
        self,
        events: EventLog,
        since: int,
        *,
        rows_of: Callable[[Sequence[str]], Sequence[int]],
        days: ShopDays,
        most: int,
        queries: QueryTexts,
    ) -> None:
        self._queries = queries
        self._rows_of, self._before, self._most = rows_of, days, most
        self._follower = events.follow(since, ACTIONS)
        self._logged = _Part(most)
        self._heard: WeakKeyDictionary[Heard, _Part] = WeakKeyDictionary()
        self._days = days
        self._lock = threading.Lock()
        self._not_until = 0.0
        self._refresh()  # what came since the publish, now and not while somebody waits

    def after(self, seen: Seen, users: Sequence[str | None], now: np.ndarray, *, known: np.ndarray | None) -> Seen:
        """What users [B] had done before moments [B], of which `seen` was known before; see `Past.before`."""
        until = now if known is None else np.minimum(known, now)
        with self._lock:
            self._refresh()
            found, days = [self._logged.actions.before(users, until)], self._days
            heard = heard_now()
            if heard is not None:
                part = self._take_up(heard)
                found.append(part.actions.before(users, until))
                days = _with(days, part.days)
        if days is self._before and not any(found):
            return seen
        for own in found:
            if own is not None:
                seen = merged(seen, own)
        return seen.since(now, days)

    def _refresh(self) -> None:
        if time.monotonic() < self._not_until:
            return
        try:
            news = self._follower.news()
        except EmptorError as error:  # a page without the last minutes is better than none
            self._not_until = time.monotonic() + _AGAIN_S
            log.warning("histories go without what came last: %s", error)
            return
        if news is None:
            return
        if news.anew:
            self._logged = _Part(self._most)
        self._add(self._logged, news.user_id, news.product_id, news.action, news.time, news.query, news.seq)
        self._logged.days = np.union1d(self._logged.days, news.days)
        self._days = _with(self._before, self._logged.days)

    def _take_up(self, heard: Heard) -> _Part:
        part = self._heard.setdefault(heard, _Part(self._most))
        for told in heard.since(part.told):
            seq = range(part.seq, part.seq + len(told.user_id))
            self._add(part, told.user_id, told.product_id, told.action, told.time, told.query, seq)
            part.days = np.union1d(part.days, told.days)
            part.told, part.seq = part.told + 1, seq.stop
        return part

    def _add(
        self,
        part: _Part,
        users: Sequence[str],
        products: Sequence[str],
        actions: Sequence[str],
        times: Sequence[int],
        queries: Sequence[str | None],
        seq: Sequence[int],
    ) -> None:
        rows = self._rows_of(products)
        kinds = [_KINDS[own] for own in actions]
        typed = self._queries.numbers(queries)
        known = [one for one in zip(users, times, seq, rows, kinds, typed, strict=True) if one[3] >= 0]
        if known:
            part.actions.add(*zip(*known, strict=True))


def _with(days: ShopDays, more: np.ndarray) -> ShopDays:
    """The days with more of them; the same object where they are there already."""
    return days if np.isin(more, days.days).all() else ShopDays(np.union1d(days.days, more))
