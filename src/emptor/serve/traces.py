"""The trace log: what each stage of each served request kept and dropped, in Parquet, for training.

Traces are written behind the answers and are not acknowledged data: a crash loses the last seconds, a full
queue drops (and counts) rather than slows a request. Events, which nobody can make again, go another way.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.cascade import Trace
from emptor.errors import EmptorError
from emptor.serve.served import Served
from emptor.serve.trace_table import TRACE, Entry, to_table
from emptor.shop.config import LogOptions
from emptor.shop.events import Selection
from emptor.shop.files import fsync_file, fsync_folder
from emptor.shop.view import View

log = logging.getLogger(__name__)

WAITING = 4_096
PART = 1_000
PART_S = 5.0
LOOK_S = 0.1
GROUP = 200
"""Requests in one row group, and in memory as one table."""


@dataclass(frozen=True)
class Choice:
    """Whether a request is logged, and with every dropped candidate: decided by its seed alone."""

    logged: bool
    whole: bool

    @classmethod
    def of(cls, seed: int, options: LogOptions) -> Choice:
        digest = hashlib.blake2b(seed.to_bytes(16, "little", signed=True), digest_size=16, person=b"traces").digest()
        first, second = int.from_bytes(digest[:8]) / 2**64, int.from_bytes(digest[8:]) / 2**64
        return cls(first < options.traces, second < options.whole_stream)


class TraceLog:
    """Takes traces from request threads, writes them from one thread of its own.

    Args:
        shop: folder of the shop; parts go to `logs/date=YYYY-MM-DD/traces-<start>-<uuid>.parquet`.
        count: called with ("written" | "dropped" | "failed", traces).
        part, part_s: a part is written after about so many traces, or so many seconds after its first.
    """

    def __init__(
        self,
        shop: Path,
        options: LogOptions,
        *,
        count: Callable[[str, int], None] = lambda outcome, traces: None,
        part: int = PART,
        part_s: float = PART_S,
    ) -> None:
        self._folder, self._options, self._count = shop / "logs", options, count
        self._part, self._part_s = part, part_s
        self._waiting: deque[Entry] = deque()
        self._stop = threading.Event()
        _sweep(self._folder)
        self._thread = threading.Thread(target=self._run, name="emptor-traces", daemon=True)
        self._thread.start()

    def put(self, trace: Trace, view: View, served: Served) -> None:
        """Queue one trace; never waits. Holds the view's row numbers, not the view."""
        choice = Choice.of(trace.request["seed"], self._options)
        if not choice.logged:
            return
        if len(self._waiting) >= WAITING:
            self._count("dropped", 1)
            return
        # the writer looks here now and then: waking it for each trace would take the interpreter from a request
        self._waiting.append(Entry(trace, view.ids, view.id, served, choice.whole))

    def close(self) -> None:
        """Write what is queued and stop."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due: float | None = None
        while not self._stop.wait(LOOK_S):
            if not self._waiting:
                continue
            if due is None:
                due = time.monotonic() + self._part_s
            if len(self._waiting) >= self._part or time.monotonic() >= due:
                self._write([self._waiting.popleft() for _ in range(min(len(self._waiting), self._part))])
                due = None
        while self._waiting:
            self._write([self._waiting.popleft() for _ in range(min(len(self._waiting), self._part))])

    def _write(self, batch: list[Entry]) -> None:
        by_date: dict[str, list[Entry]] = {}
        for entry in batch:
            by_date.setdefault(f"{datetime.fromtimestamp(entry.now / 1e6, UTC):%Y-%m-%d}", []).append(entry)
        for date, entries in by_date.items():
            try:
                self._write_part(self._folder / f"date={date}", entries)
                self._count("written", len(entries))
            except (OSError, pa.ArrowException):  # a full disk must not end the log for good
                log.exception("%d traces could not be written", len(entries))
                self._count("failed", len(entries))

    def _write_part(self, folder: Path, entries: list[Entry]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"traces-{entries[0].now}-{uuid.uuid4().hex}.parquet"
        temporary = folder / f".{name}.tmp"
        try:
            with pq.ParquetWriter(temporary, TRACE, compression="zstd") as writer:
                for start in range(0, len(entries), GROUP):
                    writer.write_table(to_table(entries[start : start + GROUP]))
            fsync_file(temporary)
            temporary.replace(folder / name)
        finally:
            temporary.unlink(missing_ok=True)


def read_traces(shop: str | os.PathLike[str], *, newest: int | None = None) -> pl.LazyFrame:
    """Every trace in the log, one row per request and stage, columns as in `trace_table.TRACE`.

    Args:
        newest: read only so many parts (of about 1,000 requests), the last ones.
    """
    files = trace_files(Path(shop))
    files = files if newest is None else files[-newest:]
    if not files:
        return pl.from_arrow(TRACE.empty_table()).lazy()  # type: ignore[union-attr]
    schema = pl.from_arrow(TRACE.empty_table()).schema  # type: ignore[union-attr]
    return pl.scan_parquet(files, schema=schema, missing_columns="insert", hive_partitioning=False)


def trace_parts(shop: str | os.PathLike[str], *, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The log's parts one after the other, oldest day first, so that it need not fit in memory; a request's rows stand
    in one part.

    Raises: EmptorError for a part that cannot be read.
    """
    for path in trace_files(Path(shop)):
        try:
            file = pq.ParquetFile(path)
            known = [name for name in columns if name in file.schema_arrow.names]
            frame = pl.from_arrow(file.read(columns=known))
        except (OSError, pa.ArrowException) as error:
            raise EmptorError(f"{path}: cannot be read ({error}); remove it, or restore a copy") from error
        assert isinstance(frame, pl.DataFrame)
        # a part of before a column was there
        missing = [pl.lit(None).alias(name) for name in columns if name not in known]
        yield frame.with_columns(missing)


