"""Moments as this log keeps them: whole microseconds since 1970 in UTC."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 4_102_444_800_000_000
"""2100-01-01: what lies outside 1970..2100 is a broken clock or a wrong unit, not behaviour."""


def now_us() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000


def parse_time(value: object) -> int | None:
    """Microseconds since 1970 from ISO 8601 text, a datetime or a number; None when `value` is no such
    moment.

    Text and datetimes without a zone are taken as UTC. Numbers count seconds, milliseconds or microseconds
    since 1970; which of them is told from the size, which is unambiguous between 1973 and 2100.
    """
    if isinstance(value, str):
        if len(value) > 64:
            return None
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        try:
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            micros = (moment - EPOCH) // timedelta(microseconds=1)
        except OverflowError:
            return None
    elif isinstance(value, date):
        micros = (value - EPOCH.date()).days * 86_400_000_000
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e17:
        return None
    elif value < 1e11:
        micros = round(value * 1_000_000)
    elif value < 1e14:
        micros = round(value * 1_000)
    else:
        micros = round(value)
    return micros if 0 <= micros < LATEST else None


def format_time(micros: int) -> str:
    """ISO 8601 in UTC with `Z`; milliseconds, or microseconds where they are needed to lose nothing."""
    moment = EPOCH + timedelta(microseconds=micros)
    precision = "microseconds" if micros % 1_000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def day_of(micros: int) -> str:
    """The UTC date as YYYY-MM-DD."""
    return (EPOCH + timedelta(microseconds=micros)).date().isoformat()
