"""What each stage of the whole cascade adds, in the closed loop: one after the other, and to all the others.

    python benchmarks/stages.py [--seeds 21 22 23] [--json docs/results/stages.json]

For each seed a market of the demo's kind is made. Its users shop some days through the untrained cascade: words, the
first of what they find, an order by hand. Then the demo's stages are trained one after the other, each on the log of
what stands before it: users shop another day under the cascade so far, and some days with traces of every request
under the trained ranker, whose lists the re-ranker learns from. One user in ten, of whom nothing was learnt, shops the
coming days under every cascade, with the same visits and chances: the untrained one, one more stage each time (a
stage's gain "in turn"), and the whole without one stage, in whose place stands what stood there untrained, if anything
(the gain "to the others", which were trained with it and are not trained again).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loop_arms import Arms, kept, told, written
from loop_shops import add, cascade, copied, go_on, market, same, trained

from emptor.demo.stages import RERANK, STAGES, Trainable
from emptor.shop.config import CascadeOptions, StageOptions
from emptor.shop.proposals import Stages, proposed

TURN, OTHERS = "in turn", "to the others"
ALL = "all"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--log-days", type=int, default=3)
    parser.add_argument("--list-days", type=int, default=3, help="under the trained ranker, for the re-ranker")
    parser.add_argument("--days", type=int, default=28, help="of each cascade")
    parser.add_argument("--work", type=Path, help="where shops and what was measured are kept: seeds are not run again")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        work: Path = args.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        same(work / "stages.json", {name: getattr(args, name) for name in ("users", "log_days", "list_days", "days")})
        for seed in args.seeds:
            runs += kept(work / f"stages-{seed}.json", lambda seed=seed: compared(work, seed, args))
    if args.json is not None:
        written(args.json, runs, ("stage", "to"), words=["benchmarks/stages.py", *sys.argv[1:]])


def compared(work: Path, seed: int, args: argparse.Namespace) -> list[dict[str, Any]]:
    """What each stage added in one market."""
    base = market(work / f"shop-{seed}", seed, users=args.users, days=args.log_days)
    shop = copied(base, work / f"stages-{seed}", lambda shop: learn(shop, list_days=args.list_days))
    found = []
    with Arms(shop, args.days) as arms:
        for stage, to, a, b in pairs():
            found.append({"seed": seed, "stage": stage, "to": to, **arms.compared(a, b)})
            print(f"seed {seed}, {stage}, {to}: {told(found[-1])}", flush=True)
    return found


def learn(shop: Path, *, list_days: int) -> None:
    """Train all stages, each on the log of what stands before it, and write all cascades."""
    default = cascade(shop, "default")
    chosen = [STAGES[:at] for at in range(1, len(STAGES) + 1)]
    chosen += [tuple(own for own in STAGES if own is not left_out) for left_out in STAGES]
    add(shop, {name_of(parts): with_stages(default, parts) for parts in chosen})
    for at, part in enumerate(STAGES):
        if at:
            before, lists = name_of(STAGES[:at]), part is RERANK
            go_on(shop, days=list_days if lists else 1, cascade=before, lists=lists)
        trained(shop, part.stage, part.model)
        print(f"  {part.model} is trained", flush=True)


def with_stages(default: CascadeOptions, parts: Sequence[Trainable]) -> Stages:
    """The stages of the default with some of the demo's."""
    stages: Stages = []
    for part in parts:
        stages = proposed(default, part.stage, part.model, options=part.of_stage)
        default = default.model_copy(update={"stages": [StageOptions(**own) for own in stages]})
    return stages


def name_of(parts: Sequence[Trainable]) -> str:
    """The name of the cascade with these stages trained."""
    stages = [own.stage for own in parts]
    return "default" if not stages else ALL if len(stages) == len(STAGES) else "_".join(stages)


def pairs() -> list[tuple[str, str, str, str]]:
    """(stage, what it is added to, the cascade without it, the one with it)."""
    turn = [(own.stage, TURN, name_of(STAGES[:at]), name_of(STAGES[: at + 1])) for at, own in enumerate(STAGES)]
    others = [
        (own.stage, OTHERS, name_of([other for other in STAGES if other is not own]), name_of(STAGES)) for own in STAGES
    ]
    return [*turn, *others, (ALL, TURN, name_of([]), name_of(STAGES))]


if __name__ == "__main__":
    main()
