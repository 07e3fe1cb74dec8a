"""One world's ranking log, and how well each click model orders its test pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.market_pairs.clicks import Shape, logistic, quality, scored, trained
from benchmarks.market_pairs.common import told
from benchmarks.market_pairs.examples import examples
from benchmarks.market_pairs.items import items_of
from benchmarks.market_pairs.logs import logged
from emptor.market.config import WorldConfig
from emptor.market.world.world import World

DAYS, TESTED = 28, 4
_ORACLE = 3_000


def config_of(seed: int, users: int) -> WorldConfig:
    """The study world with fewer users and products; nothing churns, since that is no cause here."""
    return WorldConfig.of(
        "study", seed=seed, users=users, products=8_000, queries=16_000, days=DAYS, catalogue={"churn": 0}
    )


def compare(config: WorldConfig, shapes: Sequence[Shape], *, plain: bool = True, epochs: int = 2) -> dict[str, float]:
    """GAUC of each model, of a plain logistic regression and of the truth; sizes of log, test and models."""
    world = World(config)
    log = told("log", lambda: logged(world, days=DAYS, tested=TESTED))
    items = items_of(world)
    train = examples(world, items, log.days(0, DAYS))
    tested = log.days(DAYS, DAYS + TESTED)
    test = examples(world, items, tested)
    found = {
        "train pages": len(train.history),
        "impressions shown": 20 * len(train.history),
        "impressions on screen": len(train),
        "clicks": int(train.clicked.sum()),
        "test pages with clicks": len(np.unique(test.page[test.clicked])),
        "clicks in history, mean": float((test.history >= 0).sum(1).mean()),
    }
    if plain:
        found["GAUC logistic"] = quality(told("logistic", lambda: logistic(train, test, items)), test)
    for shape in shapes:
        net = told(shape.name, lambda shape=shape: trained(shape, items, train, seed=config.seed, epochs=epochs))
        score = scored(net, test)
        found[f"GAUC {shape.name}"] = quality(score, test)
        found[f"weights {shape.name}"] = net.size
        print(f"# {config.hash} {shape.name}: {found[f'GAUC {shape.name}']:.4f} ({net.size} weights)", flush=True)
    few = tested.pages(np.arange(min(len(tested), _ORACLE)))
    page, at = np.nonzero(few.on_screen)
    truth = world.attraction(few.asked, few.rows.astype(np.int64)).attraction[page, at]
    own = examples(world, items, few)
    found["GAUC truth"] = quality(truth, own)
    return found


def gains(levels: dict[str, float], pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Differences in GAUC by name: "a - b"."""
    return {f"{a} - {b}": levels[f"GAUC {a}"] - levels[f"GAUC {b}"] for a, b in pairs}


def means(levels: Sequence[dict[str, float]]) -> dict[str, float]:
    """Each level's mean over worlds."""
    return {name: float(np.mean([own[name] for own in levels])) for name in levels[0]}
