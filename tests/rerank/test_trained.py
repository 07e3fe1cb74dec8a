"""A re-ranker from a log with traces to a served page: learnt, saved, loaded, and the same in the stage as offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emptor.cascade import Candidates, Requests
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.page import Ask
from emptor.rerank.loading import TEXTS, load_reranker
from emptor.rerank.names import NAMES
from emptor.rerank.products import ListProducts
from emptor.rerank.recipe import train_reranker
from emptor.rerank.samples import asked_of
from emptor.shop.features import Features
from emptor.shop.importer import republish
from emptor.shop.manifest import read_manifest
from emptor.shop.shop import Shop
from tests.rerank.traced import QUICK, traces_of


def test_a_trained_re_ranker_moves_what_was_found_and_loses_nothing(reranked_path: Path) -> None:
    with Engine.open(reranked_path) as engine:
        assert not engine.off
        found = {name: engine.ranking(["mug", "red"], cascade=name) for name in ("default", "page", "rule")}
        for own in ("page", "rule"):
            assert [set(list_) for list_ in found[own]] == [set(list_[:60]) for list_ in found["default"]]
            assert found[own] != [list_[:60] for list_ in found["default"]]


def test_the_stage_orders_by_what_the_network_says_of_the_list(reranked_path: Path) -> None:
    with Engine.open(reranked_path) as engine, Shop.open(reranked_path) as shop:
        stage = engine.cascades["page"]._stages[-1][1]
        loaded = load_reranker(reranked_path / "models" / "rerank" / "armmt" / "1", view=engine.view)
        features = Features.as_published(shop, engine.view.generation, loaded.spec)
        products = ListProducts.of(features, loaded.texts)
        asked = Requests.of(["mug", None, "red"], user_ids=["user01", "user02", None], now=1_772_900_000_000_000)
        rows = np.stack([np.random.default_rng(at).permutation(engine.view.rows)[:55] for at in range(3)])
        mask = np.arange(55)[None] < np.array([55, 17, 5])[:, None]
        score = np.where(mask, -np.arange(55, dtype=np.float32)[None] / 7, -np.inf).astype(np.float32)
        answer = stage(asked, Candidates(rows, score, mask))
        far = loaded.longest
        assert far == QUICK.longest < 50, "no further than in training, whatever the stage asks for"
        first = (rows[:, :far], mask[:, :far])
        described = features.describe(asked.user_id.tolist(), asked.query.tolist(), asked.now, *first)
        value = loaded(features.products, products, asked_of(features, described, score[:, :far]))
        for at in range(3):
            known = int(first[1][at].sum())
            order = np.argsort(-value[at, :known], kind="stable")
            wanted = [*rows[at, :known][order].tolist(), *rows[at][mask[at]][known:].tolist()]
            assert answer.row(at)[0].tolist() == wanted
            assert answer.columns["rerank"][at, :known].tolist() == pytest.approx(value[at, order].tolist(), abs=1e-4)


def test_what_was_moved_is_told_with_places_and_value(reranked_path: Path) -> None:
    with Engine.open(reranked_path) as engine:
        for cascade, says in (("page", "armmt values it at"), ("rule", "by mmr, which was given the score")):
            page = engine.page(Ask(query="mug", cascade=cascade, logged=False))
            story = engine.explain(page.request_id)
            assert story is not None
            stage = story["stages"][1]
            for at in (0, 3):
                before, value = stage["columns"]["place_before"][at], stage["columns"]["rerank"][at]
                steps = engine.follow(page.request_id, stage["products"][at])
                assert steps is not None
                words = next(own.words for own in steps if own.stage == "rerank")
                moved = f"from {before + 1:.0f} to {at + 1}" if before != at else f"Stays at {at + 1}"
                assert moved in words and says in words and f"{value:.4g}" in words, words
        by_price = engine.page(Ask(query="mug", cascade="page", sort="price_asc", logged=False))
        steps = engine.follow(by_price.request_id, by_price.results[0].product["product_id"])
        assert steps is not None
        assert ", and was not ranked anew." in next(own.words for own in steps if own.stage == "rerank")


def test_the_command_prints_a_cascade_that_can_be_pasted(own: Shop) -> None:
    folder = own.path / "logs" / "date=2026-03-01"
    folder.mkdir(parents=True, exist_ok=True)
    traces_of(own).write_parquet(folder / "traces-1-a.parquet")
    command = [sys.executable, "-m", "emptor", "train", str(own.path), "--stage", "rerank", "--model", "dlcm"]
    done = subprocess.run([*command, "--set", "epochs=1", "--set", "width=8"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "no page of the log has a trace" not in done.stdout.lower()
    table = done.stdout[done.stdout.index("[cascade.page_2]\n") : done.stdout.index("then see")]
    settings = own.path / "shop.toml"
    settings.write_text(settings.read_text() + table)
    with Engine.open(own.path) as engine:
        options = engine.cascades["page_2"]._stages[-1][0]
        assert not engine.off and (options.stage, options.method) == ("rerank", "dlcm")
    wrong = subprocess.run([*command, "--set", "longest=1"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "--set longest" in wrong.stderr


def test_the_same_log_and_seed_are_the_same_model(own: Shop) -> None:
    again = train_reranker(own, [traces_of(own)], options=QUICK)
    assert again.version == "2"
    folders = [again.path.parent / version for version in ("1", "2")]
    first, second = (load_reranker(folder).net.state_dict() for folder in folders)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (folders[0] / TEXTS).read_bytes() == (folders[1] / TEXTS).read_bytes()


@pytest.mark.parametrize("model", [own for own in NAMES if own != "armmt"])
def test_every_network_can_be_trained_and_served(own: Shop, model: str) -> None:
    trained = train_reranker(own, [traces_of(own)], model=model, options=QUICK)
    assert trained.missing == () and np.isfinite(list(trained.metrics.values())).all()
    settings = own.path / "shop.toml"
    settings.write_text(settings.read_text().replace('method = "armmt"', f'method = "{model}"'))
    with Engine.open(own.path) as engine:
        assert not engine.off
        lists = engine.ranking(["mug", "red lamp"], cascade="page")
        assert [len(list_) for list_ in lists] == [min(len(full), 60) for full in engine.ranking(["mug", "red lamp"])]


def test_a_model_learns_what_was_chosen(own: Shop) -> None:
    """Users choose every second product: a list of both kinds is better in order after training than by chance."""
    options = QUICK.model_copy(update={"epochs": 12, "patience": 12, "lr": 5e-3})
    trained = train_reranker(own, [traces_of(own)], model="pointwise", options=options)
    assert trained.metrics["click GAUC"] > 0.6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"model": "magic"}, "model: unknown 'magic'; known are armmt, podmmi, prm, setrank, dlcm, pointwise"),
        ({"network": {"fussion": 1}}, "fussion"),
        ({"network": {"fusion": "magic"}}, "fusion"),
        ({"model": "podmmi", "network": {"purchase_weight": -1.0}}, "purchase_weight"),
    ],
)
def test_what_cannot_be_built_is_told_before_anything_is_read(
    own: Shop, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(EmptorError) as told:
        train_reranker(own, [traces_of(own)], options=QUICK, **arguments)
    assert sentence in str(told.value) and "\n" not in str(told.value)
    manifest = read_manifest(own.path)
    assert manifest is not None and set(manifest.models) == {"rerank/armmt"}


def test_a_damaged_model_and_one_of_other_features_turn_the_cascade_off(own: Shop) -> None:
    folder = own.path / "models" / "rerank" / "armmt" / "1"
    texts, config = folder / TEXTS, folder / "config.json"
    whole = texts.read_bytes()
    for content, sentence in (
        (whole[: len(whole) // 2], "not a whole safetensors file"),
        (None, "the file is missing"),
    ):
        texts.unlink()
        if content is not None:
            texts.write_bytes(content)
        with Engine.open(own.path) as engine:
            assert TEXTS in engine.off["page"] and sentence in engine.off["page"] and "\n" not in engine.off["page"]
            assert "rule" in engine.cascades, "rules need no model"
        texts.write_bytes(whole)
    settings = json.loads(config.read_text())
    settings["features"]["history"] += 1
    config.write_text(json.dumps(settings))
    with Engine.open(own.path) as engine:
        assert "trained with other features than this version and shop make" in engine.off["page"]
    shutil.rmtree(folder)
    with Engine.open(own.path) as engine:
        assert "SHOP/models/rerank/armmt/1" in engine.off["page"]


def test_a_model_that_there_is_not_is_said(own: Shop) -> None:
    settings = own.path / "shop.toml"
    settings.write_text(settings.read_text().replace('method = "armmt"', 'method = "setrank"'))
    with Engine.open(own.path) as engine:
        assert "the shop has no such model yet" in engine.off["page"] and "--stage rerank" in engine.off["page"]


def test_products_of_an_update_between_publishes_are_ranked_too(own: Shop) -> None:
    own.update([{"product_id": "NEW", "title": "mug of today", "category": ["Kitchen", "Mugs"], "price": 9.0}])
    own.update([{"product_id": "P30", "delete": True}])
    with Engine.open(own.path) as engine:
        for cascade in ("page", "rule"):
            (found,) = engine.ranking(["mug"], cascade=cascade)
            assert "NEW" in found and "P30" not in found
            assert engine.ranking(["today"], cascade=cascade)[0] == ["NEW"]
    republish(own)
    with Engine.open(own.path) as engine:
        assert not engine.off and "NEW" in engine.ranking(["mug"], cascade="page")[0]


def test_users_who_are_unknown_and_pages_without_a_query_are_ranked(reranked_path: Path) -> None:
    with Engine.open(reranked_path) as engine:
        for user in (None, "nobody", "user01"):
            for ask in (Ask(query="mug", user_id=user, cascade="page"), Ask(user_id=user, cascade="page")):
                page = engine.page(ask)
                assert page.results and not page.degraded
