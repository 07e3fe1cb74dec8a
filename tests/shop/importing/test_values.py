"""Single values: prices, stock, times, identifiers."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.shop.importing.values import (
    Misfit,
    as_currency,
    as_id,
    as_in_stock,
    as_price,
    as_text,
    as_texts,
    as_time,
)


@pytest.mark.parametrize(
    ("value", "price"),
    [
        ("12.5", (12.5, None)),
        (" 12 ", (12.0, None)),
        ("1e-05", (1e-05, None)),
        ("$1,299.00", (1299.0, "USD")),
        ("1299 EUR", (1299.0, "EUR")),
        ("EUR 1.299,00", (1299.0, "EUR")),
        ("1 299,00\xa0€", (1299.0, "EUR")),
        ("£5", (5.0, "GBP")),
        ("12,50", (12.5, None)),
        ("1,299", (1299.0, None)),
        (0, (0.0, None)),
        (-0.0, (0.0, None)),
        (Decimal("9.99"), (9.99, None)),
        (math.nan, (None, None)),
        ("", (None, None)),
        ("NaN", (None, None)),
        (1e12, (1e12, None)),
    ],
)
def test_prices(value, price):
    found = as_price(value)
    assert found == price and (found[0] is None or math.copysign(1, found[0]) == 1)


@pytest.mark.parametrize(
    "value",
    ["-1", -1, "1e13", 1e13, math.inf, "inf", "free", "1_000", "1,29,9", "$5€", "12.5.1", True, "usd 5"],
)
def test_what_is_no_price(value):
    with pytest.raises(Misfit, match=r"12\.50"):
        as_price(value)


def test_a_list_is_no_price():
    with pytest.raises(Misfit):
        as_price([1])


def test_an_enormous_number_is_no_price():
    with pytest.raises(Misfit):
        as_price(10**400)
    with pytest.raises(Misfit):
        as_price("1" * 500_000)


@pytest.mark.parametrize(("value", "code"), [("usd", "USD"), ("€", "EUR"), ("", None), (None, None), ("none", None)])
def test_currencies(value, code):
    assert as_currency(value) == code


def test_what_is_no_currency():
    with pytest.raises(Misfit):
        as_currency("dollars")


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (None, True), (True, True), (False, False), ("yes", True), ("NO", False), ("1", True), ("0", False),
        (7, True), (0, False), (-2, False), ("12.0", True), ("In Stock", True), ("out_of_stock", False),
        ("OutOfStock", False), ("pre-order", True), ("https://schema.org/OutOfStock", False), ("", True),
        ("sold out", False), (0.0, False),
    ],
)  # fmt: skip
def test_in_stock(value, flag):
    assert as_in_stock(value) is flag


def test_what_is_no_stock():
    with pytest.raises(Misfit, match="out of stock"):
        as_in_stock("soon")


NOON = datetime(2024, 5, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024-05-31", datetime(2024, 5, 31, tzinfo=UTC)),
        ("20240531", datetime(2024, 5, 31, tzinfo=UTC)),
        ("2024-05-31T12:00:00Z", NOON),
        ("2024-05-31 14:00:00+02:00", NOON),
        (str(int(NOON.timestamp())), NOON),
        (int(NOON.timestamp() * 1000), NOON),
        (NOON.timestamp() + 0.25, NOON + timedelta(milliseconds=250)),
        (date(2024, 5, 31), datetime(2024, 5, 31, tzinfo=UTC)),
        (datetime(2024, 5, 31, 12), NOON),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (None, None),
        ("", None),
        (math.nan, None),
    ],
)
def test_times(value, moment):
    assert as_time(value) == moment


@pytest.mark.parametrize("value", ["yesterday", "1969-12-31", "2101-01-01", -1, 1e30, math.inf, 2024, "2024", [], True])
def test_what_is_no_time(value):
    with pytest.raises(Misfit, match="1970"):
        as_time(value)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.decimals(allow_nan=False), st.booleans()))
def test_any_scalar_fits_or_is_told(value):
    for convert in (as_price, as_time, as_in_stock, as_currency, as_text, as_texts, lambda v: as_id(v, 256)):
        try:
            convert(value)
        except Misfit as misfit:
            assert str(misfit)


@pytest.mark.parametrize(
    ("value", "text"),
    [(123.0, "123"), (7, "7"), (" a b ", "a b"), ("nan", None), (math.nan, None), (b"x1", "x1")],
)
def test_ids(value, text):
    assert as_id(value, 256) == text


@pytest.mark.parametrize("value", ["a\nb", "a\0b", "x" * 257, 1.5, 1e17, True, [], "\udce9", "\ud800", b"\xff"])
def test_what_is_no_id(value):
    with pytest.raises(Misfit):
        as_id(value, 256)
