"""Logs and catalogues that are thin, odd or cut off: what can be learnt is learnt, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emptor.errors import EmptorError
from emptor.rank import train
from emptor.rank.data import read_pages
from emptor.rank.examples import Examples, examples_of
from emptor.rank.models import build
from emptor.rank.scale import input_spec
from emptor.rank.train import TrainOptions, fit_ranker, split, train_ranker
from emptor.shop.features import Features
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.rank.test_train import QUICK, fill


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def parts_of(shop: Shop) -> tuple[Features, Examples, Examples]:
    features = Features.of(shop)
    learnt, validated = (examples_of(features, part) for part in split(read_pages(shop.events.read(), features.rows)))
    return features, learnt, validated


def test_one_user_alone_is_learnt_from(shop: Shop) -> None:
    fill(shop, users=1)
    trained = train_ranker(shop, model="din", options=QUICK)
    assert np.isfinite(list(trained.metrics.values())).all()


def test_a_history_longer_than_the_limit_is_cut_to_the_newest(shop: Shop) -> None:
    fill(shop, pages=400, users=2)
    features, learnt, _ = parts_of(shop)
    known = (learnt.asked.action > 0).sum(1)
    assert known.max() == features.spec.history < np.expm1(learnt.asked.context[:, 2]).max()
    assert np.isfinite(list(train_ranker(shop, model="awmoe", options=QUICK).metrics.values())).all()


def test_products_without_category_brand_or_price_are_scored(shop: Shop) -> None:
    fill(shop)
    train_ranker(shop, model="awmoe", options=QUICK)
    changes = [{"product_id": f"P{at:02}", "category": None, "brand": None, "price": None} for at in (0, 1)]
    shop.update(changes)
    republish(shop)
    features, learnt, _ = parts_of(shop)
    rows = [features.view.row(own["product_id"]) for own in changes]
    assert not features.products.fields[rows, 1:4].any() and np.isfinite(features.products.own[rows]).all()
    net = build("awmoe", input_spec(features.spec))
    assert np.isfinite(train.scored(net.eval(), learnt, learnt.scale(seed=0))).all()


def test_a_feature_that_is_not_a_number_is_told(shop: Shop) -> None:
    fill(shop)
    features, learnt, validated = parts_of(shop)
    numeric = learnt.asked.numeric.copy()
    numeric[5, 0, 3] = np.nan
    broken = replace(learnt, asked=replace(learnt.asked, numeric=numeric))
    with pytest.raises(EmptorError, match=r"nan|not finite|NaN"):
        fit_ranker(build("dnn", input_spec(features.spec)), broken, validated, learnt.scale(seed=0), options=QUICK)


def test_training_that_was_interrupted_goes_on_to_the_same_model(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop)
    options = TrainOptions(epochs=3, batch=256)
    whole = train_ranker(shop, model="dnn_crosses", options=options)
    real: Callable[..., dict[str, float]] = train.figures
    asked: list[int] = []

    def cut_off(*args: Any, **named: Any) -> dict[str, float]:
        asked.append(len(asked))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(*args, **named)

    monkeypatch.setattr(train, "figures", cut_off)
    with pytest.raises(KeyboardInterrupt):
        train_ranker(shop, model="dnn_crosses", options=options, resume=tmp_path / "run")
    monkeypatch.setattr(train, "figures", real)
    again = train_ranker(shop, model="dnn_crosses", options=options, resume=tmp_path / "run")
    assert again.metrics == whole.metrics
    files = [path / "model.safetensors" for path in (whole.path, again.path)]
    assert files[0].read_bytes() == files[1].read_bytes()
