"""The benchmarks of closed loops: cascades as they say, each run once, and what several markets say together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from emptor.demo.stages import PRERANK, RANK, RERANK, RETRIEVE, STAGES
from emptor.market.store import load_config, load_state
from emptor.shop.config import CascadeOptions, StageOptions

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # where benchmarks find what they share

import loop_arms
import loop_tables
import stages
from loop_arms import Arms, kept, together, written
from loop_reranking import reranked
from loop_shops import add, cascade, copied, go_on, same

sys.path.pop(0)


def test_an_arm_is_run_once_and_does_not_differ_from_itself(market_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = cascade(market_path, "default")
    new = {"popular": [{"stage": "retrieve", "method": "popular"}], "mmr": reranked(default, "mmr")}
    add(market_path, new)
    add(market_path, new)  # once more changes nothing
    run, ran = loop_arms.run_arm, []
    monkeypatch.setattr(loop_arms, "run_arm", lambda *own, **named: ran.append(own[1].name) or run(*own, **named))
    with Arms(market_path, 2) as arms:
        found = [arms.compared("default", name) for name in ("popular", "mmr", "default")]
    assert ran == ["default", "popular", "mmr"]
    assert found[0]["first_day"] == load_state(market_path, load_config(market_path)).day == 2
    assert found[0]["rows"]["clicks"]["a"] == found[1]["rows"]["clicks"]["a"] > 0
    assert found[0]["exposure"]["b"]["gini"] > found[0]["exposure"]["a"]["gini"]
    assert all(row["difference"] == 0 for row in found[2]["rows"].values())
    assert found[2]["rows"]["pages_per_visit"]["a"] > 1
    runs = [{"seed": 1, "model": name, **own} for name, own in zip(("popular", "mmr", "none"), found, strict=True)]
    table = loop_tables.reranking({"runs": runs, "together": together(runs)})
    (line,) = (own for own in table.splitlines() if own.startswith("| `none` | ") and "%" in own)
    assert "+0.0% [-0.0%, +0.0%]" in line and "Gini" not in table, "which products are on a page stays"


def test_a_shop_goes_on_with_lists_of_one_cascade(market_path: Path, tmp_path: Path) -> None:
    shop = copied(market_path, tmp_path / "copy", lambda own: go_on(own, days=1, cascade="plain", lists=True))
    assert copied(market_path, shop, lambda own: pytest.fail("it is there and whole")) == shop
    traces, events = (pl.read_parquet(shop / "logs" / "date=*" / f"{kind}-*.parquet") for kind in ("traces", "events"))
    assert traces["stage"].unique().to_list() == ["retrieve"], "those of the days before are gone"
    day = events.filter(pl.col("time") >= traces["time"].min())
    assert day["request_id"].n_unique() <= traces["request_id"].n_unique()
    before = pl.read_parquet(market_path / "logs" / "date=*" / "events-*.parquet")
    assert events["request_id"].n_unique() > before["request_id"].n_unique()


def run_of(change: float, half: float, **about: Any) -> dict[str, Any]:
    row = {"a": 2.0, "b": 2 + 2 * change, "difference": 2 * change, "p": None, "relative": change}
    row |= {"low": 2 * (change - half), "high": 2 * (change + half)}
    spread = {name: {"gini": 0.5, "coverage": 0.9, "tail": 0.3} for name in "ab"}
    rows = dict.fromkeys(loop_arms.MEASURES, row)
    return {**about, "users": 10, "days": 3, "first_day": 3, "rows": rows, "exposure": spread}


def test_markets_are_weighed_by_how_sure_they_are() -> None:
    found = together([run_of(0.1, 0.01, seed=1, model="x"), run_of(0.2, 0.02, seed=2, model="x")])
    orders = next(own for own in found if own.get("measure") == "orders")
    assert orders["mean"] == pytest.approx(0.12) and orders["markets"] == 2
    assert orders["ci95"][1] - orders["mean"] == pytest.approx(0.01 / (1 + 1 / 4) ** 0.5)
    assert orders["over_markets"][0] < 0.1 < 0.2 < orders["over_markets"][1]
    (one,) = (own for own in together([run_of(0.1, 0, seed=1, model="x")]) if own.get("measure") == "orders")
    assert one["mean"] == pytest.approx(0.1) and one["over_markets"] is None


def test_a_result_says_what_makes_it_again_wherever_it_was_made(tmp_path: Path) -> None:
    words = ["benchmarks/closed_loop.py", "--work", str(tmp_path), "--stage", "rerank"]
    runs = [run_of(0.1, 0.02, seed=1, model="x"), run_of(0.2, 0.02, seed=2, model="x")]
    written(tmp_path / "x.json", runs, ("model",), words=words)  # intervals over markets are numpy's numbers
    found = orjson.loads((tmp_path / "x.json").read_bytes())
    assert found["command"] == "python benchmarks/closed_loop.py --stage rerank"
    assert {"env", "runs", "together"} <= set(found)


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    assert kept(file, lambda: [{"seed": 1}]) == [{"seed": 1}]
    assert kept(file, lambda: pytest.fail("it stands there")) == [{"seed": 1}]


def test_re_rankers_stand_behind_the_ranker_one_after_the_other() -> None:
    ranked = CascadeOptions(
        stages=[
            StageOptions(stage="retrieve", method="hybrid", depth=200),
            StageOptions(stage="rank", method="affinity", depth=200),
        ]
    )
    methods = {
        way: [own["method"] for own in reranked(ranked, way)[1:]] for way in ("mmr", "armmt_dpp", "armmt_podmmi")
    }
    assert methods == {
        "mmr": ["affinity", "mmr"],
        "armmt_dpp": ["affinity", "armmt"],
        "armmt_podmmi": ["affinity", "armmt", "podmmi"],
    }
    assert reranked(ranked, "armmt_dpp")[-1]["options"]["then"] == "dpp"


def test_every_stage_is_added_in_turn_and_to_all_the_others(market_path: Path) -> None:
    default = cascade(market_path, "default")

    def of(*parts: Any) -> list[str]:
        return [own["method"] for own in stages.with_stages(default, parts)]

    assert of(RETRIEVE) == ["hybrid", "cut", "affinity"], "a channel beside the others"
    assert of(RETRIEVE, PRERANK, RERANK) == ["hybrid", "hccp", "affinity", "armmt"]
    assert of(RANK) == ["hybrid", "cut", "dnn_crosses"]
    whole = stages.with_stages(default, STAGES)
    assert [own["stage"] for own in whole] == ["retrieve", "prerank", "rank", "rerank"]
    assert "smar" in whole[0]["options"]["channels"] and whole[1]["options"] == {"first": 100}
    pairs = stages.pairs()
    assert pairs[:2] == [
        ("retrieve", stages.TURN, "default", "retrieve"),
        ("prerank", stages.TURN, "retrieve", "retrieve_prerank"),
    ]
    assert ("rank", stages.OTHERS, "retrieve_prerank_rerank", "all") in pairs and len(pairs) == 2 * len(STAGES) + 1


def test_the_table_has_a_row_for_each_stage_and_one_for_all() -> None:
    runs = [run_of(0.1, 0.02, seed=1, stage=stage, to=to) for stage, to, _, _ in stages.pairs()]
    table = loop_tables.stages({"runs": runs, "together": together(runs, ("stage", "to"))})
    rows = [line for line in table.splitlines() if line.startswith("| ") and "%" in line]
    assert [line.split("|")[1].strip() for line in rows] == [
        *("retrieval", "pre-ranking", "ranking", "re-ranking", "all four")
    ]
    assert all(line.count("+10.0% [+8.0%, +12.0%]") == 6 for line in rows[:4])
    assert rows[4].count("+10.0%") == 3 and "1 markets, 10 users" not in table


def test_what_was_made_of_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "made"
    same(file, {"users": 10, "days": 3})
    same(file, {"days": 3, "users": 10})
    with pytest.raises(SystemExit, match=r'made of \{"days": 3, "users": 10\}, expected \{"days": 4'):
        same(file, {"users": 10, "days": 4})
