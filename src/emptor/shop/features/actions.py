"""Actions of users as they come in: a few at a time, looked up between, the newest of each user kept."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

import numpy as np

from emptor.shop.features.past import Seen

MANY = 500_000
"""Actions up to which all are kept, so that requests of before the last of them are answered, too."""


class Actions:
    """Actions by user, in order of (time, seq). For one thread at a time.

    Once there are more than MANY, only the last `most` of each user stay, and a request of before those is told less.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: dict[str, list[tuple[int, int, int, int, int]]] = {}
        self._left_out: dict[str, int] = {}
        self._count, self._bound = 0, MANY

    def __len__(self) -> int:
        return self._count

    def add(
        self,
        users: Iterable[str],
        time: Iterable[int],
        seq: Iterable[int],
        row: Iterable[int],
        action: Iterable[int],
        query: Iterable[int],
    ) -> None:
        """time: UTC microseconds; seq: order of arrival; row: of a product; action: 1 + place in ACTIONS; query: see
        QueryTexts.
        """
        of = self._of
        for user, one in zip(users, zip(time, seq, row, action, query, strict=True), strict=True):
            own = of.get(user)
            if own is None:
                of[user] = [one]
            elif own[-1] < one:
                own.append(one)
            else:
                insort(own, one)
            self._count += 1
        if self._count > self._bound:
            self._trim()

    def _trim(self) -> None:
        for user, own in self._of.items():
            extra = len(own) - self._most
            if extra > 0:
                del own[:extra]
                self._left_out[user] = self._left_out.get(user, 0) + extra
        self._count = sum(map(len, self._of.values()))
        self._bound = max(MANY, 2 * self._count)

    def before(self, users: Sequence[str | None], until: np.ndarray) -> Seen | None:
        """What users [B] had done before moments [B] (UTC microseconds), `most` actions of it, without gaps; None where
        it is nothing.
        """
        count = np.zeros(len(users), np.int64)
        owner: list[int] = []
        place: list[int] = []
        found: list[tuple[int, int, int, int, int]] = []
        for at, user in enumerate(users):
            own = None if user is None else self._of.get(user)
            end = bisect_left(own, (int(until[at]),)) if own else 0
            if not own or not end:
                continue
            assert user is not None
            newest = own[max(end - self._most, 0) : end]
            newest.reverse()
            found += newest
            owner += [at] * len(newest)
            place += range(len(newest))
            count[at] = end + self._left_out.get(user, 0)
        if not found:
            return None
        wide = np.zeros((4, len(users), self._most), np.int64)
        wide[1] = -1
        wide[:, owner, place] = np.array(found, np.int64)[:, [0, 2, 3, 4]].T
        time, row, action, query = wide
        return Seen(row, action, time, query, np.zeros_like(time), count)
