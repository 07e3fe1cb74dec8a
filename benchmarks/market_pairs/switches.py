"""Each effect switched off: does that move the measure which it should? One table, small worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.market_pairs.common import Run, keep, started, summary
from benchmarks.market_pairs.logs import SpellLoop
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.config import WorldConfig
from emptor.market.pages import Pages
from emptor.market.policies import Matching, Oracle, Random
from emptor.market.world.products import make_products
from emptor.market.world.queries import MISSPELT, NEED
from emptor.market.world.world import HORIZON, Happened, World

ASKED = 6_000


def requests(world: World, *, days: int = 3) -> Asked:
    """First pages of some days' visits, at most ASKED."""
    parts = []
    for day in range(days):
        visits = world.demand.visits(day, np.zeros(len(world.users), np.float32))
        parts.append(world.demand.first(visits, 0))
    whole = Asked(**{name: np.concatenate([getattr(own, name) for own in parts]) for name in vars(parts[0])})
    return whole.rows(np.arange(min(len(whole), ASKED)))


def clicks(world: World, asked: Asked, rows: np.ndarray) -> float:
    return float(world.happen(asked, rows, np.ones(rows.shape, bool)).read.clicked.sum())


def by_design(world: World) -> dict[str, float]:
    """Clicks of who browses on pages whose near-duplicates stand together, over those when the same stand apart."""
    asked = requests(world)
    asked = asked.rows(np.flatnonzero(asked.appetite > 0.5))
    rows, shown = world.fitting(asked, 120)
    kept = np.flatnonzero(shown[:, :120].all(1))
    asked, rows = asked.rows(kept), rows[kept]
    design = world.products.design[rows]
    same = (design[:, :, None] == design[:, None]).sum(2)
    # the products with most siblings in the pool, siblings beside each other; then the same in another order
    order = np.lexsort((design, -same), axis=1)[:, :PAGE]
    together = np.take_along_axis(rows, order, axis=1)
    apart = together[:, np.argsort(np.arange(PAGE) % 4, kind="stable")]
    alone = np.take_along_axis(rows, np.argsort(same, axis=1, kind="stable")[:, :PAGE], axis=1)
    base = clicks(world, asked, alone)
    return {
        "clicks, near-duplicates together / products without any": clicks(world, asked, together) / base,
        "clicks, the same near-duplicates apart / products without any": clicks(world, asked, apart) / base,
    }


def totals(world: World, policy: Any, *, days: int = 4) -> dict[str, float]:
    loop = SpellLoop(world, policy)
    for day in range(days):
        loop.day(day)
    return loop.tally.totals()


def bought(world: World) -> dict[str, float]:
    """What comes of clicks on listings that mislead, or would if the knob were as usual, beside that of others."""
    usual = WorldConfig().catalogue.misleading
    misleads = make_products(world.config.changed(catalogue={"misleading": usual}), until=HORIZON).boast > 0
    sums = np.zeros((2, 4))

    def record(asked: Asked, pages: Pages, happened: Happened) -> None:
        kind = misleads[pages.rows].astype(int)
        done = happened.done
        for at, what in enumerate((happened.read.looked, happened.read.clicked, done.bought, done.returned)):
            np.add.at(sums[:, at], kind[what], 1)

    loop = SpellLoop(world, Matching(world, candidates=60), record=record)
    for day in range(20):
        loop.day(day)
    rate = sums[:, 1:] / np.maximum(sums[:, :-1], 1)
    return {
        "clicks per product looked at, misleading / other listings": rate[1, 0] / rate[0, 0],
        "orders per click, misleading / other listings": rate[1, 1] / rate[0, 1],
        "returns per order, misleading / other listings": rate[1, 2] / rate[0, 2],
        "orders per 1000 clicks": 1000 * sums[:, 2].sum() / sums[:, 1].sum(),
        "returns per order": sums[:, 3].sum() / sums[:, 2].sum(),
    }


def promises(world: World) -> dict[str, float]:
    asked = requests(world)
    asked = asked.rows(np.flatnonzero(asked.query >= 0))
    rows, _ = world.fitting(asked, PAGE)
    promised = world.relevance.match(asked.query, rows, promised=True)
    true = world.relevance.match(asked.query, rows)
    fits = true > 0
    return {
        "promised less true match, absolute": float(np.abs(promised - true)[fits].mean()),
        "correlation of promised and true match": float(np.corrcoef(promised[fits], true[fits])[0, 1]),
    }


def visits(world: World) -> dict[str, float]:
    days = 20
    best, worst = (
        totals(world, own, days=days) for own in (Oracle(world, candidates=60), Random(world, candidates=60))
    )
    return {"visits, truth / random pages": best["visits"] / worst["visits"]}


def asks(world: World) -> dict[str, float]:
    asked = requests(world)
    kinds = world.queries.kind[asked.query[asked.query >= 0]]
    return {
        "share of searches for a need": float((kinds == NEED).mean()),
        "share of searches misspelt": float((kinds == MISSPELT).mean()),
    }


def read(world: World) -> dict[str, float]:
    """Products looked at on pages nobody clicks on: a click changes how long one reads by itself."""
    asked = requests(world)
    rows, shown = world.fitting(asked, 60)
    order = np.argsort(-np.where(shown, world.attraction(asked, rows).attraction, -np.inf), axis=1)[:, :PAGE]
    found = []
    for own in (np.take_along_axis(rows, order, axis=1), rows[:, :PAGE]):
        happened = world.happen(asked, own, np.ones(own.shape, bool))
        found.append(happened.read)
    quiet = ~found[0].clicked.any(1) & ~found[1].clicked.any(1)
    return {"products read, attractive / random pages": found[0].looked[quiet].sum() / found[1].looked[quiet].sum()}