def erase_traces(shop: Path, selection: Selection) -> int:
    """Take the traces of the selected requests out of the log for good; returns of how many requests.

    Each part is replaced as a whole, or removed; harmless to kill and to repeat, also while a server writes new parts.

    Raises: EmptorError for a part that cannot be read or written.
    """
    erased = 0
    for path in trace_files(shop):
        if not selection.may_hold(path.parent.name.removeprefix("date=")):
            continue
        try:
            chosen = _chosen(path, selection)
            if not chosen["chosen"].any():
                continue
            kept = pq.read_table(path).filter((~chosen["chosen"]).to_arrow())
            if kept.num_rows:
                temporary = path.with_name(f".{path.name}.tmp")
                pq.write_table(kept, temporary, compression="zstd", row_group_size=GROUP)
                fsync_file(temporary)
                temporary.replace(path)
            else:
                path.unlink()
            fsync_folder(path.parent)
        except (OSError, pa.ArrowException) as error:
            raise EmptorError(f"{path}: cannot be read or written ({error}); remove it, or restore a copy") from error
        erased += chosen.filter("chosen")["request_id"].n_unique()
    return erased


def count_traces(shop: Path, selection: Selection) -> int:
    """Of how many requests the selected traces are; parts that cannot be read count as none."""
    found = 0
    for path in trace_files(shop):
        if selection.may_hold(path.parent.name.removeprefix("date=")):
            with contextlib.suppress(OSError, pa.ArrowException):
                found += _chosen(path, selection).filter("chosen")["request_id"].n_unique()
    return found


def _chosen(path: Path, selection: Selection) -> pl.DataFrame:
    """request_id, chosen: of each row of a part, whether it is selected."""
    frame = pl.from_arrow(pq.read_table(path, columns=["request_id", "time", "user_id"]))
    assert isinstance(frame, pl.DataFrame)
    return frame.select("request_id", chosen=selection.expression())


def trace_files(shop: Path) -> list[Path]:
    """Parts of the trace log, oldest first."""
    return sorted((shop / "logs").glob("date=*/traces-*.parquet"))


def _sweep(folder: Path) -> None:
    """Remove parts that a killed server left half-written; another server's are younger."""
    for file in folder.glob("date=*/.traces-*.tmp"):
        try:
            if time.time() - file.stat().st_mtime > 3_600:
                file.unlink()
        except FileNotFoundError:
            continue
