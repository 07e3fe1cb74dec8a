"""A cascade that cannot be assembled is off; the default that cannot be stops the shop."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate import evaluate_shop
from emptor.page import Ask
from emptor.shop.promotion import promote
from tests.serve.conftest import running
from tests.serve.test_publish import until

UNTRAINED = """
[cascade.trained]
stages = [
  { stage = "retrieve", method = "hybrid", depth = 50 },
  { stage = "rank", method = "dnn_crosses", depth = 50 },
]
"""


def with_cascade(shop: Path, text: str = UNTRAINED) -> None:
    with (shop / "shop.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_shop_opens_although_another_cascade_has_no_model(shop_path: Path) -> None:
    with_cascade(shop_path)
    with Engine.open(shop_path) as engine:
        assert engine.search("mug").results and engine.cascade_names == ["default"]
        (why,) = engine.off.values()
        assert "the shop has no such model yet; train one: emptor train SHOP --stage rank" in why
        assert str(shop_path) not in why, "a visitor may be told"
        told = r"cascade 'trained' is off: .*no such model"
        with pytest.raises(EmptorError, match=told):
            engine.search("mug", cascade="trained")
        with pytest.raises(EmptorError, match=told):
            engine.ranking(["mug"], cascade="trained")
        with pytest.raises(EmptorError, match=told):
            evaluate_shop(engine, shop_path / "none.csv", cascade="trained")
        with pytest.raises(EmptorError, match=r"unknown cascade 'other'; known: default$"):
            engine.search("mug", cascade="other")
        good, bad = engine.pages([Ask(query="mug"), Ask(query="mug", cascade="trained")])
        assert not isinstance(good, EmptorError) and isinstance(bad, EmptorError)


def test_a_shop_opens_although_another_cascade_cannot_be_read(shop_path: Path) -> None:
    with_cascade(shop_path, UNTRAINED.replace("depth = 50 },\n]", "depth = 60 },\n]"))
    with Engine.open(shop_path) as engine:
        assert engine.search("mug").results
        why = "shop.toml, [cascade.trained]: depth must not grow from stage to stage, found [50, 60]"
        assert engine.off == {"trained": why}
        with pytest.raises(EmptorError, match=r"^cascade 'trained' is off: shop.toml, \[cascade.trained\]: depth must"):
            engine.search("mug", cascade="trained")
        with pytest.raises(EmptorError, match=r"^cascade 'trained' is off: .*must not grow"):
            promote(engine.shop, "trained")


def test_a_promoted_cascade_that_cannot_be_read_stops_the_shop(shop_path: Path) -> None:
    good = UNTRAINED.replace("dnn_crosses", "affinity")
    with_cascade(shop_path, good)
    with Engine.open(shop_path) as engine:
        promote(engine.shop, "trained")
    settings = shop_path / "shop.toml"
    settings.write_text(settings.read_text().replace(good, good.replace("depth = 50 },\n]", "dept = 50 },\n]")))
    with pytest.raises(
        EmptorError, match=r"the default cascade is 'trained': shop.toml, .* unknown key 'dept'; did you"
    ):
        Engine.open(shop_path)


def test_the_default_still_stops_the_shop(shop_path: Path) -> None:
    settings = shop_path / "shop.toml"
    settings.write_text("format = 1\n" + UNTRAINED.replace("[cascade.trained]", "[cascade.default]"))
    with pytest.raises(EmptorError, match=r"^stage rank, method dnn_crosses: the shop has no such model yet"):
        Engine.open(shop_path)


def test_a_folder_named_with_a_dot_is_no_reason_to_lose_the_dots_of_a_sentence(
    shop_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cascade(shop_path)
    monkeypatch.chdir(shop_path)
    with Engine.open(".") as engine:
        assert engine.off["trained"].endswith("emptor train SHOP --stage rank --model dnn_crosses")


def test_a_server_tells_what_is_off_and_takes_it_up_when_it_can(
    shop_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By a method that is mended here; tests/test_demo_training.py has a model that appears."""
    with_cascade(shop_path, UNTRAINED.replace("dnn_crosses", "affinty"))
    with running(shop_path) as client:
        (told,) = [own.getMessage() for own in caplog.records if own.levelno == logging.WARNING]
        assert told.startswith("cascade 'trained' is off: ") and "affinty" in told
        assert "cascade 'trained' is off" in client.get("/readyz").json()["warning"]
        answer = client.get("/v1/search", params={"q": "mug", "cascade": "trained"})
        assert answer.status_code == 400 and "'trained' is off" in answer.json()["error"]
        assert client.get("/v1/search?q=mug").json()["results"]
        page = client.get("/lab/compare").text
        assert "affinty" in page and "Off" in page
        settings = shop_path / "shop.toml"
        settings.write_text(settings.read_text().replace("affinty", "affinity"))
        until(lambda: "warning" not in client.get("/readyz").json(), seconds=10)
        assert client.get("/v1/search", params={"q": "mug", "cascade": "trained"}).json()["results"]
        assert "affinty" not in client.get("/lab/compare").text


def test_a_model_that_is_put_there_by_hand_is_looked_at_again(shop_path: Path) -> None:
    """One that the manifest does not name, as `model = "7"` asks for: only its folder says that it has come."""
    with_cascade(shop_path, UNTRAINED.replace('"dnn_crosses",', '"dnn_crosses", model = "7",'))
    with Engine.open(shop_path) as engine:
        assert (
            engine.off["trained"]
            == "SHOP/models/rank/dnn_crosses/7: no model folder; no version of it is there: train it first"
        )
        assert not engine.refresh()
        (shop_path / "models" / "rank" / "dnn_crosses" / "7").mkdir(parents=True)
        assert engine.refresh() and not engine.refresh()
        shutil.rmtree(shop_path / "models")
        assert engine.refresh() and "trained" in engine.off
