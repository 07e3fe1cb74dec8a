"""The engine: pages are slices of one list, facets, explanations, sorting and errors."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

import emptor
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.page import SORTS, Ask, Page
from emptor.shop.filters import parse_filters
from emptor.shop.importer import republish
from emptor.shop.promotion import promote


def ids(page: object) -> list[str]:
    return [hit.product["product_id"] for hit in page.results]


def test_pages_are_slices_of_one_list(golden: Engine) -> None:
    whole = golden.search("striped", k=60)
    parts = [ids(golden.search("striped", k=7, offset=offset)) for offset in range(0, 60, 7)]
    assert [own for part in parts for own in part] == ids(whole)
    assert [hit.position for hit in golden.search("striped", k=3, offset=4).results] == [4, 5, 6]
    assert whole.total == len(ids(whole))
    assert not whole.total_is_capped


@pytest.mark.parametrize(("k", "offset"), [(0, 0), (-1, 0), (10, -1), (1, 1000), (1001, 0)])
def test_a_slice_out_of_bounds_is_told(golden: Engine, k: int, offset: int) -> None:
    with pytest.raises(EmptorError, match="at most 1000"):
        golden.search("mug", k=k, offset=offset)


def test_sorting_reorders_the_same_list(golden: Engine) -> None:
    lists = {sort: golden.search("mug", k=60, sort=sort).results for sort in SORTS}
    assert len({frozenset(h.product["product_id"] for h in own) for own in lists.values()}) == 1
    prices = [hit.product["price"] for hit in lists["price_asc"]]
    assert prices == sorted(prices)
    down = [hit.product["price"] for hit in lists["price_desc"]]
    assert down == sorted(down, reverse=True)
    listed = [hit.product["listed_at"] for hit in lists["newest"] if hit.product["listed_at"]]
    assert listed == sorted(listed, reverse=True)
    with pytest.raises(EmptorError, match="unknown sort 'best'"):
        golden.search("mug", sort="best")


def counts(page: object, field: str) -> dict[str, int]:
    return {value.value: value.count for facet in page.facets if facet.field == field for value in facet.values}


def test_facets_count_the_list(golden: Engine) -> None:
    page = golden.search("red", k=100)
    brands: dict[str, int] = {}
    for hit in page.results:
        if hit.product["brand"]:
            brands[hit.product["brand"]] = brands.get(hit.product["brand"], 0) + 1
    assert counts(page, "brand") == brands
    assert sum(counts(page, "price").values()) >= sum(h.product["price"] is not None for h in page.results)


def test_every_facet_value_filters_to_its_count(golden: Engine) -> None:
    page = golden.search("striped", k=100)
    assert len(page.facets) >= 5
    for facet in page.facets:
        for value in facet.values:
            assert golden.search("striped", filters=[value.filter]).total == value.count, value


def test_an_active_filter_is_counted_without_itself(golden: Engine) -> None:
    free = golden.search("striped", k=100)
    page = golden.search("striped", k=100, filters=["brand:Kilnhaus", "attr.color:red"])
    without_brand = golden.search("striped", k=100, filters=["attr.color:red"])
    without_color = golden.search("striped", k=100, filters=["brand:Kilnhaus"])
    assert counts(page, "brand") == counts(without_brand, "brand")
    assert counts(page, "attr.color") == counts(without_color, "attr.color")
    assert counts(page, "attr.pattern") != counts(free, "attr.pattern")
    active = {v.value for f in page.facets for v in f.values if v.active}
    assert active == {"Kilnhaus", "red"}
    assert all(hit.product["brand"] == "Kilnhaus" for hit in page.results)


def test_explain_tells_every_stage(golden: Engine) -> None:
    page = golden.search("red mug", k=3, user_id="u1")
    story = golden.explain(page.request_id)
    assert story["query"] == "red mug"
    assert story["user_id"] == "u1"
    [stage] = story["stages"]
    assert stage["products"][:3] == ids(page) == story["page"]
    assert stage["scores"] == sorted(stage["scores"], reverse=True)
    assert golden.explain("nobody") is None


def test_only_the_last_requests_are_kept(golden_path: object) -> None:
    from emptor.shop.shop import Shop

    with Engine(Shop.open(golden_path), keep_traces=2) as engine:
        pages = [engine.search("mug") for _ in range(3)]
        assert [engine.explain(page.request_id) is not None for page in pages] == [False, True, True]


def test_similar_products_leave_out_their_own(golden: Engine) -> None:
    page = golden.recommend(product_id="P30", k=5)
    assert "P30" not in ids(page)
    assert all(hit.product["category"] == ["Home", "Mugs"] for hit in page.results)
    with pytest.raises(EmptorError, match="not in the shop"):
        golden.recommend(product_id="nobody")


def test_an_unknown_cascade_is_told(golden: Engine) -> None:
    with pytest.raises(EmptorError, match=r"unknown cascade 'best'; known: default$"):
        golden.search("mug", cascade="best")


def test_the_name_that_no_file_has_is_explained(engine: Engine) -> None:
    """ "initial" stands for what shop.toml calls default once another cascade was promoted, and not before."""
    toml = engine.shop.path / "shop.toml"
    toml.write_text(toml.read_text() + '[cascade.next]\nstages = [{ stage = "retrieve", method = "popular" }]\n')
    engine.refresh()
    promote(engine.shop, "next", author="", champion="default", judgements="", figures={})
    engine.refresh()
    with pytest.raises(EmptorError, match=r"known: default, initial \(what shop\.toml calls default\), next$"):
        engine.search("mug", cascade="other")


def test_the_same_request_gives_the_same_page(golden: Engine) -> None:
    pages = [golden.search("striped dress", seed=5, request_id="same") for _ in range(3)]
    assert pages[0] == pages[1] == pages[2]


def exploring(engine: Engine) -> Engine:
    toml = engine.shop.path / "shop.toml"
    toml.write_text(toml.read_text() + "\n[cascade.default.explore]\nshare = 1.0\ndepth = 5\n")
    return emptor.open(engine.shop.path)


def test_an_explored_page_says_how_likely_it_was(engine: Engine) -> None:
    with exploring(engine) as fresh:
        page = fresh.search("striped", seed=3)
        assert page.explored
        assert [hit.propensity for hit in page.results][:6] == pytest.approx([0.2] * 5 + [1.0])
        assert sorted(ids(page)[:5]) == sorted(ids(engine.search("striped"))[:5])


def test_pages_of_an_explored_list_are_slices_of_one_shuffle(engine: Engine) -> None:
    with exploring(engine) as fresh:
        for visitor in ("s1", "s2", "s3"):
            whole = fresh.search("striped", k=20, session_id=visitor)
            parts = [ids(fresh.search("striped", k=4, offset=at, session_id=visitor)) for at in range(0, 20, 4)]
            assert whole.explored
            assert [own for part in parts for own in part] == ids(whole)


def test_what_is_not_shuffled_is_not_called_explored(engine: Engine) -> None:
    with exploring(engine) as fresh:
        for page in (fresh.search("striped", session_id="s", sort="price_asc"), fresh.search("striped")):
            assert not page.explored
            assert {hit.propensity for hit in page.results} == {1.0}


VARIANTS = [
    {"product_id": "1", "title": "thing one", "brand": "ACME", "category": ["Home"], "attributes": {"Größe": ["S"]}},
    {
        "product_id": "2",
        "title": "thing two",
        "brand": "Acme",
        "category": ["Home", "Mugs"],
        "attributes": {"größe": "M"},
    },
    {"product_id": "3", "title": "thing three", "brand": "acmé", "category": ["Home", "Bed | Bath"]},
    {
        "product_id": "4",
        "title": "thing four",
        "brand": "Zeta",
        "category": ["½ inch", "A／B"],
        "attributes": {"c": "Red"},
    },
    {"product_id": "5", "title": "thing five", "brand": "Zeta|Eta", "attributes": {"C": ["red", "RED"]}},
]


def test_facets_count_what_their_filters_keep_whatever_the_spelling(engine: Engine) -> None:
    engine.shop.update([{"product_id": f"x{i}", "title": "thing", "brand": f"b{i}"} for i in range(20)])
    engine.shop.update(VARIANTS)
    engine.refresh()
    for own in (engine, None):
        if own is None:
            republish(engine.shop)
            engine.refresh()
        page = engine.search("thing", k=100)
        assert counts(page, "brand")["ACME"] == 3
        assert counts(page, "category")["Home"] == 3
        for facet in page.facets:
            for value in facet.values:
                found = engine.search("thing", k=100, filters=[value.filter])
                assert found.total == value.count, value
                mask = engine.view.mask(parse_filters([value.filter]))
                assert all(mask[engine.view.row(own)] for own in ids(found)), value
                [active] = [v for f in found.facets for v in f.values if v.active]
                assert (active.value, active.count) == (value.value, value.count)


def test_a_rare_active_value_can_be_taken_off_again(engine: Engine) -> None:
    engine.shop.update([{"product_id": f"x{i}", "title": "thing", "brand": f"b{i // 2}"} for i in range(60)])
    engine.shop.update([{"product_id": "rare", "title": "thing", "brand": "rare"}])
    engine.refresh()
    page = engine.search("thing", filters=["brand:rare"])
    assert [v.value for f in page.facets if f.field == "brand" for v in f.values if v.active] == ["rare"]
    assert "true" not in [
        v.value for f in engine.search("mug", filters=["in_stock:false"]).facets for v in f.values if v.active
    ]


def test_an_old_view_is_freed_with_its_last_request(engine: Engine) -> None:
    """Without waiting for the garbage collector: a view holds whole columns."""
    engine.search("mug", filters=["brand:Kilnhaus"])
    engine.recommend(k=5)
    old = weakref.ref(engine.view)
    gc.collect()
    gc.disable()
    try:
        engine.shop.update([{"product_id": "P00", "price": 2.0}])
        engine.refresh()
        assert old() is None
    finally:
        gc.enable()


def test_traces_of_collected_generations_are_dropped(engine: Engine) -> None:
    page = engine.search("mug")
    republish(engine.shop)
    engine.refresh()
    assert engine.explain(page.request_id) is not None
    republish(engine.shop)
    engine.refresh()
    assert engine.explain(page.request_id) is None


def test_queries_that_led_to_clicks_are_suggested(engine: Engine) -> None:
    events = [{"user_id": "u", "action": "click", "query": "Blue lamp for two", "product_id": "P41"}] * 2
    engine.shop.events.append(events)
    republish(engine.shop)
    engine.refresh()
    first = engine.suggest("blue la")[0]
    assert (first.text, first.kind) == ("blue lamp for two", "query")


def test_python_api(golden_path: object, tmp_path: object) -> None:
    judgements = tmp_path / "judged.csv"
    judgements.write_text("query,product_id,grade\nred striped mug,P34,3\nred striped mug,P30,1\nblue lamp,P41,3\n")
    with emptor.open(golden_path) as engine:
        page = engine.search("red striped mug", k=10, filters=["price:1..50"])
        assert ids(page)[0] == "P34"
        emptor.evaluate_shop(engine, judgements)
        report = emptor.evaluate_shop(engine, judgements, metrics=["ndcg@10"])
    figure = report.to_dict()["metrics"][0]
    assert 0.9 < figure["mean"] <= 1.0
    assert figure["n"] == 2
    assert np.isfinite(figure["random"])


def test_a_batch_answers_each_request_as_alone(golden: Engine) -> None:
    asked = [
        Ask(query="mug", k=7, offset=3, seed=1),
        Ask(query="striped", filters=parse_filters(["brand:Kilnhaus"]), session_id="s1"),
        Ask(query=None, sort="price_asc"),
        Ask(query="mug", cascade="nowhere"),
        Ask(query="red dress", facets=False),
        Ask(product_id="nothing"),
        Ask(query="zzzzzz"),
    ]
    together = golden.pages(asked)
    for ask, answer in zip(asked, together, strict=True):
        (alone,) = golden.pages([ask])
        if isinstance(answer, EmptorError):
            assert str(answer) == str(alone)
        else:
            assert isinstance(alone, Page) and replace(answer, request_id="") == replace(alone, request_id="")
    assert [isinstance(own, EmptorError) for own in together] == [False, False, False, True, False, True, False]
    assert golden.pages([]) == []


def test_without_a_query_newest_and_cheapest_are_of_the_whole_shop(engine: Engine) -> None:
    """Not of what is popular: the cut comes after the order."""
    toml = engine.shop.path / "shop.toml"
    toml.write_text(toml.read_text().replace("depth = 1000", "depth = 3"))
    events = [{"user_id": "u", "action": "purchase", "product_id": f"P0{at}"} for at in range(5)]
    engine.shop.events.append(events)
    republish(engine.shop)
    assert engine.refresh()
    assert set(ids(engine.search(""))) <= {f"P0{at}" for at in range(5)}
    assert ids(engine.search("", sort="newest")) == ["P57", "P56", "P55"]
    assert ids(engine.search("", sort="price_asc")) == ["odd-9", "odd/1 &?#", "dup-0"]
    assert ids(engine.search("", sort="price_desc", filters=["category:Home"])) == ["P47", "P46", "P45"]


def test_where_a_later_cascade_of_a_batch_fails_nothing_is_traced_twice(engine: Engine) -> None:
    toml = engine.shop.path / "shop.toml"
    toml.write_text(toml.read_text() + '[cascade.second]\nstages = [{ stage = "retrieve", method = "popular" }]\n')
    assert engine.refresh()
    traced: list[str | None] = []
    engine.on_trace = lambda trace, view, page: traced.append(page.query)
    run = engine.cascades["second"].run

    def failing(*_: object, **__: object) -> object:
        raise RuntimeError("no")

    engine.cascades["second"].run = failing
    asks = [Ask(query="mug"), Ask(query="lamp", cascade="second")]
    with pytest.raises(RuntimeError):
        engine.pages(asks)
    assert traced == []
    engine.cascades["second"].run = run
    engine.pages(asks)
    assert traced == ["mug", "lamp"]


def test_an_unknown_option_is_a_mistake_of_the_caller(golden: Engine) -> None:
    with pytest.raises(TypeError, match="colour"):
        golden.search("mug", colour="red")
    assert ids(golden.page(Ask(query="red striped mug")))[0] == "P34"
