"""An event that was posted a moment ago is in the history of the next request: through the server, and as offline."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emptor.cascade import Requests
from emptor.engine import Engine
from emptor.rank.loading import load_ranker
from emptor.rank.train import TrainOptions, train_ranker
from emptor.shop.events import Selection
from emptor.shop.features import ACTIONS, Features
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.rank.test_train import SETTINGS, START, fill, store
from tests.serve.conftest import running


@pytest.fixture(scope="module")
def logged(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden shop with a published log and a model that reads histories; do not write to it."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("recent") / "shop"))
    settings = path / "shop.toml"
    text = SETTINGS.replace('method = "dnn"', 'method = "dnn_crosses"')
    settings.write_text(settings.read_text().partition("[cascade.default]")[0] + text)
    torch.set_num_threads(1)
    with Shop.open(path) as shop:
        fill(shop)
        republish(shop)
        train_ranker(shop, model="dnn_crosses", options=TrainOptions(epochs=2, batch=512))
    return path


@pytest.fixture
def own_path(logged: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(logged, tmp_path / "shop"))


def offline(shop: Shop, user: str | None, query: str | None, now: int, products: list[str]) -> np.ndarray:
    """What the stage must score for a request, with features of the whole log as training makes them."""
    ranker = load_ranker(shop.path / "models" / "rank" / "dnn_crosses" / "1")
    features = Features.of(shop, ranker.spec)
    rows = np.array([features.rows_of(products)])
    logits = ranker(features([user], [query], np.array([now]), rows, np.ones_like(rows, bool)))[0]
    return np.asarray(logits[:, 0] + np.float32(0.5) * logits[:, 1])


def carts(user: str, rows: range, day: int, *, view: Any) -> list[dict[str, Any]]:
    """Carts of a day: they are no part of the counters, so that a later publish would change nothing but histories."""
    base = {"user_id": user, "session_id": "late", "action": "add_to_cart"}
    return [
        {
            **base,
            "event_id": f"{user}-{day}-{row}",
            "product_id": view.product_id(row),
            "time": START + dt.timedelta(days=day, seconds=row),
        }
        for row in rows
    ]


def test_replayed_requests_score_as_offline_with_what_came_since_the_publish(own_path: Path) -> None:
    now = round((START + dt.timedelta(days=12)).timestamp() * 1e6)
    users, queries = ["user01", "new here", None, "user02"], [None, "shirt", "shirt", "lamp"]
    moments = np.array([now, now - 3 * 86_400_000_000, now, now])
    requests = Requests.of(queries, user_ids=users, k=20)
    object.__setattr__(requests, "now", moments)
    with Engine.open(own_path) as engine, Shop.open(own_path) as other:
        before = engine.run(requests, cascade="learnt").candidates
        events = carts("user01", range(40), 10, view=other.view()) + carts("user01", range(5, 9), 11, view=other.view())
        store(other, events + carts("new here", range(3), 8, view=other.view()))
        done = engine.run(requests, cascade="learnt").candidates
        moved = []
        for at, (user, query) in enumerate(zip(users, queries, strict=True)):
            ids = [engine.view.product_id(int(row)) for row in done.product[at][done.mask[at]]]
            want = offline(engine.shop, user, query, int(moments[at]), ids)
            assert np.allclose(done.score[at][done.mask[at]], want, atol=1e-5)
            scores = dict(zip(before.product[at].tolist(), before.score[at].tolist(), strict=True))
            moved.append(
                max(
                    abs(scores[row] - own)
                    for row, own in zip(done.product[at].tolist(), done.score[at].tolist(), strict=True)
                )
            )
    assert moved[0] > 1e-3 and moved[1] > 1e-3 and moved[2] == 0
    assert moved[3] > 0  # days on which others came make the past older


def test_an_event_that_was_posted_is_in_the_history_of_the_next_search(
    own_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories: list[list[tuple[int, str]]] = []
    real = Features.describe

    def kept(self: Features, *args: Any, **options: Any) -> Any:
        described = real(self, *args, **options)
        pairs = zip(described.past[0].tolist(), described.action[0].tolist(), strict=True)
        histories.append([(row, ACTIONS[action - 1]) for row, action in pairs if action])
        return described

    monkeypatch.setattr(Features, "describe", kept)
    with running(own_path) as client:
        shop: Shop = client.app.state.service.shop  # type: ignore[attr-defined]
        asked = {"q": "shirt", "user_id": "walks in", "cascade": "learnt", "k": 10}
        page = client.get("/v1/search", params=asked).json()
        histories.clear()
        done: list[tuple[int, str]] = []
        for hit, action in zip(page["results"][:3], ("click", "add_to_cart", "purchase"), strict=True):
            event = {"action": action, "user_id": "walks in", "product_id": hit["product_id"]}
            assert client.post("/v1/events", json=event).json()["stored"] == 1
            row = shop.view().row(hit["product_id"])
            assert row is not None
            done.insert(0, (row, action))
            page = client.get("/v1/search", params=asked).json()
            assert histories == [done] and not page["degraded"]
            histories.clear()
        monkeypatch.undo()
        told = client.get(f"/v1/explain/{page['request_id']}").json()
        stage = told["stages"][-1]
        assert stage["method"] == "dnn_crosses"
        want = offline(shop, "walks in", "shirt", told["now"], stage["products"])
        assert np.allclose(stage["scores"], want, atol=1e-5)
        without = offline(shop, "nobody", "shirt", told["now"], stage["products"])
        assert np.abs(want - without).max() > 1e-3  # so the history does count


def test_an_update_of_the_catalogue_or_a_publish_loses_nothing(own_path: Path) -> None:
    now = round((START + dt.timedelta(days=12)).timestamp() * 1e6)

    def score(engine: Engine) -> np.ndarray:
        return engine.run(Requests.of(["shirt"], user_ids=["late"], now=now), cascade="learnt").candidates.score[0]

    with Engine.open(own_path) as engine:
        unknown = score(engine)
        store(engine.shop, carts("late", range(6), 10, view=engine.view))
        known = score(engine)
        assert np.abs(known - unknown).max() > 1e-3
        engine.shop.update([{"product_id": engine.view.product_id(0), "price": 9.5}])
        assert engine.refresh() and np.array_equal(score(engine), known)
        republish(engine.shop)
        assert engine.refresh()
        store(engine.shop, carts("late", range(6), 11, view=engine.view))
        with Engine.open(own_path) as again:
            assert np.array_equal(score(engine), score(again))


def test_who_is_forgotten_is_a_stranger_at_once(own_path: Path) -> None:
    now = round((START + dt.timedelta(days=12)).timestamp() * 1e6)
    requests = Requests.of(["shirt"], user_ids=["late"], now=now)
    with Engine.open(own_path) as engine, Shop.open(own_path) as other:
        unknown = engine.run(requests, cascade="learnt").candidates.score
        store(other, carts("late", range(6), 10, view=other.view()))
        assert not np.array_equal(engine.run(requests, cascade="learnt").candidates.score, unknown)
        assert other.events.erase(Selection(user_id="late")).events == 6
        assert np.array_equal(engine.run(requests, cascade="learnt").candidates.score, unknown)
