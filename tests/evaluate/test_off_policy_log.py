"""Reading a shop's log for off-policy estimates, and replaying its requests."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from emptor.cli import app
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate.off_policy import by_place, estimate, examination, read_logged, replayed
from emptor.market.cascaded import CascadePolicy
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.making import new_market, open_world
from emptor.market.record import Recorder
from emptor.market.running import run_market
from emptor.market.store import folder_of
from emptor.rank.data import read_pages
from emptor.serve.traces import read_traces
from emptor.shop.config import LogOptions
from emptor.shop.importer import republish
from emptor.shop.shop import Shop

SHARE, DEPTH = 0.5, 12
WHOLE = LogOptions(traces=1.0, whole_stream=0.0)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny market: one day that its generation knows, and one day that it does not, with whole lists."""
    path = tmp_path_factory.mktemp("off-policy") / "shop"
    config = WorldConfig.of("tiny", users=600, catalogue={"pictures": False})
    new_market(path, config)
    file = path / "shop.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("share = 0.1, depth = 10", f"share = {SHARE}, depth = {DEPTH}").replace(
        "traces = 0.05", "traces = 1.0"
    )
    text += f"""
[cascade.shuffled]
explore = {{ share = 1.0, depth = {DEPTH} }}
stages = [
  {{ stage = "retrieve", method = "hybrid", depth = 200, options = {{ channels = {{ lexical = 1, personal = 1 }} }} }},
  {{ stage = "rank", method = "affinity", depth = 200, options = {{ weight = 0.5 }} }},
]
"""
    file.write_text(text, encoding="utf-8")
    run_market(path, days=1)
    with Engine.open(path) as engine:
        world = open_world(engine.shop, config)
        recorder = Recorder(world, engine.shop.events, path, WHOLE, view=engine.view)
        Loop(world, CascadePolicy(world, engine, log=WHOLE), record=recorder).day(1)
        recorder.end(1)
    return path


@pytest.fixture(scope="module")
def engine(market: Path) -> Iterator[Engine]:
    with Engine.open(market) as engine:
        yield engine


def test_pages_are_whole_and_those_of_the_days_that_are_not_known(engine: Engine, market: Path) -> None:
    logged = read_logged(engine, read_traces(market))
    assert len(logged) > 80
    assert logged.pages.mask.shape[1] == 20 and (logged.pages.mask.sum(1) == 20).mean() > 0.5
    assert logged.left_out["are known to the live generation (only pages since its publish count)"] > 20
    assert logged.left_out["are later pages of a list"] > 0
    assert set(np.unique(logged.pages.day - logged.pages.day.min())) == {0}
    assert 0.35 < logged.explored.mean() < 0.65
    # what the events say of the products that came on a screen
    seen = read_pages(engine.shop.events.read(), rows_of(engine))
    place = {own: at for at, own in enumerate(seen.request_id.tolist())}
    compared = 0
    for at, request in enumerate(logged.pages.request_id.tolist()):
        if request in place:
            other = place[request]
            many = int(seen.mask[other].sum())
            for name in ("rows", "clicked", "bought", "propensity"):
                assert getattr(logged.pages, name)[at, :many].tolist() == getattr(seen, name)[other, :many].tolist()
            compared += int(logged.pages.clicked[at].sum() == seen.clicked[other].sum())
    assert compared > 80 and logged.pages.clicked.sum() > 20


def rows_of(engine: Engine) -> pl.DataFrame:
    every = np.arange(engine.view.rows)
    return pl.DataFrame({"product_id": engine.view.product_ids(every), "row": every})


def test_the_serving_cascade_is_replayed_as_it_was(engine: Engine, market: Path) -> None:
    logged = read_logged(engine, read_traces(market))
    own = replayed(engine, logged, "default")
    plain = ~logged.explored
    assert (own.rows[plain] == logged.pages.rows[plain]).all() and (own.mask == logged.pages.mask).all()
    assert (own.rows[logged.explored] != logged.pages.rows[logged.explored]).any()
    # where a product stood before the draw, the own order has it
    assert (np.take_along_axis(own.rows, logged.home, axis=1) == logged.pages.rows)[logged.pages.mask].all()
    # propensities are what the shuffle's declaration says
    head = logged.may_move
    at_home = logged.home == np.arange(20)
    wanted = (1 - SHARE) * at_home + SHARE / np.maximum(head.sum(1), 1)[:, None]
    assert logged.pages.propensity[head] == pytest.approx(wanted[head], rel=1e-5)
    assert not head[:, DEPTH:].any()


