"""Filters: the little language, and that index and columns agree on it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.filters import escape, parse_filter, parse_filters


def test_alternatives_and_escapes() -> None:
    assert parse_filter(r"brand:A\|B|C").values == ("a|b", "c")
    assert parse_filter(r"attr.a\:b:x\\y").field == "attr.a:b"
    assert parse_filter("brand:https://x").values == ("https://x",)
    assert parse_filter(r"category:Home/Bed\/Bath").values == (r"home/bed\/bath",)


def test_price_ranges() -> None:
    assert parse_filter("price:10..50").ranges == ((10.0, 50.0),)
    assert parse_filter("price:..50|100..").ranges == ((float("-inf"), 50.0), (100.0, float("inf")))
    assert parse_filter("price:7").ranges == ((7.0, 7.0),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "brand",
        "brand:",
        "price:a..b",
        "price:5..1",
        "price:..",
        "price:nan",
        "colour:red",
        ":x",
        "attr.:x",
        "in_stock:maybe",
        "category:/",
        "brand:|",
        "x" * 3000,
    ],
)
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(EmptorError, match="filter"):
        parse_filter(text)


def test_too_many_filters_are_refused() -> None:
    with pytest.raises(EmptorError, match="at most 20"):
        parse_filters(["brand:a"] * 21)


@given(st.text(min_size=1, max_size=30).filter(lambda text: text.strip()))
@example("®")
def test_an_escaped_value_comes_back_whole(value: str) -> None:
    from emptor.shop.text.analyser import fold

    if not fold(value.strip()):  # a mark alone, of which folding leaves nothing: no product can be found by it
        with pytest.raises(EmptorError, match="has no value"):
            parse_filter(f"brand:{escape(value)}")
        return
    assert parse_filter(f"brand:{escape(value)}").values == (fold(value.strip()),)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_filter(text)
    except EmptorError as error:
        assert str(error)


FILTERS = st.sampled_from(
    [
        "brand:Kilnhaus",
        "brand:kilnhaus|Strider",
        "category:Home",
        "category:home/mugs|Men",
        "price:10..40",
        "price:..9",
        "price:70..",
        "attr.color:red|blue",
        "attr.pattern:striped",
        "in_stock:true",
        "in_stock:false",
        r"brand:A\|B\:C\\D",
        r"category:Home/Lamps\/Lights",
        "attr.size:M",
        "brand:nobody",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(FILTERS, max_size=3),
    st.sampled_from(["mug", "red", "striped lamp", "copper pipe 1/2 in", "shirt"]),
)
def test_index_and_columns_agree(golden: Engine, texts: list[str], query: str) -> None:
    filters = parse_filters(texts)
    lexical = golden._assembled.lexical
    every = set(lexical.search(query, (), depth=1000).products.tolist())
    found = lexical.search(query, filters, depth=1000).products.tolist()
    mask = golden.view.mask(filters)
    assert all(mask[row] for row in found)
    # the words may be relaxed to "any" under a filter, never the filter itself
    assert {row for row in every if mask[row]} <= set(found)
