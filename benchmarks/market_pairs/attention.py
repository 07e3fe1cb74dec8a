"""Does attention to the target beat a pooled history, and only where taste is a department's own?

On: taste.local 1, nothing of a taste holds everywhere (the presets have .7). Off: 0, one taste for all departments,
which a mean over everything clicked estimates best.
"""

from __future__ import annotations

from benchmarks.market_pairs.clicks import CROSSED, MEAN, TARGET, WIDE
from benchmarks.market_pairs.common import keep, pair, started
from benchmarks.market_pairs.ranking import compare, config_of, gains, means

PAIRS = (
    (TARGET.name, MEAN.name),
    (TARGET.name, WIDE.name),
    (TARGET.name, CROSSED.name),
    (CROSSED.name, MEAN.name),
    (WIDE.name, MEAN.name),
)


def main() -> None:
    run = started("attention", seeds=5)
    users = run.sized(5_000, 600)
    sides = {
        "on": [config_of(seed, users).changed(taste={"local": 1.0}) for seed in run.seeds],
        "off": [config_of(seed, users).changed(taste={"local": 0.0}) for seed in run.seeds],
    }
    levels: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    # seed by seed, so that what there is after each is a whole pair
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            levels[side].append(compare(configs[at], (MEAN, WIDE, TARGET, CROSSED), plain=False))
        done = {side: configs[: at + 1] for side, configs in sides.items()}
        row = pair(
            "2 target attention",
            claim="attention to the target product (as in DIN) orders pages better than a mean-pooled history",
            cause="tastes are a department's own (taste.local 1; 0 when off)",
            headline=f"{TARGET.name} - {MEAN.name}",
            on=[gains(own, PAIRS) for own in levels["on"]],
            off=[gains(own, PAIRS) for own in levels["off"]],
            worlds=done,
            run=run,
            levels={side: means(own) for side, own in levels.items()},
            note="as in pair 1. Size-matched control: a mean-pool net at least as large (weights in `levels`). Simple "
            "opponent: the mean-pool net with five hand-made crosses of history and product.",
        )
        keep(run, "pairs", row)


if __name__ == "__main__":
    main()
