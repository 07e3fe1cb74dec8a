"""A ranker from a log to a served page: learnt, saved, loaded, and the same in the stage as offline."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import torch

from emptor.cascade import Requests
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.rank.data import read_pages
from emptor.rank.examples import examples_of
from emptor.rank.loading import load_ranker
from emptor.rank.names import NAMES, TREES
from emptor.rank.quality import auc, discounted_gain, grouped_auc, log_loss
from emptor.rank.scale import Scale, batch_of
from emptor.rank.train import TrainOptions, split, train_ranker
from emptor.shop import schema
from emptor.shop.features import Features, FeatureSpec
from emptor.shop.holdout import is_held_out
from emptor.shop.importer import republish
from emptor.shop.shop import Shop

START = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
QUICK = TrainOptions(epochs=2, batch=512)
SETTINGS = """
[[cascade.default.stages]]
stage = "retrieve"
method = "hybrid"
fallback = "popular"

[cascade.learnt]
deadline_ms = 20000
stages = [
  { stage = "retrieve", method = "hybrid", depth = 50, fallback = "popular" },
  { stage = "rank", method = "dnn", depth = 50, budget_ms = 5000, fallback = "affinity" },
]
"""


def fill(shop: Shop, *, pages: int = 240, users: int = 40) -> None:
    """Users who like every second product click on it, on pages of six, over four days; they buy one in four."""
    view, rng = shop.view(), np.random.default_rng(3)
    events: list[dict[str, Any]] = []
    for page in range(pages):
        user = f"user{page % users:02d}"
        time = START + dt.timedelta(days=4 * page / pages, seconds=page)
        base = {"user_id": user, "session_id": f"s{page}", "request_id": f"r{page}", "scenario": "recommend"}
        for position, row in enumerate(rng.permutation(view.rows)[:6].tolist()):
            own = {**base, "product_id": view.product_id(row), "position": position, "time": time}
            events.append({**own, "action": "impression", "event_id": f"r{page}i{position}"})
            if row % 2 == page % 2 and rng.random() < 0.8:
                later = time + dt.timedelta(seconds=20 + position)
                events.append({**own, "action": "click", "time": later, "event_id": f"r{page}c{position}"})
                if rng.random() < 0.25:
                    events.append({**own, "action": "purchase", "time": later, "event_id": f"r{page}p{position}"})
    store(shop, events)


def store(shop: Shop, events: list[dict[str, Any]]) -> None:
    arrays = [pa.array([own.get(field.name) for own in events], field.type) for field in schema.EVENT]
    shop.events.append_columns(pa.Table.from_arrays(arrays, schema=schema.EVENT))


@pytest.fixture(scope="module")
def logged(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden shop with a log and two trained models; do not write to it."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("logged") / "shop"))
    settings = path / "shop.toml"
    settings.write_text(settings.read_text().partition("[cascade.default]")[0] + SETTINGS)
    torch.set_num_threads(1)
    with Shop.open(path) as shop:
        fill(shop)
        republish(shop)
        train_ranker(shop, model="dnn", options=QUICK)
        train_ranker(shop, model="awmoe", network={"experts": 2}, options=QUICK)
    return path


@pytest.fixture
def own(logged: Path, tmp_path: Path) -> Iterator[Shop]:
    with Shop.open(Path(shutil.copytree(logged, tmp_path / "shop"))) as shop:
        yield shop


def test_pages_are_what_was_shown_and_what_came_of_it(logged: Path) -> None:
    with Shop.open(logged) as shop:
        features = Features.of(shop)
        events = shop.events.read().collect()
        pages = read_pages(events.lazy(), features.rows)
    assert len(pages) == 240 and (np.diff(pages.now) >= 0).all() and pages.mask.all()
    for action, mine in (("click", pages.clicked), ("purchase", pages.bought)):
        assert mine.sum() == (events["action"] == action).sum()
    at = 17
    shown = events.filter((pl.col("request_id") == pages.request_id[at]) & (pl.col("action") == "impression"))
    ids = shown.sort("position")["product_id"].to_list()
    assert [features.view.product_id(int(row)) for row in pages.rows[at]] == ids
    clicked = events.filter((pl.col("request_id") == pages.request_id[at]) & (pl.col("action") == "click"))
    assert {ids[place] for place in np.flatnonzero(pages.clicked[at])} == set(clicked["product_id"])


def test_who_is_held_out_is_in_no_part_and_the_last_day_is_apart(logged: Path) -> None:
    with Shop.open(logged) as shop:
        pages = read_pages(shop.events.read(), Features.of(shop).rows)
    learnt, validated = split(pages)
    assert not any(is_held_out(user) for part in (learnt, validated) for user in part.user_id)
    assert learnt.day.max() < validated.day.min()
    assert len(learnt) + len(validated) == sum(not is_held_out(user) for user in pages.user_id)


def test_no_page_knows_its_own_clicks(logged: Path) -> None:
    """What a page is given is the same when all from its first moment on is taken from the log."""
    with Shop.open(logged) as shop:
        features = Features.of(shop)
        events = shop.events.read().collect()
    pages = read_pages(events.lazy(), features.rows)
    for at in (60, 150, 239):
        page = pages.take(np.array([at]))
        earlier = events.filter(pl.col("time").dt.epoch("us") < int(page.now[0]))
        blind = Features(features.view, features.spec, earlier.lazy())
        arguments = (page.user_id.tolist(), page.query.tolist(), page.now, page.rows, page.mask)
        mine, its = features(*arguments), blind(*arguments)
        for name in vars(mine):
            assert np.array_equal(getattr(mine, name), getattr(its, name)), name


def test_epochs_are_shuffled_and_the_same_for_a_seed(logged: Path) -> None:
    with Shop.open(logged) as shop:
        features = Features.of(shop)
        pages = read_pages(shop.events.read(), features.rows)
    examples = examples_of(features, pages)
    scale = examples.scale(seed=0)

    def clicks(seed: int, epoch: int) -> list[float]:
        own = examples.batches(scale, size=60, seed=seed, epoch=epoch)
        return [value for sample in own for value in sample.click.flatten().tolist()]

    assert clicks(1, 0) == clicks(1, 0) != clicks(1, 1)
    assert sum(clicks(1, 0)) == sum(clicks(2, 3)) == pages.clicked.sum()


def test_a_model_folder_says_what_it_is_and_scores_as_it_was_saved(logged: Path) -> None:
    folder = logged / "models" / "rank" / "awmoe" / "1"
    assert {own.name for own in folder.iterdir()} == {
        *("config.json", "model.safetensors", "metrics.json", "card.md", "scale.json", "training.json")
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 0.3 < metrics["click GAUC"] <= 1 and metrics["pages with clicks"] >= 20
    with Shop.open(logged) as shop:
        manifest = shop.manifest()
        assert manifest is not None and manifest.models == {"rank/dnn": "1", "rank/awmoe": "1"}


def test_the_stage_scores_as_offline_and_orders_by_it(logged: Path) -> None:
    with Engine.open(logged) as engine:
        now = round((START + dt.timedelta(days=5)).timestamp() * 1e6)
        requests = Requests.of([None, None, "shirt"], user_ids=["user01", None, "user02"], now=now, k=20)
        done = engine.cascades["learnt"].run(requests).candidates
        ranker = load_ranker(logged / "models" / "rank" / "dnn" / "1")
        features = Features.of(engine.shop, ranker.spec)
        arrays = features(requests.user_id.tolist(), requests.query.tolist(), requests.now, done.product, done.mask)
        logits = ranker(arrays)
    value = logits[..., 0] + 0.5 * logits[..., 1]
    assert done.mask.any(1).all()
    assert np.allclose(np.where(done.mask, done.score, 0), np.where(done.mask, value, 0), atol=1e-5)
    chance = 1 / (1 + np.exp(-logits[..., 0]))
    assert np.allclose(np.where(done.mask, done.columns["pclick"], 0), np.where(done.mask, chance, 0), atol=1e-6)
    assert all((np.diff(score[mask]) <= 0).all() for score, mask in zip(done.score, done.mask, strict=True))


def test_a_product_that_an_update_added_does_not_win_for_being_unknown(own: Shop) -> None:
    with Engine.open(own.path) as engine:
        engine.shop.update([{"product_id": "ZZNEW", "title": "Red shirt", "price": 9.0}])
        engine.refresh()
        row = engine.view.row("ZZNEW")
        assert row is not None and row >= engine.view.generation.rows
        done = engine.run(Requests.of(["red shirt"], now=int(START.timestamp() * 1e6)), cascade="learnt").candidates
    mine = done.product[0] == row
    assert mine.any() and 0.001 < done.columns["pclick"][0][mine][0] < 0.499


def test_a_fallback_does_not_get_the_options_of_another_method(own: Shop) -> None:
    settings = own.path / "shop.toml"
    options = 'fallback = "affinity", options = { best = 20, purchase = 0.1 } }'
    settings.write_text(settings.read_text().replace('fallback = "affinity" }', options))
    with Engine.open(own.path) as engine:
        assert engine.ranking(["shirt"], cascade="learnt")[0]


def test_numbers_that_never_differed_stay_out(logged: Path) -> None:
    with Shop.open(logged) as shop:
        features = Features.of(shop)
        pages = read_pages(shop.events.read(), features.rows)
    first = pages.take(np.flatnonzero(pages.day == pages.day.min()))  # nothing was counted before the first day
    scale = Scale.read(json.loads(json.dumps(examples_of(features, first).scale(seed=0).to_dict())))
    later = pages.take(np.arange(len(pages) - 5, len(pages)))
    arrays = features(later.user_id.tolist(), later.query.tolist(), later.now, later.rows, later.mask)
    numeric = batch_of(arrays, scale).numeric
    assert arrays.numeric[..., 8].std() > 0 and (numeric[..., 7:10] == 0).all() and numeric.isfinite().all()


def test_texts_that_are_read_in_another_way_are_other_features(own: Shop) -> None:
    spec = FeatureSpec.of(own.view())
    other = spec.model_copy(update={"text": {**spec.text, "language": "none"}})
    assert other.hash != spec.hash
    with pytest.raises(EmptorError, match="language 'none' against"):
        Features.of(own, other)


def test_a_run_is_of_one_network(own: Shop, tmp_path: Path) -> None:
    train_ranker(own, model="awmoe", network={"experts": 2}, options=QUICK, resume=tmp_path / "run")
    with pytest.raises(EmptorError):
        train_ranker(own, model="awmoe_no_contrast", network={"experts": 2}, options=QUICK, resume=tmp_path / "run")


def test_pages_of_one_product_each_are_told(shop: Shop) -> None:
    fill(shop)
    events = shop.events.read().collect().drop("seq").to_dicts()
    for own in events:
        own["request_id"] = f"{own['request_id']}-{own['product_id']}"
        own["event_id"] = f"x{own['event_id']}"
    pages = read_pages(pl.LazyFrame(events), Features.of(shop).rows)
    with pytest.raises(EmptorError, match="must share its request_id"):
        split(pages)


def test_a_second_training_does_not_go_live_by_itself(own: Shop) -> None:
    trained = train_ranker(own, model="dnn", options=QUICK)
    again = train_ranker(own, model="dnn", options=QUICK)
    manifest = own.manifest()
    assert (trained.version, again.version) == ("2", "3") and manifest is not None
    assert manifest.models["rank/dnn"] == "1"
    assert trained.metrics == again.metrics  # the same log and seed: the same model
    weights = [own.path / "models" / "rank" / "dnn" / name / "model.safetensors" for name in ("1", "2", "3")]
    assert len({file.read_bytes() for file in weights}) == 1


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("no log", "0 clicks"),
        ("all clicked", "everything was clicked"),
        ("unknown model", "unknown 'bert'; known are lr"),
        ("unknown option", "unknown 'depth'"),
    ],
)
def test_what_cannot_be_learnt_is_told(shop: Shop, what: str, told: str) -> None:
    if what != "no log":
        fill(shop)
    if what == "all clicked":
        events = shop.events.read().filter(pl.col("action") == "impression").collect().to_dicts()
        more = [{**own, "action": "click", "event_id": f"more{at}"} for at, own in enumerate(events)]
        store(shop, more)
    with pytest.raises(EmptorError, match=told):
        train_ranker(
            shop,
            model="bert" if what == "unknown model" else "dnn",
            network={"depth": 3} if what == "unknown option" else None,
            options=QUICK,
        )


def test_a_model_of_other_features_is_refused_and_told_apart(own: Shop) -> None:
    folder = own.path / "models" / "rank" / "dnn" / "1"
    config = json.loads((folder / "config.json").read_text())
    config["features"]["numeric"] = config["features"]["numeric"][:-1]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(EmptorError, match="train it again"):
        load_ranker(folder)
    (folder / "scale.json").unlink()
    with pytest.raises(EmptorError):
        load_ranker(folder)


def test_training_again_cures_a_shop_whose_live_model_is_refused(own: Shop) -> None:
    folder = own.path / "models" / "rank" / "dnn" / "1"
    config = json.loads((folder / "config.json").read_text())
    config["features"]["version"] = 0
    (folder / "config.json").write_text(json.dumps(config))
    with Engine.open(own.path) as engine:  # open: the cascade that names it is not the default
        assert "train it again" in engine.off["learnt"] and engine.ranking(["shirt"])[0]
        train_ranker(own, model="dnn", options=QUICK)
        assert engine.refresh() and not engine.off
        assert engine.ranking(["shirt"], cascade="learnt")[0]


def test_names_are_those_of_the_networks() -> None:
    from emptor.rank.models import MODELS

    assert set(NAMES) == {*MODELS, TREES}


def test_quality_against_a_plain_count() -> None:
    rng = np.random.default_rng(0)
    score, label, page = rng.integers(0, 5, 200).astype(float), rng.random(200) < 0.3, np.sort(rng.integers(0, 20, 200))

    def plain(own: np.ndarray) -> float | None:
        pairs = [(a > b) + 0.5 * (a == b) for a in score[own & label] for b in score[own & ~label]]
        return float(np.mean(pairs)) if pairs else None

    each = [found for one in range(20) if (found := plain(page == one)) is not None]
    gauc, many = grouped_auc(score, label, page)
    assert gauc == pytest.approx(np.mean(each)) and many == len(each)
    assert auc(score, label) == pytest.approx(plain(np.ones(200, bool)))
    assert np.isnan(auc(score, np.zeros(200, bool))) and grouped_auc(score, label & False, page)[1] == 0
    chance = 1 / (1 + np.exp(-score))
    assert log_loss(score, label) == pytest.approx(-np.log(np.where(label, chance, 1 - chance)).mean())


def test_ndcg_of_pages_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import ndcg_score

    rng = np.random.default_rng(0)
    score, label = rng.random((50, 14)), rng.random((50, 14)) < 0.2
    mask = np.arange(14) < rng.integers(2, 15, (50, 1))
    wanted = [
        ndcg_score([label[at][own]], [score[at][own]], k=10) for at, own in enumerate(mask) if label[at][own].any()
    ]
    assert discounted_gain(score, label, mask, depth=10) == pytest.approx(np.mean(wanted))
    assert np.isnan(discounted_gain(score, np.zeros_like(label), mask, depth=10))
