"""UBI documents come back exactly, and every event survives the way through UBI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.shop.events import (
    EventFault,
    EventLog,
    export_events,
    from_ubi,
    import_events,
    to_ubi,
    validate_event,
)
from emptor.shop.events.times import format_time
from emptor.shop.events.ubi import canonical
from emptor.shop.events.validate import COLUMNS

NOW = 1_750_000_000_000_000
FIXTURE = Path(__file__).parents[4] / "shared/data/esci_samples/ubi_events_synthetic.jsonl"


def refuse(line: int, field: str, found: str, expected: str) -> None:
    raise AssertionError(f"line {line}: {field} {found}, expected {expected}")


@pytest.mark.skipif(not FIXTURE.exists(), reason="needs ../shared/data/esci_samples")
@pytest.mark.parametrize("rolled_up", [False, True])
def test_real_documents_come_back_one_by_one(tmp_path: Path, rolled_up: bool) -> None:
    with EventLog(tmp_path) as log:
        counts = import_events(log, FIXTURE, quarantine=refuse)
        assert (counts.stored, counts.duplicate, counts.quarantined) == (1260, 0, 0)
        again = import_events(log, FIXTURE, quarantine=refuse)
        assert (again.stored, again.duplicate) == (0, 1260)
        if rolled_up:
            log.rollup(step_rows=500)
        out = tmp_path / "out.ubi.jsonl"
        assert export_events(log, out) == 1260
        assert list(map(json.loads, out.open())) == list(map(json.loads, FIXTURE.open()))
        frame = log.read().collect()
    actions = dict(frame["action"].value_counts().iter_rows())
    assert actions == {"query": 200, "impression": 1000, "click": 60}
    shown = frame.filter(action="impression").row(0, named=True)
    assert (shown["product_id"], shown["position"]) == ("B07CVR21VN", 0)
    assert shown["query"] == "futon frames full size without mattress"
    assert format_time(int(shown["time"].timestamp() * 1_000_000)) == "2024-12-10T00:01:29.378Z"


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_id = st.text("abc-1é", min_size=0, max_size=5)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=5,
)
_timestamp = st.sampled_from(
    [
        "2018-11-13T20:20:39+00:00",
        "2018-11-13T20:20:39Z",
        "2018-11-13T20:20:39",
        "2018-11-13T20:20:39.123Z",
        "2018-11-13T20:20:39.123456Z",
        "2018-11-13T20:20:39.123456789Z",
        "2018-11-13T21:20:39.5+01:00",
        "2018-11-13",
        1542140439000,
    ]
)
_common = {
    "application": st.none() | _text,
    "query_id": st.none() | _id,
    "client_id": st.none() | _id,
    "session_id": st.none() | _id,
    "user_id": st.none() | _id,
    "user_query": st.none() | _text | st.just("long " * 400),
    "_id": _json,
    "event_id": _json,
    "extra": _json,
}
_further = st.dictionaries(_text, _json, max_size=2)
_attributes = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "object": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "object_id": st.none() | _id | st.integers(-5, 10**18),
                "object_id_field": _text,
                "internal_id": _json,
                "object_detail": _json,
            },
        ),
        "position": st.none()
        | st.fixed_dictionaries(
            {},
            optional={"ordinal": _json | st.integers(0, 100), "xy": st.dictionaries(_text, st.floats(0, 9))},
        ),
        "emptor": _json | st.fixed_dictionaries({"event_id": _text}, optional={"price": _json, "extra": _json}),
        "more": _json,
    },
)
_event = st.builds(
    lambda further, document: {**further, **document},
    _further,
    st.fixed_dictionaries(
        {
            "action_name": st.sampled_from(["click", "Add To Cart", "query", "点击", "_", "x" * 100])
            | st.text(min_size=9),
            "timestamp": _timestamp,
        },
        optional={
            **_common,
            "message_type": st.none() | _text,
            "message": st.none() | _text,
            "event_attributes": _attributes,
            "_index": st.sampled_from(["ubi_events", "ubi_events-2025", None]),
        },
    ),
)
_query = st.builds(
    lambda further, document: {**further, **document},
    _further,
    st.fixed_dictionaries(
        {"user_query": _text},
        optional={
            **{name: strategy for name, strategy in _common.items() if name != "user_query"},
            "timestamp": _timestamp | st.none(),
            "query_attributes": st.none() | st.dictionaries(_text | st.just("emptor"), _json, max_size=2),
            "object_id_field": _text,
            "query_response_id": _text,
            "query_response_hit_ids": st.lists(_id, max_size=3),
            "_index": st.sampled_from(["ubi_queries"]),
        },
    ),
).filter(lambda document: not {"action", "action_name"} & document.keys())


def through_json(document: Any) -> Any:
    return json.loads(json.dumps(document))


@settings(max_examples=400, deadline=None)
@given(_event | _query)
def test_generated_documents_come_back(document: dict[str, Any]) -> None:
    document = through_json(document)
    try:
        row = from_ubi(document, now_us=NOW)
    except EventFault as fault:
        # What the standard allows is never refused, but for text that no system can store.
        assert (
            fault.field == "action_name"
            or "control" in fault.expected
            or "Unicode" in fault.expected
            or (fault.field == "extra")
        )
        return
    assert tuple(row) == COLUMNS
    assert canonical(to_ubi(row)) == canonical(document)


def test_most_generated_documents_are_taken() -> None:
    taken = refused = 0

    @settings(max_examples=200, deadline=None, database=None)
    @given(_event | _query)
    def count(document: dict[str, Any]) -> None:
        nonlocal taken, refused
        try:
            from_ubi(through_json(document), now_us=NOW)
            taken += 1
        except EventFault:
            refused += 1

    count()
    assert taken > 5 * refused


_own = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["click", "query", "purchase"]),
        "user_id": st.just("u") | st.none(),
        "session_id": _id,
    },
    optional={
        "request_id": _id,
        "client_time": st.just("2025-01-01T00:00:00.000001Z"),
        "scenario": st.just("search"),
        "query": _text,
        "product_id": _id,
        "position": st.integers(0, 100),
        "price": st.floats(0, 1e6),
        "quantity": st.integers(1, 9),
        "cascade": _id,
        "explored": st.booleans(),
        "propensity": st.floats(0.001, 1),
        "further": _json,
        "extra": st.dictionaries(st.sampled_from(["a", "b"]), _json),
    },
)


@settings(max_examples=200, deadline=None)
@given(_own)
def test_own_events_survive_the_way_through_ubi(event: dict[str, Any]) -> None:
    if not event["user_id"] and not event["session_id"]:
        event["user_id"] = "u"
    row = validate_event(through_json(event), now_us=NOW)
    assert from_ubi(through_json(to_ubi(row)), now_us=1) == row


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"foo": 1}, "action_name"),
        ({"action_name": None, "timestamp": "2025-01-01"}, "action_name"),
        ({"action_name": "click"}, "timestamp"),
        ({"action_name": "click", "timestamp": "soon"}, "timestamp"),
        ({"user_query": 5}, "user_query"),
        ({"user_query": "a", "client_id": ["c"]}, "client_id"),
        ({"user_query": "a", "query_id": "q\n"}, "query_id"),
        ({"action_name": "a", "timestamp": "2025-01-01", "event_attributes": []}, "event_attributes"),
        (
            {
                "action_name": "a",
                "timestamp": "2025-01-01",
                "event_attributes": {"object": {"object_id": 1.5}},
            },
            "event_attributes.object.object_id",
        ),
        ({"user_query": "a", "note": "x" * 20_000}, "extra"),
    ],
)
def test_documents_that_break_the_standard_are_faults(document: dict[str, Any], field: str) -> None:
    with pytest.raises(EventFault) as caught:
        from_ubi(document, now_us=NOW)
    assert caught.value.field == field


def test_what_a_file_puts_under_our_key_does_no_harm(log: EventLog, write_lines: Callable[..., Path]) -> None:
    odd = [
        {"absent": [["timestamp", "x"], ["a"]]},
        {"absent": [[]]},
        {"absent": 5},
        {"kept": [1]},
        {"kept": {"event_attributes": 1}},
        {"absent": [["event_attributes", "object", "object_id", "deep"]]},
        7,
    ]
    events = [
        {"action": "click", "user_id": "u", "time": "2025-01-01", "product_id": "p", "extra": {"ubi": value}}
        for value in odd
    ]
    path = write_lines("odd.jsonl", events)
    assert import_events(log, path, quarantine=refuse).stored == len(odd)
    assert export_events(log, path.with_name("out.ubi.jsonl")) == len(odd)
