"""Trained stages in the closed loop: orders per user against the cascade without, on users and days not learnt from.

    python benchmarks/closed_loop.py [--seeds 21 22 23] [--models dnn_crosses dnn_no_history]
        [--json docs/results/closed_loop.json]
    python benchmarks/closed_loop.py --stage retrieve
        --json docs/results/closed_loop_retrieval.json
    python benchmarks/closed_loop.py --stage prerank
        --json docs/results/closed_loop_preranking.json
    python benchmarks/closed_loop.py --stage rerank
        --json docs/results/closed_loop_reranking.json

For each seed a market of the demo's kind is made, and users shop some days through the untrained cascade; every model
is trained on that log by `emptor train`; and one user in ten, of whom nothing was learnt, shops the coming days under
the untrained cascade and under each trained one, as in `emptor market ab --held-out`: the same visits and chances.
A retriever stands beside words and what a user likes, under the same ranking by hand. A pre-ranker takes the place of
a plain cut of 1,000 to 200, under the same ranking by hand; HELD is HCCP that has to keep the first hundred of what was
found. UNCUT is no pre-ranker: everything that was found is ranked, which is what a pre-ranking is to come near to.
A re-ranker stands behind a trained ranker, and is compared with its order: users shop some days more under that ranker,
with traces of every request, and re-rankers are trained on those.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from loop_arms import Arms, kept, told, written
from loop_reranking import RANKED, WAYS, reranked, reranking_shop
from loop_shops import add, cascade, copied, market, same, trained

from emptor.shop.config import CascadeOptions
from emptor.shop.proposals import Stages, proposed

UNCUT, HELD = "uncut", "hccp_first_100"
MODELS = {
    "rank": ["dnn_crosses", "dnn_no_history"],
    "prerank": ["hccp", "exposed", "weak_negatives", UNCUT, HELD],
    "retrieve": ["smar", "text_only"],
    "rerank": list(WAYS),
}
NET = {HELD: "hccp"}
"""Whose network it is, where it is not its own."""
OPTIONS = {"rank": {"best": 20}}
"""Of the stage, as the demo has them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    parser.add_argument("--stage", choices=tuple(MODELS), default="rank")
    parser.add_argument("--models", nargs="+", help=f"unless given: {MODELS}")
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--log-days", type=int, default=3)
    parser.add_argument("--list-days", type=int, default=3, help="more, under the trained ranker, for re-rankers")
    parser.add_argument("--days", type=int, default=28, help="of each comparison")
    parser.add_argument("--work", type=Path, help="where shops and what was measured are kept: seeds are not run again")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    models = args.models or MODELS[args.stage]
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        work: Path = args.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        days = {name: getattr(args, name) for name in ("users", "log_days", "list_days", "days")}
        same(work / f"{args.stage}.json", {**days, "models": models})
        for seed in args.seeds:
            runs += kept(work / f"{args.stage}-{seed}.json", lambda seed=seed: compared(work, seed, models, args))
    if args.json is not None:
        written(args.json, runs, ("model",), words=["benchmarks/closed_loop.py", *sys.argv[1:]])


def compared(work: Path, seed: int, models: list[str], args: argparse.Namespace) -> list[dict[str, Any]]:
    """What each model changed in one market."""
    base = market(work / f"shop-{seed}", seed, users=args.users, days=args.log_days)
    shop, before = work / f"{args.stage}-{seed}", "default"
    if args.stage == "rerank":
        before = RANKED
        reranking_shop(base, shop, models, days=args.list_days)
        add(shop, {model: reranked(cascade(shop, RANKED), model) for model in models})
    else:
        copied(base, shop)
        add(shop, {model: with_model(cascade(shop, before), args.stage, model) for model in models})
        for model in models:
            if model != UNCUT:
                trained(shop, args.stage, NET.get(model, model))
    found = []
    with Arms(shop, args.days) as arms:
        for model in models:
            found.append({"seed": seed, "model": model, **arms.compared(before, model)})
            print(f"seed {seed}, {model}: {told(found[-1])}", flush=True)
    return found


def with_model(default: CascadeOptions, stage: str, model: str) -> Stages:
    """The default's stages with a model in one."""
    if model == UNCUT:
        return uncut(default)
    options = {"first": 100} if model == HELD else OPTIONS.get(stage)
    return proposed(default, stage, NET.get(model, model), options=options)


def uncut(base: CascadeOptions) -> Stages:
    """The same cascade, everything that is found ranked, and no budget."""
    stages = [own.model_dump(exclude_defaults=True) for own in base.stages if own.stage != "prerank"]
    found = max(own.depth for own in base.stages)
    for own in stages:
        if own["stage"] == "rank":
            own["depth"] = found
    return stages


if __name__ == "__main__":
    main()
