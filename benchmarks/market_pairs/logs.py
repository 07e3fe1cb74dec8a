"""Logs in memory: what a shop would have on record of page views, and nothing of the truth."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.behaviour.demand import WINDOWS
from emptor.market.loop import Loop
from emptor.market.pages import Pages, Policy
from emptor.market.policies import Shuffled
from emptor.market.world.world import Happened, World

HISTORY = 30
"""Products that a user clicked last, as models see them."""
_ROW = 4
_SPELLS = 4
"""Spells of a day in which visits run side by side: hours would be many small batches."""


class SpellLoop(Loop):
    """The loop with fewer windows a day. A user's second visit within a spell is left out, as within an hour."""

    def day(self, day: int, *, on_window: object = None) -> int:
        self.policy.begin(day)
        visits = self.world.demand.visits(day, self.satisfaction)
        if self._users is not None:
            visits = visits.rows(np.flatnonzero(self._users[visits.user]))
        views = 0
        for spell in range(_SPELLS):
            here = np.flatnonzero(visits.window * _SPELLS // WINDOWS == spell)
            _, first = np.unique(visits.user[here], return_index=True)
            here = here[np.sort(first)]
            views += sum(self._visits(visits.rows(here[at : at + 4096]), day) for at in range(0, len(here), 4096))
            self.policy.learn()
        return views


@dataclass
class Log:
    """P page views of N products.

    user, query, day, offset [P] int64; rows [P, N] int32; on_screen, clicked [P, N] bool; history [P, HISTORY] int32:
    products clicked before the page, the newest first, -1 where fewer; past [P] int64: how many were ever clicked;
    counts: for each day, impressions and clicks of each product before it, [products] each.
    asked: the same page views as the world knows them (appetite, mission): for policies and evaluation, never inputs.
    """

    asked: Asked
    rows: np.ndarray
    on_screen: np.ndarray
    clicked: np.ndarray
    history: np.ndarray
    past: np.ndarray
    counts: dict[int, tuple[np.ndarray, np.ndarray]]

    def __len__(self) -> int:
        return len(self.rows)

    def pages(self, places: np.ndarray) -> Log:
        """Some of the page views, in that order."""
        own = {name: getattr(self, name)[places] for name in ("rows", "on_screen", "clicked", "history", "past")}
        return Log(asked=self.asked.rows(places), counts=self.counts, **own)

    def days(self, first: int, end: int) -> Log:
        """The page views of some days."""
        return self.pages(np.flatnonzero((self.asked.day >= first) & (self.asked.day < end)))


@dataclass
class Memory:
    """Records page views as they happen, each with what was known before it."""

    world: World
    history: np.ndarray = field(init=False)
    past: np.ndarray = field(init=False)
    shown: np.ndarray = field(init=False)
    clicks: np.ndarray = field(init=False)
    counts: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    _parts: list[Log] = field(default_factory=list)

    def __post_init__(self) -> None:
        users, products = len(self.world.users), len(self.world.products)
        self.history = np.full((users, HISTORY), -1, np.int32)
        self.past = np.zeros(users, np.int64)
        self.shown, self.clicks = np.zeros(products), np.zeros(products)

    def __call__(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        looked, clicked = happened.read.looked, happened.read.clicked
        last = np.where(looked.any(1), looked.shape[1] - np.argmax(looked[:, ::-1], axis=1), 0)
        last = -(-last // _ROW) * _ROW
        on_screen = pages.shown & (np.arange(looked.shape[1])[None] < last[:, None])
        day, user, rows = int(asked.day[0]), asked.user, pages.rows.astype(np.int32)
        if day not in self.counts:
            self.counts[day] = (self.shown.copy(), self.clicks.copy())
        log = Log(asked, rows, on_screen, clicked, self.history[user], self.past[user], {})
        self._parts.append(log)
        np.add.at(self.shown, rows[on_screen], 1)
        np.add.at(self.clicks, rows[clicked], 1)
        both = np.concatenate([np.where(clicked, rows, -1)[:, ::-1], self.history[user]], axis=1)
        order = np.argsort(both < 0, axis=1, kind="stable")[:, :HISTORY]
        self.history[user] = np.take_along_axis(both, order, axis=1)
        self.past[user] += clicked.sum(1)

    def log(self) -> Log:
        """All that was recorded."""
        whole = [part.asked for part in self._parts]
        asked = Asked(
            **{own.name: np.concatenate([getattr(part, own.name) for part in whole]) for own in fields(Asked)}
        )
        names = ("rows", "on_screen", "clicked", "history", "past")
        columns = {name: np.concatenate([getattr(part, name) for part in self._parts]) for name in names}
        return Log(asked=asked, counts=self.counts, **columns)


def logged(world: World, *, days: int, tested: int, share: float = 0.1, policy: Policy | None = None) -> Log:
    """The log of `days` days, then of `tested` ones whose pages are all in random order, unless a policy is given."""
    own = policy if policy is not None else Shuffled(world, share=share)
    memory = Memory(world)
    loop = SpellLoop(world, own, record=memory)
    for day in range(days + tested):
        if isinstance(own, Shuffled) and day >= days:
            own.share = 1.0
        loop.day(day)
    return memory.log()


__all__ = ["HISTORY", "PAGE", "Log", "Memory", "Shuffled", "SpellLoop", "logged"]
