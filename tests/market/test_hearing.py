"""Within a simulated day, a trained ranker knows what users did earlier in it: what the log will say, once, and no arm
knows of another.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from emptor.engine import Engine
from emptor.market.cascaded import CascadePolicy
from emptor.market.config import WorldConfig
from emptor.market.experiment import run_arm
from emptor.market.loop import MEASURES, Loop
from emptor.market.making import new_market, open_world
from emptor.market.record import Recorder
from emptor.market.report.ab import compare_cascades
from emptor.market.running import run_market
from emptor.market.store import folder_of, load_config
from emptor.rank.train import TrainOptions, train_ranker
from emptor.shop.ageing import DAY_US
from emptor.shop.features import Features
from emptor.shop.shop import Shop

LEARNT = """
[cascade.learnt]
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60, options = { channels = { lexical = 1.0, personal = 1.0 } } },
  { stage = "rank", method = "lr_crosses", depth = 60 },
]
"""
Key = tuple[str, int]
History = tuple[list[int], list[int], list[int], float]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny market after two days, with a ranker that reads histories; do not write to it."""
    path = tmp_path_factory.mktemp("hearing") / "shop"
    torch.set_num_threads(1)
    new_market(path, WorldConfig.of("tiny", users=500, products=1_500, catalogue={"pictures": False, "churn": 0}))
    with (path / "shop.toml").open("a") as file:
        file.write(LEARNT)
    run_market(path, days=2)
    with Shop.open(path) as shop:
        train_ranker(shop, model="lr_crosses", options=TrainOptions(epochs=1))
    return path


@pytest.fixture
def market(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder_of(trained), folder_of(tmp_path / "shop"))
    return Path(shutil.copytree(trained, tmp_path / "shop"))


@pytest.fixture
def histories(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Key, History]]:
    """(user, moment) -> what a ranker was given of that user's past: rows, actions, gaps, how many."""
    found: dict[Key, History] = {}
    real = Features.describe

    def kept(self: Features, users: Any, queries: Any, now: np.ndarray, *args: Any, **options: Any) -> Any:
        described = real(self, users, queries, now, *args, **options)
        for at, (user, moment) in enumerate(zip(users, now.tolist(), strict=True)):
            found[user, moment] = _history(described, at)
        return described

    monkeypatch.setattr(Features, "describe", kept)
    yield found


def _history(described: Any, at: int) -> History:
    own = described.action[at] > 0
    columns = [getattr(described, name)[at][own].tolist() for name in ("past", "action", "gap")]
    return (*columns, float(described.context[at, 2]))  # type: ignore[return-value]


def as_logged(features: Features, asked: list[Key]) -> dict[Key, History]:
    rows = np.zeros((len(asked), 1), np.int64)
    described = features.describe(
        [user for user, _ in asked],
        [None] * len(asked),
        np.array([moment for _, moment in asked]),
        rows,
        np.ones_like(rows, bool),
    )
    return {key: _history(described, at) for at, key in enumerate(asked)}


def test_a_day_is_known_while_it_lasts_as_the_log_will_have_it(market: Path, histories: dict[Key, History]) -> None:
    with Engine.open(market) as engine:
        world = open_world(engine.shop, load_config(market))
        policy = CascadePolicy(world, engine, cascade="learnt")
        recorder = Recorder(world, engine.shop.events, view=engine.view)
        loop = Loop(world, policy, record=recorder)
        today = 0
        for day in (2, 3):  # the second one's cascade has the first in its log: it counts once
            loop.day(day)
            recorder.end(day)
            mine = dict(histories)
            histories.clear()
            assert len(mine) > 300
            features = Features.of(engine.shop)
            assert as_logged(features, list(mine)) == mine
            midnight = min(moment for _, moment in mine) // DAY_US * DAY_US
            events = engine.shop.events.read().filter(pl.col("time").dt.epoch("us") < midnight)
            blind = as_logged(Features(features.view, features.spec, events), list(mine))
            today += sum(blind[key] != own for key, own in mine.items())
            histories.clear()
        assert today > 200  # so it does matter what was done on the day itself


def log_of(path: Path) -> pl.DataFrame:
    with Shop.open(path) as shop:
        return shop.events.read().sort("seq").collect()


def test_the_same_seed_writes_the_same_log(market: Path, trained: Path, tmp_path: Path) -> None:
    shutil.copytree(folder_of(trained), folder_of(tmp_path / "again"))
    shutil.copytree(trained, tmp_path / "again")
    for path in (market, tmp_path / "again"):
        run_market(path, days=2, cascade="learnt")
    mine, its = log_of(market), log_of(tmp_path / "again")
    assert mine.equals(its) and mine.height > log_of(trained).height + 5_000


def test_arms_know_their_own_days_and_nothing_of_each_other(market: Path, histories: dict[Key, History]) -> None:
    before = log_of(market)
    with Engine.open(market) as engine:
        world = open_world(engine.shop, load_config(market))
        everybody = np.ones(len(world.users), bool)

        def arm(cascade: str, *, remembers: bool = True) -> Any:
            policy = CascadePolicy(world, engine, cascade=cascade, remembers=remembers)
            return run_arm(world, policy, start=2, days=2, users=everybody)

        first = arm("learnt")
        mine = dict(histories)
        histories.clear()
        arm("default")  # another arm's users click on other pages
        again = arm("learnt")
        assert histories == mine
        assert all((getattr(first, name) == getattr(again, name)).all() for name in MEASURES)
        histories.clear()
        arm("learnt", remembers=False)
        shared = mine.keys() & histories.keys()
        day = min(moment for _, moment in mine) // DAY_US
        later = [key for key in shared if key[1] // DAY_US > day]
        assert all(mine[key] == histories[key] for key in shared - set(later))
        assert sum(mine[key][3] > histories[key][3] for key in later) > 100  # without, the first day is not known
    assert log_of(market).equals(before)


def test_a_cascade_against_itself_is_nothing(market: Path) -> None:
    found = compare_cascades(market, "learnt", "learnt", days=2)
    assert all(row.difference == row.low == row.high == 0 for row in found.rows) and found.totals[0]["clicks"] > 100
