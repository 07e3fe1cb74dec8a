"""Does a shop that keeps some slots for new products gain in the long run, and only where products come and go?

Both arms order all products of the category that is asked for by what their listings and pictures promise, then by
popularity. One shows that order; the other gives two of its slots to products with fewer than 60 impressions. On:
1.3% of the products leave a day, new ones come, and quality is hidden. Off: no churn. A third arm orders by click rate
drawn towards the mean ("rate-greedy"), which is the baseline that a sensible shop has.
"""

from __future__ import annotations

import numpy as np

from benchmarks.market_pairs.common import keep, pair, started, told
from benchmarks.market_pairs.logs import PAGE, SpellLoop
from benchmarks.market_pairs.ranking import means
from emptor.market.behaviour.asked import Asked
from emptor.market.config import WorldConfig
from emptor.market.pages import Pages
from emptor.market.streams import Draws, paired
from emptor.market.world.world import Happened, World

DAYS = 90
SLOTS_OF_NEW = (4, 9)
NEW = 60
"""Impressions below which a product is new."""
_MATTERS = 3.0
"""How many e-folds of clicks a perfect match is worth beside none."""
_OLD = 30.0
"""Impressions that the prior of a click rate weighs."""


class Popular:
    """Orders the whole category by match and by clicks, or by click rate.

    by: "clicks" or "rate". slots: how many of a page go to new products, the fewest impressions first.
    """

    def __init__(self, world: World, *, by: str = "clicks", slots: int = 0) -> None:
        self.name = f"{by}-greedy" + (f", {slots} slots for new products" if slots else "")
        self.world, self._by, self._slots = world, by, slots
        size = len(world.products)
        self.shown, self.clicks = np.zeros(size), np.zeros(size)
        self._value = np.zeros(size)
        self.first_shown = np.full(size, -1)

    def begin(self, day: int) -> None:
        """What is on sale, by category [C, most], padded with -1."""
        self._day = day
        products = self.world.products
        alive = np.flatnonzero(products.alive(day))
        by_category = alive[np.argsort(products.category[alive], kind="stable")]
        sizes = np.bincount(products.category[by_category])
        starts = np.cumsum(sizes) - sizes
        place = np.arange(len(by_category)) - np.repeat(starts, sizes)
        self._shelf = np.full((len(sizes), int(sizes.max())), -1)
        self._shelf[products.category[by_category], place] = by_category
        self._revalue()

    def hear(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        """What is counted is told by `record`."""

    def learn(self) -> None:
        self._revalue()

    def _revalue(self) -> None:
        if self._by == "clicks":
            self._value = np.log1p(self.clicks)
        else:
            mean = (self.clicks.sum() + 1) / (self.shown.sum() + 20)
            self._value = np.log((self.clicks + _OLD * mean) / (self.shown + _OLD))

    def __call__(self, asked: Asked) -> Pages:
        parts = [self._pages(asked.rows(np.arange(at, min(at + 256, len(asked))))) for at in range(0, len(asked), 256)]
        return Pages.of(*(np.concatenate(own) for own in zip(*parts, strict=True)))

    def _pages(self, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
        world = self.world
        searched = asked.query >= 0
        # a shop reads the category off the query; where there is none, both arms are told what the visit is about
        rows = self._shelf[asked.category]
        on_sale = rows >= 0
        match = np.full(rows.shape, 0.7, np.float32)
        at = np.flatnonzero(searched)
        match[at] = world.relevance.match(asked.query[at], rows[at], promised=True)
        tie = 0.01 * Draws(world.config.seed, "ties").uniform(paired(asked.key[:, None], rows))
        score = np.where(on_sale, _MATTERS * match + self._value[rows] + tie, -1e9)
        skip = np.minimum(asked.offset, max(rows.shape[1] - PAGE, 0))
        best = np.argsort(-score, axis=1, kind="stable")
        order = np.take_along_axis(best, skip[:, None] + np.arange(PAGE)[None], axis=1)
        if self._slots:
            new = on_sale & (self.shown[rows] < NEW) & (match >= match.max(1, keepdims=True) - 0.3)
            new[np.arange(len(rows))[:, None], order] = False
            # the best match first, then who was shown least
            key = np.where(new, match - 0.01 * self.shown[rows] + tie, -1e9)
            take = np.argsort(-key, axis=1)[:, : self._slots]
            for number, slot in enumerate(SLOTS_OF_NEW[: self._slots]):
                ours = take[:, number]
                there = new[np.arange(len(rows)), ours]
                order[there, slot] = ours[there]
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(on_sale, order, axis=1)

    def record(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        """Counts what was looked at and clicked, as a log would have it."""
        looked = happened.read.looked
        last = np.where(looked.any(1), looked.shape[1] - np.argmax(looked[:, ::-1], axis=1), 0)
        seen = pages.shown & (np.arange(looked.shape[1])[None] < last[:, None])
        np.add.at(self.shown, pages.rows[seen], 1)
        np.add.at(self.clicks, pages.rows[happened.read.clicked], 1)


def lived(world: World, policy: Popular) -> dict[str, np.ndarray]:
    """Clicks and orders of each day."""
    loop = SpellLoop(world, policy, record=policy.record)
    days: dict[str, list[float]] = {"clicks": [], "orders": [], "visits": []}
    before = loop.tally.totals()
    for day in range(DAYS):
        loop.day(day)
        now = loop.tally.totals()
        for name, own in days.items():
            own.append(now[name] - before[name])
        before = now
    return {name: np.array(own) for name, own in days.items()}


def one(config: WorldConfig) -> dict[str, float]:
    """Differences from popularity-greedy in per cent, over all days, the first and the last third."""
    world = World(config)
    policies = (Popular(world), Popular(world, slots=2), Popular(world, by="rate"))
    days = {own.name: told(own.name, lambda own=own: lived(world, own)) for own in policies}
    found: dict[str, float] = {"visits a day": float(days[policies[0].name]["visits"].mean())}
    for better, base in ((1, 0), (2, 0), (1, 2)):
        a, b = days[policies[better].name], days[policies[base].name]
        for label, part in (("all", slice(None)), ("first third", slice(0, 30)), ("last third", slice(60, 90))):
            for name in ("clicks", "orders"):
                change = 100 * (a[name][part].sum() / b[name][part].sum() - 1)
                found[f"{policies[better].name} - {policies[base].name}: {name}, {label}"] = float(change)
    print(f"# {config.hash} {found}", flush=True)
    return found


def main() -> None:
    run = started("exploration", seeds=5)
    base = {"users": run.sized(1_000, 400), "products": run.sized(5_000, 3_000), "queries": 8_000, "days": 7}
    sides = {
        side: [WorldConfig.of("study", seed=seed, **base, catalogue={"churn": churn}) for seed in run.seeds]
        for side, churn in (("on", 0.013), ("off", 0.0))
    }
    found: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            found[side].append(one(configs[at]))
        changes = [own for own in found["on"][0] if ": " in own]
        row = pair(
            "6 exploration",
            claim="two slots a page for new products bring more clicks in the last 30 of 90 days than popularity alone",
            cause="products come and go (churn .013; 0 when off), and their quality is hidden",
            headline="clicks-greedy, 2 slots for new products - clicks-greedy: clicks, last third",
            on=[{own: world[own] for own in changes} for world in found["on"]],
            off=[{own: world[own] for own in changes} for world in found["off"]],
            worlds={side: configs[: at + 1] for side, configs in sides.items()},
            run=run,
            levels={side: means(own) for side, own in found.items()},
            note="% against the base named, same users and chances. All arms see the whole category. The shop "
            "starts with no counts, so that at first all products are new to it. 'rate-greedy' (click "
            "rate with a prior) is the baseline to beat; popularity-greedy is a weak one.",
        )
        keep(run, "pairs", row)


if __name__ == "__main__":
    main()
