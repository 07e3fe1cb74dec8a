"""Importing behaviour from files: UBI documents and Emptor's own fields, safe to stop and to run again."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emptor.errors import ShopBusy
from emptor.shop.events.identity import Identities
from emptor.shop.events.log import EventLog
from emptor.shop.events.mapping import Columns
from emptor.shop.events.sources import BrokenFile, Format, Source, format_of
from emptor.shop.events.times import now_us
from emptor.shop.events.ubi import from_ubi, kind_of
from emptor.shop.events.validate import EventFault, Row, validate_event

BATCH_ROWS = 5_000
ROLL_UP_ROWS = 100_000
"""So many stored events are rolled up while an import runs, so that neither database nor readers swell."""

_UNTIMED = -1
"""The time of a UBI query without one, until its id is derived: that must not depend on the clock."""

Quarantine = Callable[[int, str, str, str], None]
"""Takes a bad record: line (from 1), field, what was found, what was expected."""


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What became of the records of a file."""

    stored: int
    duplicate: int
    quarantined: int
    products: Counter[str] = field(default_factory=Counter, compare=False, repr=False)
    """product_id -> events of the file that name it, known ones included."""
    reused: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Fields taken from columns as remembered."""
    meant: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Of `actions`: those whose value the file has."""


def import_events(
    log: EventLog,
    path: Path,
    *,
    quarantine: Quarantine,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    remembered: Mapping[str, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    actions: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
    batch_rows: int = BATCH_ROWS,
) -> ImportCounts:
    """Import one file of events into the log.

    JSON lines may mix UBI queries, UBI events and events with Emptor's own fields; CSV, TSV and Parquet hold
    Emptor's own fields. All but Parquet may be gzipped. The time of an event is the file's. Events without an
    id get one from their content, so that reading the same file again stores nothing twice.

    Args:
        quarantine: told every bad record; the import goes on.
        format: jsonl, ubi (nothing but UBI documents), csv, tsv or parquet; None: by the file's suffix.
        columns: field of the event -> name in the file, where the two differ.
        remembered: the same from an earlier log; it counts where this file has the column and lacks the field.
        defaults: field -> value for events that lack it, such as one time for a log that has none.
        actions: value of the file, in lower case -> the action that it means.
        progress: told, after each batch, how many bytes of the file have been read so far.

    Raises:
        EmptorError: the file cannot be read, is of no known format or cut short, or the log cannot be
            written. What was imported before stays; running the import again goes on from there.
    """
    kind = format_of(path, format)
    stored = duplicate = quarantined = since_roll_up = 0
    products: Counter[str] = Counter()
    defaults, actions = defaults or {}, actions or {}
    met: set[str] = set()
    names = Columns(columns or {}, remembered or {}, defaults)
    with closing(Source(path, kind, names)) as source, closing(Identities()) as identities:
        rows: list[Row] = []

        def flush() -> None:
            nonlocal stored, duplicate, since_roll_up
            missing = [row for row in rows if row["event_id"] is None]
            for row, event_id in zip(missing, identities.derive(missing), strict=True):
                row["event_id"] = event_id
            for row in rows:
                if row["time"] == _UNTIMED:
                    row["time"] = now_us()
            new = sum(log.append_rows(rows))
            products.update(row["product_id"] for row in rows if row["product_id"] is not None)
            stored, duplicate, since_roll_up = stored + new, duplicate + len(rows) - new, since_roll_up + new
            rows.clear()
            if since_roll_up >= ROLL_UP_ROWS:
                _roll_up(log)
                since_roll_up = 0
            if progress is not None:
                progress(source.position)

        try:
            for line, record in source.records():
                try:
                    if isinstance(record, EventFault):
                        raise record
                    rows.append(_to_row(record, kind, defaults, actions, met))
                except EventFault as fault:
                    quarantine(line, fault.field, fault.found, fault.expected)
                    quarantined += 1
                if len(rows) >= batch_rows:
                    flush()
        except BrokenFile:
            flush()
            raise
        flush()
    meant = {value: name for value, name in actions.items() if value in met}
    return ImportCounts(stored, duplicate, quarantined, products, names.reused, meant)


def _to_row(
    record: dict[str, Any], kind: Format, defaults: Mapping[str, Any], actions: Mapping[str, str], met: set[str]
) -> Row:
    try:
        if kind == "ubi" or (kind == "jsonl" and kind_of(record) is not None):
            if "time" in defaults and record.get("timestamp") is None:
                record = {**record, "timestamp": defaults["time"]}
            return from_ubi(record, now_us=_UNTIMED)
        if actions and record.get("action") is not None:
            value = str(record["action"]).strip().lower()
            if value in actions:
                met.add(value)
                record = {**record, "action": actions[value]}
        for name, value in defaults.items():
            if record.get(name) is None and not (name == "time" and record.get("timestamp") is not None):
                record = {**record, name: value}
        return validate_event(record, now_us=_UNTIMED, history=True)
    except RecursionError:
        raise EventFault("line", "an object nested too deeply", "a JSON object") from None


def _roll_up(log: EventLog) -> None:
    with contextlib.suppress(ShopBusy):  # then somebody else does it just now
        log.rollup()
