"""Events by the million, straight into Parquet: for a simulator's days, which need no database on the way.

The order is what keeps it safe. Files are written under temporary names and flushed; one transaction then raises the
watermark over their range, while nobody else appends; only then are they renamed. Killed before the commit, the next
roll-up removes the temporary files; killed after it, the next one gives them their names.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events import database
from emptor.shop.events.reading import STORED
from emptor.shop.events.rollup import make_folder, only_one
from emptor.shop.events.times import now_us
from emptor.shop.events.writer import Writer
from emptor.shop.files import fsync_folder

GROUP_ROWS = 200_000


def append_bulk(folder: Path, writer: Writer, table: pa.Table, *, roll_up_all: Callable[[], object]) -> int:
    """Store a table of events; returns how many, when they are on the disk.

    Ids are taken as they are: an event that comes again later is not recognised as a repeat.

    Args:
        table: the columns of `schema.EVENT`, in the order in which they are to arrive.
        roll_up_all: empties the database into Parquet, so that one watermark says what is in files.
    Raises: EmptorError for other columns, an id that is null, or a log that others write to all the time.
    """
    if table.schema.names != schema.EVENT.names:
        raise EmptorError(f"bulk events have columns {table.schema.names}; expected {schema.EVENT.names}")
    for field in schema.EVENT:
        if not field.nullable and table[field.name].null_count:
            raise EmptorError(f"bulk events: {table[field.name].null_count} rows have no {field.name}")
    table = table.cast(schema.EVENT)
    if not table.num_rows:
        return 0
    for _ in range(20):
        roll_up_all()
        with only_one(folder):
            written = writer.change(lambda connection: _write(connection, folder / "logs", table))
            if written is not None:
                for temporary, file in written:
                    temporary.replace(file)
                for parent in {file.parent for _, file in written}:
                    fsync_folder(parent)
                return table.num_rows
    raise EmptorError(f"{folder}: events kept coming in while a day was to be added; stop the server, or try again")


def _write(connection: sqlite3.Connection, logs: Path, table: pa.Table) -> list[tuple[Path, Path]] | None:
    """The files, under temporary names, and the watermark over them; None where the database is not empty."""
    if connection.execute("SELECT count(*) FROM events").fetchone()[0]:
        return None
    first = connection.execute(database.LAST_SEQ).fetchone()[0] + 1
    table = table.append_column(STORED.field("seq"), pa.array(np.arange(first, first + table.num_rows)))
    days = pc.strftime(table["time"], format="%Y-%m-%d")
    make_folder(logs)
    files = []
    for day in pc.unique(days).to_pylist():
        rows = table.filter(pc.equal(days, day))
        target = logs / f"date={day}"
        make_folder(target)
        name = f"events-{rows['seq'][0].as_py():012d}-{rows['seq'][-1].as_py():012d}.parquet"
        temporary = target / f".{name}.tmp"
        with temporary.open("wb") as sink:
            pq.write_table(rows, sink, compression="zstd", row_group_size=GROUP_ROWS)
            sink.flush()
            os.fsync(sink.fileno())
        files.append((temporary, target / name))
    last = first + table.num_rows - 1
    connection.execute("INSERT INTO rollups VALUES (?, ?, ?)", (last, table.num_rows, now_us()))
    return files
