"""Taking events out of the log for good: those of one user, or of a span of time.

What is selected is rolled up first, so that all of it lies in Parquet and no place in the order of arrival is given
twice. Then file by file: what stays of it is written beside it and flushed, the ids of what goes are forgotten in one
transaction, and the new file takes the old one's name (or the old one goes, where nothing stays). Killed at any moment,
each file is the old one or the new one, and the next run finds what is left to do: ids go before their events, so no
id outlives its event and hinders a later import.
"""

from __future__ import annotations

import contextlib
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from emptor.errors import EmptorError
from emptor.shop.events import database
from emptor.shop.events.reading import STORED, LogFile, count_rows, frame_of, live_files, read_file
from emptor.shop.events.rollup import REWRITTEN, flush_table, only_one, remove_leftovers, roll_up
from emptor.shop.events.times import day_of
from emptor.shop.events.writer import Writer
from emptor.shop.files import fsync_folder

STEP_IDS = 20_000
"""Ids forgotten in one transaction, so that appends hardly wait."""
_PATIENCE_S = 2.0


@dataclass(frozen=True)
class Selection:
    """Which events: all that is given must hold.

    Args:
        user_id: of this user. since, until: at or after, and before, these moments (UTC microseconds).

    Raises: EmptorError where nothing is given, or no moment is between the two.
    """

    user_id: str | None = None
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        if self.user_id is None and self.since is None and self.until is None:
            raise EmptorError("which events? name a user, or a time that they begin or end at")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise EmptorError("--from is not before --to: no event could be between them")

    def expression(self) -> pl.Expr:
        """True for the events that are selected; of any table with the columns `time` and `user_id`."""
        chosen = pl.lit(True)
        if self.user_id is not None:
            chosen &= pl.col("user_id").eq_missing(pl.lit(self.user_id))
        if self.since is not None:
            chosen &= pl.col("time").dt.epoch("us") >= self.since
        if self.until is not None:
            chosen &= pl.col("time").dt.epoch("us") < self.until
        return chosen

    def may_hold(self, day: str) -> bool:
        """Whether a UTC day, as YYYY-MM-DD, can have such events."""
        if self.since is not None and day < day_of(max(self.since, 0)):
            return False
        return self.until is None or (self.until > 0 and day <= day_of(self.until - 1))


@dataclass(frozen=True)
class Erased:
    """events: how many went. scrubbed: the database's freed pages were overwritten, too."""

    events: int
    scrubbed: bool


def matching(events: pl.LazyFrame, selection: Selection) -> pl.DataFrame:
    """day (date), action, events: how many of a log are selected, by day and kind, both in order."""
    days = pl.col("time").dt.date().alias("day")
    chosen = events.filter(selection.expression())
    return chosen.group_by(days, "action").agg(pl.len().alias("events")).sort("day", "action").collect()


def erase(
    path: Path,
    folder: Path,
    writer: Writer,
    selection: Selection,
    *,
    busy_seconds: float,
    on_progress: Callable[[int], None] | None = None,
) -> Erased:
    """Take the selected events out, and their ids, so that they can be imported again.

    What arrives while this runs may stay. Harmless to kill and to repeat.

    Args:
        on_progress: told the number of rows of each file that is done with.

    Raises:
        ShopBusy: a roll-up of this shop is running.
        EmptorError: a file cannot be read or written.
    """
    roll_up(path, folder, writer, keep_seconds=0, busy_seconds=busy_seconds)
    gone = 0
    try:
        with only_one(folder):
            remove_leftovers(path, folder, busy_seconds)
            with database.snapshot(path, busy_seconds=busy_seconds) as connection:
                files = live_files(connection, folder)
            for file in files:
                if selection.may_hold(file.day):
                    gone += _erase_from(file, writer, selection)
                if on_progress is not None:
                    on_progress(1)
            _count_again(path, folder, writer, busy_seconds)
    except OSError as error:
        raise EmptorError(
            f"{folder / 'logs'}: not all that was chosen is gone ({error}); mend this and run it again"
        ) from error
    return Erased(gone, _scrub(path))


def _erase_from(file: LogFile, writer: Writer, selection: Selection) -> int:
    """Take the selected events out of one file; returns how many."""
    chosen = selection.expression()
    if not frame_of(read_file(file, ["time", "user_id"])).select(chosen.any()).item():
        return 0
    frame = frame_of(read_file(file))
    rows = frame.select(keep=~chosen).to_series()
    kept, gone = frame.filter(rows), frame.filter(~rows)
    temporary = file.path.with_name(f"{REWRITTEN}{file.path.name}.tmp")
    if kept.height:
        flush_table(temporary, kept.to_arrow().cast(STORED))
    for ids in gone.select("event_id", "seq").iter_slices(STEP_IDS):
        _forget_ids(writer, ids.rows())
    if kept.height:
        temporary.replace(file.path)
    else:
        file.path.unlink()
    fsync_folder(file.path.parent)
    if not kept.height:
        with contextlib.suppress(OSError):  # traces of that day, or another file
            file.path.parent.rmdir()
    return gone.height


def _forget_ids(writer: Writer, ids: Sequence[tuple[object, ...]]) -> None:
    writer.change(lambda connection: connection.executemany("DELETE FROM ids WHERE event_id = ? AND seq = ?", ids))


def _count_again(path: Path, folder: Path, writer: Writer, busy_seconds: float) -> None:
    """Bring what the roll-up steps say of their rows into line with the files."""
    with database.snapshot(path, busy_seconds=busy_seconds) as connection:
        steps = connection.execute("SELECT last_seq, rows FROM rollups ORDER BY last_seq").fetchall()
        files = live_files(connection, folder)
    ends = [last for last, _ in steps]
    counts = [0] * len(ends)
    for file in files:
        counts[bisect_left(ends, file.last)] += count_rows(file)
    changed = [(count, last) for count, (last, rows) in zip(counts, steps, strict=True) if count != rows]
    writer.change(lambda connection: connection.executemany("UPDATE rollups SET rows = ? WHERE last_seq = ?", changed))


def _scrub(path: Path) -> bool:
    """Write the database anew, without the pages that its deleted rows left; False while others write to it."""
    try:
        with closing(database.connect(path, busy_seconds=_PATIENCE_S)) as connection:
            connection.execute("VACUUM")
            return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except (sqlite3.Error, EmptorError):  # busy, or no room for a copy: they are overwritten in time
        return False
