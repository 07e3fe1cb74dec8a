"""A pre-ranker from a log with traces to a served page: learnt, saved, loaded, and the same in the stage as offline."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from emptor.cascade import Candidates, Requests
from emptor.cascade.contract import check_answer
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.page import Ask
from emptor.prerank.loading import load_preranker
from emptor.prerank.models import Level
from emptor.prerank.names import NAMES
from emptor.prerank.recipe import train_preranker
from emptor.prerank.samples import Stream
from emptor.prerank.stage import PrerankerOptions
from emptor.prerank.train import PrerankOptions, missing, split
from emptor.prerank.trained import TrainedPreranking
from emptor.rank.scale import batch_of
from emptor.shop.features import Features
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.rank.test_train import fill

QUICK = PrerankOptions(epochs=2, batch=64, pool=10)
SETTINGS = """
[[cascade.default.stages]]
stage = "retrieve"
method = "hybrid"
fallback = "popular"

[cascade.wide]
deadline_ms = 20000
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60, fallback = "popular" },
  { stage = "prerank", method = "hccp", depth = 6, budget_ms = 5000, fallback = "cut" },
]
[cascade.slow]
deadline_ms = 20000
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60, fallback = "popular" },
  { stage = "prerank", method = "cold", depth = 6, budget_ms = 5000, fallback = "cut" },
]
[cascade.narrow]
stages = [
  { stage = "retrieve", method = "hybrid", depth = 60, fallback = "popular" },
  { stage = "prerank", method = "cut", depth = 6 },
]
"""


def traces_of(shop: Shop, *, ranked: bool = True, dropped: bool = True) -> pl.DataFrame:
    """What a cascade might have traced of the pages that `fill` made: it found all products and ranked a part."""
    view, rng = shop.view(), np.random.default_rng(5)
    pages = (
        shop.events.read()
        .filter(pl.col("action") == "impression")
        .group_by("request_id", maintain_order=True)
        .agg("product_id")
        .collect()
    )
    rows = []
    for request, shown in pages.iter_rows():
        others = [own for own in view.product_ids(rng.permutation(view.rows)) if own not in shown]
        list_ = [*shown, *others[:20]]
        stages = [("retrieve", [*list_, *others[20:60]] if dropped else list_), ("prerank", list_)]
        for place, (stage, ids) in enumerate([*stages, *[("rank", list_)] * ranked]):
            rows.append([request, 0, place, stage, ids, "[]", None])
    names = ["request_id", "offset", "place", "stage", "product_ids", "degraded", "sort"]
    return pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"sort": pl.String})


@pytest.fixture(scope="module")
def logged(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden shop with a log and two trained pre-rankers; do not write to it."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("prerank") / "shop"))
    settings = path / "shop.toml"
    settings.write_text(settings.read_text().partition("[cascade.default]")[0] + SETTINGS)
    torch.set_num_threads(1)
    with Shop.open(path) as shop:
        fill(shop)
        republish(shop)
        for model in ("hccp", "cold"):
            train_preranker(shop, [traces_of(shop)], model=model, options=QUICK)
    return path


@pytest.fixture
def own(logged: Path, tmp_path: Path) -> Iterator[Shop]:
    with Shop.open(Path(shutil.copytree(logged, tmp_path / "shop"))) as shop:
        yield shop


def test_a_trained_pre_ranker_keeps_the_best_of_what_was_found(logged: Path) -> None:
    with Engine.open(logged) as engine:
        assert not engine.off
        found = {name: engine.ranking(["mug", "red"], cascade=name) for name in ("default", "wide", "slow", "narrow")}
        for own in ("wide", "slow", "narrow"):
            for every, kept in zip(found["default"], found[own], strict=True):
                assert set(kept) <= set(every) and len(set(kept)) == len(kept) == min(6, len(every))
        assert [list(own) for own in found["narrow"]] == [list(own)[:6] for own in found["default"]]
        assert [set(own) for own in found["wide"]] != [set(own) for own in found["narrow"]]


@pytest.mark.parametrize("model", ["hccp", "cold"])
def test_the_stage_keeps_what_the_network_says_whatever_the_batch(logged: Path, model: str) -> None:
    with Engine.open(logged) as engine, Shop.open(logged) as shop:
        view = engine.view
        loaded = load_preranker(logged / "models" / "prerank" / model / "1", view=view)
        features = Features.as_published(shop, view.generation, loaded.spec)

        def stage(order: str, first: int = 0) -> TrainedPreranking:
            options = PrerankerOptions(order=order, first=first)  # type: ignore[arg-type]
            vectors = loaded.vectors(features.products)
            return TrainedPreranking(view, loaded, features, vectors, depth=6, options=options)

        asked = Requests.of(["mug", None, "red"], user_ids=["user01", "user02", None], now=1_772_900_000_000_000)
        rows = np.stack([np.random.default_rng(at).permutation(view.rows)[:30] for at in range(3)])
        mask = np.arange(30)[None] < np.array([30, 17, 5])[:, None]
        score = -np.arange(30, dtype=np.float32)[None] + np.zeros((3, 1), np.float32)

        def given(part: slice = slice(3)) -> Candidates:
            return Candidates(rows[part].copy(), score[part].copy(), mask[part].copy())

        arrays = features(asked.user_id.tolist(), asked.query.tolist(), asked.now, rows, mask)
        with torch.inference_mode():
            wanted = loaded.net(batch_of(arrays, loaded._scale)).numpy()
        own, found = stage("own")(asked, given()), stage("found")(asked, given())
        for at in range(2):
            mine = dict(zip(rows[at][mask[at]].tolist(), wanted[at][mask[at]].tolist(), strict=True))
            best = sorted(mine, key=lambda row: -mine[row])[:6]
            products, scores = own.row(at)
            assert products.tolist() == best
            assert scores.tolist() == pytest.approx([mine[row] for row in best], abs=1e-4)
            assert found.row(at)[0].tolist() == [row for row in rows[at].tolist() if row in best], "as it was found"
            first = rows[at][:4].tolist()
            stay = [*first, *[row for row in sorted(mine, key=lambda row: -mine[row]) if row not in first][:2]]
            held, ranked = stage("found", 4)(asked, given()), stage("own", 4)(asked, given())
            assert held.row(at)[0].tolist() == [row for row in rows[at].tolist() if row in stay], "the first stay"
            assert ranked.row(at)[0].tolist() == sorted(stay, key=lambda row: -mine[row])
            check_answer(given(), found, adds=False, order=view.order, stage="prerank")
        for answer in (own, found):
            assert answer.row(2)[0].tolist() == rows[2][:5].tolist(), "no longer than what stays: as it was"
        alone = stage("found")(asked.rows(slice(1, 2)), given(slice(1, 2)))
        assert alone.row(0)[0].tolist() == found.row(1)[0].tolist()
        at_once = {"user_ids": ["user01"], "now": 1_772_900_000_000_000, "sorts": ["price_asc"]}
        kept = stage("found")(Requests.of(["mug"], **at_once), given(slice(1)))  # type: ignore[arg-type]
        assert kept.row(0)[0].tolist() == found.row(0)[0].tolist(), "what a query finds is the same in any order"
        kept = stage("found")(Requests.of([None], **at_once), given(slice(1)))  # type: ignore[arg-type]
        assert kept.row(0)[0].tolist() == rows[0].tolist(), "without one, the first of that order were found"


def test_what_was_cut_is_told_with_what_the_network_says(logged: Path) -> None:
    with Engine.open(logged) as engine:
        page = engine.page(Ask(query="mug", cascade="wide", logged=False))
        story = engine.explain(page.request_id)
        assert story is not None
        stage = story["stages"][1]
        assert len(stage["products"]) == 6 and len(stage["dropped"]) == 6
        least = min(stage["columns"]["prerank"])
        assert stage["why_dropped"] == f"below the cut: 6 are kept, of which pre-ranking says {least:.4g} at least"
        by_price = engine.explain(
            engine.page(Ask(query=None, cascade="wide", sort="price_asc", logged=False)).request_id
        )
        assert by_price is not None
        assert by_price["stages"][1]["why_dropped"] == "below the cut: the first 6 that retrieval found are kept"


def test_the_command_prints_a_cascade_that_can_be_pasted(own: Shop, tmp_path: Path) -> None:
    folder = own.path / "logs" / "date=2026-03-01"
    folder.mkdir(parents=True, exist_ok=True)
    traces_of(own).write_parquet(folder / "traces-1-a.parquet")
    command = [sys.executable, "-m", "emptor", "train", str(own.path), "--stage", "prerank", "--model", "infonce"]
    done = subprocess.run([*command, "--set", "epochs=1", "--set", "weight=0.2"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = done.stdout[done.stdout.index("[cascade.wide_2]\n") : done.stdout.index("then see")]
    settings = own.path / "shop.toml"
    settings.write_text(settings.read_text() + table)
    with Engine.open(own.path) as engine:
        (_, (options, _)) = engine.cascades["wide_2"]._stages
        assert not engine.off and (options.method, options.depth, options.fallback) == ("infonce", 200, "cut")
    wrong = subprocess.run([*command, "--set", "epochs=0"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "--set epochs" in wrong.stderr


def test_the_same_log_and_seed_are_the_same_model(own: Shop) -> None:
    again = train_preranker(own, [traces_of(own)], options=QUICK)
    assert again.version == "2"
    first, second = (load_preranker(again.path.parent / version).net.state_dict() for version in ("1", "2"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_traces_lack_is_said_and_the_rest_is_learnt_from(own: Shop) -> None:
    told = train_preranker(own, [traces_of(own, dropped=False)], options=QUICK)
    assert len(told.missing) == 1 and "dropped before ranking" in told.missing[0]
    assert "no trace has candidates that were dropped" in (told.path / "card.md").read_text().lower()
    told = train_preranker(own, [traces_of(own, ranked=False)], options=QUICK)
    assert ["no trace has a ranking stage" in own for own in told.missing] == [True]


def test_what_nothing_can_be_learnt_from_is_one_sentence(own: Shop) -> None:
    with pytest.raises(EmptorError, match=r"^0 pages of the log have a trace and can be learnt from, with 0 clicks"):
        train_preranker(own, [])
    with pytest.raises(EmptorError, match="model: unknown 'magic'"):
        train_preranker(own, [], model="magic")
    with pytest.raises(EmptorError, match="alpa"):
        train_preranker(own, [traces_of(own)], network={"alpa": 1.0})
    with pytest.raises(EmptorError, match=r"hidden: 32, expected a list of whole numbers from 1, as \[64, 32\]"):
        train_preranker(own, [traces_of(own)], network={"hidden": 32})


def test_a_stage_takes_no_options_and_a_model_that_there_is_not_is_said(own: Shop) -> None:
    settings = own.path / "shop.toml"
    text = settings.read_text()
    settings.write_text(text.replace('method = "cut", depth = 6', 'method = "cut", depth = 6, options = { k = 1 }'))
    with Engine.open(own.path) as engine:
        assert "stage prerank, options.k:" in engine.off["narrow"] and "method cut takes none" in engine.off["narrow"]
    settings.write_text(text.replace('budget_ms = 5000, fallback = "cut"', 'options = { order = "any" }', 1))
    with Engine.open(own.path) as engine:
        assert "options.order: Input should be 'found' or 'own'; method hccp takes order, first" in engine.off["wide"]
    settings.write_text(text.replace('method = "cold"', 'method = "listwise"'))
    with Engine.open(own.path) as engine:
        assert "the shop has no such model yet" in engine.off["slow"] and "--stage prerank" in engine.off["slow"]


def test_an_update_between_publishes_is_found_and_its_products_are_scored(own: Shop) -> None:
    own.update([{"product_id": "NEW", "title": "mug of today", "category": ["Kitchen", "Mugs"], "price": 9.0}])
    with Engine.open(own.path) as engine:
        assert "NEW" in engine.ranking(["today"], cascade="wide")[0]


def test_the_last_day_is_apart_and_held_out_users_are_in_neither() -> None:
    day = 86_400_000_000
    stream = Stream(
        user_id=np.array([f"user{at}" for at in range(300)], object),
        query=np.full(300, None, object),
        now=np.sort(np.arange(300) % 3) * day,
        rows=np.zeros((300, 2), np.int32),
        level=np.tile(np.array([Level.CLICKED, Level.SHOWN], np.int8), (300, 1)),
        place=np.full((300, 2), -1, np.int16),
        found=np.zeros((300, 1), np.int32),
    )
    learnt, validated = split(stream)
    assert set(learnt.now) == {0, day} and set(validated.now) == {2 * day}
    assert 240 < len(learnt) + len(validated) < 295
    assert len(missing(learnt)) == 2


@pytest.mark.parametrize("model", [own for own in NAMES if own not in ("hccp", "cold")])
def test_every_network_can_be_trained_and_served(own: Shop, model: str) -> None:
    train_preranker(own, [traces_of(own)], model=model, options=QUICK.model_copy(update={"epochs": 1}))
    settings = own.path / "shop.toml"
    settings.write_text(settings.read_text().replace('method = "hccp"', f'method = "{model}"'))
    with Engine.open(own.path) as engine:
        assert not engine.off and len(engine.ranking(["mug"], cascade="wide")[0])
