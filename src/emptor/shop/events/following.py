"""Following the log: what is new since the last look, nothing read twice, and next to nothing where nothing is new."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from emptor.errors import EmptorError
from emptor.shop.ageing import DAY_US
from emptor.shop.events import database
from emptor.shop.events.reading import LogFile, live_files, unnamed_files

_COLUMNS = ("user_id", "product_id", "action", "query", "time", "seq")
# Places in the order of arrival are given without gaps, so rows that a finished roll-up step has lost were erased.
_STATE = (
    f"SELECT ({database.LAST_SEQ}), ({database.WATERMARK}), "
    f"({database.WATERMARK}) - (SELECT coalesce(sum(rows), 0) FROM rollups WHERE last_seq > ?)"
)


@dataclass(frozen=True)
class News:
    """What has come: E events of users on products, of the actions that are followed, and all days with any event.

    user_id, product_id, action [E] str; query [E]: str or None; time [E] int: UTC microseconds; seq [E] int; days [D]
    int64: since 1970, those of events of any kind. anew: events were erased, so this is all there is, and what came
    before does not count.
    """

    user_id: Sequence[str]
    product_id: Sequence[str]
    action: Sequence[str]
    query: Sequence[str | None]
    time: Sequence[int]
    seq: Sequence[int]
    days: np.ndarray
    anew: bool


class Follower:
    """The events of a log after a place in the order of arrival, whoever writes them. For one thread at a time.

    Args:
        since: events after this place count. actions: of these kinds.
    """

    def __init__(self, path: Path, folder: Path, *, since: int, actions: Sequence[str], busy_seconds: float) -> None:
        self._path, self._folder, self._busy_seconds = path, folder, busy_seconds
        self._since, self._actions = since, list(actions)
        self._known = since
        self._state: tuple[int, int] | None = None
        self._open: sqlite3.Connection | None = None

    def news(self) -> News | None:
        """What has come since the last call; None where nothing has.

        Raises: EmptorError where the log cannot be read; the next call tries again.
        """
        with database.explained(self._path):
            last, _, erased = self._connection.execute(_STATE, (self._since,)).fetchone()
            if (last, erased) == self._state:
                return None
            connection = self._connection
            connection.execute("BEGIN")
            try:
                return self._read(connection)
            finally:
                connection.execute("COMMIT")

    @property
    def _connection(self) -> sqlite3.Connection:
        """Kept: opening one costs a hundred times what it is asked."""
        if self._open is None:
            self._open = database.connect(self._path, busy_seconds=self._busy_seconds, any_thread=True)
            self._open.execute("PRAGMA query_only=1")
            weakref.finalize(self, self._open.close)
        return self._open

    def _read(self, connection: sqlite3.Connection) -> News:
        last, watermark, erased = connection.execute(_STATE, (self._since,)).fetchone()
        anew = self._state is not None and (erased != self._state[1] or last < self._known)
        after = self._since if anew else self._known
        marks = ", ".join("?" * len(self._actions))
        rows: list[tuple[Any, ...]] = connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM events WHERE seq > ? AND action IN ({marks})"
            " AND user_id IS NOT NULL AND product_id IS NOT NULL ORDER BY seq",
            (after, *self._actions),
        ).fetchall()
        every = connection.execute(f"SELECT DISTINCT time / {DAY_US} FROM events WHERE seq > ?", (after,))
        days = [day for (day,) in every]
        if watermark > after:
            earlier, more = self._rolled_up(connection, after, watermark)
            rows, days = earlier + rows, [*days, *more]
        self._known, self._state = last, (last, erased)
        user, product, action, query, time, seq = zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS)
        return News(user, product, action, query, time, seq, np.unique(np.array(days, np.int64)), anew)

    def _rolled_up(
        self, connection: sqlite3.Connection, after: int, watermark: int
    ) -> tuple[list[tuple[Any, ...]], list[int]]:
        """What stands in Parquet by now: rows in the order of arrival, and days."""
        unnamed = unnamed_files(self._folder, watermark)  # before those with names: what gets one meanwhile is there
        files: dict[tuple[str, int, int], LogFile] = {}
        for file in (*unnamed, *live_files(connection, self._folder)):
            if file.last > after:
                files[file.day, file.first, file.last] = file
        if not files:
            return [], []
        new = pl.scan_parquet([file.path for file in files.values()], hive_partitioning=False)
        new = new.filter(pl.col("seq") > after)
        time = pl.col("time").dt.epoch("us")
        acted = new.filter(
            pl.col("action").is_in(self._actions) & pl.col("user_id").is_not_null() & pl.col("product_id").is_not_null()
        )
        try:
            rows, days = pl.collect_all(
                [acted.select(*_COLUMNS[:4], time, "seq").sort("seq"), new.select(time // DAY_US).unique()]
            )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise EmptorError(
                f"{self._folder / 'logs'}: cannot be read ({error}); restore the files from a copy"
            ) from error
        return rows.rows(), days["time"].to_list()
