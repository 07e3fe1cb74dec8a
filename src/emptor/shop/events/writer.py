"""The one thread that writes to `events.sqlite`, and its group commit.

A commit costs one wait for the disk, however many events it holds. So callers queue their events, and
whatever has gathered while the last commit was under way goes into the next one together.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from emptor.errors import EmptorError
from emptor.shop.events import database
from emptor.shop.events.validate import COLUMNS, Row

GROUP_ROWS = 10_000
"""A transaction takes no further request once it holds this many events."""

_INSERT_EVENT = f"INSERT INTO events VALUES (?{', ?' * len(COLUMNS)})"
_INSERT_ID = "INSERT INTO ids VALUES (?, ?) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class _Append:
    rows: Sequence[Row]
    done: Future[list[bool]] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Change:
    work: Callable[[sqlite3.Connection], Any]
    done: Future[Any] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


_Request = _Append | _Change | _Stop
_R = TypeVar("_R", _Append, _Change)


class Writer:
    """Owns the writing connection, which lives in the thread that the first request starts.

    Args:
        path: `events.sqlite`, made beforehand.
        busy_seconds: how long to wait for another process before a request fails.
    """

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._queue: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards the two below: nothing is queued behind _Stop
        self._thread: threading.Thread | None = None
        self._closed = False
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None  # touched by the writer's thread alone

    def append(self, rows: Sequence[Row]) -> list[bool]:
        """Store `rows` in one transaction, shared with whoever else waits; return when it is on the disk.

        Returns: for each row whether it is new (True) or its event_id was known (False).
        """
        request = _Append(rows)
        self._submit(request)
        return request.done.result()

    def change(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run `work` in a transaction of its own in the writer's thread; return its result when durable."""
        request = _Change(work)
        self._submit(request)
        return request.done.result()

    def close(self) -> None:
        """Finish what is queued, then stop; later requests are refused."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
            if thread is not None:
                self._queue.put(_Stop())
        if thread is not None:
            thread.join()

    def _submit(self, request: _Append | _Change) -> None:
        with self._lock:
            if self._closed:
                raise EmptorError(f"{self._path}: the event log was closed; open it again to write")
            if self._process != os.getpid():  # threads do not survive a fork: nobody would ever answer
                raise EmptorError(f"{self._path}: opened before this process was forked; open it again here")
            if self._thread is None:
                # A daemon, so that a program that forgets close() still ends; EventLog closes it at exit.
                thread = threading.Thread(target=self._run, name="event-log-writer", daemon=True)
                thread.start()
                self._thread = thread
            self._queue.put(request)

    def _run(self) -> None:
        while True:
            request: _Request | None = self._queue.get()
            appends: list[_Append] = []
            if isinstance(request, _Append):
                appends.append(request)
                request = self._gather(appends)
                self._serve(appends, lambda connection, append: _store(connection, append.rows))
            if isinstance(request, _Change):
                self._serve([request], lambda connection, change: change.work(connection))
            elif isinstance(request, _Stop):
                break
        self._disconnect()

    def _gather(self, appends: list[_Append]) -> _Request | None:
        """Add the appends that wait, up to GROUP_ROWS; returns a request of another kind met on the way."""
        rows = len(appends[0].rows)
        while rows < GROUP_ROWS:
            try:
                request = self._queue.get_nowait()
            except queue.Empty:
                break
            if not isinstance(request, _Append):
                return request
            appends.append(request)
            rows += len(request.rows)
        return None

    def _serve(self, group: list[_R], work: Callable[[sqlite3.Connection, _R], Any]) -> None:
        """One transaction for all of `group`; everyone in it is answered, with the error if there is one."""
        try:
            if self._connection is None:
                self._connection = database.connect(self._path, busy_seconds=self._busy_seconds)
            with database.explained(self._path), database.transaction(self._connection):
                results = [work(self._connection, request) for request in group]
        except BaseException as error:
            self._disconnect()  # after a failed disk a new connection is the safe way on
            for request in group:
                request.done.set_exception(error)
        else:
            for request, result in zip(group, results, strict=True):
                request.done.set_result(result)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _store(connection: sqlite3.Connection, rows: Iterable[Row]) -> list[bool]:
    seq = connection.execute(database.LAST_SEQ).fetchone()[0]
    is_new: list[bool] = []
    fresh: list[tuple[Any, ...]] = []
    claim = connection.cursor()
    for row in rows:
        known = claim.execute(_INSERT_ID, (row["event_id"], seq + 1)).rowcount == 0
        is_new.append(not known)
        if not known:
            seq += 1
            fresh.append((seq, *row.values()))
    connection.executemany(_INSERT_EVENT, fresh)
    return is_new