def test_a_shuffled_target_is_not_the_draw_of_the_log(engine: Engine, market: Path) -> None:
    logged = read_logged(engine, read_traces(market))
    target = replayed(engine, logged, "shuffled", exploring=True)
    explored = logged.explored & (logged.may_move.sum(1) == DEPTH)
    agrees = (target.rows == logged.pages.rows)[explored][:, :DEPTH].mean()
    assert agrees == pytest.approx(1 / DEPTH, abs=0.04)
    again, other = (replayed(engine, logged, "shuffled", exploring=True, seed=seed) for seed in (0, 1))
    assert (again.rows == target.rows).all() and (other.rows != target.rows).any()
    assert (replayed(engine, logged, "shuffled").rows == replayed(engine, logged, "default").rows).all()


def test_estimates_of_a_shop(engine: Engine, market: Path) -> None:
    logged = read_logged(engine, read_traces(market))
    found = estimate(logged, replayed(engine, logged, "default"), reward=by_place(logged), resamples=100)
    assert [own.method for own in found] == ["ips", "snips", "examination", "agreeing", "dr", "direct"]
    plain = logged.pages.clicked[~logged.explored].sum(1).mean()
    for own in found:
        assert own.support == 1.0
        if own.method != "direct":
            assert own.low <= own.value <= own.high
            assert own.value == pytest.approx(plain, rel=0.35)
    assert len(examination(logged, resamples=50).value) == 20


def test_a_log_that_the_generation_knows_is_refused(market: Path, tmp_path: Path) -> None:
    shutil.copytree(folder_of(market), folder_of(tmp_path / "shop"))
    shutil.copytree(market, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        republish(shop)
    with Engine.open(tmp_path / "shop") as engine:
        with pytest.raises(EmptorError, match=re.escape("no page to judge by")) as told:
            read_logged(engine, read_traces(tmp_path / "shop"))
        assert "are known to the live generation" in str(told.value)
        assert len(read_logged(engine, read_traces(tmp_path / "shop"), since=0)) > 100


def test_a_shop_without_traces_is_told_so(shop_path: Path) -> None:
    with (
        Engine.open(shop_path) as engine,
        pytest.raises(EmptorError, match=r"no page to judge by \(none was traced: see traces in \[log\]"),
    ):
        read_logged(engine, read_traces(shop_path))


def test_only_pages_of_one_cascade(engine: Engine, market: Path) -> None:
    assert len(read_logged(engine, read_traces(market), cascade=engine.cascades["default"].hash)) > 80
    with pytest.raises(EmptorError, match="no page to judge by"):
        read_logged(engine, read_traces(market), cascade="another")


def test_unknown_cascades_are_refused(engine: Engine, market: Path) -> None:
    with pytest.raises(EmptorError, match="unknown cascade 'nobody'; known: default"):
        replayed(engine, read_logged(engine, read_traces(market)), "nobody")


def test_the_command_estimates_two_cascades(market: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["evaluate", str(market), "--off-policy", "--cascade", "plain", "--json", str(tmp_path / "found.json")]
    )
    assert done.exit_code == 0, done.output
    for told in (
        "plain, against default",
        "clicks on a first page",
        "orders on a first page",
        "doubly robust",
        "SNIPS",
    ):
        assert told in done.output
    assert "the log could not have shown there" in done.output and "too few for estimates of orders" in done.output
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found["rows"]) == 12
    for row in found["rows"]:
        assert row["difference"]["value"] == pytest.approx(row["value"] - row["against"]["value"])
        low, high = row["difference"]["ci95"]
        assert low <= high
    assert found["explored"] < found["pages"] and found["env"]


def test_the_command_refuses_judgements(market: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", str(market), "--off-policy", "--judgements", str(tmp_path / "j.csv")])
    assert done.exit_code != 0
    assert "--judgements is for judged queries" in f"{done.output} {done.exception}"
