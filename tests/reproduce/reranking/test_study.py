"""A comparison of re-rankers from end to end on a tiny market, and what its rows are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from emptor.reproduce.method import method
from emptor.reproduce.reranking import datasets
from emptor.reproduce.reranking.data import RerankData
from emptor.reproduce.reranking.datasets import TRAINING, TRAINING_OF, TRIED
from emptor.reproduce.reranking.quality import figures, order_of, value_of
from emptor.reproduce.reranking.rerankers import (
    CHOSEN,
    ENTRIES,
    FRONT,
    RULES,
    Greedy,
    behind,
    breadth,
    fitted,
    greedy,
    permuted,
    ruled,
    times,
)
from emptor.reproduce.reranking.study import ARMMT, ORDERS, PODMMI, beside, ordered, settings_of
from emptor.reproduce.reranking.tuning import PURCHASES, SIZES, grid
from emptor.reproduce.tuning import Choice, plain
from emptor.rerank.models import build
from emptor.rerank.quality import valued
from emptor.rerank.stage import GreedyOptions
from tests.reproduce.reranking.conftest import ON, USERS
from tests.test_cli_reproducing import run

QUICK = Choice({"batch": 64, "epochs": 1, "patience": 1, "lr": 2e-3}, {})


def test_every_model_has_settings_and_as_many_tries(data: RerankData) -> None:
    for own in (ARMMT, PODMMI):
        assert own.models[0] == own.method and len(set(own.models)) == len(own.models)
        assert {name for pair in own.pairs for name in pair} <= set(own.models)
        assert {name for pairs in own.causes.values() for pair in pairs for name in pair} <= set(own.models)
        assert {settings_of(name) for name in own.models} == {*CHOSEN, None}
    assert {len(grid(name, {}, own=own)) for name in CHOSEN for own in (PURCHASES, SIZES)} == {6}
    for name in CHOSEN:
        for choice in (*grid(name, {}), *grid(name, {}, own=SIZES)):
            build(name, data.spec, **choice.network)
    assert {len(own.tried) for own in RULES.values()} == {6}
    with pytest.raises(KeyError):
        grid("armmt_list", {})
    for name, entry in ENTRIES.items():
        build(entry.model, data.spec, **entry.network)
        assert (beside(name) is None) == (entry.behind is None)
    assert method("podmmi").needed(["armmt and podmmi", "ranker"]) == ["podmmi", "armmt"]
    assert method("armmt").needed(["armmt and dpp", "prm", "mmr"]) == ["armmt", "prm"]


@pytest.mark.parametrize("dataset", ["market", *TRIED])
def test_settings_that_come_along_are_among_those_that_are_tried(dataset: str) -> None:
    if not resources.files("emptor.reproduce.reranking").joinpath("tuned", f"{dataset}.json").is_file():
        pytest.skip("none come along")
    training = TRAINING if dataset == "market" else TRAINING_OF[dataset]
    for name, choice in method("armmt").tuned(dataset).items():
        tried = grid(name, training, own=TRIED.get(dataset, PURCHASES))
        assert plain(choice) in [plain(own) for own in tried], name


def test_the_same_reranker_has_the_same_figures(data: RerankData) -> None:
    one, two = (figures(fitted("pointwise", data, QUICK, seed=3).tested, data.tested) for _ in range(2))
    assert one == two
    assert one != figures(fitted("pointwise", data, QUICK, seed=4).tested, data.tested)


def test_rules_keep_the_order_at_balance_one_and_vary_it_below(data: RerankData) -> None:
    judged = data.tested
    score = judged.examples.lists.score
    base = figures(ordered("ranker", data, 0), judged)
    for rule in ("mmr", "dpp"):
        same = greedy(rule, GreedyOptions(balance=1.0), score, judged)
        assert np.array_equal(same, order_of(score, judged.mask))
        varied = figures(value_of(greedy(rule, GreedyOptions(balance=0.1, page=8), score, judged), judged.mask), judged)
        assert varied["ILD@20"] >= base["ILD@20"] and varied["click GAUC"] < base["click GAUC"]


def test_who_knows_how_alike_products_look_varies_them_by_that(data: RerankData) -> None:
    judged, options = data.tested, GreedyOptions(balance=0.3, page=8)
    assert judged.sight is not None
    score = judged.examples.lists.score
    seen = judged.sight[judged.examples.asked.described.rows]

    def alike(by_sight: bool) -> float:
        order = greedy("mmr", options, score, judged, by_sight=by_sight)[:, :8]
        own = np.take_along_axis(seen, order[..., None], axis=1)
        return float((own @ own.transpose(0, 2, 1)).mean())

    assert alike(True) < alike(False)


def test_a_balance_is_chosen_by_the_validation_alone(data: RerankData) -> None:
    judged = data.validated
    score, tested = judged.examples.lists.score, data.tested.examples.lists.score
    tried = tuple(GreedyOptions(balance=own) for own in (0.0, 1.0))
    _, chosen = ruled(Greedy("mmr", tried), data, score, tested)
    assert judged.again is not None
    worth = {
        own: np.average(shown.clicks + 10 * shown.orders, weights=judged.weight)
        for own, shown in ((own, judged.again(greedy("mmr", own, score, judged))) for own in tried)
    }
    assert chosen == max(tried, key=lambda own: worth[own])
    # whatever is tested, the choice stays
    assert (
        ruled(Greedy("mmr", tried), replace(data, tested=replace(data.tested, again=None)), score, -tested)[1] == chosen
    )


def test_who_stands_behind_another_gets_its_order_and_its_scores(data: RerankData) -> None:
    value = np.where(data.tested.mask, np.random.default_rng(0).random(data.tested.mask.shape), -np.inf)
    examples, order = behind(data.tested.examples, value)
    before, lists = data.tested.examples.lists, examples.lists
    assert (np.diff(np.where(lists.mask, lists.score, -np.inf), axis=1)[lists.mask[:, 1:]] <= 0).all()
    for name in ("rows", "clicked", "seen", "mask"):
        assert np.array_equal(getattr(lists, name), np.take_along_axis(getattr(before, name), order, axis=1))
    assert np.array_equal(examples.asked.described.rows[lists.mask], lists.rows[lists.mask])
    net = build("pointwise", data.spec)
    # a network that looks at no place and no neighbour says the same of a product, but for the score it is given
    same = replace(
        examples,
        asked=replace(examples.asked, score=np.take_along_axis(data.tested.examples.asked.score, order, axis=1)),
    )
    own, there = valued(net, same, data.scale), valued(net, data.tested.examples, data.scale)
    assert np.allclose(own[lists.mask], np.take_along_axis(there, order, axis=1)[lists.mask], atol=1e-4)


def test_podmmi_behind_armmt_answers_in_the_order_that_lists_came(data: RerankData) -> None:
    first = fitted("armmt", data, QUICK, seed=3)
    found = fitted("armmt and podmmi", data, QUICK, seed=3, before={"armmt": first}.__getitem__)
    assert np.array_equal(np.isfinite(found.tested), data.tested.mask)
    given, order = behind(data.tested.examples, first.tested)
    assert np.array_equal(np.take_along_axis(found.tested, order, axis=1), valued(found.net, given, data.scale))
    with pytest.raises(Exception, match="stands behind armmt"):
        fitted("armmt and podmmi", data, QUICK, seed=3)


def test_the_weight_of_diversity_can_be_multiplied(data: RerankData) -> None:
    found = fitted("podmmi", data, QUICK, seed=3)
    assert np.allclose(times(found, data.scale, 1.0), found.tested, atol=1e-5)
    varied = [figures(times(found, data.scale, own), data.tested)["ILD@20"] for own in (0.0, 8.0, 64.0)]
    assert varied[0] < varied[1] < varied[2]
    broad = breadth(found, data.scale)
    assert broad is not None and broad.shape == (len(data.tested),) and broad.std() > 0
    assert breadth(fitted("podmmi_point", data, QUICK, seed=3), data.scale) is None


def test_permuted_products_have_the_texts_of_others(data: RerankData) -> None:
    products = data.learnt.products
    found = permuted(products, seed=3)
    assert not np.array_equal(found.text, products.text) and np.array_equal(found.alike, products.alike)
    assert sorted(found.text.sum(1).tolist()) == sorted(products.text.sum(1).tolist())
    assert not found.has_text[found.nobody] and np.array_equal(found.has_image, np.abs(found.image).sum(1) > 0)


def test_a_comparison_is_tuned_and_measured(
    small: None, data: RerankData, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "TRAINING", {"batch": 64, "epochs": 1, "patience": 1})
    monkeypatch.setattr(datasets, "TUNING", 4)
    monkeypatch.setattr("emptor.reproduce.reranking.market.load", lambda folder, config: data)
    words = ["reproduce", "podmmi", "--users", USERS, "--folder", tmp_path, "--work", work, "--arm", ON, "--seed", 3]
    names = ("podmmi", "podmmi_no_mi", "podmmi times 2.0", "mmr at 0.5", "ranker", "truth")
    told = run(*words, *[part for own in names for part in ("--model", own)], "--tune")
    home = tmp_path / "podmmi_market"
    tries = [json.loads(line) for line in (home / "tries.jsonl").read_text().splitlines()]
    assert len(tries) == 6 and {own["model"] for own in tries} == {"podmmi"}
    report = json.loads((home / ON.replace(" ", "-") / "report.json").read_text())
    assert {row["model"] for row in report["rows"]} == set(names) and "truth" in told
    values = {(row["model"], row["metric"]): row["mean"] for row in report["rows"]}
    assert values["truth", "clicks"] > values["ranker", "clicks"]
    assert values["mmr at 0.5", "balance"] == 0.5
    assert -1 <= values["podmmi", "breadth and appetite"] <= 1
    # what is there is not measured again
    before = (home / ON.replace(" ", "-") / "runs.jsonl").read_text()
    run(*words, "--model", "ranker", "--model", "mmr at 0.5")
    assert (home / ON.replace(" ", "-") / "runs.jsonl").read_text() == before


def test_rows_without_networks_are_known(data: RerankData) -> None:
    assert set(ORDERS) | set(RULES) <= set(ARMMT.models) and set(FRONT) <= set(PODMMI.models)
