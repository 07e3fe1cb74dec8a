"""Do estimates from a log agree with the closed loop?

    python benchmarks/off_policy.py --json docs/results/off_policy.json [--seeds 3] [--tuning]

A world's users shop for some days under the default cascade, which gives the log that a ranker is trained on. Then nothing
is published any more, and some further days are logged, with whole lists, a share of whose heads is shuffled: from these
alone every target is estimated. Then every target serves the days after them in the closed loop, the same users, catalogue
and chances for all. What is compared is first pages: clicks and orders on their first 20 places.

`--tuning` runs one small world of another seed, to see that all runs; it writes nothing but what `--json` names.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import off_policy_summary
import orjson
import torch

from emptor.engine import Engine
from emptor.evaluate.off_policy import (
    Estimate,
    Logged,
    by_score,
    difference,
    estimate,
    examination,
    ranker_scores,
    read_logged,
    replayed,
)
from emptor.evaluate.report import environment
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.cascaded import CascadePolicy
from emptor.market.config import VERSION, WorldConfig
from emptor.market.loop import Loop
from emptor.market.making import new_market, open_world
from emptor.market.pages import Pages
from emptor.market.record import Recorder
from emptor.market.running import run_market
from emptor.market.store import load_state
from emptor.market.world.world import Happened, World
from emptor.rank.train import TrainOptions, train_ranker
from emptor.serve.traces import read_traces
from emptor.shop.config import LogOptions
from emptor.shop.shop import Shop

REPORTING, TUNING = (101, 102, 103, 104, 105), (11,)
SHARE, DEPTH = 0.3, 20
WHOLE = LogOptions(traces=1.0, whole_stream=0.0)
OUTCOMES = {"clicked": "clicks", "bought": "orders"}
LOGGING = "affinity .5 (logs)"

_RETRIEVE = '{ stage = "retrieve", method = "hybrid", depth = 200, options = { channels = { lexical = 1.0%s } } }'
_WITH_USER = _RETRIEVE % ", personal = 1.0"
_AFFINITY = '{ stage = "rank", method = "affinity", depth = 200, options = { weight = %s } }'
_RANKER = '{ stage = "rank", method = "dnn_crosses", depth = 200, options = { best = %d } }'
TARGETS: dict[str, tuple[str, ...]] = {
    LOGGING: (_WITH_USER, _AFFINITY % 0.5),
    "affinity 0": (_WITH_USER, _AFFINITY % 0.0),
    "affinity .25": (_WITH_USER, _AFFINITY % 0.25),
    "affinity 1": (_WITH_USER, _AFFINITY % 1.0),
    "affinity 2": (_WITH_USER, _AFFINITY % 2.0),
    "plain words": (_RETRIEVE % "",),
    "head at random": (_WITH_USER, _AFFINITY % 0.5),
    "ranker, best 200": (_WITH_USER, _RANKER % 200),
    "ranker, head of 20": (_WITH_USER, _AFFINITY % 0.5, _RANKER % 20),
}
"""Cascades to estimate, by name. The last reorders the log's own 20 products."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--users", type=int, default=12_000)
    parser.add_argument("--days", type=int, default=3, help="days logged, and days of the closed loop")
    parser.add_argument("--tuning", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    users = 1_500 if arguments.tuning else arguments.users
    worlds = []
    for seed in TUNING if arguments.tuning else REPORTING[: arguments.seeds]:
        config = WorldConfig.of(
            "study", seed=seed, users=users, products=8_000, queries=12_000, catalogue={"pictures": False, "churn": 0.0}
        )
        worlds.append(one(config, days=arguments.days))
        results = {
            "command": shlex.join(["python", "benchmarks/off_policy.py", *sys.argv[1:]]),
            "market": VERSION,
            "explore": {"share": SHARE, "depth": DEPTH},
            "days": {"before": 4, "logged": arguments.days, "closed loop": arguments.days},
            "worlds": worlds,
            "summary": off_policy_summary.summary(worlds),
            "env": environment(),
        }
        if arguments.json is not None:
            arguments.json.write_bytes(orjson.dumps(_rounded(results), option=orjson.OPT_INDENT_2) + b"\n")
        print(orjson.dumps(_rounded(results["summary"]), option=orjson.OPT_INDENT_2).decode(), flush=True)
    if arguments.svg is not None:
        arguments.svg.write_text(off_policy_summary.chart(worlds), encoding="utf-8")


def one(config: WorldConfig, *, days: int) -> dict[str, Any]:
    """One world: every target's estimates beside what the closed loop says."""
    with (
        tempfile.TemporaryDirectory(prefix="off-policy-") as folder,
        opened(config, Path(folder) / "shop") as (
            world,
            engine,
            satisfaction,
        ),
    ):
        first = 4
        with timed("log"):
            shown, satisfaction = log_days(world, engine, range(first, first + days), satisfaction)
        logged = read_logged(engine, read_traces(engine.shop.path))
        print(
            f"# {len(logged):,} pages, {int(logged.explored.sum()):,} explored; left out: {logged.left_out}", flush=True
        )
        after = range(first + days, first + 2 * days)
        with timed("scores"):
            scores = ranker_scores(engine, logged, "dnn_crosses")
            rewards = {of: by_score(logged, own, outcome=of) for of, own in zip(OUTCOMES, scores, strict=True)}
        rows: list[dict[str, Any]] = []
        of_log: dict[str, list[Estimate]] = {}
        for place, name in enumerate(TARGETS):
            with timed(name):
                target = replayed(engine, logged, f"t{place}", exploring=name == "head at random")
                found = {of: estimate(logged, target, outcome=of, reward=rewards[of]) for of in OUTCOMES}
                truth = closed_loop(world, engine, f"t{place}", after, satisfaction)
            of_log = of_log or found  # the first target is the log's own order
            told = {
                of: [
                    {**own.to_dict(), "over_log": difference(own, base)}
                    for own, base in zip(found[of], of_log[of], strict=True)
                ]
                for of in OUTCOMES
            }
            rows.append({"target": name, "estimates": told, "truth": truth})
        return {
            "seed": config.seed,
            "world": config.hash,
            "users": config.users,
            "pages": len(logged),
            "explored": int(logged.explored.sum()),
            "clicks": int(logged.pages.clicked.sum()),
            "orders": int(logged.pages.bought.sum()),
            "targets": rows,
            "curve": curve_of(logged, shown),
        }


@contextmanager
def opened(config: WorldConfig, path: Path) -> Iterator[tuple[World, Engine, np.ndarray]]:
    """A market that has been open for four days, a ranker trained on them, and every target among its cascades."""
    with timed("market"):
        new_market(path, config)
        file = path / "shop.toml"
        text = file.read_text(encoding="utf-8")
        text = text.replace("share = 0.1, depth = 10", f"share = {SHARE}, depth = {DEPTH}").replace(
            "traces = 0.05 ", "traces = 0.0 "
        )
        file.write_text(text, encoding="utf-8")
    with timed("days before"):
        run_market(path, days=4)
    with timed("training"), Shop.open(path) as shop:
        print(f"# {train_ranker(shop, model='dnn_crosses', options=TrainOptions(epochs=3)).metrics}", flush=True)
    for place, (name, stages) in enumerate(TARGETS.items()):
        explore = f"explore = {{ share = 1.0, depth = {DEPTH} }}\n" if name == "head at random" else ""
        text += f"\n[cascade.t{place}]  # {name}\n{explore}stages = [{', '.join(stages)}]\n"
    file.write_text(text, encoding="utf-8")
    with Engine.open(path) as engine:
        yield open_world(engine.shop, config), engine, load_state(path, config).satisfaction


def log_days(
    world: World, engine: Engine, days: range, satisfaction: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Log some days without publishing any of them; returns (what was looked at on explored first pages by place, and
    how users feel in the end). Only the truth knows the former.
    """
    recorder = Recorder(world, engine.shop.events, engine.shop.path, WHOLE, view=engine.view)
    looked, shown = np.zeros(PAGE), np.zeros(PAGE)

    def record(asked: Asked, pages: Pages, happened: Happened) -> None:
        recorder(asked, pages, happened)
        drawn = (pages.propensity < 1) & pages.shown & (pages.explored & (asked.offset == 0))[:, None]
        looked[:] += (happened.read.looked & drawn).sum(0)
        shown[:] += drawn.sum(0)

    loop = Loop(world, CascadePolicy(world, engine, log=WHOLE), record=record, satisfaction=satisfaction)
    for day in days:
        loop.day(day)
        recorder.end(day)
    return {"looked": looked, "shown": shown}, loop.satisfaction


def closed_loop(
    world: World, engine: Engine, cascade: str, days: range, satisfaction: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Clicks and orders of a first page under a cascade, with intervals over users: the truth, but for luck."""
    size = len(world.users)
    sums = np.zeros((size, 3))

    def record(asked: Asked, pages: Pages, happened: Happened) -> None:
        first = asked.offset == 0
        values = np.stack([np.ones(len(asked)), happened.read.clicked.sum(1), happened.done.bought.sum(1)], axis=1)
        np.add.at(sums, asked.user[first], values[first])

    loop = Loop(world, CascadePolicy(world, engine, cascade=cascade), record=record, satisfaction=satisfaction.copy())
    for day in days:
        loop.day(day)
    rng = np.random.default_rng(0)
    draws = rng.poisson(1.0, size=(1_000, size)).astype(np.float32) @ sums.astype(np.float32)
    found = {"pages": int(sums[:, 0].sum())}
    for at, of in enumerate(OUTCOMES, start=1):
        low, high = np.quantile(draws[:, at] / draws[:, 0], [0.025, 0.975])
        found[of] = {"value": sums[:, at].sum() / sums[:, 0].sum(), "ci95": [float(low), float(high)]}
    return found


def curve_of(logged: Logged, shown: dict[str, np.ndarray]) -> dict[str, Any]:
    """The estimated curve of examination beside what was looked at."""
    curve = examination(logged)
    looked = shown["looked"] / shown["shown"]
    return {
        "value": curve.value.tolist(),
        "low": curve.low.tolist(),
        "high": curve.high.tolist(),
        "smooth": curve.smooth.tolist(),
        "looked": (looked / looked[0]).tolist(),
        "clicks": curve.clicks.tolist(),
    }


@contextmanager
def timed(what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"# {what}: {time.perf_counter() - start:.0f} s", flush=True)


def _rounded(value: Any) -> Any:
    """Six digits are more than any of these figures has."""
    if isinstance(value, dict):
        return {key: _rounded(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(own) for own in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
