"""User Behavior Insights 1.3, the OpenSearch standard for behaviour: its documents as events and back.

A document is printed from an event's columns by one function, `_print`. On import the document is compared
with what that would print, and only the difference is kept, in `extra` under the key "ubi":

    {"kind": "query",                        only for documents of ubi_queries
     "kept": {"application": "shop", ...},   what the columns do not say, or say in another spelling
     "absent": [["_index"], ...]}            what would be printed but was not in the document

So import and export give back the same JSON document, whatever else it held. Events that did not come as UBI
are printed with their further fields in an `emptor` object, from which they import as the same events again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeGuard

from emptor.shop.events.times import format_time
from emptor.shop.events.validate import (
    CHECKS,
    COLUMNS,
    MAX_QUERY,
    UBI_KEY,
    EventFault,
    Row,
    check_id,
    check_time,
    dump_extra,
    validate_event,
)

Document = dict[str, Any]
Kind = Literal["query", "event"]

_OWN = "emptor"
_OWN_FIELDS = (
    "event_id",
    "client_time",
    "scenario",
    "price",
    "quantity",
    "cascade",
    "explored",
    "propensity",
)
_SAME = (
    ("request_id", "query_id"),
    ("session_id", "session_id"),
    ("user_id", "client_id"),
    ("query", "user_query"),
)
_NO_WORD = re.compile(r"[^a-z0-9_.-]+")


def kind_of(document: Mapping[str, Any]) -> Kind | None:
    """Whether a document is a UBI query or event, by its index or its fields; None: it is neither."""
    index = document.get("_index")
    if isinstance(index, str) and index.startswith("ubi_queries"):
        return "query"
    if "action_name" in document or (isinstance(index, str) and index.startswith("ubi_events")):
        return "event"
    return "query" if "user_query" in document and "action" not in document else None


def from_ubi(document: Document, *, now_us: int) -> Row:
    """One UBI document as a row in stored form; its event_id is None unless the document came from Emptor.

    A query without a timestamp, which the standard allows, gets `now_us`. Positions that are no whole number
    from 0 up leave the column null, and an action in other letters is brought to a-z 0-9 _ . -; the original
    stays in extra.

    Raises:
        EventFault: the document is none of UBI, or breaks the standard in a field that is needed.
    """
    kind = kind_of(document)
    if kind is None:
        raise EventFault("action_name", "nothing", "a UBI event with action_name or a UBI query with user_query")
    own = _own_event(document, kind, now_us)
    if own is not None:
        return own
    row = _columns(document, kind, now_us)
    kept, absent = _difference(_print(row, kind), document)
    rest: dict[str, Any] = {"kind": kind} if kind == "query" else {}
    if kept:
        rest["kept"] = kept
    if absent:
        rest["absent"] = absent
    row["extra"] = dump_extra({UBI_KEY: rest})
    return row


def to_ubi(row: Mapping[str, Any]) -> Document:
    """A row in stored form (times as int microseconds) as a UBI document."""
    extra = json.loads(row["extra"]) if row["extra"] else {}
    rest = extra.get(UBI_KEY)
    if len(extra) != 1 or not _well_formed(rest):
        return _print_own(row, extra)
    document = _print(row, "query" if rest.get("kind") == "query" else "event")
    for path in rest.get("absent", ()):
        _remove(document, path)
    _lay_over(document, rest.get("kept", {}))
    return document


def _columns(document: Document, kind: Kind, now_us: int) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    row["action"] = "query" if kind == "query" else _action(document.get("action_name"))
    if document.get("timestamp") is not None:
        row["time"] = check_time("timestamp", document["timestamp"])
    elif kind == "query":
        row["time"] = now_us
    else:
        raise EventFault("timestamp", "nothing", "the time of the event, as ISO 8601")
    for column, name in (("request_id", "query_id"), ("session_id", "session_id"), ("user_id", "user_id")):
        if document.get(name) is not None:
            row[column] = check_id(name, document[name])
    if row["user_id"] is None and document.get("client_id") is not None:
        row["user_id"] = check_id("client_id", document["client_id"])
    query = document.get("user_query")
    if query is not None:
        # The standard sets no limit; the column holds the beginning, extra the whole.
        row["query"] = CHECKS["query"]("user_query", query[:MAX_QUERY] if isinstance(query, str) else query)
    if kind == "event":
        attributes = _object(document, "event_attributes")
        object_id = _object(attributes, "object", "event_attributes.").get("object_id")
        if object_id is not None:
            row["product_id"] = check_id("event_attributes.object.object_id", object_id)
        ordinal = _object(attributes, "position", "event_attributes.").get("ordinal")
        if isinstance(ordinal, int) and not isinstance(ordinal, bool) and 0 <= ordinal <= 10**9:
            row["position"] = ordinal
    return row


def _action(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise EventFault("action_name", name, "the name of the action, such as impression or click")
    return _NO_WORD.sub("_", name.strip().lower())[:64].strip("_") or "other"


def _object(parent: Mapping[str, Any], name: str, prefix: str = "") -> dict[str, Any]:
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EventFault(prefix + name, value, "an object")
    return value


def _print(row: Mapping[str, Any], kind: Kind) -> Document:
    """The columns that UBI knows, as a document; null columns are left out."""
    document: Document = {} if kind == "query" else {"action_name": row["action"]}
    for column, name in _SAME:
        if row[column] is not None:
            document[name] = row[column]
    document["timestamp"] = format_time(row["time"])
    if kind == "event":
        attributes: Document = {}
        if row["product_id"] is not None:
            attributes["object"] = {"object_id": row["product_id"]}
        if row["position"] is not None:
            attributes["position"] = {"ordinal": row["position"]}
        if attributes:
            document["event_attributes"] = attributes
    document["_index"] = "ubi_queries" if kind == "query" else "ubi_events"
    return document


def _print_own(row: Mapping[str, Any], extra: dict[str, Any]) -> Document:
    kind: Kind = "query" if row["action"] == "query" else "event"
    document = _print(row, kind)
    own = {name: row[name] for name in _OWN_FIELDS if row[name] is not None}
    if kind == "query":
        own |= {name: row[name] for name in ("product_id", "position") if row[name] is not None}
    if "client_time" in own:
        own["client_time"] = format_time(own["client_time"])
    if extra:
        own["extra"] = extra
    document.setdefault("query_attributes" if kind == "query" else "event_attributes", {})[_OWN] = own
    return document


def _own_event(document: Document, kind: Kind, now_us: int) -> Row | None:
    """The event that Emptor printed as this very document, if there is one."""
    attributes = document.get("query_attributes" if kind == "query" else "event_attributes")
    own = attributes.get(_OWN) if isinstance(attributes, dict) else None
    if not isinstance(own, dict) or not isinstance(own.get("event_id"), str):
        return None
    try:
        row = validate_event({**own, **_own_columns(document, kind)}, now_us=now_us, history=True)
        same = canonical(to_ubi(row)) == canonical(document)
    except (EventFault, AttributeError):
        return None
    return row if same else None


def _own_columns(document: Document, kind: Kind) -> Document:
    attributes = document.get("event_attributes") or {}
    columns = {
        "action": "query" if kind == "query" else document.get("action_name"),
        "request_id": document.get("query_id"),
        "session_id": document.get("session_id"),
        "user_id": document.get("client_id"),
        "time": document.get("timestamp"),
        "query": document.get("user_query"),
        "product_id": attributes.get("object", {}).get("object_id"),
        "position": attributes.get("position", {}).get("ordinal"),
    }
    return {name: value for name, value in columns.items() if value is not None}


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(document: object) -> str:
    """The same text for the same JSON document, whatever the order of its keys; 1, 1.0 and true differ."""
    return _CANONICAL.encode(document)


def _difference(printed: Document, document: Document) -> tuple[Document, list[list[str]]]:
    kept: Document = {}
    absent: list[list[str]] = [[name] for name in printed if name not in document]
    for name, value in document.items():
        own = printed.get(name)
        if own is None or type(own) is not type(value):
            kept[name] = value
        elif isinstance(own, dict):
            inner, missing = _difference(own, value)
            if inner:
                kept[name] = inner
            absent += [[name, *path] for path in missing]
        elif own != value:
            kept[name] = value
    return kept, absent


def _lay_over(document: Document, kept: Mapping[str, Any]) -> None:
    for name, value in kept.items():
        own = document.get(name)
        if isinstance(own, dict) and isinstance(value, dict):
            _lay_over(own, value)
        else:
            document[name] = value


def _remove(document: Document, path: list[str]) -> None:
    for name in path[:-1]:
        document = document.get(name, {})
        if not isinstance(document, dict):
            return
    document.pop(path[-1], None)


def _well_formed(rest: object) -> TypeGuard[Document]:
    """Whether this is what `from_ubi` keeps; a file may bring anything under the same name."""
    return (
        isinstance(rest, dict)
        and rest.keys() <= {"kind", "kept", "absent"}
        and isinstance(rest.get("kept", {}), dict)
        and isinstance(rest.get("absent", []), list)
        and all(
            isinstance(path, list) and path and all(isinstance(name, str) for name in path)
            for path in rest.get("absent", [])
        )
    )
