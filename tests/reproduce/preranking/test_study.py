"""A tiny market's stream: candidates with their truth, a cut that is judged by it, and a comparison from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emptor.prerank.models import Level
from emptor.reproduce.preranking import market
from emptor.reproduce.preranking.data import PrerankData
from emptor.reproduce.preranking.market import config_of, load
from emptor.reproduce.preranking.prerankers import CHOSEN, ENTRIES, figures
from emptor.reproduce.preranking.study import CUTS, MODELS, settings_of
from emptor.reproduce.preranking.tuning import grid
from tests.test_cli_reproducing import run

SIZES = {
    "PRODUCTS": 2_400,
    "DAYS": 5,
    "FOUND": 48,
    "KEPT": 24,
    "_LEARNT_FROM": 400,
    "_VALIDATED_ON": 80,
    "_TESTED_ON": 60,
}
ARM = "kinds nobody asked for"


@pytest.fixture(scope="module")
def small() -> object:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SIZES.items():
            patch.setattr(market, name, value)
        yield patch


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("preranking")


@pytest.fixture(scope="module")
def data(small: object, work: Path) -> PrerankData:
    return load(work / "preranking-3-2400", config_of(3, ARM, users=900))


def test_a_stream_has_all_levels_and_whole_lists_are_judged(data: PrerankData) -> None:
    stream, tested = data.learnt.stream, data.tested
    for level in (Level.DROPPED, Level.RANKED, Level.SHOWN, Level.CLICKED):
        assert stream.count(level) > 50, level
    assert (stream.place[stream.level == Level.DROPPED] == -1).all()
    assert (stream.place[stream.level == Level.RANKED] >= 0).all()
    for at in range(0, len(stream), 37):
        own = stream.found[at][stream.found[at] >= 0]
        assert set(stream.rows[at][stream.mask[at]]) <= set(own) and (np.diff(own) > 0).all()
    assert stream.now.max() < data.validated.stream.now.min()
    assert tested.mask.sum(1).mean() > 1.5 * SIZES["KEPT"] and len(tested.asked) == SIZES["_TESTED_ON"]
    assert ((tested.chance > 0) & (tested.chance < 1))[tested.mask].all()


def test_cuts_are_judged_by_the_truth(data: PrerankData) -> None:
    found = {name: figures(cut(data, 0), data) for name, cut in CUTS.items()}
    best = {name: own["true best kept@30"] for name, own in found.items()}
    assert best["truth"] == 1 and best["truth"] > best["cut"] > best["random"] + 0.05
    assert found["ranker"]["ranker's best kept@30"] == 1 == found["ranker"]["clicks of the page@30"]
    assert found["truth"]["clicks of the page@30"] > 1 > found["random"]["clicks of the page@30"]


def test_both_arms_have_one_catalogue_and_only_one_has_kinds_that_nobody_asked_for(
    data: PrerankData, work: Path
) -> None:
    other = load(work / "preranking-3-2400", config_of(3, "only what was asked for", users=900))
    category = list(other.learnt.products.fields.T)[3]

    def kinds(own: PrerankData) -> float:
        """Different categories among the candidates of a search."""
        rows = own.tested.asked.rows
        return float(np.mean([len(set(category[rows[at][own.tested.mask[at]]])) for at in range(len(rows))]))

    assert kinds(other) == 1 < 3 < kinds(data)
    assert other.about["tested: candidates of kinds nobody asked for"] == 0
    assert 0.3 < data.about["tested: candidates of kinds nobody asked for"] < 0.5
    shown = data.about["shown: products of kinds nobody asked for"]
    assert shown < 0.2, "with a cut that is longer than a page it is next to nothing"
    many = "tested: candidates, mean"
    assert abs(other.about[many] - data.about[many]) < 1, "lists are as long"


def test_a_level_can_be_left_out_and_the_rest_stays(data: PrerankData) -> None:
    learnt, without = data.learnt, data.learnt.without(Level.RANKED)
    assert without.stream.count(Level.RANKED) == 0 < learnt.stream.count(Level.RANKED)
    for level in (Level.DROPPED, Level.SHOWN, Level.CLICKED):
        assert without.stream.count(level) == learnt.stream.count(level)
    at = 7
    kept = (learnt.stream.level[at] != Level.RANKED) & learnt.stream.mask[at]
    there = without.stream.mask[at]
    assert np.array_equal(without.asked.rows[at][there], learnt.asked.rows[at][kept])
    assert np.array_equal(without.asked.numeric[at][there], learnt.asked.numeric[at][kept])


def test_a_comparison_is_tuned_and_measured(
    small: object, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emptor.reproduce.preranking.datasets.TRAINING", {"batch": 64, "epochs": 1, "patience": 1})
    words = ["reproduce", "hccp", "--users", 900, "--folder", tmp_path, "--work", work, "--arm", ARM, "--seed", 3]
    models = [part for own in ("hccp", "hccp_no_choice", "exposed", "cut") for part in ("--model", own)]
    told = run(*words, *models, "--tune")
    assert "hccp_no_choice" in told
    home = tmp_path / "hccp_market"
    tries = [json.loads(line) for line in (home / "tries.jsonl").read_text().splitlines()]
    assert len(tries) == 12 and {own["model"] for own in tries} == {"hccp", "exposed"}
    report = json.loads((home / ARM.replace(" ", "-") / "report.json").read_text())
    assert {row["model"] for row in report["rows"]} == {"hccp", "hccp_no_choice", "exposed", "cut"}


def test_every_network_has_settings_and_as_many_tries() -> None:
    assert {settings_of(name) for name in MODELS} == {*CHOSEN, None}
    assert len({len(grid(name, {})) for name in CHOSEN}) == 1
    assert all(own.settings_of is None or own.settings_of in CHOSEN for own in ENTRIES.values())
    with pytest.raises(KeyError):
        grid("hccp_no_margin", {})
