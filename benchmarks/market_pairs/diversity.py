"""Does spreading alike products over a page raise clicks of who browses, not of who buys, and only with a cause?

MMR over the scores of a click net that was trained on the log. On: half of the products have near-duplicates and alike
neighbours bore (families .5, redundancy 3). Off: neither. lambda is chosen on one half of the users' requests, by
clicks of who browses, and reported on the other half. Two controls re-order as much, by another likeness: that of other
products drawn at random, and the brand alone (the simple opponent).
"""

from __future__ import annotations

import numpy as np

from benchmarks.market_pairs.clicks import CROSSED, ClickNet, scored, trained
from benchmarks.market_pairs.common import keep, pair, started, told
from benchmarks.market_pairs.examples import examples
from benchmarks.market_pairs.items import Items, items_of
from benchmarks.market_pairs.logs import PAGE, Log, logged
from benchmarks.market_pairs.ranking import means
from emptor.market.behaviour.page import Reading
from emptor.market.config import WorldConfig
from emptor.market.streams import Draws
from emptor.market.world.products import SLOTS
from emptor.market.world.world import World

DAYS, TESTED = 12, 10
POOL, KEPT = 120, 40
LUCKS = 6
_CHUNK = 500
LAMBDAS = (0.3, 0.6, 1.2, 2.4)
CAUSES = {
    "on": {"catalogue": {"families": 0.5, "churn": 0}, "page": {"redundancy": 3.0}},
    "off": {"catalogue": {"families": 0.0, "churn": 0}, "page": {"redundancy": 0.0}},
}


def likenesses(world: World, items: Items, seed: int) -> dict[str, np.ndarray]:
    """Vectors of length 1 whose dot products are likenesses, [P, D] each. From claims and descriptors only, but for
    the last: what a shop would gain that saw products as users do.
    """
    brands = np.eye(int(items.brand.max()) + 1, dtype=np.float32)[items.brand]
    claims = []
    for slot in range(SLOTS):
        own = items.claimed[:, slot].astype(np.int64)
        claims.append(2.0 * np.eye(own.max() + 1, dtype=np.float32)[np.maximum(own, 0)] * (own >= 0)[:, None])
    whole = np.concatenate([items.picture, *claims, 3.0 * brands], axis=1)
    whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-6)
    others = np.argsort(Draws(seed, "other products").uniform(np.arange(len(whole))))
    controls = {"by other products' likeness": whole[others], "by brand": brands}
    return {"MMR": whole, **controls, "MMR by hidden sight": world.products.sight}


def spread(score: np.ndarray, vectors: np.ndarray, rows: np.ndarray, weight: float) -> np.ndarray:
    """Maximal marginal relevance: score [B, N] standardised, rows [B, N] of vectors -> places [B, PAGE]."""
    parts = [slice(at, at + _CHUNK) for at in range(0, len(rows), _CHUNK)]
    return np.concatenate([_spread(score[own], vectors, rows[own], weight) for own in parts])


def _spread(score: np.ndarray, vectors: np.ndarray, rows: np.ndarray, weight: float) -> np.ndarray:
    size = len(rows)
    left = score.astype(np.float64).copy()
    alike = np.zeros(rows.shape, np.float32)
    chosen = np.zeros((size, PAGE), np.int64)
    own = vectors[rows]
    for at in range(PAGE):
        best = np.argmax(left - weight * alike, axis=1)
        chosen[:, at] = best
        left[np.arange(size), best] = -1e9
        near = np.maximum(np.einsum("bnd,bd->bn", own, own[np.arange(size), best]), 0)
        alike = np.maximum(alike, near**3)  # near-duplicates are what matters, not what is a little alike
    return chosen


def candidates(world: World, items: Items, net: ClickNet, log: Log) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best KEPT of each request's pool by the net: rows, shown, standardised score, [B, KEPT] each."""
    parts = []
    for start in range(0, len(log), 2_000):
        own = log.pages(np.arange(start, min(start + 2_000, len(log))))
        day = int(own.asked.day[0])
        rows, shown = world.fitting(own.asked, POOL, day=day)
        own = Log(
            own.asked, rows.astype(np.int32), shown, np.zeros(rows.shape, bool), own.history, own.past, own.counts
        )
        data = examples(world, items, own)
        score = np.full(rows.shape, -1e9, np.float32)
        score[shown] = scored(net, data)
        order = np.argsort(-score, axis=1, kind="stable")[:, :KEPT]
        parts.append([np.take_along_axis(each, order, axis=1) for each in (rows, shown, score)])
    rows, shown, score = (np.concatenate(each) for each in zip(*parts, strict=True))
    inside = np.where(shown, score, np.nan)
    mean, sd = np.nanmean(inside, axis=1, keepdims=True), np.nanstd(inside, axis=1, keepdims=True)
    return rows, shown, np.where(shown, (score - mean) / np.maximum(sd, 1e-6), -1e6)


