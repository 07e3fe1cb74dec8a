"""A/A: arms that differ in nothing but chance. Of 20 tests, about one may say p < .05.

Each run is one world whose visits, clicks and orders are drawn twice, under the same policy; tests are by user.
"""

from __future__ import annotations

import numpy as np

from benchmarks.market_pairs.common import keep, started
from emptor.market.config import WorldConfig
from emptor.market.experiment import chosen_users, compare_arms, run_arm
from emptor.market.policies import Matching
from emptor.market.world.world import World

RUNS, DAYS = 20, 3
MEASURES = ("clicks", "orders")


def main() -> None:
    run = started("same", seeds=1)
    config = WorldConfig.of("demo", seed=run.seeds[0], users=run.sized(2_500, 1_000), products=8_000, queries=8_000)
    everybody = chosen_users(World(config), None)
    found: dict[str, list[float]] = {name: [] for name in MEASURES}
    for at in range(run.sized(RUNS, 3)):
        worlds = [World(config, luck=2 * at + own) for own in (1, 2)]
        arms = [run_arm(own, Matching(own, candidates=60), start=0, days=DAYS, users=everybody) for own in worlds]
        rows = {row.measure: row for row in compare_arms(*arms, users=everybody, seed=at)}
        for name in MEASURES:
            found[name].append(float(rows[name].p or 0))
        print(f"# run {at}: " + ", ".join(f"{name} p = {own[-1]:.3f}" for name, own in found.items()), flush=True)
    below = {name: int((np.array(own) < 0.05).sum()) for name, own in found.items()}
    content = {
        "claim": "arms that differ in luck only do not differ: at most 2 of 20 tests with p < .05",
        "runs": len(found["clicks"]),
        "p_below_.05": below,
        "p": found,
        "holds": all(own <= 2 for own in below.values()),
        "world": config.hash,
        "users": config.users,
        "days": DAYS,
        "command": run.command,
        "note": "one world, 40 lucks, each used once; a paired test by user (random reversals of users' differences)",
    }
    keep(run, "aa", content)


if __name__ == "__main__":
    main()
