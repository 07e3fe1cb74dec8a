"""Does a net with the user's history order pages better than the same net without, and only where users differ?

On: the study world. Off: nobody minds looks, prices or brands, and all are interested in the same categories.
"""

from __future__ import annotations

from benchmarks.market_pairs.clicks import CROSSED, MEAN, NONE
from benchmarks.market_pairs.common import keep, pair, started
from benchmarks.market_pairs.ranking import compare, config_of, gains, means

SAME = {"strength": 0, "interest": 0, "interactions": 0, "price": 0, "brand": 0}
PAIRS = (
    (MEAN.name, NONE.name),
    (MEAN.name, "logistic"),
    (CROSSED.name, NONE.name),
    (NONE.name, "logistic"),
)


def main() -> None:
    run = started("personalisation", seeds=5)
    users = run.sized(3_500, 600)
    sides = {
        "on": [config_of(seed, users) for seed in run.seeds],
        "off": [config_of(seed, users).changed(taste=SAME) for seed in run.seeds],
    }
    shapes = (NONE, MEAN, CROSSED)
    levels: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    # seed by seed, so that what there is after each is a whole pair
    for at in range(len(run.seeds)):
        for side, configs in sides.items():
            levels[side].append(compare(configs[at], shapes))
        row = pair(
            "1 personalisation",
            claim="a click net with the user's history orders pages better than the same net without",
            cause="users differ in taste for looks, price, brand and category (taste.strength, interactions, price, "
            "brand, interest; all 0 when off)",
            headline=f"{MEAN.name} - {NONE.name}",
            on=[gains(own, PAIRS) for own in levels["on"]],
            off=[gains(own, PAIRS) for own in levels["off"]],
            worlds={side: configs[: at + 1] for side, configs in sides.items()},
            run=run,
            levels={side: means(own) for side, own in levels.items()},
            note="GAUC by request, test pages in random order, position fixed. Models see claims, a noisy picture "
            "descriptor, click rates before the day, the last 30 clicks. The net without history has the same head "
            "and fewer inputs. With all tastes off, clicks still follow relevance, appeal and what was clicked in the "
            "same visit (+.2).",
        )
        keep(run, "pairs", row)


if __name__ == "__main__":
    main()
