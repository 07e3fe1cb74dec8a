"""Moving events from the database to Parquet, one file per day and step, so that no crash loses or repeats
one.

A step writes its files (temporary name, fsync, rename, fsync folder), then one transaction deletes the rows
and raises the watermark. Killed before that commit, the files lie above the watermark: nobody reads them, and
the next roll-up removes them after it has made sure that the database still holds every one of their events.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError, ShopBusy
from emptor.shop.events import database
from emptor.shop.events.reading import LogFile, frame_of, log_files, read_file, select
from emptor.shop.events.times import now_us
from emptor.shop.events.writer import Writer
from emptor.shop.files import fsync_folder

REWRITTEN = ".rewritten-"
"""Begins the temporary name of a file that is to take the place of one with fewer events."""
STEP_ROWS = 50_000
"""Rows moved in one step; bounds memory, and how long appends wait for the delete."""


def roll_up(
    path: Path,
    folder: Path,
    writer: Writer,
    *,
    keep_seconds: float,
    busy_seconds: float,
    step_rows: int = STEP_ROWS,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Move events to Parquet in order of arrival, up to the first that is younger than `keep_seconds`.

    Args:
        on_progress: told the number of rows of each finished step.

    Returns: number of events moved.

    Raises:
        ShopBusy: another roll-up of this shop is running.
        EmptorError: files and database do not fit together, or the disk failed.
    """
    moved = 0
    try:
        with only_one(folder):
            remove_leftovers(path, folder, busy_seconds)
            end = _end(path, busy_seconds, keep_seconds)
            while True:
                with database.snapshot(path, busy_seconds=busy_seconds) as connection:
                    tables = list(select(connection, "seq <= ?", (end,), limit=step_rows))
                if not tables:
                    return moved
                table = pa.concat_tables(tables)
                _write_days(folder / "logs", table)
                _forget_rows(writer, last=table["seq"][-1].as_py(), rows=table.num_rows)
                moved += table.num_rows
                if on_progress is not None:
                    on_progress(table.num_rows)
    except OSError as error:
        raise EmptorError(
            f"{folder / 'logs'}: the roll-up stopped ({error}); nothing is lost, mend this and run it again"
        ) from error


def _end(path: Path, busy_seconds: float, keep_seconds: float) -> int:
    """The last seq to move. Rows go in order of arrival, so that one watermark says which are gone."""
    with database.snapshot(path, busy_seconds=busy_seconds) as connection:
        last: int = connection.execute(database.LAST_SEQ).fetchone()[0]
        if keep_seconds > 0:
            oldest = now_us() - round(keep_seconds * 1_000_000)
            kept = connection.execute("SELECT min(seq) FROM events WHERE time > ?", (oldest,)).fetchone()[0]
            if kept is not None:
                return int(kept) - 1
        return last


def _write_days(logs: Path, table: pa.Table) -> None:
    frame = frame_of(table).with_columns(pl.col("time").dt.strftime("%Y-%m-%d").alias("day"))
    make_folder(logs)
    for (day,), rows in frame.partition_by("day", as_dict=True, include_key=False).items():
        target = logs / f"date={day}"
        make_folder(target)
        first, last = rows["seq"][0], rows["seq"][-1]
        file = target / f"events-{first:012d}-{last:012d}.parquet"
        _write_file(file, rows.to_arrow().cast(table.schema))


def _write_file(file: Path, table: pa.Table) -> None:
    temporary = file.with_name(f".{file.name}.tmp")
    flush_table(temporary, table)
    temporary.replace(file)
    fsync_folder(file.parent)


def flush_table(temporary: Path, table: pa.Table) -> None:
    """Write a log file under a temporary name, and its content to the disk."""
    with temporary.open("wb") as sink:
        pq.write_table(table, sink, compression="zstd", row_group_size=50_000)
        sink.flush()
        os.fsync(sink.fileno())


def make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        fsync_folder(folder.parent)


def _forget_rows(writer: Writer, *, last: int, rows: int) -> None:
    def work(connection: sqlite3.Connection) -> None:
        deleted = connection.execute("DELETE FROM events WHERE seq <= ?", (last,)).rowcount
        if deleted != rows:  # the lock and the order of arrival exclude it; deleting blindly would lose events
            raise EmptorError(f"roll-up wrote {rows} events but {deleted} were to be deleted; nothing was deleted")
        connection.execute("INSERT INTO rollups VALUES (?, ?, ?)", (last, rows, now_us()))

    writer.change(work)


def remove_leftovers(path: Path, folder: Path, busy_seconds: float) -> None:
    """Bring files and database into line after a step that was killed; the caller holds `only_one`."""
    with database.snapshot(path, busy_seconds=busy_seconds) as connection:
        watermark = connection.execute(database.WATERMARK).fetchone()[0]
        leftovers = [file for file in log_files(folder) if file.last > watermark]
        for file in leftovers:
            _refuse_unknown_events(connection, file)
    for file in leftovers:
        file.path.unlink()
    for temporary in (folder / "logs").glob(f"date=*/{REWRITTEN}*.tmp"):
        temporary.unlink()
    for temporary in (folder / "logs").glob("date=*/.events-*.tmp"):
        _settle(temporary, watermark)


def _settle(temporary: Path, watermark: int) -> None:
    """Remove a file that a step left unfinished. What lies below the watermark was flushed and committed by `bulk` and
    lacks nothing but its name.
    """
    name = temporary.name.removeprefix(".").removesuffix(".tmp")
    last = int(name.removesuffix(".parquet").rpartition("-")[2])
    if last <= watermark:
        temporary.replace(temporary.with_name(name))
        fsync_folder(temporary.parent)
    else:
        temporary.unlink()


def _refuse_unknown_events(connection: sqlite3.Connection, file: LogFile) -> None:
    """A leftover repeats rows of the database. If it does not, the database is older than the files."""
    held = connection.execute("SELECT event_id, seq FROM events WHERE seq BETWEEN ? AND ?", (file.first, file.last))
    written = read_file(file).select(["event_id", "seq"]).to_pydict()
    if not set(zip(written["event_id"], written["seq"], strict=True)) <= set(held):
        raise EmptorError(
            f"{file.path}: holds events that {database.FILE_NAME} does not know, so that is an older copy; "
            "restore the matching one, or move it away to go on with what logs/ holds"
        )


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """One roll-up per shop at a time. The system drops this lock with the process, however that ends."""
    with (folder / "events.rollup.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            raise ShopBusy(f"{folder}: process {holder} is rolling up the event log; try again later") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
