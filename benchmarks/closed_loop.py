"""Trained stages in the closed loop: orders per user against the untrained cascade, on users and days not learnt from.

    python benchmarks/closed_loop.py [--seeds 21 22 23] [--models dnn_crosses dnn_no_history]
        [--json docs/results/closed_loop.json]
    python benchmarks/closed_loop.py --stage retrieve
        --json docs/results/closed_loop_retrieval.json
    python benchmarks/closed_loop.py --stage prerank
        --json docs/results/closed_loop_preranking.json

For each seed a market of the demo's kind is made, and users shop some days through the untrained cascade; every model
is trained on that log by `emptor train`; and `emptor market ab --held-out` lets one user in ten, of whom nothing was
learnt, shop the coming days under the untrained cascade and under the trained one: the same visits and chances in both.
A retriever stands beside words and what a user likes, under the same ranking by hand. A pre-ranker takes the place of
a plain cut of 1,000 to 200, under the same ranking by hand; HELD is HCCP that has to keep the first hundred of what was
found. UNCUT is no pre-ranker: everything that was found is ranked, which is what a pre-ranking is to come near to.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import orjson

from emptor.evaluate.report import environment
from emptor.learn.compare import over_seeds
from emptor.market.config import WorldConfig
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.shop.config import CascadeOptions, read_options
from emptor.shop.experiments import kept
from emptor.shop.proposals import Stages, as_table, proposed

UNCUT, HELD = "uncut", "hccp_first_100"
MODELS = {
    "rank": ["dnn_crosses", "dnn_no_history"],
    "prerank": ["hccp", "exposed", "weak_negatives", UNCUT, HELD],
    "retrieve": ["smar", "text_only"],
}
NET = {HELD: "hccp"}
"""Whose network it is, where it is not its own."""
OPTIONS = {"rank": {"best": 20}}
"""Of the stage, as the demo has them."""
MEASURES = ("orders", "clicks", "carts", "gmv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    parser.add_argument("--stage", choices=("retrieve", "prerank", "rank"), default="rank")
    parser.add_argument("--models", nargs="+", help=f"unless given: {MODELS}")
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--log-days", type=int, default=3)
    parser.add_argument("--days", type=int, default=28, help="of each comparison")
    parser.add_argument("--work", type=Path, help="where the shops are made and kept")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    models = args.models or MODELS[args.stage]
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            run
            for seed in args.seeds
            for run in compared((args.work or Path(folder)) / f"shop-{seed}", seed, models, args)
        ]
    if args.json is not None:
        command = shlex.join(["python", "benchmarks/closed_loop.py", *sys.argv[1:]])
        content = {"command": command, "env": environment(), "runs": runs, "together": together(runs)}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def compared(shop: Path, seed: int, models: list[str], args: argparse.Namespace) -> list[dict]:
    """What each model changed in one market."""
    if not (shop / "made").exists():
        config = WorldConfig.of("demo", seed=seed, users=args.users)
        new_market(shop, config, replace=True)
        run_market(shop, days=args.log_days)
        (shop / "made").touch()
    told = (shop / "shop.toml").read_text(encoding="utf-8")
    known = read_options(shop / "shop.toml").cascade
    default = known["default"]
    tables: dict[str, Stages] = {}
    for model in models:
        options = {"first": 100} if model == HELD else OPTIONS.get(args.stage)
        changed = proposed(default, args.stage, NET.get(model, model), options=options)
        tables[model] = uncut(default) if model == UNCUT else changed
    new = [as_table(name, stages, base=default) for name, stages in tables.items() if name not in known]
    (shop / "shop.toml").write_text("\n\n".join([told, *new]), encoding="utf-8")
    found = []
    for model in models:
        if model != UNCUT:
            trained(shop, args.stage, NET.get(model, model))
        before = set(kept(shop))
        emptor("market", "ab", str(shop), "--a", "default", "--b", model, "--held-out", "--days", str(args.days))
        (new,) = (own for own in kept(shop) if own not in before)
        measured = orjson.loads(new.read_bytes())
        rows = {own["measure"]: own for own in measured["rows"] if own["measure"] in MEASURES}
        told = ", ".join(f"{name} {rows[name]['relative']:+.1%}" for name in MEASURES)
        print(f"seed {seed}, {model}: {told}", flush=True)
        names = ("a", "b", "difference", "low", "high", "p", "relative")
        found.append(
            {
                **{"seed": seed, "model": model},
                **{own: measured[own] for own in ("users", "days", "first_day")},
                "rows": {name: {own: row[own] for own in names} for name, row in rows.items()},
                "exposure": measured["exposure"],
            }
        )
    return found


def trained(shop: Path, stage: str, model: str) -> None:
    """Train a model, unless the shop has one."""
    if not (shop / "models" / stage / model).exists():
        emptor("train", str(shop), "--stage", stage, "--model", model)


def uncut(base: CascadeOptions) -> Stages:
    """The same cascade, everything that is found ranked, and no budget."""
    stages = [own.model_dump(exclude_defaults=True) for own in base.stages if own.stage != "prerank"]
    found = max(own.depth for own in base.stages)
    for own in stages:
        if own["stage"] == "rank":
            own["depth"] = found
    return stages


def together(runs: list[dict]) -> list[dict]:
    """Each model over all markets: relative changes, weighed by how sure each is, and their interval."""
    found = []
    for model in dict.fromkeys(run["model"] for run in runs):
        for name in MEASURES:
            own = [run["rows"][name] for run in runs if run["model"] == model]
            change = np.array([row["relative"] for row in own])
            spread = np.array([(row["high"] - row["low"]) / row["a"] / 2 / 1.96 for row in own])
            weight = spread**-2 / (spread**-2).sum()
            mean, error = float(weight @ change), float((spread**-2).sum() ** -0.5)
            seeds = over_seeds(change)
            found.append(
                {
                    **{"model": model, "measure": name, "markets": len(own), "mean": mean},
                    "ci95": [mean - 1.96 * error, mean + 1.96 * error],
                    "over_markets": None if seeds.low is None else [seeds.low, seeds.high],
                }
            )
        for name in ("gini", "coverage", "tail"):
            own = [run["exposure"] for run in runs if run["model"] == model and "exposure" in run]
            if own:
                change = over_seeds(np.array([one["b"][name] - one["a"][name] for one in own]))
                low = None if change.low is None else [change.low, change.high]
                means = {arm: float(np.mean([one[arm][name] for one in own])) for arm in "ab"}
                found.append(
                    {"model": model, "exposure": name, **means, "difference": change.mean, "over_markets": low}
                )
    return found


def emptor(*words: str) -> None:
    """Run a command line as anybody would."""
    subprocess.run([sys.executable, "-m", "emptor", *words], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
