"""Reading the log: Parquet files and the rows that are not rolled up, each event exactly once.

File names carry the range of `seq` they hold. Files at or below the watermark of the database are live;
whatever lies above it was left by a roll-up that did not finish, and its rows are still in the database.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events import database
from emptor.shop.events.times import day_of

STORED = schema.EVENT.append(pa.field("seq", pa.int64(), nullable=False))
"""The columns of a log file and of `EventLog.read`: an event and its place in the order of arrival."""

CHUNK_ROWS = 10_000

_NAME = re.compile(r"events-(\d+)-(\d+)\.parquet")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A Parquet file of the log: rows whose seq lies in first..last, all of one day, in order of seq."""

    path: Path
    day: str
    first: int
    last: int


def log_files(folder: Path) -> list[LogFile]:
    """Every event file below the shop folder's `logs/`, live or left over, in order of first seq."""
    files = [
        LogFile(path, path.parent.name.removeprefix("date="), int(match[1]), int(match[2]))
        for path in (folder / "logs").glob("date=*/events-*.parquet")
        if (match := _NAME.fullmatch(path.name))
    ]
    return sorted(files, key=lambda file: (file.first, file.last))


def live_files(connection: sqlite3.Connection, folder: Path) -> list[LogFile]:
    """The files that belong to the state which `connection` sees."""
    watermark = connection.execute(database.WATERMARK).fetchone()[0]
    return [file for file in log_files(folder) if file.last <= watermark]


def unnamed_files(folder: Path, watermark: int) -> list[LogFile]:
    """Files that `bulk` has committed and that lack nothing but their name, for a moment or since it was killed."""
    return [
        LogFile(path, path.parent.name.removeprefix("date="), int(match[1]), last)
        for path in (folder / "logs").glob("date=*/.events-*.tmp")
        if (match := _NAME.fullmatch(path.name[1:-4])) and (last := int(match[2])) <= watermark
    ]


def to_arrow(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows as the database holds them, columns in the order of STORED, as an Arrow table."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(STORED)
    arrays = []
    for field, values in zip(STORED, columns, strict=True):
        if field.type == pa.bool_():
            values = tuple(None if value is None else bool(value) for value in values)
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=STORED)


def select(
    connection: sqlite3.Connection, where: str = "true", values: Sequence[Any] = (), *, limit: int = -1
) -> Iterator[pa.Table]:
    """Rows of the database in order of seq, as Arrow tables of at most CHUNK_ROWS rows; limit -1: all."""
    query = f"SELECT {', '.join(STORED.names)} FROM events WHERE {where} ORDER BY seq LIMIT ?"
    cursor = connection.execute(query, (*values, limit))
    while rows := cursor.fetchmany(CHUNK_ROWS):
        yield to_arrow(rows)


def scan(path: Path, folder: Path, *, since: int | None, busy_seconds: float) -> pl.LazyFrame:
    """All events as a lazy frame with the columns of STORED; `since` keeps those at or after it (UTC us)."""
    with database.snapshot(path, busy_seconds=busy_seconds) as connection:
        pending = list(select(connection, "time >= ?", (0 if since is None else since,)))
        files = live_files(connection, folder)
    if since is not None:
        files = [file for file in files if file.day >= day_of(max(since, 0))]
    frames = [frame_of(pa.concat_tables(pending) if pending else STORED.empty_table()).lazy()]
    if files:
        rolled = pl.scan_parquet([file.path for file in files], hive_partitioning=False)
        if since is not None:
            rolled = rolled.filter(pl.col("time") >= pl.lit(since).cast(pl.Datetime("us", "UTC")))
        frames.insert(0, rolled)
    return pl.concat(frames)


def in_order(path: Path, folder: Path, *, busy_seconds: float) -> Iterator[pa.Table]:
    """All events in order of arrival, as Arrow tables; holds one roll-up step in memory at a time."""
    with database.snapshot(path, busy_seconds=busy_seconds) as connection:
        for group in _overlapping(live_files(connection, folder)):
            tables = [read_file(file) for file in group]
            together = pa.concat_tables(tables)
            if len(group) > 1:
                together = together.sort_by("seq")
            for start in range(0, together.num_rows, CHUNK_ROWS):
                yield together.slice(start, CHUNK_ROWS)
        yield from select(connection)


def read_file(file: LogFile, columns: Sequence[str] = STORED.names) -> pa.Table:
    """One log file, or some columns of it.

    Raises:
        EmptorError: the file is damaged.
    """
    with _readable(file), pq.ParquetFile(file.path) as parquet:
        return parquet.read(columns).cast(pa.schema([STORED.field(name) for name in columns]))


def count_rows(file: LogFile) -> int:
    """Number of events in one log file, from its footer."""
    with _readable(file):
        return int(pq.read_metadata(file.path).num_rows)


@contextmanager
def _readable(file: LogFile) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EmptorError(f"{file.path}: cannot be read ({error}); restore this file from a copy") from error


def frame_of(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _overlapping(files: Sequence[LogFile]) -> Iterator[list[LogFile]]:
    """Files whose ranges interleave, because one step spread them over several days, come together."""
    group: list[LogFile] = []
    for file in files:
        if group and file.first > max(member.last for member in group):
            yield group
            group = []
        group.append(file)
    if group:
        yield group