def contrast(world: World) -> dict[str, float]:
    asked = requests(world)
    rows, _ = world.fitting(asked, PAGE)
    rising = np.take_along_axis(rows, np.argsort(world.products.tag[rows], axis=1), axis=1)
    return {
        "clicks, dearest first / cheapest first": clicks(world, asked, rising[:, ::-1]) / clicks(world, asked, rising)
    }


def liking(world: World) -> dict[str, float]:
    asked = requests(world)
    rows, _ = world.fitting(asked, PAGE)
    drawn = world.attraction(asked, rows)
    later = Asked(**{**vars(asked), "day": asked.day + 80})
    now, then = world.attraction.liking(asked, rows), world.attraction.liking(later, rows)
    users = world.users
    pairs = [np.corrcoef(users.taste[:, 0, at], users.taste[:, 1, at])[0, 1] for at in range(users.taste.shape[2])]
    share = (users.interest**2).sum(1)
    return {
        "style's part of attraction, sd within pages": float(drawn.style.std(1).mean()),
        "price's part, sd within pages": float(drawn.price.std(1).mean()),
        "brand's part, sd within pages": float(drawn.brand.std(1).mean()),
        "correlation of liking now and 80 days later": float(np.corrcoef(now.ravel(), then.ravel())[0, 1]),
        "correlation of a user's tastes in two departments": float(np.mean(pairs)),
        "sd between users of what style weighs": float(users.weights[:, 0, 0].std()),
        "users' concentration on categories": float(share.mean()),
    }


def pools(world: World) -> dict[str, float]:
    asked = requests(world)
    rows, shown = world.fitting(asked, 60)
    products = world.products
    design = np.bincount(np.unique(products.design, return_inverse=True)[1])
    other = products.category[rows] != asked.category[:, None]
    return {
        "share of a pool of other categories": float(other[shown].mean()),
        "share of products with a near-duplicate": float((design[design > 1]).sum() / design.sum()),
        "new products in 30 days, share": float(((products.listed > 0) & (products.listed <= 30)).sum() / 8_000),
        "sd of hidden quality in satisfaction": float(world.config.catalogue.quality_sd * products.quality.std()),
    }


Measure = Callable[[World], dict[str, float]]
Known = dict[tuple[int, Measure], dict[str, float]]
SWITCHES: tuple[tuple[str, dict[str, Any], dict[str, Any], Measure], ...] = (
    ("page.redundancy", {}, {"page": {"redundancy": 0}}, by_design),
    ("page.contrast", {}, {"page": {"contrast": 0}}, contrast),
    ("page.mood", {}, {"page": {"mood": 0}}, read),
    ("catalogue.misleading", {}, {"catalogue": {"misleading": 0}}, bought),
    ("catalogue.omit_seen, omit_other", {}, {"catalogue": {"omit_seen": 0, "omit_other": 0}}, promises),
    ("catalogue.families", {}, {"catalogue": {"families": 0}}, pools),
    ("catalogue.churn", {}, {"catalogue": {"churn": 0}}, pools),
    ("catalogue.quality_sd", {}, {"catalogue": {"quality_sd": 0}}, pools),
    ("demand.loyalty", {}, {"demand": {"loyalty": 0}}, visits),
    ("demand.needs", {}, {"demand": {"needs": 0}}, asks),
    ("demand.misspelt", {}, {"demand": {"misspelt": 0}}, asks),
    ("demand.unexposed", {}, {"demand": {"unexposed": 0}}, pools),
    ("taste.strength", {}, {"taste": {"strength": 0}}, liking),
    ("taste.price", {}, {"taste": {"price": 0}}, liking),
    ("taste.brand", {}, {"taste": {"brand": 0}}, liking),
    ("taste.local", {}, {"taste": {"local": 0}}, liking),
    ("taste.interactions", {}, {"taste": {"interactions": 0}}, liking),
    ("taste.interest", {}, {"taste": {"interest": 0}}, liking),
    ("taste.drift_days", {}, {"taste": {"drift_days": 1e6}}, liking),
)


def moved(
    run: Run, name: str, on: dict[str, Any], off: dict[str, Any], measure: Measure, known: Known
) -> dict[str, Any]:
    """A row of the table. known: what was measured already on worlds with all switches as they are by default."""
    base = {"users": run.sized(1_500, 1_000), "products": 8_000, "queries": 8_000}
    sides: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    for seed in run.seeds:
        config = WorldConfig.of("demo", seed=seed, **base)
        if on or (seed, measure) not in known:
            found = measure(World(config.changed(**on)))
            if not on:
                known[seed, measure] = found
        sides["on"].append(found if on else known[seed, measure])
        sides["off"].append(measure(World(config.changed(**off))))
    row = {}
    for own in sides["on"][0]:
        with_it, without = ([world[own] for world in sides[side]] for side in ("on", "off"))
        change = summary([a - b for a, b in zip(with_it, without, strict=True)])
        row[own] = {"on": float(np.mean(with_it)), "off": float(np.mean(without)), "on_less_off": change}
    print(f"# {name}: " + "; ".join(f"{k} {v['on']:.3f} -> {v['off']:.3f}" for k, v in row.items()), flush=True)
    return {"switch": name, "on": on or "default", "off": off, "measures": row}


def main() -> None:
    run = started("switches", seeds=3)
    known: Known = {}
    rows = [moved(run, *switch, known) for switch in SWITCHES]
    content = {
        "command": run.command,
        "seeds": list(run.seeds),
        "worlds": "the demo preset, 1,500 users, 8,000 products",
    }
    keep(run, "switches", {**content, "rows": rows})


if __name__ == "__main__":
    main()
