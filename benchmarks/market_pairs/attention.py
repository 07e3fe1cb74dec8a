"""Does attention to the target beat a pooled history, and only where taste is a department's own?

On: taste.local 1, nothing of a taste holds everywhere, and again with the presets' .7. Off: 0, one taste for all
departments, which a mean over everything clicked estimates best.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.market_pairs.clicks import CROSSED, MEAN, TARGET, WIDE
from benchmarks.market_pairs.common import Run, keep, pair, started
from benchmarks.market_pairs.ranking import compare, config_of, gains, means

PAIRS = (
    (TARGET.name, MEAN.name),
    (TARGET.name, WIDE.name),
    (TARGET.name, CROSSED.name),
    (CROSSED.name, MEAN.name),
    (WIDE.name, MEAN.name),
)


def judged(run: Run, name: str, *, local: float, users: int, seeds: int) -> None:
    """A pair whose cause is `local` when on; its row is kept after each world, so that what there is is whole."""
    run = replace(run, seeds=run.seeds[:seeds])
    sides = {
        side: [config_of(seed, users).changed(taste={"local": own}) for seed in run.seeds]
        for side, own in (("on", local), ("off", 0.0))
    }
    levels: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            levels[side].append(compare(configs[at], (MEAN, WIDE, TARGET, CROSSED), plain=False))
        row = pair(
            name,
            claim="attention to the target product (as in DIN) orders pages better than a mean-pooled history",
            cause=f"tastes are a department's own (taste.local {local:g}; 0 when off)",
            headline=f"{TARGET.name} - {MEAN.name}",
            on=[gains(own, PAIRS) for own in levels["on"]],
            off=[gains(own, PAIRS) for own in levels["off"]],
            worlds={side: configs[: at + 1] for side, configs in sides.items()},
            run=run,
            levels={side: means(own) for side, own in levels.items()},
            note="as in pair 1. Size-matched control: a mean-pool net at least as large (weights in `levels`). Simple "
            "opponent: the mean-pool net with five hand-made crosses of history and product.",
        )
        keep(run, "pairs", row)


def main() -> None:
    run = started("attention", seeds=5)
    judged(run, "2 target attention", local=1.0, users=run.sized(5_000, 600), seeds=5)
    # tried first, on fewer and smaller worlds; the row stays, since it is what the presets' users are like
    judged(run, "2b target attention, the presets' tastes", local=0.7, users=run.sized(4_000, 600), seeds=4)


if __name__ == "__main__":
    main()
