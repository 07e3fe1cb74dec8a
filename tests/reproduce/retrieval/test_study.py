"""The comparison as it is run: nothing of the tested queries is learnt, and all models are asked the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emptor.errors import EmptorError
from emptor.reproduce.method import DataSet, method
from emptor.reproduce.names import METHODS
from emptor.reproduce.retrieval import retrievers, study
from emptor.reproduce.retrieval.data import RetrievalData, is_tested, padded
from emptor.reproduce.retrieval.datasets import dataset
from emptor.reproduce.retrieval.retrievers import (
    CHOSEN,
    ENTRIES,
    Searched,
    beside_words,
    figures,
    fitted,
    recalls,
    search,
)
from emptor.reproduce.retrieval.tuning import grid
from emptor.reproduce.tuning import Choice
from emptor.retrieve.names import NAMES
from emptor.retrieve.quality import product_vectors, query_vectors
from emptor.retrieve.train import RetrievalOptions, Trained
from tests.reproduce.retrieval.conftest import TRAINING

RESULTS = Path(__file__).parents[3] / "docs" / "results"
CHOICE = Choice({**TRAINING, "lr": 4e-3, "temperature": 1 / 30}, {"width": 32, "vector": 32, "dropout": 0.0})


def test_nothing_of_what_is_tested_is_learnt(data: RetrievalData) -> None:
    texts = data.learnt.queries
    learnt = {texts[at] for at in data.learnt.query.tolist()}
    tested = {text for at, text in enumerate(sorted(texts)) if at % 5 == 0}
    assert len(data.tested) == len(tested) and not tested & learnt and len(learnt) + len(tested) == len(texts)
    held = {tuple(own) for own in data.validated.ids.tolist()}
    known = {tuple(data.source.ids[at].tolist()) for at in data.learnt.of(~data.learnt.validated).query.tolist()}
    assert held and not held & known
    # of what words find, only what nobody chose is a negative
    for query, missed in zip(range(len(texts)), data.learnt.missed, strict=True):
        assert not np.isin(data.learnt.row[data.learnt.query == query], missed).any()


def test_recall_is_of_as_many_as_could_be_found() -> None:
    rows = padded([np.array([4, 2, 9]), np.array([7])], 4)
    assert rows.tolist() == [[4, 2, 9, -1], [7, -1, -1, -1]]
    found = recalls(rows, [np.array([2, 5]), np.array([], int)], 4)
    assert found[0] == 0.5 and np.isnan(found[1])
    assert recalls(rows, [np.arange(10), np.array([7])], 2).tolist() == [1.0, 1.0]


def test_search_is_exact_and_figures_are_of_it(data: RetrievalData) -> None:
    net = fitted("text_only", data, CHOICE, seed=1)
    rows = search(net, data, data.tested)
    assert rows.shape == (len(data.tested), 200) and all(len(set(own)) == 200 for own in rows.tolist())
    scores = query_vectors(net, data.tested.ids) @ product_vectors(net, data.source.listings).T
    own = np.take_along_axis(scores, rows, axis=1)
    assert np.allclose(own, -np.sort(-scores, axis=1)[:, :200], atol=1e-6)
    found = figures(rows, data)
    assert found["recall@200"] == pytest.approx(np.mean(recalls(rows, data.tested.fitting, 200)))
    assert {"recall@50, mugs", "recall@200, visual", "recall@50 of products that are first"} <= found.keys()
    assert found["recall@50"] > 0.5  # chance: 50 of 216


def test_words_beside_a_network_lose_nobody_for_a_missing_side(data: RetrievalData) -> None:
    products = len(data.source.listings)
    nothing = np.full((len(data.tested), 200), -1)
    blind = Searched(np.full((len(data.validated), 200), -1), nothing, np.zeros(products, bool), np.ones(1), 0)
    assert np.array_equal(beside_words(blind, data)[:, :18], data.tested.words[:, :18])
    right = padded(list(data.tested.fitting))
    sure = Searched(padded(list(data.validated.fitting)), right, np.ones(products, bool), np.ones(1), 0)
    together = beside_words(sure, data)
    assert (
        np.mean(recalls(together, data.tested.fitting, 3)) == 1 > np.mean(recalls(data.tested.words, right.tolist(), 3))
    )


def test_stages_can_be_left_out_of_the_method(data: RetrievalData, monkeypatch: pytest.MonkeyPatch) -> None:
    real = retrievers.train_network
    asked = torch.from_numpy(data.tested.ids.astype(np.int64))
    trained: list[RetrievalOptions] = []

    def kept(*args: Any, options: RetrievalOptions, **more: Any) -> Trained:
        trained.append(options)
        return real(*args, options=options, **more)

    monkeypatch.setattr(retrievers, "train_network", kept)
    both, first, second = (
        fitted(name, data, CHOICE, seed=1) for name in ("smar", "smar_first_stage", "smar_second_stage")
    )
    epochs = TRAINING["epochs"] + TRAINING["second"]
    assert [(own.epochs, own.second) for own in trained] == [(2, 1), (epochs, 0), (0, epochs)]
    # a gate that was not trained has the picture asked for all, as at its start
    with torch.no_grad():
        assert float(first.query(asked).p.min()) > 0.5
        assert not torch.equal(second.query(asked).p, first.query(asked).p)
        assert not torch.equal(both.query(asked).vector, second.query(asked).vector)


def test_entries_are_networks_and_take_settings_that_are_chosen() -> None:
    assert {own.model for own in ENTRIES.values()} <= set(NAMES)
    for name, own in ENTRIES.items():
        assert own.settings_of is None or own.settings_of in CHOSEN, name
    assert {len(grid(name, TRAINING)) for name in CHOSEN} == {2}


def test_a_study_trains_what_words_stand_beside_once_and_goes_on(
    data: RetrievalData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []
    real = study.searched

    def counted(name: str, *args: object, **options: object) -> Searched:
        trained.append(name)
        return real(name, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(study, "searched", counted)
    own = DataSet({"all": lambda seed: data}, (1, 2), to_tune=lambda seed: data, tuning=0, training=TRAINING)
    choices = dict.fromkeys(CHOSEN, CHOICE)
    models = ("smar", "text_only", "smar_first_stage", "words", "smar and words", "text_only and words")

    def run(seeds: list[int]) -> study.Report:
        return study.study(
            own, "all", choices, seeds=seeds, models=models, folder=tmp_path, dataset="tests", command="none"
        )

    report = run([1])
    assert sorted(trained) == ["smar", "smar_first_stage", "text_only"]
    shown = {row.model: row.mean for row in report.rows if row.metric == "recall@50"}
    assert set(shown) == set(models)
    assert {("smar", "text_only"), ("smar and words", "words")} <= {(test.a, test.b) for test in report.tests}
    assert {row.metric for row in report.rows if row.model == "smar"} >= {"picture asked, visual", "weights"}
    run([1, 2])
    assert len(trained) == 6 and len((tmp_path / "runs.jsonl").read_text().splitlines()) == 1 + 2 * len(models)


def test_settings_are_chosen_by_the_validation(data: RetrievalData, tmp_path: Path) -> None:
    smar = method("smar")
    quick = {**TRAINING, "epochs": 1, "second": 0}
    own = DataSet({"all": lambda seed: data}, (1,), to_tune=lambda seed: data, tuning=0, training=quick)
    chosen = smar.choose(own, ["text_only", "words"], folder=tmp_path)
    tries = [json.loads(line) for line in (tmp_path / "tries.jsonl").read_text().splitlines()]
    assert len(tries) == 2 and set(chosen) == {"text_only"}
    # what is the method without a part takes its settings, and so does what words stand beside
    assert smar.needed(["smar_no_gate", "words", "text_only and words"]) == ["smar", "text_only"]
    best = max(tries, key=lambda row: row["recall@50"])
    assert dict(chosen["text_only"].training) == best["choice"]["training"]


def test_shares_of_queries_follow_from_their_words() -> None:
    share = np.mean([is_tested(f"query {at}") for at in range(4_000)])
    assert 0.22 < share < 0.28 and is_tested("a", 1.0) and not is_tested("a", 0.0)


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="known are market, fashion, homedepot"):
        dataset("amazon", work=tmp_path)
    with pytest.raises(EmptorError, match="--data: give the folder"):
        dataset("fashion", work=tmp_path)
    with pytest.raises(EmptorError, match=r"has no products\.csv\.gz"):
        dataset("fashion", work=tmp_path, data=tmp_path).arms["all"](1)
    with pytest.raises(EmptorError, match=r"has no pairs\.csv\.gz"):
        dataset("homedepot", work=tmp_path, data=tmp_path).arms["all"](1)
    with pytest.raises(EmptorError, match="known are smar, hccp, awmoe"):
        method("bert")
    assert set(METHODS) == {"smar", "hccp", "awmoe", "armmt", "podmmi"}


@pytest.mark.parametrize("tries", sorted(RESULTS.glob("smar_*/tries.jsonl")), ids=lambda own: own.parent.name)
def test_what_comes_with_the_package_is_the_best_that_was_tried(tries: Path, tmp_path: Path) -> None:
    name = tries.parent.name.removeprefix("smar_")
    whole = dataset(name, work=tmp_path, data=tmp_path)
    rows = [json.loads(line) for line in tries.read_text().splitlines()]
    assert len({(row["seed"], row["size"]) for row in rows}) == 1
    chosen = method("smar").tuned(name)
    for model in [own for own in CHOSEN if not whole.only or own in whole.only]:
        tried = [json.loads(json.dumps([one.training, one.network])) for one in grid(model, whole.training)]
        own = {json.dumps(row["choice"]): row["recall@50"] for row in rows if row["model"] == model}
        own = {choice: found for choice, found in own.items() if [*json.loads(choice).values()] in tried}
        best = json.loads(max(own, key=lambda choice: own[choice]))
        assert len(own) == 2 and [best["training"], best["network"]] == [chosen[model].training, chosen[model].network]
