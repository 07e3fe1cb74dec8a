"""Do estimates from a log agree with the closed loop?

    python benchmarks/off_policy.py --json docs/results/off_policy.json [--seeds 3] [--tuning]

A world's users shop for some days under the default cascade, which gives the log that a ranker is trained on. Then
nothing is published any more, and some further days are logged, with whole lists, a share of whose heads is shuffled:
from these alone every target is estimated. There are two truths to compare with, both of first pages. "closed loop":
the target serves the days after, the same users, catalogue and chances for all targets. "same requests": the target's
pages for the very requests of the log are shown to the users who made them, with their luck drawn anew eight times; it
leaves out that users, days and later pages differ, so what is wrong beside it is the estimator's own.

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
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import off_policy_summary
import orjson
import torch
from rounding import rounded

from emptor.engine import Engine
from emptor.evaluate.off_policy import (
    Estimate,
    Logged,
    Ranked,
    by_score,
    difference,
    estimate,
    examination,
    ranker_scores,
    read_logged,
    replayed,
)
from emptor.evaluate.report import environment
from emptor.learn.compare import over_seeds
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.cascaded import CascadePolicy, request_ids
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
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=3, help="days logged, and days of the closed loop")
    parser.add_argument("--tuning", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    users = 2_500 if arguments.tuning else arguments.users
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
            arguments.json.write_bytes(orjson.dumps(rounded(results), option=orjson.OPT_INDENT_2) + b"\n")
        print(orjson.dumps(rounded(results["summary"]), option=orjson.OPT_INDENT_2).decode(), flush=True)
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
        luck = [World(config, luck=own) for own in range(1, 9)]
        first = 4
        with timed("log"):
            shown, satisfaction = log_days(world, engine, range(first, first + days), satisfaction)
        logged = read_logged(engine, read_traces(engine.shop.path))
        asked = shown.of(logged)
        print(f"# {len(logged):,} pages, {int(logged.explored.sum()):,} explored; {logged.left_out}", flush=True)
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
                same = same_requests(luck, engine, asked, target)
            of_log = of_log or found  # the first target is the log's own order
            told = {
                of: [
                    {**own.to_dict(), "over_log": difference(own, base)}
                    for own, base in zip(found[of], of_log[of], strict=True)
                ]
                for of in OUTCOMES
            }
            rows.append({"target": name, "estimates": told, "closed loop": truth, "same requests": same})
        return {
            "seed": config.seed,
            "world": config.hash,
            "users": config.users,
            "pages": len(logged),
            "explored": int(logged.explored.sum()),
            "clicks": int(logged.pages.clicked.sum()),
            "orders": int(logged.pages.bought.sum()),
            "targets": rows,
            "curve": curve_of(logged, shown.looked / shown.drawn),
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


@dataclass
class Beside:
    """What only the truth knows of the days that are logged: who asked for first pages, and on explored ones by place
    [20] how many products stood there by chance and how many of them were looked at.
    """

    drawn: np.ndarray = field(default_factory=lambda: np.zeros(PAGE))
    looked: np.ndarray = field(default_factory=lambda: np.zeros(PAGE))
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        first = asked.offset == 0
        drawn = (pages.propensity < 1) & pages.shown & (pages.explored & first)[:, None]
        self.looked += (happened.read.looked & drawn).sum(0)
        self.drawn += drawn.sum(0)
        self.asked.append(asked.rows(np.flatnonzero(first)))

    def of(self, logged: Logged) -> Asked:
        """Who asked for the pages of a log, in its order."""
        every = Asked(**{own.name: np.concatenate([getattr(a, own.name) for a in self.asked]) for own in fields(Asked)})
        place = {own: at for at, own in enumerate(request_ids(every))}
        return every.rows(np.array([place[own] for own in logged.pages.request_id.tolist()]))


def log_days(world: World, engine: Engine, days: range, satisfaction: np.ndarray) -> tuple[Beside, np.ndarray]:
    """Log some days without publishing any of them; returns (what is not in the log, how users feel in the end)."""
    recorder = Recorder(world, engine.shop.events, engine.shop.path, WHOLE, view=engine.view)
    beside = Beside()

    def record(asked: Asked, pages: Pages, happened: Happened) -> None:
        recorder(asked, pages, happened)
        beside(asked, pages, happened)

    loop = Loop(world, CascadePolicy(world, engine, log=WHOLE), record=record, satisfaction=satisfaction)
    for day in days:
        loop.day(day)
        recorder.end(day)
    return beside, loop.satisfaction


def same_requests(luck: list[World], engine: Engine, asked: Asked, target: Ranked) -> dict[str, Any]:
    """Clicks and orders of a target's pages for the requests of the log; intervals are of the luck alone."""
    known = luck[0].products.rows
    rows = np.array([known[own] for own in engine.view.product_ids(np.arange(engine.view.rows))])[target.rows]
    found = np.zeros((len(luck), 2))
    for number, world in enumerate(luck):
        for at in range(0, len(asked), 2_000):
            part = np.arange(at, min(at + 2_000, len(asked)))
            happened = world.happen(asked.rows(part), rows[part], target.mask[part])
            found[number] += happened.read.clicked.sum(), happened.done.bought.sum()
    found /= len(asked)
    told: dict[str, Any] = {"pages": len(asked)}
    for of, own in zip(OUTCOMES, found.T, strict=True):
        mean = over_seeds(own)
        told[of] = {"value": mean.mean, "ci95": [mean.low, mean.high]}
    return told


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

    policy = CascadePolicy(world, engine, cascade=cascade, remembers=True)
    loop = Loop(world, policy, record=record, satisfaction=satisfaction.copy())
    for day in days:
        loop.day(day)
    rng = np.random.default_rng(0)
    draws = rng.poisson(1.0, size=(1_000, size)).astype(np.float32) @ sums.astype(np.float32)
    found = {"pages": int(sums[:, 0].sum())}
    for at, of in enumerate(OUTCOMES, start=1):
        low, high = np.quantile(draws[:, at] / draws[:, 0], [0.025, 0.975])
        found[of] = {"value": sums[:, at].sum() / sums[:, 0].sum(), "ci95": [float(low), float(high)]}
    return found


def curve_of(logged: Logged, looked: np.ndarray) -> dict[str, Any]:
    """The estimated curve of examination beside what was looked at."""
    curve = examination(logged)
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


if __name__ == "__main__":
    main()
