"""How fast the market makes products and lets users shop, and what it weighs.

    python benchmarks/market.py [--json docs/results/market.json] [--days 3]

Bounds, on two cores: 20,000 products/s without pictures; 50,000 page views/s of behaviour alone, in two processes side
by side; 2,000 page views/s through the untrained cascade of a shop, publishing left out. The floor of behaviour is what
it must touch: bytes read for one page view. Pictures are measured by benchmarks/market_pictures.py.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shlex
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from emptor.market.behaviour.asked import PAGE
from emptor.market.config import VERSION, WorldConfig
from emptor.market.world.listing import write_catalogue
from emptor.market.world.products import LOOKS, SIGHT, SLOTS, make_products
from emptor.market.world.taxonomy import KNOWN
from emptor.market.world.users import make_users
from emptor.market.world.world import EPOCH, World

BATCH = 4_096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    # here, as in the command line: processes that only write listings import this file, and do without the shop
    from emptor.evaluate.report import environment

    config = WorldConfig.of("demo", seed=args.seed)
    rows = {
        **products(args.seed),
        **behaviour(config),
        **weight(config),
        **through_a_cascade(config, args.days),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    for name, value in rows.items():
        print(f"{name:<36}{value:,.1f}")
    if args.json is not None:
        command = shlex.join(["python", "benchmarks/market.py", "--days", str(args.days), "--json", str(args.json)])
        content = {"command": command, "env": environment(), "market": VERSION, "world": config.hash, "seed": args.seed}
        args.json.write_bytes(orjson.dumps({**content, **rows}, option=orjson.OPT_INDENT_2))


def products(seed: int, *, count: int = 200_000) -> dict[str, float]:
    """Truth and listings of products without pictures, written to a file as sellers give them."""
    config = WorldConfig.of("demo", seed=seed, products=count, catalogue={"pictures": False, "churn": 0})
    start = time.perf_counter()
    made = make_products(config, until=0)
    truth = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        write_catalogue(made, np.arange(len(made)), Path(folder) / "catalogue.jsonl.gz", seed=seed, epoch=EPOCH)
    whole = time.perf_counter() - start
    return {"products_per_s": count / whole, "products_truth_per_s": count / truth}


def behaviour(config: WorldConfig) -> dict[str, float]:
    """Page views a second without any cascade: pages drawn at random, in one process and in two side by side."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_warm, [config, config]))
        start = time.perf_counter()
        counts = list(pool.map(_behave, [(config, 12)] * 2))
        both = sum(counts) / (time.perf_counter() - start)
    _warm(config)
    start = time.perf_counter()
    alone = _behave((config, 12)) / (time.perf_counter() - start)
    # what a page view reads at least: rows of products (looks, sight, values, claims, numbers), a user's row, uniforms
    product = 4 * (LOOKS + SIGHT) + 2 * 2 * SLOTS + 4 * 7
    user = 4 * (LOOKS * 2 + 5) * len(KNOWN.departments)
    return {
        "behaviour_views_per_s_one": alone,
        "behaviour_views_per_s_two": both,
        "behaviour_bytes_per_view": float(PAGE * (product + 3 * 8) + user),
    }


_WORLDS: dict[str, Any] = {}


def _warm(config: WorldConfig) -> None:
    world = World(config)
    visits = world.demand.visits(0, np.zeros(len(world.users), np.float32))
    asked = world.demand.first(visits, 0)
    asked = asked.rows(np.resize(np.arange(len(asked)), BATCH))
    rows, shown = world.fitting(asked, PAGE)
    world.happen(asked, rows, shown)
    _WORLDS[config.hash] = (world, asked, rows, shown)


def _behave(job: tuple[WorldConfig, int]) -> int:
    config, rounds = job
    world, asked, rows, shown = _WORLDS[config.hash]
    for _ in range(rounds):
        world.happen(asked, rows, shown)
    return rounds * len(asked)


def weight(config: WorldConfig) -> dict[str, float]:
    """Bytes of truth for each product and each user."""
    made = make_products(config, until=0)
    users = make_users(config, KNOWN, brands=100)
    size = lambda own: sum(value.nbytes for value in vars(own).values() if isinstance(value, np.ndarray))  # noqa: E731
    return {"bytes_per_product": size(made) / len(made), "bytes_per_user": size(users) / len(users)}


def through_a_cascade(config: WorldConfig, days: int) -> dict[str, float]:
    """A shop made, and days of it."""
    from emptor.market.making import new_market
    from emptor.market.running import run_market
    from emptor.shop.shop import Shop

    with tempfile.TemporaryDirectory() as folder:
        shop_path = Path(folder) / "shop"
        start = time.perf_counter()
        new_market(shop_path, config)
        making = time.perf_counter() - start
        start = time.perf_counter()
        ran = run_market(shop_path, days=days)
        whole = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (shop_path / "logs").rglob("*.parquet"))
        with Shop.open(shop_path) as shop:
            events = shop.events.count()
    return {
        "making_s": making,
        "views": float(ran.views),
        "views_per_s": ran.views / ran.seconds,
        "views_per_s_publishing_included": ran.views / whole,
        "events": float(events),
        "log_bytes_per_view": size / ran.views,
    }


if __name__ == "__main__":
    main()
