"""How far the truth, a text engine and chance lie apart: orders per user, on both forms of the market."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.market_pairs.common import keep, started, told
from emptor.market.config import WorldConfig
from emptor.market.experiment import chosen_users, compare_arms, run_arm
from emptor.market.policies import Matching, Oracle, Random
from emptor.market.world.world import World

DAYS = 7


def main() -> None:
    run = started("bounds", seeds=1)
    content: dict[str, Any] = {"command": run.command, "days": DAYS, "forms": {}}
    for form in ("one", "two"):
        config = WorldConfig.of("demo", seed=run.seeds[0], form=form, users=run.sized(20_000, 1_500))
        world = World(config)
        everybody = chosen_users(world, None)
        policies = {
            "random": Random(world),
            "matching": Matching(world),
            "oracle, clicks": Oracle(world, of="clicks"),
            "oracle, orders": Oracle(world, of="orders"),
        }
        arms = {
            name: told(name, partial(run_arm, world, own, start=0, days=DAYS, users=everybody))
            for name, own in policies.items()
        }
        tests = []
        for name in ("random", "oracle, clicks", "oracle, orders"):
            for row in compare_arms(arms["matching"], arms[name], users=everybody):
                if row.measure in ("clicks", "orders", "return_rate"):
                    change = {"difference": row.difference, "ci95": [row.low, row.high], "relative": row.relative}
                    tests.append({"a": "matching", "b": name, "measure": row.measure, **change, "p": row.p})
        content["forms"][form] = {
            "world": config.hash,
            "users": config.users,
            "per user": {
                name: {own: value / config.users for own, value in arm.totals().items()} for name, arm in arms.items()
            },
            "tests": tests,
        }
    content["note"] = (
        "the demo preset; paired by user over the same visits; p by random reversals of users' differences"
    )
    keep(run, "policies", content)


if __name__ == "__main__":
    main()