def measured(world: World, log: Log, rows: np.ndarray, shown: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Clicks [B] when the requests meet these pages, the mean over LUCKS; the chances are the same for all orders."""
    rows, shown = np.take_along_axis(rows, order, axis=1), np.take_along_axis(shown, order, axis=1)
    level = world.reading.level
    readings = [Reading(world.config, world.products, world.users, level=level, luck=luck) for luck in range(LUCKS)]
    clicks = []
    for start in range(0, len(log), 4_000):
        part = np.arange(start, min(start + 4_000, len(log)))
        asked = log.asked.rows(part)
        drawn = world.attraction(asked, rows[part])
        clicks.append(sum(own(asked, rows[part], shown[part], drawn).clicked.sum(1) for own in readings) / LUCKS)
    return np.concatenate(clicks)


def one(config: WorldConfig) -> dict[str, float]:
    """Changes in clicks per page of one world, in per cent of the point-wise order's."""
    world = World(config)
    log = told("log", lambda: logged(world, days=DAYS, tested=TESTED))
    items = items_of(world)
    net = told(
        "net", lambda: trained(CROSSED, items, examples(world, items, log.days(0, DAYS)), seed=config.seed, epochs=2)
    )
    tested = log.days(DAYS, DAYS + TESTED)
    tested = tested.pages(np.flatnonzero(tested.asked.offset == 0))
    rows, shown, score = told("candidates", lambda: candidates(world, items, net, tested))
    plain = measured(world, tested, rows, shown, np.argsort(-score, axis=1, kind="stable")[:, :PAGE])
    appetite = tested.asked.appetite
    groups = {
        "browsing": appetite > 0.5,
        "browsing, searches": (appetite > 0.5) & (tested.asked.query >= 0),
        "buying": appetite < 0.3,
    }
    reported = Draws(config.seed, "halves").uniform(tested.asked.user) < 0.5
    found = {f"requests {name}": float((own & reported).sum()) for name, own in groups.items()}
    found |= {f"clicks per page {name}": float(plain[own & reported].mean()) for name, own in groups.items()}
    for kind, vectors in likenesses(world, items, config.seed).items():
        clicks = {
            weight: measured(world, tested, rows, shown, spread(score, vectors, rows, weight)) for weight in LAMBDAS
        }
        tuned = groups["browsing"] & ~reported
        best = max(LAMBDAS, key=lambda weight: clicks[weight][tuned].sum())
        found[f"lambda {kind}"] = best
        for name, own in groups.items():
            here = own & reported
            for label, weight in (("tuned", best), ("lambda .6", 0.6)):
                found[f"{kind} {label}, {name}"] = 100 * float(clicks[weight][here].sum() / plain[here].sum() - 1)
    print(f"# {config.hash} {found}", flush=True)
    return found


def main() -> None:
    run = started("diversity", seeds=4)
    base = {"users": run.sized(2_000, 800), "products": 8_000, "queries": 16_000, "days": DAYS}
    found: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    sides = {
        side: [WorldConfig.of("study", seed=seed, **base, **cause) for seed in run.seeds]
        for side, cause in CAUSES.items()
    }
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            found[side].append(one(configs[at]))
    note = (
        f"% clicks per page against the point-wise order of the same {KEPT} candidates (a click net with history and "
        "crosses). lambda from the other half of the requests. The orders by other products' likeness and by brand are "
        "the controls; hidden sight (truth) is what no shop has. Buying is an appetite "
        "below .3, browsing above .5, fixed beforehand."
    )
    changes = [name for name in found["on"][0] if ", " in name and not name.startswith(("requests", "clicks"))]
    for name, group, claim in (
        ("3a diversity, browsing", "browsing", "MMR raises clicks of who browses"),
        ("3b diversity, buying", "buying", "MMR raises clicks of who buys (it should not)"),
    ):
        head = f"MMR tuned, {group}"
        row = pair(
            name,
            claim=claim,
            cause="near-duplicates that bore (families .5 and redundancy 3; both 0 when off)",
            headline=head,
            on=[{own: world[own] for own in changes} for world in found["on"]],
            off=[{own: world[own] for own in changes} for world in found["off"]],
            worlds=sides,
            run=run,
            levels={side: means(own) for side, own in found.items()},
            note=note,
        )
        keep(run, "pairs", row)


if __name__ == "__main__":
    main()
