"""Links of the search page: each changes one thing and keeps the rest."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from emptor.errors import EmptorError
from emptor.serve.links import Asked, brand_url, category_url, values_of
from emptor.shop.category import split_path
from emptor.shop.filters import escape, parse_filter


def read(url: str) -> Asked:
    return Asked.read(QueryParams(url.partition("?")[2]))


def test_an_address_and_what_it_asks_are_the_same_thing() -> None:
    asked = Asked("red & blue +", ("brand:A|B", "price:1..2", "attr.a\\:b:c"), "newest", 40)
    assert read(asked.url()) == asked
    assert Asked().url() == "/" and read("/") == Asked() and Asked().blank


def test_choices_of_one_field_are_joined_and_taken_back() -> None:
    asked = Asked("x", ("brand:A",), offset=20)
    both = asked.toggled("brand:B\\|C", active=False)
    assert both.filters == ("brand:A|B\\|C",) and both.offset == 0
    assert both.toggled("brand:a", active=True).filters == ("brand:B\\|C",)
    assert both.toggled("brand:B\\|C", active=True).filters == ("brand:A",)
    assert asked.toggled("brand:A", active=True).filters == ()


def test_a_category_price_or_stock_choice_replaces_the_last() -> None:
    asked = Asked(filters=("price:1..2", "category:A/B", "brand:X"))
    assert asked.toggled("price:3..4", active=False).filters == ("category:A/B", "brand:X", "price:3..4")
    assert asked.toggled("category:A/C", active=False).filters == ("price:1..2", "brand:X", "category:A/C")
    assert asked.toggled("price:1..2", active=True).filters == ("category:A/B", "brand:X")


def test_the_price_form_becomes_a_filter() -> None:
    assert read("/?min=5&max=&filter=price%3A1..2&filter=brand%3AA").filters == ("brand:A", "price:5..")
    with pytest.raises(EmptorError, match=r"LOW\.\.HIGH"):
        read("/?min=cheap")


def test_odd_numbers_and_unknown_names_in_an_address_are_harmless() -> None:
    for offset in ("-3", "abc", "9" * 400, "1e3", "²", ""):
        assert read(f"/?offset={offset}&sort=nonsense&utm_source=x") == Asked()
    assert read("/?offset=33").offset == 20 and read("/?offset=99999").offset == 980


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_two_brands_can_be_chosen_and_left(one: str, other: str) -> None:
    first, second = f"brand:{escape(one)}", f"brand:{escape(other)}"
    try:
        wanted = {parse_filter(first).values[0], parse_filter(second).values[0]}
    except EmptorError:
        return
    if len(wanted) < 2:
        return
    both = Asked(filters=(first,)).toggled(second, active=False)
    assert set(parse_filter(both.filters[0]).values) == wanted
    assert both.toggled(second, active=True).filters == (first,)
    assert values_of(first) == [one]


@example(["\u0300"])  # nothing but an accent, which folding takes away
@example(["A", "™", "¨"])
@given(st.lists(st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text), min_size=1, max_size=4))
def test_a_category_link_asks_for_that_category(path: list[str]) -> None:
    clause = parse_filter(read(category_url(path)).filters[0])
    assert len(clause.values) == 1 and len(split_path(clause.values[0])) == len(path)


def test_a_brand_link_escapes_the_brand() -> None:
    assert parse_filter(read(brand_url("A|B:C\\D")).filters[0]).values == ("a|b:c\\d",)
