"""What an event may look like: every field checked, bounded and brought to its stored form."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events.times import parse_time

COLUMNS: tuple[str, ...] = tuple(schema.EVENT.names)
MAX_QUERY = 1_000
MAX_EXTRA = 16 * 1024
"""Bytes of UTF-8 that `extra` may take."""
UBI_KEY = "ubi"
"""The key inside `extra` under which an imported UBI document keeps what the columns cannot say."""

_CLIENT_TIME_NAMES = ("client_time", "time", "timestamp")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[a-z0-9_.-]{1,64}")

Row = dict[str, Any]
"""One event in stored form: every name of `schema.EVENT` in that order, times as int microseconds."""


class EventFault(EmptorError):
    """One field of one event is not as it must be."""

    def __init__(self, field: str, found: object, expected: str) -> None:
        self.field = field
        self.found = found if isinstance(found, str) else _show(found)
        if len(self.found) > 80:
            self.found = self.found[:77] + "..."
        self.found = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", self.found)
        self.expected = expected
        super().__init__(f"event field {field}: found {self.found}, expected {expected}")


def validate_event(raw: Mapping[str, Any], *, now_us: int, history: bool = False) -> Row:
    """Check one event and bring it to stored form.

    Required are `action` and one of `user_id` and `session_id`; null counts as absent, and so does an empty
    id. Unknown fields go to `extra`.

    Args:
        raw: the event as it came, field by field.
        now_us: the server's clock, microseconds since 1970.
        history: the event comes from a file: its own `time` (or `timestamp`) is the time and required, and a
            missing `event_id` stays None for the importer to derive. Otherwise the time is `now_us`, whatever
            time the client names becomes `client_time`, and a missing id is drawn.

    Raises:
        EventFault: naming the first field that is wrong.
    """
    if not isinstance(raw, Mapping):
        raise EventFault("event", raw, "an object with field names")
    row: Row = dict.fromkeys(COLUMNS)
    unknown: dict[str, Any] = {}
    times: dict[str, Any] = {}
    for name, value in raw.items():
        if value is None:
            continue
        check = CHECKS.get(name)
        if check is not None:
            row[name] = check(name, value)
        elif name in _CLIENT_TIME_NAMES:
            times[name] = value
        else:
            unknown[name] = value
    if row["action"] is None:
        raise EventFault("action", "nothing", "the name of the action, such as impression or click")
    from_ubi = history and UBI_KEY in (row["extra"] or {})  # exported as our own; UBI lets nobody be named
    if row["user_id"] is None and row["session_id"] is None and not from_ubi:
        raise EventFault("user_id", "nothing", "a user_id or a session_id")
    _take_times(row, times, unknown, now_us, history)
    if row["event_id"] is None and not history:
        row["event_id"] = new_event_id()
    if unknown or row["extra"] is not None:
        row["extra"] = _gather_extra(row["extra"], unknown, history)
    return row


def new_event_id() -> str:
    """An id for an event that came without one."""
    return uuid.uuid4().hex


def _take_times(row: Row, times: dict[str, Any], unknown: dict[str, Any], now_us: int, history: bool) -> None:
    if history:
        own = next((name for name in ("time", "timestamp") if name in times), None)
        if own is None:
            raise EventFault("time", "nothing", "the time of the event, as ISO 8601")
        row["time"] = check_time(own, times.pop(own))
        if "client_time" in times:
            row["client_time"] = check_time("client_time", times.pop("client_time"))
    else:
        row["time"] = now_us
        claimed = next((name for name in _CLIENT_TIME_NAMES if name in times), None)
        if claimed is not None:
            row["client_time"] = check_time(claimed, times.pop(claimed))
    unknown.update(times)


def _gather_extra(given: dict[str, Any] | None, unknown: dict[str, Any], history: bool) -> str | None:
    both = (given or {}).keys() & unknown.keys()
    if both:
        raise EventFault("extra", f"{min(both)} twice", "a name either beside the event's fields or in extra")
    merged = {**(given or {}), **unknown}
    if UBI_KEY in merged and not history:
        raise EventFault(f"extra.{UBI_KEY}", "a reserved name", "another name for this field")
    return dump_extra(merged) if merged else None


def dump_extra(extra: Mapping[str, Any]) -> str:
    """`extra` as compact JSON with sorted keys, so that equal objects are equal text.

    Raises:
        EventFault: it cannot be written as JSON or takes more than MAX_EXTRA bytes.
    """
    try:
        text = _ENCODER.encode(extra)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise EventFault("extra", f"what is no JSON ({error})", "numbers, text, lists and objects") from error
    if size > MAX_EXTRA:
        raise EventFault("extra", f"{size:,} bytes", f"at most {MAX_EXTRA:,} bytes of further fields")
    return text


def _plain(value: object) -> object:
    """Columns of Parquet files hold types that JSON lacks."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_plain)


