"""Importing behaviour from files: UBI documents and Emptor's own fields, safe to stop and to run again."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emptor.errors import ShopBusy
from emptor.shop import schema
from emptor.shop.events.identity import Identities
from emptor.shop.events.log import EventLog
from emptor.shop.events.mapping import Columns
from emptor.shop.events.sources import BrokenFile, Format, Source, format_of, plain_name
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
    sessions: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64), compare=False, repr=False)
    """Hashes of the file's session ids, each once, sorted; the same in the whole process, and in no other."""


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
    session_per_file: bool = False,
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
        session_per_file: the file's name goes before each session_id, since other files count from 1, too.
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
    sessions = _Sessions(plain_name(path) if session_per_file else None)
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
            sessions.add(rows)
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
                    rows.append(sessions.named(_to_row(record, kind, defaults, actions, met)))
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
    return ImportCounts(stored, duplicate, quarantined, products, names.reused, meant, sessions.hashes())


class _Sessions:
    """The session ids of a file: given the file's name, and kept as hashes, so that memory stays bounded."""

    def __init__(self, prefix: str | None) -> None:
        self._prefix = prefix
        self._hashes: list[np.ndarray] = []

    def named(self, row: Row) -> Row:
        """The row, the prefix before its session_id. Raises EventFault where the two are too long together."""
        if self._prefix is not None and row["session_id"] is not None:
            row["session_id"] = session_id = f"{self._prefix}:{row['session_id']}"
            if len(session_id) > schema.MAX_ID:
                expected = f"at most {schema.MAX_ID} with the name of the file before it"
                raise EventFault("session_id", f"{len(session_id):,} characters", expected)
        return row

    def add(self, rows: Sequence[Row]) -> None:
        hashes = {hash(row["session_id"]) for row in rows if row["session_id"] is not None}
        self._hashes.append(np.fromiter(hashes, np.int64, len(hashes)))
        if len(self._hashes) >= 1_000:
            self._hashes = [self.hashes()]

    def hashes(self) -> np.ndarray:
        """All so far, each once, sorted."""
        return np.unique(np.concatenate(self._hashes)) if self._hashes else np.zeros(0, np.int64)


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
