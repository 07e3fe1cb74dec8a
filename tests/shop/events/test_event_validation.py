"""Every field of an event: what is taken, what is refused, and that nothing else can come out."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptor.shop import schema
from emptor.shop.events import EventFault, validate_event
from emptor.shop.events.reading import to_arrow
from emptor.shop.events.times import format_time, parse_time
from emptor.shop.events.validate import COLUMNS, MAX_EXTRA

NOW = 1_750_000_000_000_000
CLICK = {"action": "click", "user_id": "u"}


def check(**fields: Any) -> dict[str, Any]:
    return validate_event({**CLICK, **fields}, now_us=NOW)


def test_time_is_the_servers_and_the_clients_claim_is_kept() -> None:
    for name in ("client_time", "time", "timestamp"):
        row = check(**{name: "2025-01-01T00:00:00Z"})
        assert (row["time"], row["client_time"], row["extra"]) == (NOW, 1_735_689_600_000_000, None)


def test_history_brings_its_own_time() -> None:
    row = validate_event({**CLICK, "time": "2025-01-01T00:00:00Z", "event_id": "e"}, now_us=NOW, history=True)
    assert (row["time"], row["client_time"]) == (1_735_689_600_000_000, None)
    with pytest.raises(EventFault, match="time"):
        validate_event(CLICK, now_us=NOW, history=True)


def test_an_event_without_an_id_gets_one_of_its_own() -> None:
    first, second = check()["event_id"], check()["event_id"]
    assert first != second
    assert len(first) == 32


def test_unknown_fields_go_to_extra() -> None:
    row = check(colour="red", extra={"size": 4}, nested={"a": [1, 2.5, None]})
    assert json.loads(row["extra"]) == {"size": 4, "colour": "red", "nested": {"a": [1, 2.5, None]}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "Click"),
        ("action", "a" * 65),
        ("action", ""),
        ("action", 3),
        ("user_id", "u\x00"),
        ("user_id", "u\x1b[31m"),
        ("user_id", "\ud800"),
        ("user_id", "u" * 257),
        ("user_id", True),
        ("product_id", ["p"]),
        ("event_id", {"a": 1}),
        ("query", "q" * 1_001),
        ("query", 7),
        ("query", "\udfff"),
        ("position", -1),
        ("position", True),
        ("position", 1.5),
        ("position", 2**63),
        ("position", "3"),
        ("price", -0.01),
        ("price", math.nan),
        ("price", math.inf),
        ("price", 10**400),
        ("price", False),
        ("quantity", 0),
        ("quantity", 1_000_001),
        ("propensity", 0),
        ("propensity", 1.01),
        ("propensity", math.nan),
        ("explored", 1),
        ("explored", "true"),
        ("client_time", "yesterday"),
        ("client_time", -5),
        ("client_time", math.nan),
        ("client_time", True),
        ("client_time", "9999-01-01"),
        ("scenario", "Search page"),
        ("extra", [1]),
        ("extra", "{"),
        ("extra", {"big": "x" * MAX_EXTRA}),
        ("whatever", math.nan),
        ("whatever", "\ud800"),
        ("whatever", "é" * (MAX_EXTRA // 2)),
    ],
)
def test_refused(field: str, value: Any) -> None:
    with pytest.raises(EventFault) as caught:
        check(**{field: value})
    assert caught.value.field in (field, "extra")
    assert len(str(caught.value)) < 300
    str(caught.value).encode()  # can be printed whatever was found


def test_refused_without_action_or_without_anybody() -> None:
    for raw, field in (({"user_id": "u"}, "action"), ({"action": "click"}, "user_id"), ([], "event")):
        with pytest.raises(EventFault) as caught:
            validate_event(raw, now_us=NOW)  # type: ignore[arg-type]
        assert caught.value.field == field
    with pytest.raises(EventFault):
        validate_event({"action": "click", "user_id": "", "session_id": None}, now_us=NOW)


def test_the_key_of_imported_documents_is_reserved_online() -> None:
    with pytest.raises(EventFault, match="reserved"):
        check(ubi={"kept": {}})


def test_deep_nesting_is_a_fault() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(EventFault):
        check(deep=deep)


def test_taken_as_they_are_meant() -> None:
    row = check(product_id=42, position=3.0, price=10, propensity=1, quantity=1_000_000, query="")
    assert [row[name] for name in ("product_id", "position", "price", "propensity")] == ["42", 3, 10.0, 1.0]
    assert row["query"] == ""
    assert check(query="naïve 👟\tsize\n")["query"] == "naïve 👟\tsize\n"


@given(st.integers(0, 4_102_444_799_999_999))
def test_times_survive_printing(micros: int) -> None:
    assert parse_time(format_time(micros)) == micros


@pytest.mark.parametrize("number", [1_735_689_600, 1_735_689_600_000, 1_735_689_600_000_000, 1_735_689_600.0])
def test_numbers_are_times_in_the_unit_of_their_size(number: float) -> None:
    assert parse_time(number) == 1_735_689_600_000_000


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*COLUMNS, "timestamp", "other"]) | st.text(max_size=4), _json, max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_whatever_comes_is_a_row_that_can_be_stored_or_a_fault(
    raw: dict[str, Any], plausible: bool, history: bool
) -> None:
    if plausible:
        raw = {**raw, **CLICK}
    try:
        row = validate_event(raw, now_us=NOW, history=history)
    except EventFault as fault:
        assert fault.field
        assert fault.expected
        return
    assert tuple(row) == COLUMNS
    row["event_id"] = row["event_id"] or "derived"
    table = to_arrow([(*row.values(), 1)])
    table.validate(full=True)
    assert table.select(schema.EVENT.names).schema == schema.EVENT