def check_id(field: str, value: object) -> str | None:
    """An identifier: text, or a whole number taken as text; empty means absent."""
    if isinstance(value, str) and 0 < len(value) <= schema.MAX_ID and value.isprintable():
        return value  # nearly always; what follows tells the rest apart
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 64:
        value = str(value)
    if not isinstance(value, str):
        raise EventFault(field, value, f"text of 1 to {schema.MAX_ID} characters")
    if len(value) > schema.MAX_ID:
        raise EventFault(field, f"{len(value):,} characters", f"at most {schema.MAX_ID}")
    if _UNPRINTABLE.search(value):
        raise EventFault(field, ascii(value), "text without control characters")
    return value or None


def check_word(field: str, value: object) -> str:
    """A short machine-readable name: an action or a scenario."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise EventFault(field, value, "1 to 64 of the characters a-z 0-9 _ . -")
    return value


def check_query(field: str, value: object) -> str:
    """What the user typed; anything that is text, bounded."""
    if not isinstance(value, str):
        raise EventFault(field, value, f"text of at most {MAX_QUERY:,} characters")
    if len(value) > MAX_QUERY:
        raise EventFault(field, f"{len(value):,} characters", f"at most {MAX_QUERY:,}")
    if not value.isprintable() and _SURROGATE.search(value):
        raise EventFault(field, ascii(value), "text that is valid Unicode")
    return value


def check_time(field: str, value: object) -> int:
    micros = parse_time(value)
    if micros is None:
        raise EventFault(field, value, "a time between 1970 and 2100 as ISO 8601, such as 2025-06-30T12:00:00Z")
    return micros


def _check_position(field: str, value: object) -> int:
    return _check_whole(field, value, 0, 10**9)


def _check_quantity(field: str, value: object) -> int:
    return _check_whole(field, value, 1, 10**6)


def _check_whole(field: str, value: object, low: int, high: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise EventFault(field, value, f"a whole number from {low} to {high:,}")
    return value


def _check_price(field: str, value: object) -> float:
    number = _number(value)
    if not 0 <= number < math.inf:
        raise EventFault(field, value, "a finite number, 0 or more")
    return number + 0.0  # -0.0 becomes 0.0


def _check_propensity(field: str, value: object) -> float:
    number = _number(value)
    if not 0 < number <= 1:
        raise EventFault(field, value, "a probability above 0, at most 1")
    return number


def _number(value: object) -> float:
    """NaN, which no range contains, for everything that is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return math.nan
    try:
        return float(value)
    except (OverflowError, ValueError):
        return math.nan


def _check_explored(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise EventFault(field, value, "true or false")
    return value


def _check_extra(field: str, value: object) -> dict[str, Any]:
    if isinstance(value, str) and len(value) <= MAX_EXTRA:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise EventFault(field, value, "a JSON object") from None
    if not isinstance(value, dict):
        raise EventFault(field, value, f"a JSON object of at most {MAX_EXTRA:,} bytes")
    return value


def _show(value: object) -> str:
    """A short, safe picture of anything: large containers are named by type and size, never printed."""
    if isinstance(value, (dict, list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return "a huge number"
    return str(value)


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("event_id", "request_id", "user_id", "session_id", "product_id", "cascade"), check_id),
    **dict.fromkeys(("action", "scenario"), check_word),
    "query": check_query,
    "position": _check_position,
    "quantity": _check_quantity,
    "price": _check_price,
    "propensity": _check_propensity,
    "explored": _check_explored,
    "extra": _check_extra,
}
"""How each field but the times is checked: (name to show, value) -> stored value, or EventFault."""
