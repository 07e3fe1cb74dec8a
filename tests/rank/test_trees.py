"""Boosted trees from a log to a served page, on the features of the networks."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emptor.cascade import Requests
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.rank.data import LONGEST, read_pages
from emptor.rank.examples import Examples, examples_of
from emptor.rank.loading import load_ranker
from emptor.rank.models import InputSpec
from emptor.rank.models.crosses import history_crosses
from emptor.rank.models.example import example
from emptor.rank.quality import log_loss
from emptor.rank.scale import input_spec
from emptor.rank.train import TrainOptions, places_of, scored, split, train_ranker
from emptor.rank.trees import TreeOptions, Trees
from emptor.rank.trees_fit import fit_trees
from emptor.rank.trees_matrix import Columns
from emptor.shop.features import Features
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.rank.test_train import SETTINGS, START, fill

SMALL = {"trees": 20, "learning_rate": 0.2, "min_in_leaf": 5, "min_in_group": 5}


@pytest.fixture(scope="module")
def logged(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden shop with a log and trained trees; do not write to it."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("trees") / "shop"))
    settings = path / "shop.toml"
    old = settings.read_text().partition("[cascade.default]")[0]
    settings.write_text(old + SETTINGS.replace('"dnn"', '"lightgbm"'))
    torch.set_num_threads(1)
    with Shop.open(path) as shop:
        fill(shop)
        republish(shop)
        train_ranker(shop, model="lightgbm", network=SMALL)
    return path


@pytest.fixture(scope="module")
def parts(logged: Path) -> tuple[InputSpec, Examples, Examples]:
    """The spec, and what there is to learn from and to validate on."""
    with Shop.open(logged) as shop:
        features = Features.of(shop)
        learnt, validated = (
            examples_of(features, part) for part in split(read_pages(shop.events.read(), features.rows))
        )
    return input_spec(features.spec), learnt, validated


@pytest.fixture
def own(logged: Path, tmp_path: Path) -> Iterator[Shop]:
    with Shop.open(Path(shutil.copytree(logged, tmp_path / "shop"))) as shop:
        yield shop


def fitted(parts: tuple[InputSpec, Examples, Examples], **options: Any) -> Any:
    spec, learnt, validated = parts
    position, seed = options.pop("position", True), options.pop("seed", 0)
    read = TreeOptions.read({**SMALL, **options})
    return fit_trees(spec, learnt, validated, learnt.scale(seed=0), options=read, seed=seed, position=position)


def test_rows_are_the_inputs_of_the_networks() -> None:
    spec, batch = example(5, candidates=4)
    spec = replace(spec, fields={"product": 7, "brand": 9})
    columns = Columns(spec)
    position = torch.arange(20).reshape(5, 4)
    rows = columns.of(batch, position)
    there = batch.mask
    assert rows.shape == (int(there.sum()), len(columns.names)) and rows.dtype == np.float32
    named = dict(zip(columns.names, rows.T, strict=True))
    assert np.array_equal(named["numeric_1"], batch.numeric[there][:, 1])
    assert np.array_equal(named["cross_0"], history_crosses(batch)[there][:, 0])
    assert np.array_equal(named["field_1"], batch.product[there][:, 1])
    assert "field_0" not in named  # a product's id is remembered, not learnt from
    assert np.array_equal(rows[:, columns.place], position[there])
    assert not columns.of(batch)[:, columns.place].any()
    owner = there.nonzero()[:, 0]
    assert np.array_equal(named[f"context_{spec.context}"], batch.searching[owner])


def test_the_stage_scores_as_offline_and_orders_by_it(logged: Path) -> None:
    with Engine.open(logged) as engine:
        now = round((START + dt.timedelta(days=5)).timestamp() * 1e6)
        requests = Requests.of([None, None, "shirt"], user_ids=["user01", None, "user02"], now=now, k=20)
        done = engine.cascades["learnt"].run(requests).candidates
        ranker = load_ranker(logged / "models" / "rank" / "lightgbm" / "1")
        features = Features.of(engine.shop, ranker.spec)
        arrays = features(requests.user_id.tolist(), requests.query.tolist(), requests.now, done.product, done.mask)
        logits = ranker(arrays)
    value = logits[..., 0] + 0.5 * logits[..., 1]
    assert done.mask.any(1).all() and len(np.unique(value[done.mask])) > 5
    assert np.allclose(np.where(done.mask, done.score, 0), np.where(done.mask, value, 0), atol=1e-5)
    assert all((np.diff(score[mask]) <= 0).all() for score, mask in zip(done.score, done.mask, strict=True))


def test_a_model_folder_scores_as_it_was_trained(logged: Path, parts: tuple[InputSpec, Examples, Examples]) -> None:
    folder = logged / "models" / "rank" / "lightgbm" / "1"
    known = ("config.json", "model.safetensors", "metrics.json", "card.md", "scale.json", "training.json")
    assert {own.name for own in folder.iterdir()} == {*known, "click.txt", "purchase.txt"}
    assert (folder / "click.txt").read_text().startswith("tree\n")
    training = json.loads((folder / "training.json").read_text())
    assert training["trees"] == 20 and training["history"][0]["task"] == "click" and training["seed"] == 0
    assert "Trees: " in (folder / "card.md").read_text()
    _, learnt, validated = parts
    again, scale = fitted(parts), learnt.scale(seed=0)
    assert again.metrics["click fit"] == pytest.approx(
        json.loads((folder / "metrics.json").read_text())["click fit"], abs=1e-6
    )
    ranker = load_ranker(folder)
    net = ranker._net
    assert isinstance(net, Trees)
    assert np.allclose(scored(net, validated, scale), scored(again.net.net, validated, scale), atol=1e-6)
    assert net.sha256 == again.net.net.sha256


def test_it_stops_where_clicks_are_foretold_best(parts: tuple[InputSpec, Examples, Examples]) -> None:
    found = fitted(parts, trees=200, stop_after=3, learning_rate=0.5)
    fits = found.history[0]["fit"]
    assert found.best_step == int(np.argmax(fits)) + 1 < 200 and len(fits) == found.best_step + 3
    assert found.net.net.counts["click"] == found.best_step
    assert found.metrics["click fit"] == pytest.approx(max(fits), abs=1e-5)


def test_places_are_learnt_apart_and_left_out_of_scores(parts: tuple[InputSpec, Examples, Examples]) -> None:
    """Clicks fall with the place, whatever stands there."""
    spec, learnt, validated = parts
    rng = np.random.default_rng(0)

    def biased(examples: Examples) -> Examples:
        clicked = rng.random(examples.mask.shape) < np.array([0.8, 0.6, 0.4, 0.3, 0.2, 0.1])[examples.outcomes.position]
        return replace(examples, outcomes=replace(examples.outcomes, clicked=clicked))

    made = (spec, biased(learnt), biased(validated))
    apart, without = fitted(made, trees=60), fitted(made, trees=60, position=False)
    places = apart.net.of_place.weight[:, 0].numpy()
    assert places.shape == (LONGEST + 1,) and (np.diff(places[:6]) <= 0).all() and places[0] - places[5] > 1.5
    assert apart.metrics["click fit"] > without.metrics["click fit"] + 0.05
    assert len(set(without.net.of_place.weight[:, 0].tolist())) == 1
    # what the trees say is theirs without the place, and with its number it is the whole
    scale = learnt.scale(seed=0)
    rows = apart.net.net.columns.matrix(made[1], scale, position=True)
    there = learnt.mask
    added = apart.net.at(places_of(made[1])).numpy() - apart.net.of_place.weight[0].numpy()
    assert np.allclose(apart.net.net.of_rows(rows), scored(apart.net.net, made[1], scale)[there] + added, atol=1e-4)
    offset = apart.net.offset(made[1])
    logit = scored(apart.net.net, made[1], scale)[there][:, 0]
    assert log_loss(logit + offset[0], made[1].outcomes.clicked[there]) < 0.75


def test_the_same_seed_is_the_same_trees_and_threads_change_nothing(
    parts: tuple[InputSpec, Examples, Examples],
) -> None:
    one = fitted(parts).net.net.texts["click"].partition("\nparameters:")[0]
    assert fitted(parts, threads=2).net.net.texts["click"].partition("\nparameters:")[0] == one
    assert fitted(parts, seed=1).net.net.texts["click"].partition("\nparameters:")[0] != one


def test_purchases_that_never_came_score_nothing(parts: tuple[InputSpec, Examples, Examples]) -> None:
    spec, learnt, validated = parts
    none = [
        replace(part, outcomes=replace(part.outcomes, bought=part.outcomes.bought & False))
        for part in (learnt, validated)
    ]
    found = fitted((spec, *none))
    assert found.net.net.counts["purchase"] == 0 < found.net.net.counts["click"]
    assert not scored(found.net.net, validated, learnt.scale(seed=0))[..., 1].any()


@pytest.mark.parametrize("clicked", [False, True])
def test_clicks_that_are_all_alike_are_refused(parts: tuple[InputSpec, Examples, Examples], clicked: bool) -> None:
    spec, learnt, validated = parts
    alike = replace(learnt, outcomes=replace(learnt.outcomes, clicked=np.full_like(learnt.mask, clicked)))
    with pytest.raises(EmptorError, match=r"products to learn from, (all|none) were clicked"):
        fitted((spec, alike, validated))


def test_numbers_that_are_not_finite_are_refused(parts: tuple[InputSpec, Examples, Examples]) -> None:
    spec, learnt, validated = parts
    numeric = learnt.asked.numeric.copy()
    numeric[3, 1, 7] = np.nan
    bad = replace(learnt, asked=replace(learnt.asked, numeric=numeric))
    with pytest.raises(EmptorError, match="column numeric_7 holds values that are not finite"):
        fit_trees(spec, bad, validated, validated.scale(seed=0), options=TreeOptions.read(SMALL))


@pytest.mark.parametrize(
    ("network", "training", "told"),
    [
        ({"depth": 3}, {}, "unknown 'depth'; known are trees"),
        ({"leaves": 1}, {}, "options, leaves: .*greater than or equal to 2, found 1"),
        ({}, {"epochs": 3}, "'epochs' is of networks; trees have trees"),
    ],
)
def test_bad_options_are_refused(own: Shop, network: dict[str, Any], training: dict[str, Any], told: str) -> None:
    with pytest.raises(EmptorError, match=told):
        train_ranker(own, model="lightgbm", network=network, options=TrainOptions(**training))


def test_checkpoints_are_refused(own: Shop, tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="leave --resume away"):
        train_ranker(own, model="lightgbm", resume=tmp_path)


def test_without_the_package_training_and_serving_say_so(own: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(EmptorError, match=r"needs the package lightgbm .*pip install 'emptor\[trees\]'"):
        train_ranker(own, model="lightgbm")
    with Engine.open(own.path) as engine:
        assert "needs the package lightgbm" in engine.off["learnt"] and engine.ranking(["shirt"])[0]


def test_a_damaged_folder_is_refused(own: Shop) -> None:
    folder = own.path / "models" / "rank" / "lightgbm" / "1"
    text = (folder / "click.txt").read_text()
    (folder / "click.txt").write_text(text[: len(text) // 2])
    with pytest.raises(EmptorError, match=r"click\.txt: changed since it was saved"):
        load_ranker(folder)
    (folder / "click.txt").unlink()
    with pytest.raises(EmptorError, match=r"click\.txt: cannot be read"):
        load_ranker(folder)
