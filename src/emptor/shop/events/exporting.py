"""Exporting the behaviour log to one file: Parquet, JSON lines or UBI documents."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal, cast, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events.log import EventLog
from emptor.shop.events.times import format_time
from emptor.shop.events.ubi import to_ubi
from emptor.shop.files import fsync_folder

ExportFormat = Literal["parquet", "jsonl", "ubi"]
_SUFFIXES: dict[str, ExportFormat] = {".ubi.jsonl": "ubi", ".jsonl": "jsonl", ".parquet": "parquet"}


def export_events(
    log: EventLog,
    path: Path,
    *,
    format: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write every event of the log to `path`, in order of arrival; returns how many.

    A file of that name is replaced when the new one is complete and on the disk, never before. Importing the
    file gives the same events again.

    Args:
        format: parquet, jsonl or ubi; None: by the suffix (.parquet, .jsonl, .ubi.jsonl).
        progress: told the number of events written since the last call.

    Raises:
        EmptorError: the format is unknown, or the file cannot be written.
    """
    kind = _format_of(path, format)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with temporary.open("wb") as file:
                count = _write(log, file, kind, progress)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        fsync_folder(path.parent)
    except OSError as error:
        raise EmptorError(f"{path}: cannot be written ({error.strerror or error})") from error
    return count


def _format_of(path: Path, wanted: str | None) -> ExportFormat:
    if wanted is not None:
        if wanted not in get_args(ExportFormat):
            raise EmptorError(f"event format: found {wanted!r}, expected one of {', '.join(get_args(ExportFormat))}")
        return cast(ExportFormat, wanted)
    for suffix, kind in _SUFFIXES.items():
        if path.name.lower().endswith(suffix):
            return kind
    raise EmptorError(f"{path}: found suffix {path.suffix or '(none)'!r}, expected .parquet, .jsonl or .ubi.jsonl")


def _write(log: EventLog, file: IO[bytes], kind: ExportFormat, progress: Callable[[int], None] | None) -> int:
    count = 0
    parquet = pq.ParquetWriter(file, schema.EVENT, compression="zstd") if kind == "parquet" else None
    print_row = _print_ubi if kind == "ubi" else _print_own
    for table in log.batches():
        if parquet is not None:
            parquet.write_table(table.select(schema.EVENT.names))
        else:
            file.writelines(print_row(row) for row in _rows(table))
        count += table.num_rows
        if progress is not None:
            progress(table.num_rows)
    if parquet is not None:
        parquet.close()
    return count


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows in stored form: times as int microseconds."""
    for name in ("time", "client_time"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.int64()))
    yield from table.drop_columns(["seq"]).to_pylist()


def _print_ubi(row: dict[str, Any]) -> bytes:
    return json.dumps(to_ubi(row), ensure_ascii=False).encode() + b"\n"


def _print_own(row: dict[str, Any]) -> bytes:
    event = {name: value for name, value in row.items() if value is not None}
    for name in ("time", "client_time"):
        if name in event:
            event[name] = format_time(event[name])
    if "extra" in event:
        event["extra"] = json.loads(event["extra"])
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"
