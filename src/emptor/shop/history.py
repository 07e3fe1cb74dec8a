"""What a shop knows of its users from its own log: for each the last things they did, as of a generation.

Columnar, so that whole batches of users are looked up at once. Events that came after the generation was published do
not count, as they do not in its popularity: the same generation tells the same of everybody, in every process.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from emptor.shop.ageing import ShopDays
from emptor.shop.category import split_path
from emptor.shop.generation import Generation
from emptor.shop.popularity import ACTION_WEIGHT
from emptor.shop.text.analyser import fold
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.shop.shop import Shop

KEPT = 50
"""Actions of a user that count: the last ones."""
MAX_USERS = 200_000
"""Users that are known, at most: those who did something last."""
LAST = 4
"""Products that a summary ends with."""
COLOURS = frozenset({"color", "colour"})
_REDUCE_AT = 2_000_000
"""Actions held while the log is read, before all but the last of each user are dropped."""


@dataclass(frozen=True)
class Share:
    """One thing that somebody likes, and its share (0..1) of all they did, weighted by action and age."""

    name: str
    share: float


@dataclass(frozen=True)
class Summary:
    """A user in a few facts, without a name.

    clicks, carts, purchases: among the last 50 actions; visits, orders: sessions in the whole log, and those with a
    purchase. price: the median of what they looked at, in the catalogue's currency. last: rows of the products they
    touched last and that are still sold, newest first.
    """

    user_id: str
    visits: int
    orders: int
    clicks: int
    carts: int
    purchases: int
    departments: list[Share]
    brands: list[Share]
    colours: list[Share]
    price: float | None
    last: list[int]


@dataclass(frozen=True)
class History:
    """The last actions of U users, A in all.

    user_ids: sorted. start [U + 1] int64: user u did start[u] to start[u + 1], oldest first. row [A] int64: product, a
    row of the generation; weight [A] float32: of the action, halved for every `half_life_days` of shop.toml before the
    newest of them, days without any event left out; time [A] int64: UTC microseconds; kind [A] int8: place of the
    action in ACTION_WEIGHT. visits, orders [U] int64.
    """

    user_ids: Sequence[str]
    start: np.ndarray
    row: np.ndarray
    weight: np.ndarray
    time: np.ndarray
    kind: np.ndarray
    visits: np.ndarray
    orders: np.ndarray

    def __len__(self) -> int:
        return len(self.user_ids)

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._places

    @cached_property
    def _places(self) -> dict[str, int]:
        return {user_id: place for place, user_id in enumerate(self.user_ids)}

    @cached_property
    def _busiest(self) -> np.ndarray:
        """Places of all users, those with the most actions first, then by id."""
        return np.argsort(-np.diff(self.start), kind="stable")

    def places(self, users: Sequence[str | None] | np.ndarray) -> np.ndarray:
        """Users [B] -> places [B] int64, -1 for those of whom nothing is known."""
        return np.array([-1 if own is None else self._places.get(own, -1) for own in users], np.int64)

    def actions(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What users [B] (places, -1: nobody) did: (which of the B, index into the columns), one pair an action."""
        known = places >= 0
        starts = np.where(known, self.start[places], 0)
        counts = np.where(known, self.start[places + 1], 0) - starts
        owner = np.repeat(np.arange(len(places)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return owner, starts[owner] + within

    def of(self, user_id: str) -> slice:
        """One user's slice of the columns; an empty one for somebody unknown."""
        place = self._places.get(user_id)
        return slice(0, 0) if place is None else slice(int(self.start[place]), int(self.start[place + 1]))

    def find(self, prefix: str = "", *, offset: int = 0, k: int = 20) -> tuple[list[str], int]:
        """(ids that begin so, those who did most first; how many there are)."""
        first = bisect.bisect_left(self.user_ids, prefix) if prefix else 0
        last = bisect.bisect_right(self.user_ids, prefix, lo=first, key=lambda own: own[: len(prefix)])
        order = self._busiest
        found = order[(order >= first) & (order < last)]
        return [self.user_ids[place] for place in found[offset : offset + k].tolist()], len(found)

    def summary(self, user_id: str, view: View) -> Summary | None:
        """What is known of a user; None for somebody unknown."""
        place = self._places.get(user_id)
        if place is None:
            return None
        own = self.of(user_id)
        rows, weights, kinds = self.row[own], self.weight[own].tolist(), self.kind[own]
        clicks, carts, purchases = (int((kinds == number).sum()) for number in range(len(ACTION_WEIGHT)))

        def shares(names: Callable[[View, int], list[str]]) -> list[Share]:
            pairs = zip(rows.tolist(), weights, strict=True)
            return _shares([(name, weight) for row, weight in pairs for name in names(view, row)])

        last = [row for row in dict.fromkeys(reversed(rows.tolist())) if view.alive[row]]
        return Summary(
            user_id,
            int(self.visits[place]),
            int(self.orders[place]),
            clicks,
            carts,
            purchases,
            shares(_department),
            shares(_brand),
            shares(_colours),
            _median(view.price[rows], self.weight[own]),
            last[:LAST],
        )


class KnownUsers:
    """The history of one generation, read from the log when it is first asked for. Safe between threads."""

    def __init__(self, shop: Shop, generation: Generation) -> None:
        self.generation = generation
        self._shop = shop
        self._lock = threading.Lock()
        self._history: History | None = None

    @property
    def history(self) -> History:
        if self._history is None:
            with self._lock:
                if self._history is None:
                    self._history = read_history(self._shop, self.generation)
        return self._history


def read_history(shop: Shop, generation: Generation) -> History:
    """The last actions of every user, from the events that the generation was made with; memory is bounded.

    Products that the generation does not have are left out.
    """
    if not (shop.path / "events.sqlite").exists():
        return nobody()
    until = generation.last_seq
    whole = shop.events.read()
    if until is not None:
        whole = whole.filter(pl.col("seq") <= until)
    events = whole.filter(pl.col("user_id").is_not_null())
    frame = _last_actions(events, generation)
    if frame.height == 0:
        return nobody()
    users = frame.select(pl.col("user_id").rle()).unnest("user_id")
    counted = users.select(pl.col("value").alias("user_id")).join(_visits(events), on="user_id", how="left")
    clock = ShopDays.of(whole).clock(frame["time"].to_numpy())
    halves = (clock.max() - clock) / generation.about.get("half_life_days", shop.options.popular.half_life_days)
    weights = np.array(list(ACTION_WEIGHT.values()))[frame["kind"].to_numpy()]
    return History(
        user_ids=users["value"].to_list(),
        start=np.concatenate([[0], np.cumsum(users["len"].to_numpy().astype(np.int64))]),
        row=frame["row"].to_numpy().astype(np.int64),
        weight=(weights * np.exp2(-halves)).astype(np.float32),
        time=frame["time"].to_numpy(),
        kind=frame["kind"].to_numpy(),
        visits=counted["visits"].fill_null(0).to_numpy().astype(np.int64),
        orders=counted["orders"].fill_null(0).to_numpy().astype(np.int64),
    )


def nobody() -> History:
    """The history of a shop that nobody has visited."""
    none = np.zeros(0, np.int64)
    return History([], np.zeros(1, np.int64), none, none.astype(np.float32), none, none.astype(np.int8), none, none)


def _last_actions(events: pl.LazyFrame, generation: Generation) -> pl.DataFrame:
    """user_id, row, kind, time of the last actions of each user, sorted by user and time."""
    ids = generation.product_id_array(np.arange(generation.rows))
    products = pl.DataFrame({"product_id": ids, "row": np.arange(generation.rows, dtype=np.int32)})
    kinds = {action: number for number, action in enumerate(ACTION_WEIGHT)}
    acted = events.filter(pl.col("action").is_in(list(ACTION_WEIGHT)) & pl.col("product_id").is_not_null()).select(
        "user_id",
        "product_id",
        pl.col("action").replace_strict(kinds, return_dtype=pl.Int8).alias("kind"),
        pl.col("time").dt.epoch("us"),
        "seq",
    )
    kept: list[pl.DataFrame] = []
    for batch in acted.collect_batches(chunk_size=250_000, maintain_order=False):
        kept.append(batch.join(products, on="product_id").drop("product_id"))
        if sum(own.height for own in kept) > _REDUCE_AT:
            kept = [_reduced(kept)]
    return _reduced(kept) if kept else pl.DataFrame()


def _reduced(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The last KEPT actions of the MAX_USERS users who did something last."""
    frame = pl.concat(frames)
    # numbers sort several times faster than texts
    users = frame.select(pl.col("user_id").unique().sort()).with_row_index("user")
    frame = frame.join(users, on="user_id").sort("user", "time", "seq")
    after = pl.int_range(pl.len()).reverse().over("user")
    frame = frame.filter(after < KEPT)
    if users.height > MAX_USERS:
        newest = frame.group_by("user", "user_id").agg(pl.col("time").max())
        newest = newest.sort("time", "user", descending=[True, False]).head(MAX_USERS)
        frame = frame.join(newest.select("user"), on="user", how="semi", maintain_order="left")
    return frame.drop("user")


def _visits(events: pl.LazyFrame) -> pl.DataFrame:
    """user_id, visits and orders: sessions, and sessions with a purchase."""
    return (
        events.group_by("user_id", pl.col("session_id").hash())
        .agg((pl.col("action") == "purchase").any().alias("orders"))
        .group_by("user_id")
        .agg(pl.len().alias("visits"), pl.col("orders").sum())
        .collect(engine="streaming")
    )


def _shares(pairs: Sequence[tuple[str, float]], *, most: int = 3) -> list[Share]:
    """The names with the largest sums, as shares of all sums."""
    sums: dict[str, float] = {}
    for name, weight in pairs:
        sums[name] = sums.get(name, 0.0) + weight
    total = sum(sums.values())
    ranked = sorted(sums.items(), key=lambda own: (-own[1], own[0]))
    return [Share(name, value / total) for name, value in ranked[:most] if total > 0]


def _department(view: View, row: int) -> list[str]:
    code = int(view.category[row])
    return split_path(view.categories[code])[:1] if code >= 0 else []


def _brand(view: View, row: int) -> list[str]:
    code = int(view.brand[row])
    return [view.brands[code]] if code >= 0 else []


def _colours(view: View, row: int) -> list[str]:
    codes, _ = view.attributes_of(np.array([row]))
    pairs = (view.attributes[code].split("\x1f", 1) for code in codes.tolist())
    return [value for name, value in pairs if fold(name) in COLOURS]


def _median(prices: np.ndarray, weights: np.ndarray) -> float | None:
    """The weighted median of the prices that are known."""
    known = ~np.isnan(prices)
    if not known.any():
        return None
    order = np.argsort(prices[known], kind="stable")
    sums = np.cumsum(weights[known][order])
    return float(prices[known][order][np.searchsorted(sums, sums[-1] / 2)])
