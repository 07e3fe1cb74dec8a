"""The event log of a shop: appended to online, read by everything that learns or reports."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import polars as pl
import pyarrow as pa

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events import database, reading
from emptor.shop.events.bulk import append_bulk
from emptor.shop.events.erasing import Erased, Selection, erase, matching
from emptor.shop.events.following import Follower
from emptor.shop.events.forgetting import forget_ids
from emptor.shop.events.rollup import STEP_ROWS, roll_up
from emptor.shop.events.times import now_us
from emptor.shop.events.validate import EventFault, Row, new_event_id, validate_event
from emptor.shop.events.writer import Writer
from emptor.shop.files import fsync_folder


@dataclass(frozen=True, slots=True)
class Ack:
    """The answer for one event. `stored` and `duplicate` both mean: it is on the disk, exactly once."""

    event_id: str | None
    status: Literal["stored", "duplicate", "rejected"]
    error: str | None = None


class EventLog:
    """The events of one shop: `events.sqlite` for what comes in, `logs/date=*/events-*.parquet` for the rest.

    Any number of threads may share one object, and several processes may open the same shop.

    Args:
        folder: the shop's folder; the database in it is made when missing.
        busy_seconds: how long a write waits for another process before it fails.

    Raises:
        EmptorError: there is no such folder, or the database cannot be opened or is damaged.

    Example:
        with EventLog(Path("my-shop")) as log:
            acks = log.append([{"action": "click", "user_id": "u1", "product_id": "p7", "position": 0}])
            clicks = log.read().filter(pl.col("action") == "click").collect()
    """

    def __init__(self, folder: Path, *, busy_seconds: float = 10.0) -> None:
        self._folder = Path(folder)
        self._path = self._folder / database.FILE_NAME
        self._busy_seconds = busy_seconds
        if not self._folder.is_dir():
            raise EmptorError(f"{self._folder}: no such folder; an event log lives in the folder of a shop")
        _open_tables(self._path, self._folder, busy_seconds)
        self._writer = Writer(self._path, busy_seconds=busy_seconds)
        self._finish = weakref.finalize(self, self._writer.close)  # also at exit of the interpreter

    def append(self, events: Sequence[Mapping[str, Any]]) -> list[Ack]:
        """Store events as they happen, with the server's clock; returns when they are on the disk.

        All valid events of the call are stored in one transaction; an invalid one is answered with its error
        and does not hinder the others. An event_id that is known already changes nothing.

        Raises:
            EmptorError: the log is closed or the disk failed; then nothing of this call is acknowledged.
        """
        now = now_us()
        acks: list[Ack | None] = []
        rows: list[Row] = []
        for raw in events:
            try:
                rows.append(validate_event(raw, now_us=now))
                acks.append(None)
            except EventFault as fault:
                acks.append(Ack(_claimed_id(raw), "rejected", str(fault)))
        stored = iter(zip(rows, self.append_rows(rows), strict=True))
        return [ack or _ack(*next(stored)) for ack in acks]

    def append_rows(self, rows: Sequence[Row]) -> list[bool]:
        """Store rows that `validate_event` made, in one transaction; says for each whether it is new."""
        return self._writer.append(rows) if rows else []

    def append_columns(self, table: pa.Table, *, batch_rows: int = 5_000) -> int:
        """Store many events with their own times, such as a simulator's; returns how many were new.

        Each batch is one transaction. Columns are those of `schema.EVENT`; missing ones are null, further
        ones go to `extra`; without `event_id` every row counts as a new event.

        Raises:
            EmptorError: naming the row and field that is wrong; earlier batches are stored.
        """
        new = 0
        for start in range(0, table.num_rows, batch_rows):
            rows = []
            for offset, raw in enumerate(table.slice(start, batch_rows).to_pylist()):
                try:
                    row = validate_event(raw, now_us=now_us(), history=True)
                except EventFault as fault:
                    raise EmptorError(f"row {start + offset} of {table.num_rows}: {fault}") from fault
                row["event_id"] = row["event_id"] or new_event_id()
                rows.append(row)
            new += sum(self.append_rows(rows))
        return new

    def append_bulk(self, table: pa.Table) -> int:
        """Store events by the million, straight into Parquet; see `bulk.append_bulk`. Returns how many."""
        return append_bulk(self._folder, self._writer, table, roll_up_all=self.rollup)

    def read(self, since: int | None = None) -> pl.LazyFrame:
        """Every event exactly once: the columns of `schema.EVENT` and `seq`, the order of arrival (int64).

        The frame shows the log as it is now; later appends and roll-ups do not change it. What is not rolled
        up yet is held in memory.

        Args:
            since: only events whose time is at or after this, UTC microseconds.
        """
        return reading.scan(self._path, self._folder, since=since, busy_seconds=self._busy_seconds)

    def follow(self, since: int, actions: Sequence[str]) -> Follower:
        """What comes after a place in the order of arrival, and is of these actions: asked for again and again."""
        return Follower(self._path, self._folder, since=since, actions=actions, busy_seconds=self._busy_seconds)

    def batches(self) -> Iterator[pa.Table]:
        """Every event exactly once in order of arrival, as Arrow tables with the columns of `read`.

        Bounded memory, for exports and other passes over everything.
        """
        return reading.in_order(self._path, self._folder, busy_seconds=self._busy_seconds)

    def count(self) -> int:
        """Number of events in the log."""
        with database.snapshot(self._path, busy_seconds=self._busy_seconds) as connection:
            query = "SELECT (SELECT count(*) FROM events) + (SELECT coalesce(sum(rows), 0) FROM rollups)"
            return int(connection.execute(query).fetchone()[0])

    def last_seq(self) -> int:
        """The place in the order of arrival of the event that came last; 0: none came yet."""
        with database.snapshot(self._path, busy_seconds=self._busy_seconds) as connection:
            return int(connection.execute(database.LAST_SEQ).fetchone()[0])

    def count_after(self, seq: int) -> int:
        """Number of events that came after a place in the order of arrival."""
        with database.snapshot(self._path, busy_seconds=self._busy_seconds) as connection:
            pending = connection.execute("SELECT count(*) FROM events WHERE seq > ?", (seq,)).fetchone()[0]
            files = [file for file in reading.live_files(connection, self._folder) if file.last > seq]
        if not files:
            return int(pending)
        rolled = pl.scan_parquet([file.path for file in files], hive_partitioning=False)
        return int(pending + rolled.filter(pl.col("seq") > seq).select(pl.len()).collect().item())

    def pending(self) -> int:
        """Number of events that are not rolled up yet."""
        with database.snapshot(self._path, busy_seconds=self._busy_seconds) as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def rollup(
        self,
        *,
        keep_seconds: float = 0,
        on_progress: Callable[[int], None] | None = None,
        step_rows: int = STEP_ROWS,
    ) -> int:
        """Move events to `logs/date=YYYY-MM-DD/` (UTC), in order of arrival; returns how many.

        Stops at the first event that is younger than `keep_seconds`. Harmless to kill and to repeat.

        Raises:
            ShopBusy: another roll-up of this shop is running.
            EmptorError: the log is closed, the disk failed, or files and database do not fit together.
        """
        return roll_up(
            self._path,
            self._folder,
            self._writer,
            keep_seconds=keep_seconds,
            busy_seconds=self._busy_seconds,
            step_rows=step_rows,
            on_progress=on_progress,
        )

    def matching(self, selection: Selection) -> pl.DataFrame:
        """How many events are selected, by day and kind: day (date), action, events, in order."""
        return matching(self.read(since=selection.since), selection)

    def files(self) -> int:
        """Number of Parquet files that hold the older part of the log."""
        with database.snapshot(self._path, busy_seconds=self._busy_seconds) as connection:
            return len(reading.live_files(connection, self._folder))

    def erase(self, selection: Selection, *, on_progress: Callable[[int], None] | None = None) -> Erased:
        """Take events out for good, and their ids, so that they can be imported again; see `erasing`.

        Everything is rolled up on the way. `on_progress` is told of each file that is done with.

        Raises:
            ShopBusy: a roll-up of this shop is running.
            EmptorError: the log is closed, or a file cannot be read or written.
        """
        return erase(
            self._path, self._folder, self._writer, selection, busy_seconds=self._busy_seconds, on_progress=on_progress
        )

    def forget_ids(self, now: int | None = None) -> int:
        """Forget the ids of events rolled up more than 30 days before `now` (UTC us); returns how many.

        Until then a repeat of an event is recognised; afterwards it would be stored again.
        """
        return forget_ids(self._writer, now_us() if now is None else now)

    def close(self) -> None:
        """Finish what is queued and stop; further writes are refused with an error."""
        self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open_tables(path: Path, folder: Path, busy_seconds: float) -> None:
    """Make the database, or check that it belongs to the files beside it."""
    files = reading.log_files(folder)  # listed before the database is read, as that may go on meanwhile
    last = max((file.last for file in files), default=0)
    with database.explained(path), closing(database.connect(path, busy_seconds=busy_seconds)) as connection:
        if not connection.execute("PRAGMA user_version").fetchone()[0]:
            rows = sum(reading.count_rows(file) for file in files)
            database.create_tables(connection, rolled_up=(last, rows), now_us=now_us())
            fsync_folder(folder)
        if last > connection.execute(database.LAST_SEQ).fetchone()[0]:
            raise EmptorError(
                f"{path}: is older than the files in {folder / 'logs'}; restore the matching "
                f"{database.FILE_NAME}, or move it away to go on with what logs/ holds"
            )


def _claimed_id(raw: object) -> str | None:
    event_id = raw.get("event_id") if isinstance(raw, Mapping) else None
    return event_id if isinstance(event_id, str) and len(event_id) <= schema.MAX_ID else None


def _ack(row: Row, is_new: bool) -> Ack:
    return Ack(row["event_id"], "stored" if is_new else "duplicate")
