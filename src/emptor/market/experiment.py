"""Two cascades on the same users and days: what one gains or loses, with intervals.

Both arms meet the same visits, the same missions and the same chances (common random numbers), so that what differs is
what the cascades do. Users are what is drawn, so intervals and tests are over users, in pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from emptor.evaluate.statistics import sign_flip_p
from emptor.market.loop import MEASURES, Loop, Tally
from emptor.market.pages import Policy
from emptor.market.streams import Draws
from emptor.market.world.world import World
from emptor.shop.holdout import is_held_out

RESAMPLES = 2_000
PER_USER = ("clicks", "carts", "orders", "gmv", "views")
RATES = {
    "pages_per_visit": ("views", "visits"),
    "return_rate": ("returns", "orders"),
    "click_rate": ("clicks", "shown"),
}


@dataclass(frozen=True)
class Row:
    """One measure: means of both arms, their difference (b - a) with its 95% interval, and p of no difference.

    p: by random reversals of the users' differences, None for a rate, whose interval is from users drawn anew.
    """

    measure: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float | None

    @property
    def relative(self) -> float | None:
        """The difference in shares of a; None where a is 0."""
        return self.difference / self.a if self.a else None


def chosen_users(world: World, count: int | None, *, held_out: bool = False, seed: int = 0) -> np.ndarray:
    """[U] bool: `count` users drawn at random, or all; with `held_out`, only of those kept from training."""
    size = len(world.users)
    may = np.ones(size, bool)
    if held_out:
        may = np.array([is_held_out(own) for own in world.users.user_id.tolist()])
    order = np.argsort(np.where(may, Draws(seed, "users of an experiment").uniform(np.arange(size)), 2.0))
    chosen = np.zeros(size, bool)
    chosen[order[: min(size if count is None else count, int(may.sum()))]] = True
    return chosen


def run_arm(
    world: World,
    policy: Policy,
    *,
    start: int,
    days: int,
    users: np.ndarray,
    satisfaction: np.ndarray | None = None,
    on_views: Callable[[int], None] = lambda views: None,
) -> Tally:
    """One arm: the users' days under a policy. Nothing of it is logged, and the market's own state stays as it is."""
    loop = Loop(world, policy, users=users, satisfaction=None if satisfaction is None else satisfaction.copy())
    for day in range(start, start + days):
        loop.day(day, on_window=on_views)
    return loop.tally


def compare_arms(a: Tally, b: Tally, *, users: np.ndarray, seed: int = 0) -> list[Row]:
    """Every measure, paired by user. users [U] bool: who took part."""
    rng = np.random.default_rng(seed)
    both = {name: (getattr(a, name)[users], getattr(b, name)[users]) for name in MEASURES}
    size = int(users.sum())
    # users drawn anew by how often each is drawn, the same for all measures
    counts = rng.multinomial(size, np.full(size, 1 / size), size=RESAMPLES).astype(np.float32)
    rows = []
    for name in PER_USER:
        first, second = both[name]
        change = second - first
        means = counts @ change.astype(np.float32) / size
        rows.append(_row(name, first.mean(), second.mean(), means, sign_flip_p(change, seed=seed)))
    for name, (upper, lower) in RATES.items():
        sums = [counts @ own.astype(np.float32) for own in (*both[upper], *both[lower])]
        rates = _rate(sums[1], sums[3]) - _rate(sums[0], sums[2])
        values = [_rate(both[upper][at].sum(), both[lower][at].sum()) for at in (0, 1)]
        rows.append(_row(name, values[0], values[1], rates, None))
    return rows


def _row(name: str, a: Any, b: Any, drawn: np.ndarray, p: float | None) -> Row:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Row(name, float(a), float(b), float(b) - float(a), float(low), float(high), p)


def _rate(upper: np.ndarray | float, lower: np.ndarray | float) -> np.ndarray:
    return np.asarray(upper) / np.maximum(np.asarray(lower), 1)
