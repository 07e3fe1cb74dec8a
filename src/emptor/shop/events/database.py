"""`events.sqlite`: its tables, how it is opened, and its errors told in plain words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa

from emptor.errors import EmptorError, ShopBusy
from emptor.shop import schema

FILE_NAME = "events.sqlite"
_VERSION = 1

_SQL_TYPES = {pa.string(): "TEXT", pa.float64(): "REAL"}
_COLUMNS = ", ".join(
    f"{field.name} {_SQL_TYPES.get(field.type, 'INTEGER')}{'' if field.nullable else ' NOT NULL'}"
    for field in schema.EVENT
)

_TABLES = (
    # What is not rolled up yet. `seq` is the order of arrival, never used twice.
    f"CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, {_COLUMNS})",
    # Every id of the last weeks, rolled up or not, so that a repeated event is recognised. It stands apart
    # from `events` so that a roll-up deletes one range of rows and touches no index.
    "CREATE TABLE IF NOT EXISTS ids (event_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
    # One row per finished roll-up step. The greatest last_seq is the watermark: what is at or below it is in
    # Parquet, what is above it is in `events`, and a file above it was left by a step that never finished.
    "CREATE TABLE IF NOT EXISTS rollups"
    " (last_seq INTEGER PRIMARY KEY, rows INTEGER NOT NULL, rolled_at INTEGER NOT NULL)",
)

WATERMARK = "SELECT coalesce(max(last_seq), 0) FROM rollups"
LAST_SEQ = f"SELECT max(coalesce((SELECT max(seq) FROM events), 0), ({WATERMARK}))"


def connect(path: Path, *, busy_seconds: float, any_thread: bool = False) -> sqlite3.Connection:
    """Open an existing or new database so that a commit returns only when it is on the disk.

    The connection belongs to the calling thread, or with `any_thread` to one at a time; transactions are begun by hand.

    Raises:
        EmptorError: the file cannot be opened, is no database, or was made by a newer version.
    """
    with explained(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=busy_seconds, check_same_thread=not any_thread)
        try:
            _prepare(connection, path, busy_seconds)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    mode = _write_ahead(connection, busy_seconds)
    if mode != "wal":
        raise EmptorError(
            f"{path}: this file system cannot keep an event log (SQLite answers journal mode {mode!r}, "
            "needed is 'wal'); keep the shop on a local disk"
        )
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-32768")  # 32 MiB
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.execute("PRAGMA temp_store=MEMORY")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise EmptorError(f"{path}: found event log format {version}, expected at most {_VERSION}; upgrade emptor")


def _write_ahead(connection: sqlite3.Connection, busy_seconds: float) -> str:
    """Switch to WAL. SQLite does not wait here while another process does the same, so this does."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def create_tables(connection: sqlite3.Connection, *, rolled_up: tuple[int, int], now_us: int) -> None:
    """Make the tables of a new database; an existing one stays as it is.

    Args:
        rolled_up: last seq and number of rows of the Parquet files that already lie in the shop, so that a
            log whose database was lost goes on behind them.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0]:
        return
    with transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0]:  # another process was faster
            return
        for statement in _TABLES:
            connection.execute(statement)
        last_seq, rows = rolled_up
        if rows:
            connection.execute("INSERT INTO rollups VALUES (?, ?, ?)", (last_seq, rows, now_us))
        connection.execute(f"PRAGMA user_version={_VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: committed and on the disk when the block ends, undone when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled back by itself
            connection.execute("ROLLBACK")
        raise


@contextmanager
def snapshot(path: Path, *, busy_seconds: float) -> Iterator[sqlite3.Connection]:
    """A connection that sees one unchanging state of the log until the block ends."""
    with explained(path), closing(connect(path, busy_seconds=busy_seconds)) as connection:
        connection.execute("PRAGMA query_only=1")
        connection.execute("BEGIN")
        yield connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Errors of SQLite inside the block become one sentence about this file."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from error


def explain(path: Path, error: sqlite3.Error) -> EmptorError:
    """What an error of SQLite means for whoever keeps the shop."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ShopBusy(f"{path}: another process is writing to the event log and did not finish; try again")
    if name == "SQLITE_FULL":
        return EmptorError(f"{path}: the disk is full, nothing of this was stored; free some space and try again")
    if name.startswith("SQLITE_READONLY"):
        return EmptorError(f"{path}: the event log is read-only; make the file and its folder writable")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return EmptorError(
            f"{path}: the event log is damaged ({error}); restore the file, or move it away to go on with "
            "what logs/ holds"
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return EmptorError(f"{path}: the event log cannot be opened; check that the folder exists and is writable")
    if name.startswith("SQLITE_IOERR"):
        return EmptorError(f"{path}: the disk failed to read or write ({error}, {name}); check disk and quota")
    return EmptorError(f"{path}: the event log failed: {error} {name}".rstrip())
