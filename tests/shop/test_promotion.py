"""Promotion and rollback: one replaced file, with its history, beside publishing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.importer import republish
from emptor.shop.promotion import promote, rollback
from emptor.shop.shop import Shop

CHALLENGERS = """
[cascade.short]
stages = [{ stage = "retrieve", method = "hybrid", depth = 5 }]
[cascade.popular]
stages = [{ stage = "retrieve", method = "popular", depth = 9 }]
"""


@pytest.fixture
def challenged(shop_path: Path) -> Path:
    """A shop with two more cascades than the default."""
    with (shop_path / "shop.toml").open("a") as file:
        file.write(CHALLENGERS)
    return shop_path


def test_default_is_what_was_promoted_until_it_is_rolled_back(challenged: Path) -> None:
    with Engine.open(challenged) as engine:
        first = engine.search("mug").cascade
        assert engine.promoted == "default"
        promote(engine.shop, "short", author="ann", figures={"ndcg@10": [0.5, 0.4]})
        assert engine.refresh() and engine.promoted == "short"
        page = engine.search("mug")
        assert page.total == 5 and page.cascade == engine.search("mug", cascade="short").cascade != first
        promote(engine.shop, "popular")
        republish(engine.shop)
        assert engine.refresh() and engine.search("mug").total == 9, "publishing keeps what is promoted"
        rollback(engine.shop, author="bob")
        assert engine.refresh() and engine.promoted == "short"
        rollback(engine.shop)
        assert engine.refresh() and engine.search("mug").cascade == first
        with pytest.raises(EmptorError, match="no promotion to take back"):
            rollback(engine.shop)
        manifest = engine.shop.manifest()
    assert manifest is not None
    history = manifest.promotions
    assert [(own.action, own.before, own.after) for own in history] == [
        ("promote", "default", "short"),
        ("promote", "short", "popular"),
        ("rollback", "popular", "short"),
        ("rollback", "short", "default"),
    ]
    assert history[0].author == "ann" and history[0].figures == {"ndcg@10": [0.5, 0.4]} and history[2].author == "bob"


def test_what_cannot_be_promoted_is_told(challenged: Path, tmp_path: Path) -> None:
    with Shop.open(challenged) as shop:
        with pytest.raises(EmptorError, match=r"unknown cascade 'nowhere'.*short"):
            promote(shop, "nowhere")
        with pytest.raises(EmptorError, match="already"):
            promote(shop, "default")
        with pytest.raises(EmptorError, match="no promotion"):
            rollback(shop)
    with Shop.create(tmp_path / "empty") as shop, pytest.raises(EmptorError, match="no catalogue yet"):
        rollback(shop)


def test_publishing_and_promoting_at_once_undo_nothing(challenged: Path) -> None:
    with Shop.open(challenged) as shop:
        publishing = threading.Thread(target=lambda: [republish(shop) for _ in range(3)])
        publishing.start()
        for _ in range(10):
            promote(shop, "short")
            rollback(shop)
        promote(shop, "popular")
        publishing.join()
        manifest = shop.manifest()
    assert manifest is not None and (manifest.generation, manifest.cascade) == (4, "popular")
    assert len(manifest.promotions) == 21


def test_an_edited_shop_toml_is_taken_up_and_a_broken_one_is_not(challenged: Path) -> None:
    with Engine.open(challenged) as engine:
        toml = (challenged / "shop.toml").read_text()
        (challenged / "shop.toml").write_text(toml.replace("depth = 5", "depth = 3"))
        assert engine.refresh() and engine.search("mug", cascade="short").total == 3
        (challenged / "shop.toml").write_text(toml + "[nonsense]")
        with pytest.raises(EmptorError, match="nonsense"):
            engine.refresh()
        assert engine.search("mug", cascade="short").total == 3 and not engine.refresh()
        promote(engine.shop, "short")
        (challenged / "shop.toml").write_text(toml.replace("[cascade.short]", "[cascade.shorter]"))
        with pytest.raises(EmptorError, match=r"default cascade is 'short', which shop\.toml lacks"):
            engine.refresh()
        assert engine.search("mug", cascade="short").total == 3


def test_what_was_judged_against_another_default_is_not_promoted(challenged: Path) -> None:
    """Between judging and promoting, somebody else may have promoted: looked at again within the change."""
    with Shop.open(challenged) as shop:
        promote(shop, "short", champion="default")
        with pytest.raises(
            EmptorError, match=r"judged against 'default', but the default cascade .* is 'short' by now"
        ):
            promote(shop, "popular", champion="default")
        manifest = shop.manifest()
        assert manifest is not None and manifest.cascade == "short" and len(manifest.promotions) == 1
        promote(shop, "popular", champion="short")


def test_the_cascade_that_shop_toml_calls_default_stays_in_reach(challenged: Path) -> None:
    with Engine.open(challenged) as engine:
        first = engine.search("mug").cascade
        assert engine.cascade_names == ["default", "popular", "short"], "the same as default until one is promoted"
        assert engine.search("mug", cascade="initial").cascade == first
        promote(engine.shop, "short")
        assert engine.refresh() and engine.cascade_names == ["default", "initial", "popular", "short"]
        assert engine.search("mug", cascade="initial").cascade == first != engine.search("mug").cascade
        assert promote(engine.shop, "initial").after == "default"
        assert engine.refresh() and engine.promoted == "default"


def test_a_cascade_of_ones_own_may_be_called_initial(challenged: Path) -> None:
    toml = (challenged / "shop.toml").read_text()
    (challenged / "shop.toml").write_text(toml.replace("[cascade.short]", "[cascade.initial]"))
    with Engine.open(challenged) as engine:
        assert engine.search("mug", cascade="initial").total == 5
        promote(engine.shop, "initial")
        assert engine.refresh() and engine.promoted == "initial" and engine.search("mug").total == 5
