"""Back to the generation before."""

from __future__ import annotations

import pytest

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.collecting import collect
from emptor.shop.importer import republish
from emptor.shop.manifest import PREVIOUS, read_manifest
from emptor.shop.promotion import promote, rollback
from emptor.shop.returning import return_to_previous

OTHER = '\n[cascade.other]\nstages = [{ stage = "retrieve", method = "popular", depth = 100 }]\n'


def test_the_generation_before_comes_back_with_its_updates_and_goes_again(engine: Engine) -> None:
    shop = engine.shop
    shop.update([{"product_id": "P00", "price": 501.0}])
    before = read_manifest(shop.path)
    republish(shop)
    shop.update([{"product_id": "P00", "price": 777.0}])
    assert before is not None
    assert return_to_previous(shop) == (before.generation, before.generation + 1)
    engine.refresh()
    row = engine.view.row("P00")
    assert row is not None and engine.view.product(row)["price"] == 501.0
    assert return_to_previous(shop) == (before.generation + 1, before.generation)
    engine.refresh()
    row = engine.view.row("P00")
    assert row is not None and engine.view.product(row)["price"] == 777.0


def test_a_promotion_does_not_take_the_generation_before_away(engine: Engine) -> None:
    shop = engine.shop
    settings = shop.path / "shop.toml"
    settings.write_text(settings.read_text() + OTHER)
    shop.reread_options()
    first = read_manifest(shop.path)
    republish(shop)
    promote(shop, "other")
    rollback(shop)
    kept = read_manifest(shop.path, name=PREVIOUS)
    assert first is not None and kept is not None and kept.generation == first.generation
    collect(shop)
    assert return_to_previous(shop)[0] == first.generation


def test_without_one_before_there_is_nowhere_to_go(engine: Engine) -> None:
    with pytest.raises(EmptorError, match="no generation before"):
        return_to_previous(engine.shop)
