"""A catalogue that a shop has already, with simulated users: pictures missing, prices missing, real ones too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from PIL import Image

from emptor.errors import EmptorError
from emptor.market.config import WorldConfig
from emptor.market.descriptors import COUNT, SIDE, descriptor, whitened
from emptor.market.making import adopt, new_market, open_world
from emptor.market.real import lacks
from emptor.market.running import run_market
from emptor.market.store import load_config
from emptor.market.world.world import World
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

FASHION = Path(__file__).parents[3] / "shared" / "data" / "fashion_products"
USERS = {"users": 400, "queries": 300}


def config(**changes: object) -> WorldConfig:
    return WorldConfig.read({"stock": "catalogue", **USERS, **changes})


@pytest.fixture
def shop_path(tmp_path: Path) -> Path:
    """60 products of 4 categories, a quarter without a picture, a third without a price."""
    rng = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    rows = []
    for number in range(60):
        color = ("red", "blue", "green")[number % 3]
        kind = ("Shoes", "Hats", "Mugs", "Lamps")[number % 4]
        row = {
            "product_id": f"R{number:02}",
            "title": f"{color} {kind[:-1]} number {number}",
            "brand": f"B{number % 5}",
        }
        row |= {"category": ["Wear" if number % 4 < 2 else "Home", kind], "attributes": {"color": color}}
        if number % 3:
            row["price"] = 10.0 + number
        if number % 4:
            Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(images / f"R{number:02}.jpg")
            row["image"] = f"R{number:02}.jpg"
        rows.append(row)
    file = tmp_path / "catalogue.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, file, images=images)
    return tmp_path / "shop"


def test_users_shop_a_catalogue_with_holes(shop_path: Path) -> None:
    with Shop.open(shop_path) as shop:
        shop.events.append([{"action": "click", "session_id": "a person", "product_id": "R01"}])
    before = files_of(shop_path)
    copy = shop_path.with_name("copy")
    world = adopt(shop_path, copy, config(demand={"visits": 1.0}))
    assert len(world.products) == 60 and world.products.pictured.sum() == 45 and len(world.taxonomy) == 4
    ran = run_market(copy, days=2)
    totals = ran.tally.totals()
    assert totals["clicks"] > 50 and totals["orders"] > 0 and ran.events > 1_000
    assert files_of(shop_path) == before
    with Shop.open(shop_path) as shop, Shop.open(copy) as other:
        assert shop.events.count() == 1 and "a person" not in other.events.read().collect()["session_id"].to_list()
    assert any("have no price" in told for told in lacks(world))
    again = adopt_again(copy)
    assert (
        again.products.look == world.products.look
    ).all() and again.queries.text.tolist() == world.queries.text.tolist()
    with pytest.raises(EmptorError, match="copy exists; name another folder"):
        adopt(shop_path, copy, config())
    with pytest.raises(EmptorError, match="is no invented market"):
        new_market(shop_path, WorldConfig.of("tiny"), replace=True)
    assert (shop_path / "manifest.json").exists()


def files_of(shop_path: Path) -> dict[str, bytes]:
    """What a shop holds, without what the database and locks leave lying about while they are open."""
    files = (path for path in shop_path.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in files if not path.name.endswith(("-shm", "-wal", ".lock"))}


def adopt_again(shop_path: Path) -> World:
    with Shop.open(shop_path) as shop:
        return open_world(shop, load_config(shop_path))


def test_queries_are_answered(shop_path: Path) -> None:
    world = adopt(shop_path, shop_path.with_name("copy"), config())
    best = [int(world.relevance.grades_of_all(row).max()) for row in range(len(world.queries))]
    assert min(best) == 3 and {"shoes", "red shoes"} <= set(world.queries.text.tolist())


def test_an_empty_catalogue_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_bytes(orjson.dumps({"product_id": "a", "title": "only one"}))
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, file)
    with pytest.raises(EmptorError, match="the catalogue has 1 products; a market needs at least 2"):
        adopt(tmp_path / "shop", tmp_path / "copy", config())
    assert not (tmp_path / "copy.world").exists() and not (tmp_path / "copy").exists()


def test_descriptors_tell_pictures_apart() -> None:
    red, tall = np.ones((SIDE, SIDE, 3), np.float32), np.ones((SIDE, SIDE, 3), np.float32)
    red[6:18, 6:18] = (0.8, 0.1, 0.1)
    tall[2:22, 10:14] = (0.1, 0.1, 0.8)
    first, second = descriptor(red), descriptor(tall)
    assert first.shape == (COUNT,) and first[6] > 0 > second[6] and second[8] > first[8]
    values = np.random.default_rng(0).normal(size=(200, COUNT)).astype(np.float32)
    values[3] = np.nan
    looks = whitened(values)
    assert np.isnan(looks[3]).all() and np.allclose(np.nanstd(looks, axis=0), 1, atol=0.02)


@pytest.mark.skipif(not FASHION.exists(), reason="the fashion products are not here")
def test_a_day_of_shopping_among_real_products(tmp_path: Path) -> None:
    products = pl.read_csv(FASHION / "products.csv.gz", infer_schema=False).gather_every(4)  # a quarter is as real
    products.write_csv(tmp_path / "products.csv")
    maps = {"product_id": ["id"], "title": ["productDisplayName"], "category": ["masterCategory", "subCategory"]}
    with Shop.create(tmp_path / "shop") as shop:
        import_catalogue(shop, tmp_path / "products.csv", maps=maps, images=FASHION / "images96x128.zip")
    world = adopt(tmp_path / "shop", tmp_path / "copy", config(users=1_500))
    assert len(world.products) == len(products) > 2_000 and world.products.pictured.mean() > 0.99
    totals = run_market(tmp_path / "copy", days=1).tally.totals()
    assert totals["views"] > 300 and totals["clicks"] > 50
