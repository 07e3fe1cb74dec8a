"""A second import: what it remembers of the first, what it counts as changed, what it tells of repeats and updates."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from emptor.errors import EmptorError
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.remembered import NAME, read_remembered
from emptor.shop.shop import Shop
from tests.golden import products


def csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def product(shop: Shop, product_id: str) -> dict:
    view = shop.view()
    row = view.row(product_id)
    assert row is not None
    return view.product(row)


@pytest.fixture
def own(tmp_path: Path) -> Shop:
    """A shop whose first import was told where everything is."""
    shop = Shop.create(tmp_path / "own")
    file = csv(tmp_path / "one.csv", "code,words,dept,aisle,hue,cost", "a,Red mug,Home,Mugs,red,3")
    import_catalogue(
        shop,
        file,
        maps={"product_id": ["code"], "title": ["words"], "category": ["dept", "aisle"], "attr.color": ["hue"]},
        ignore=["cost"],
    )
    return shop


def test_the_mapping_of_the_last_import_holds_for_the_next(own: Shop, tmp_path: Path) -> None:
    file = csv(tmp_path / "two.csv", "cost,hue,aisle,dept,words,code,size", "9,blue,Bowls,Home,Blue bowl,b,L")
    result = import_catalogue(own, file)
    assert result.as_last_time == ["product_id", "title", "category", "attr.color"]
    assert result.left_out == ["cost"] and not result.not_found
    found = product(own, "b")
    assert (found["title"], found["category"]) == ("Blue bowl", ["Home", "Bowls"])
    assert found["attributes"] == {"color": ["blue"], "size": ["L"]}


def test_what_is_said_wins_and_is_remembered_instead(own: Shop, tmp_path: Path) -> None:
    file = csv(tmp_path / "two.csv", "code,words,name,hue,cost", "b,ignored,Blue bowl,blue,9")
    maps = {"title": ["name"], "attr.shade": ["hue"], "attr.cost": ["cost"]}
    result = import_catalogue(own, file, maps=maps)
    assert result.as_last_time == ["product_id"] and not result.left_out
    assert result.not_found == [("category", "dept + aisle")]
    assert product(own, "b")["attributes"] == {"shade": ["blue"], "cost": ["9"], "words": ["ignored"]}
    known = read_remembered(own.path)
    assert known.catalogue == {
        "product_id": ["code"], "title": ["name"], "category": ["dept", "aisle"], "attr.shade": ["hue"],
        "attr.cost": ["cost"],
    }  # fmt: skip
    assert known.ignore == []


def test_an_import_that_fails_is_not_remembered(own: Shop, tmp_path: Path) -> None:
    before = (own.path / NAME).read_bytes()
    with pytest.raises(EmptorError):
        import_catalogue(
            own, csv(tmp_path / "bad.csv", "name,price", ",lots"), maps={"product_id": ["name"]}, mode="sync"
        )
    assert (own.path / NAME).read_bytes() == before


def test_a_file_known_by_its_names_leaves_nothing_to_remember(shop: Shop, tmp_path: Path) -> None:
    import_catalogue(shop, jsonl(tmp_path / "a.jsonl", products()))
    assert not (shop.path / NAME).exists()


def test_a_damaged_memory_is_told(own: Shop, tmp_path: Path) -> None:
    (own.path / NAME).write_text("{")
    with pytest.raises(EmptorError, match=r"mapping\.json is damaged .*; remove it"):
        import_catalogue(own, csv(tmp_path / "two.csv", "code,words", "b,x"), maps={"product_id": ["code"]})


def test_new_changed_and_unchanged_are_counted_apart(shop: Shop, tmp_path: Path) -> None:
    rows = products()
    again = import_catalogue(shop, jsonl(tmp_path / "a.jsonl", rows))
    assert (again.added, again.changed, again.unchanged) == (0, 0, len(rows))
    rows[0] = {**rows[0], "price": 41.5}
    rows[1] = {
        **rows[1],
        "attributes": {"size": ["S", "M"], "pattern": ["plain"], "color": "blue"},
    }  # names in no order
    rows[2] = {**rows[2], "attributes": {"color": "teal"}}
    rows[3] = {**rows[3], "category": "Women"}
    rows[4] = {**rows[4], "title": None}
    rows.append({"product_id": "new", "title": "new"})
    result = import_catalogue(shop, jsonl(tmp_path / "b.jsonl", rows))
    assert (result.added, result.changed, result.unchanged) == (1, 4, len(rows) - 5)
    told = json.loads((shop.path / "generations" / "3" / "generation.json").read_text())["imported"]
    assert (told["added"], told["changed"], told["unchanged"]) == (1, 4, len(rows) - 5)


def test_an_updated_product_that_the_file_has_as_it_is_counts_as_unchanged(shop: Shop, tmp_path: Path) -> None:
    shop.update([{"product_id": "P00", "price": 40.0}, {"product_id": "odd-2", "price": 20}])
    result = import_catalogue(shop, jsonl(tmp_path / "a.jsonl", products()))
    assert (result.changed, result.unchanged) == (0, len(products()))


def test_updates_that_give_way_to_the_file_are_counted(shop: Shop, tmp_path: Path) -> None:
    shop.update([{"product_id": "P00", "price": 3.0}, {"product_id": "P01", "delete": True}])
    shop.update([{"product_id": "P02", "price": 4.0}])
    result = import_catalogue(shop, jsonl(tmp_path / "a.jsonl", products()[:2]))
    assert result.overruled == 2
    assert product(shop, "P00")["price"] == 40.0 and product(shop, "P02")["price"] == 4.0
    assert republish(shop).overruled == 0


def test_updates_that_were_published_in_between_are_counted_too(shop: Shop, tmp_path: Path) -> None:
    shop.update([{"product_id": "P00", "price": 3.0}, {"product_id": "P01", "delete": True}])
    shop.update([{"product_id": "P02", "price": 4.0}])
    republish(shop)
    republish(shop)
    shop.update([{"product_id": "P03", "price": 5.0}])
    result = import_catalogue(shop, jsonl(tmp_path / "a.jsonl", products()[:2]))
    assert result.overruled == 2, "P00 and P01: the file has them otherwise"
    republish(shop)
    result = import_catalogue(shop, jsonl(tmp_path / "b.jsonl", products()[:4]))
    assert result.overruled == 2, "P02 and P03, which no import has named since"
    assert import_catalogue(shop, jsonl(tmp_path / "b.jsonl", products()[:4])).overruled == 0
    shop.update([{"product_id": "P00", "price": 3.0}, {"product_id": "P50", "price": 9.0}])
    republish(shop)
    assert import_catalogue(shop, jsonl(tmp_path / "c.jsonl", products()[1:3]), mode="sync").overruled == 0
    assert import_catalogue(shop, jsonl(tmp_path / "a.jsonl", products())).overruled == 0, "a sync had the last word"


def test_updates_made_meanwhile_for_products_that_go_are_counted(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emptor.shop import importer

    def busy(target: Shop) -> dict[str, float]:
        with Shop.open(shop.path) as other:
            other.update([{"product_id": "P00", "price": 1.0}, {"product_id": "P30", "price": 1.0}])
        return {}

    monkeypatch.setattr(importer, "popularity", busy)
    result = import_catalogue(shop, jsonl(tmp_path / "a.jsonl", products()[:1]), mode="sync")
    assert result.lost_updates == 1
    assert product(shop, "P00")["price"] == 1.0


def test_a_repeat_goes_to_quarantine_with_all_it_held(tmp_path: Path) -> None:
    rows = [
        {"product_id": "a", "title": "one", "category": "Home/Mugs", "attributes": {"color": "red"}, "price": 3},
        {"product_id": "b", "title": "x"},
        {"product_id": "a", "title": "two"},
    ]
    with Shop.create(tmp_path / "shop") as shop:
        result = import_catalogue(shop, jsonl(tmp_path / "a.jsonl", rows))
        assert result.quarantine is not None
        (told,) = [json.loads(line) for line in result.quarantine.read_text().splitlines()]
        assert (told["line"], told["product_id"]) == (1, "a")
        assert told["record"] == {
            "product_id": "a", "title": "one", "category": ["Home", "Mugs"], "attributes": {"color": ["red"]},
            "price": 3.0, "in_stock": True,
        }  # fmt: skip
        # what was put aside can be imported as it is
        back = import_catalogue(shop, jsonl(tmp_path / "back.jsonl", [told["record"]]))
        assert (back.changed, product(shop, "a")["title"]) == (1, "one")
