"""The closed loop: users ask, a policy answers, users react, and come again the more content they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from emptor.market.behaviour.asked import Asked
from emptor.market.behaviour.demand import LIKED, WINDOWS
from emptor.market.pages import Pages, Policy
from emptor.market.world.world import Happened, World

BATCH = 4_096
_KEEP = 0.9
"""Share of a user's satisfaction that is left after another page."""
_NOTHING = -0.06
"""What an empty page does to satisfaction."""

Recorder = Callable[[Asked, Pages, Happened], None]
"""Called with each batch of page views, in order of windows."""


@dataclass
class Tally:
    """What each user did: [U] float64 each. gmv: dollars of orders, what was sent back included. impressions [P] int64:
    how often each product was on a page.
    """

    users: int
    products: int
    visits: np.ndarray = field(init=False)
    views: np.ndarray = field(init=False)
    shown: np.ndarray = field(init=False)
    clicks: np.ndarray = field(init=False)
    carts: np.ndarray = field(init=False)
    orders: np.ndarray = field(init=False)
    gmv: np.ndarray = field(init=False)
    returns: np.ndarray = field(init=False)
    impressions: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.impressions = np.zeros(self.products, np.int64)
        for name in MEASURES:
            setattr(self, name, np.zeros(self.users))

    def add(self, asked: Asked, pages: Pages, happened: Happened, price: np.ndarray) -> None:
        """Count a batch. price [P]: dollars."""
        done = happened.done
        values = {
            "visits": asked.page == 0,
            "views": np.ones(len(asked)),
            "shown": pages.shown.sum(1),
            "clicks": happened.read.clicked.sum(1),
            "carts": done.carted.sum(1),
            "orders": done.bought.sum(1),
            "gmv": (done.bought * price[pages.rows]).sum(1),
            "returns": done.returned.sum(1),
        }
        for name, own in values.items():
            np.add.at(getattr(self, name), asked.user, own)
        np.add.at(self.impressions, pages.rows[pages.shown], 1)

    def totals(self) -> dict[str, float]:
        """The sums over users."""
        return {name: float(getattr(self, name).sum()) for name in MEASURES}


MEASURES = ("visits", "views", "shown", "clicks", "carts", "orders", "gmv", "returns")


class Loop:
    """Days of a market under one policy.

    Args:
        record: called with every batch of page views.
        users: [U] bool, who takes part; everybody unless given.
        satisfaction: [U] float32, where the market goes on from earlier days.
    """

    def __init__(
        self,
        world: World,
        policy: Policy,
        *,
        record: Recorder = lambda asked, pages, happened: None,
        users: np.ndarray | None = None,
        satisfaction: np.ndarray | None = None,
    ) -> None:
        self.world, self.policy, self._record, self._users = world, policy, record, users
        self.satisfaction = (
            np.zeros(len(world.users), np.float32) if satisfaction is None else satisfaction.astype(np.float32)
        )
        self.tally = Tally(len(world.users), len(world.products))

    def day(self, day: int, *, on_window: Callable[[int], None] = lambda views: None) -> int:
        """Simulate one day; returns its page views.

        Args:
            on_window: called after each window with the page views in it.
        """
        self.policy.begin(day)
        visits = self.world.demand.visits(day, self.satisfaction)
        if self._users is not None:
            visits = visits.rows(np.flatnonzero(self._users[visits.user]))
        views = 0
        for window in range(WINDOWS):
            here = visits.rows(np.flatnonzero(visits.window == window))
            count = sum(self._visits(here.rows(places), day) for places in _batches(len(here)))
            self.policy.learn()
            on_window(count)
            views += count
        return views

    def _visits(self, visits: object, day: int) -> int:
        """All pages of visits that run side by side."""
        from emptor.market.behaviour.demand import Visits

        assert isinstance(visits, Visits)
        asked, wanted, views = self.world.demand.first(visits, day), visits.pages, 0
        while len(asked):
            pages = self.policy(asked)
            happened = self.world.happen(asked, pages.rows, pages.shown)
            self._record(asked, pages, happened)
            self.policy.hear(asked, pages, happened)
            self.tally.add(asked, pages, happened, self.world.products.price)
            self._remember(asked, pages, happened)
            views += len(asked)
            goes_on = np.flatnonzero((asked.page + 1 < wanted) & ~happened.done.bought.any(1))
            wanted = wanted[goes_on]
            liked = _liked(asked, pages, happened)[goes_on]
            asked = self.world.demand.next(asked.rows(goes_on), liked)
        return views

    def _remember(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        content = np.where(pages.shown.any(1), happened.done.content, _NOTHING)
        self.satisfaction[asked.user] = np.clip(_KEEP * self.satisfaction[asked.user] + content, -2, 2)


def _batches(size: int) -> Iterator[np.ndarray]:
    for start in range(0, size, BATCH):
        yield np.arange(start, min(start + BATCH, size))


def _liked(asked: Asked, pages: Pages, happened: Happened) -> np.ndarray:
    """The last products clicked in the mission [B, LIKED], the newest first, -1 where fewer."""
    clicked = np.where(happened.read.clicked, pages.rows, -1)[:, ::-1]
    both = np.concatenate([clicked, asked.liked], axis=1)
    order = np.argsort(both < 0, axis=1, kind="stable")[:, :LIKED]
    return np.take_along_axis(both, order, axis=1)
