"""Updates between imports: seen at once, in every open shop, exactly as an import of the same would be."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.filters import parse_filters
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from emptor.shop.updating import UpdateCounts, update_from_file


def found(engine: Engine, query: str, *filters: str) -> list[str]:
    return [hit.product["product_id"] for hit in engine.search(query, k=100, filters=filters).results]


def test_a_price_is_searchable_at_once(engine: Engine) -> None:
    assert "P00" not in found(engine, "dress", "price:500..")
    start = time.monotonic()
    engine.shop.update([{"product_id": "P00", "price": 501.0}])
    assert engine.refresh()
    assert "P00" in found(engine, "dress", "price:500..")
    assert "P00" not in found(engine, "dress", "price:..100")
    assert time.monotonic() - start < 1.0


def test_a_deleted_product_is_gone_everywhere(engine: Engine) -> None:
    engine.shop.update([{"product_id": "P30", "delete": True}])
    engine.refresh()
    assert "P30" not in found(engine, "red mug")
    assert "P30" not in [hit.product["product_id"] for hit in engine.recommend(k=100).results]
    assert engine.view.row("P30") is None
    with pytest.raises(EmptorError, match="not in the shop"):
        engine.recommend(product_id="P30")


def test_a_new_product_is_found_by_words_filters_and_facets(engine: Engine) -> None:
    engine.shop.update(
        [{"product_id": "A-new", "title": "zeppelin model", "brand": "Skyward", "category": ["Toys", "Models"],
          "attributes": {"color": ["silver"]}, "price": 33.0}]
    )  # fmt: skip
    engine.refresh()
    page = engine.search("zeppelin", filters=["brand:skyward", "category:Toys", "attr.color:silver", "price:30..40"])
    assert [hit.product["product_id"] for hit in page.results] == ["A-new"]
    assert {facet.field for facet in page.facets} >= {"brand", "category", "attr.color"}
    assert engine.view.order[engine.view.row("A-new")] == 0  # its id is the first of all


def test_a_product_deleted_and_put_again_is_there(engine: Engine) -> None:
    engine.shop.update([{"product_id": "P00", "delete": True}])
    engine.shop.update([{"product_id": "P00", "title": "phoenix dress"}])
    engine.refresh()
    assert found(engine, "phoenix") == ["P00"]


def test_an_old_view_stays_as_it_was(engine: Engine) -> None:
    before = engine.view
    engine.shop.update([{"product_id": "P00", "price": 777.0}, {"product_id": "P01", "delete": True}])
    engine.refresh()
    assert before.row("P01") is not None
    assert before.price[before.row("P00")] == 40.0
    assert engine.view.price[engine.view.row("P00")] == 777.0


def test_another_process_sees_it(shop_path: Path) -> None:
    with Engine.open(shop_path) as reader, Shop.open(shop_path) as writer:
        writer.update([{"product_id": "P00", "title": "quetzal dress"}])
        assert reader.refresh()
        assert found(reader, "quetzal") == ["P00"]


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"price": 3}, "product_id"),
        (["P00"], "product_id"),
        ({"product_id": "nobody", "delete": True}, "no such product"),
        ({"product_id": "P00", "title": "x" * 5000}, "title"),
        ({"product_id": "P00", "brand": object()}, "expected text"),
        ({"product_id": "P00"}, "changes nothing"),
        ({"product_id": "P00", "price": -1}, "price"),
        ({"product_id": "P00", "price": "9"}, "price"),
        ({"product_id": "P00", "price": True}, "price"),
        ({"product_id": "P00", "in_stock": 1}, "in_stock"),
        ({"product_id": "P00", "colour": "red"}, "unknown field 'colour'"),
        ({"product_id": "P00", "deleted": True}, "did you mean delete.*or else `delete`"),
        ({"product_id": "nobody", "price": 1.0}, "no such product"),
        ({"product_id": "P00", "listed_at": "yesterday"}, "listed_at"),
        ({"product_id": "P00", "delete": True, "price": 1}, "deletion"),
    ],
)
def test_a_bad_update_is_told_and_nothing_is_written(shop: Shop, update: dict, message: str) -> None:
    before = shop.view().id
    with pytest.raises(EmptorError, match=message):
        shop.update([{"product_id": "P01", "price": 2.0}, update])
    assert shop.view().id == before


def test_a_torn_last_line_is_not_read_and_does_not_spoil_the_next(shop: Shop) -> None:
    shop.update([{"product_id": "P00", "price": 5.0}])
    with (shop.path / "deltas" / "1.jsonl").open("ab") as file:
        file.write(b'{"op":"set","product_id":"P01","fi')
    assert shop.view().product(shop.view().row("P01"))["price"] == 41.0
    shop.update([{"product_id": "P02", "price": 6.0}])
    with Shop.open(shop.path) as fresh:
        view = fresh.view()
        assert [view.product(view.row(i))["price"] for i in ("P00", "P01", "P02")] == [5.0, 41.0, 6.0]


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**12), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
FIELDS = st.sampled_from(["title", "category", "attributes", "price", "listed_at", "brand", "in_stock", "description"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(FIELDS, ANYTHING, min_size=1, max_size=4))
def test_whatever_is_acknowledged_can_be_read_again(shop: Shop, fields: dict) -> None:
    try:
        shop.update([{"product_id": "P00", **fields}])
    except EmptorError as error:
        assert str(error)
        return
    with Shop.open(shop.path) as fresh:
        view = fresh.view()
        product = view.product(view.row("P00"))
        for name in fields:
            assert name in product


def test_updates_are_read_and_cleaned_as_imports_are(shop: Shop) -> None:
    shop.update(
        [{"product_id": "P00", "category": "Home > Bed/Bath", "attributes": {"color": "red"}, "title": "a &amp; b",
          "listed_at": "2026-05-01", "brand": None}]
    )  # fmt: skip
    product = shop.view().product(shop.view().row("P00"))
    assert product["category"] == ["Home", "Bed/Bath"]
    assert product["attributes"] == {"color": ["red"]}
    assert (product["title"], product["brand"], product["price"]) == ("a & b", None, 40.0)
    assert product["listed_at"].isoformat() == "2026-05-01T00:00:00+00:00"


UPDATES = st.lists(
    st.one_of(
        st.builds(lambda i, p: {"product_id": i, "price": p}, st.sampled_from(["P00", "P30"]), st.floats(0, 100)),
        st.builds(lambda i: {"product_id": i, "delete": True}, st.sampled_from(["P00", "P41", "n1"])),
        st.builds(
            lambda i, t, b: {"product_id": i, "title": t, "brand": b, "attributes": {"color": [b]}},
            st.sampled_from(["P00", "n1", "n2", "A0"]),
            st.sampled_from(["red mug", "blue kite"]),
            st.sampled_from(["Kilnhaus", "Novel", "Fresh"]),
        ),
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(UPDATES)
def test_updates_and_a_rebuild_show_the_same_shop(
    golden_path: Path, tmp_path_factory: pytest.TempPathFactory, updates: list[dict]
) -> None:
    import shutil

    path = shutil.copytree(golden_path, tmp_path_factory.mktemp("updates") / "shop")
    with Engine.open(path) as engine:
        for update in updates:
            try:
                engine.shop.update([update])
            except EmptorError:
                assert engine.shop.view().row(update["product_id"]) is None
        engine.refresh()
        filters = [(), ("brand:Novel|Kilnhaus",), ("attr.color:Fresh",), ("price:..50",)]
        live = [sorted(found(engine, "red mug kite", *own)) for own in filters]
        masks = [set(engine.view.product_ids(np.flatnonzero(engine.view.mask(parse_filters(own))))) for own in filters]
        republish(engine.shop)
        engine.refresh()
        assert [sorted(found(engine, "red mug kite", *own)) for own in filters] == live
        view = engine.view
        assert [set(view.product_ids(np.flatnonzero(view.mask(parse_filters(own))))) for own in filters] == masks


def test_a_file_of_updates_goes_on_without_the_products_that_the_shop_lacks(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "prices.jsonl"
    file.write_text(
        '{"product_id": "P00", "price": 2.5}\n\n{"product_id": "nobody", "price": 1}\n'
        '{"product_id": "gone", "delete": true}\n{"product_id": "new", "title": "a kite"}\n'
        '{"product_id": "new", "price": 4}\n'
    )
    counts = update_from_file(shop, file)
    assert counts == UpdateCounts(3, [(3, "nobody"), (4, "gone")])
    view = shop.view()
    assert view.product(view.row("P00"))["price"] == 2.5 and view.product(view.row("new"))["price"] == 4.0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{oops", "line 2: found what is no JSON"),
        ('"P01"', "line 2: update 'P01': expected an object"),
        ('{"product_id": "P01", "price": -1}', "line 2: update of 'P01', price: found -1"),
        ('{"product_id": "P01", "colour": "red"}', "line 2: update of 'P01': unknown field 'colour'"),
    ],
)
def test_a_bad_line_of_a_file_of_updates_is_named_and_nothing_is_written(
    shop: Shop, tmp_path: Path, line: str, sentence: str
) -> None:
    file = tmp_path / "prices.jsonl"
    file.write_text('{"product_id": "P00", "price": 2.5}\n' + line + "\n")
    before = shop.view().id
    with pytest.raises(EmptorError) as told:
        update_from_file(shop, file)
    assert sentence in str(told.value) and str(file) in str(told.value)
    assert shop.view().id == before


def test_a_file_without_updates_and_one_that_is_not_there_are_told(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(EmptorError, match="holds no update"):
        update_from_file(shop, tmp_path / "empty.jsonl")
    with pytest.raises(EmptorError, match="there is no file"):
        update_from_file(shop, tmp_path / "none.jsonl")
