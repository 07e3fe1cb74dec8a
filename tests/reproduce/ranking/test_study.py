"""The comparison as it is run: tuning with equal budgets, all models over seeds, continued where it was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emptor.errors import EmptorError
from emptor.rank.names import NAMES
from emptor.reproduce import tuning
from emptor.reproduce.method import DataSet
from emptor.reproduce.ranking import study
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.datasets import NAMES as DATASETS
from emptor.reproduce.ranking.datasets import dataset
from emptor.reproduce.ranking.method import AWMOE
from emptor.reproduce.ranking.public import narrowed
from emptor.reproduce.ranking.tuning import grid
from emptor.reproduce.tuning import Choice

QUICK = {"epochs": 1, "batch": 512}
RESULTS = Path(__file__).parents[3] / "docs" / "results"


def test_every_model_is_tried_as_often() -> None:
    assert {len(grid(name, QUICK)) for name in NAMES} == {6}
    for name in NAMES:
        tried = [json.dumps([own.training, own.network], sort_keys=True) for own in grid(name, QUICK)]
        assert len(set(tried)) == 6


def test_tuning_takes_the_best_on_validation_and_makes_no_try_twice(data: RankingData, tmp_path: Path) -> None:
    own = DataSet({}, (1,), to_tune=lambda seed: data, tuning=0, training=QUICK)
    tries = tmp_path / "tries.jsonl"
    chosen = AWMOE.choose(own, ["lr"], folder=tmp_path)
    rows = [json.loads(line) for line in tries.read_text().splitlines()]
    best = max(rows, key=lambda row: row["GAUC"])
    assert len(rows) == 6 and best["choice"]["training"] == dict(chosen["lr"].training)
    # as if the first were the best by far: it is taken from the file
    rows[0]["GAUC"] = 0.99
    tries.write_text("".join(json.dumps(row) + "\n" for row in rows))
    again = AWMOE.choose(own, ["lr"], folder=tmp_path)
    assert dict(again["lr"].training) == rows[0]["choice"]["training"] and len(tries.read_text().splitlines()) == 6
    assert tuning.read_choices(tmp_path / "tuned.json", NAMES) == again


def test_choices_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "tuned.json"
    tuning.write_choices(path, {"dnn": Choice({"lr": 0.01}, {"hidden": (8, 4)})})
    assert tuning.read_choices(path, NAMES) == {"dnn": Choice({"lr": 0.01}, {"hidden": [8, 4]})}
    path.write_text('{"dnn": 3}')
    with pytest.raises(EmptorError, match="no choices of a tuning"):
        tuning.read_choices(path, NAMES)


@pytest.mark.parametrize("name", sorted(own.stem for own in (Path(study.__file__).parent / "tuned").glob("*.json")))
def test_what_comes_with_the_package_was_chosen_for_every_model_out_of_its_grid(name: str, tmp_path: Path) -> None:
    assert name in DATASETS
    training = dataset(name, work=tmp_path, data=tmp_path).training
    chosen = AWMOE.tuned(name)
    assert set(chosen) == set(NAMES)
    for model, own in chosen.items():
        tried = [json.loads(json.dumps([one.training, one.network])) for one in grid(model, training)]
        assert [own.training, own.network] in tried


@pytest.mark.parametrize("tries", sorted(RESULTS.glob("awmoe_*/tries.jsonl")), ids=lambda own: own.parent.name)
def test_what_comes_with_the_package_is_the_best_that_was_tried(tries: Path, tmp_path: Path) -> None:
    name = tries.parent.name.removeprefix("awmoe_")
    training = dataset(name, work=tmp_path, data=tmp_path).training
    rows = [json.loads(line) for line in tries.read_text().splitlines()]
    assert len({(row["seed"], row["size"]) for row in rows}) == 1
    chosen = AWMOE.tuned(name)
    for model in NAMES:
        tried = [json.loads(json.dumps([one.training, one.network])) for one in grid(model, training)]
        own = {json.dumps(row["choice"]): row["GAUC"] for row in rows if row["model"] == model}
        own = {choice: gauc for choice, gauc in own.items() if [*json.loads(choice).values()] in tried}
        best = json.loads(max(own, key=lambda choice: own[choice]))
        assert len(own) == 6 and [best["training"], best["network"]] == [chosen[model].training, chosen[model].network]


def test_what_was_not_tuned_is_told() -> None:
    with pytest.raises(EmptorError, match="make them anew: --tune"):
        AWMOE.tuned("criteo")


def test_a_study_judges_all_models_and_the_truth_and_goes_on_where_it_was(data: RankingData, tmp_path: Path) -> None:
    loads: list[int] = []

    def load(seed: int) -> RankingData:
        loads.append(seed)
        return data

    choices = {"awmoe": Choice(QUICK), "dnn": Choice(QUICK), "lightgbm": Choice({}, {"trees": 5})}

    def run(seeds: list[int]) -> study.Report:
        return study.study(
            DataSet({"all": load}, (1, 2), to_tune=load, tuning=0, has_truth=True),
            "all",
            choices,
            seeds=seeds,
            folder=tmp_path,
            dataset="tests",
            command="none",
            models=["awmoe", "dnn", "lightgbm"],
        )

    report = run([1, 2])
    assert loads == [1, 2]  # once per seed, whatever the number of models
    gauc = {row.model: row.mean for row in report.rows if row.metric == "GAUC"}
    assert set(gauc) == {"awmoe", "dnn", "lightgbm", study.TRUTH} and max(gauc, key=lambda name: gauc[name]) == "truth"
    assert {(own.a, own.b) for own in report.tests} == {("awmoe", "dnn"), ("awmoe", "lightgbm")}
    found = json.loads((tmp_path / "gates.json").read_text())
    assert len(found["segments"][0]) == len(found["spread"]) == 4 and (tmp_path / "gates.svg").read_text().count(
        "<rect"
    )
    run([1, 2, 3])
    assert loads == [1, 2, 3]


def test_narrowed_pages_keep_what_was_taken_and_the_order(data: RankingData) -> None:
    one = data.tested.take(np.flatnonzero((data.tested.outcomes.clicked.sum(1) == 1) & data.tested.mask.all(1))[:200])
    few = narrowed(one, 5, rng=np.random.default_rng(1))
    assert few.mask.shape == (len(one), 5) and (few.outcomes.clicked.sum(1) == 1).all()
    for before, after in zip(one.asked.rows, few.asked.rows, strict=True):
        places = [before.tolist().index(row) for row in after.tolist()]
        assert places == sorted(set(places))
    for at in range(len(one)):
        column = one.asked.rows[at].tolist().index(few.asked.rows[at, 0])
        assert np.array_equal(few.asked.numeric[at, 0], one.asked.numeric[at, column])
    assert (
        np.array_equal(few.asked.rows[few.outcomes.clicked], one.asked.rows[one.outcomes.clicked])
        and few.asked.past is one.asked.past
    )


def test_a_data_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="known are market, movielens, beauty"):
        dataset("criteo", work=tmp_path)
    with pytest.raises(EmptorError, match="--data: give the folder"):
        dataset("beauty", work=tmp_path)
