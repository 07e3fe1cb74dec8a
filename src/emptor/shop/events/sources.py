"""Reading event files record by record: JSON lines, CSV, TSV and Parquet, as they come, in bounded memory."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, Literal, cast, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.shop.events.mapping import Columns
from emptor.shop.events.validate import EventFault

Format = Literal["jsonl", "ubi", "csv", "tsv", "parquet"]
MAX_LINE = 1 << 20
"""Bytes of one line; a longer one is a fault, and is skipped without being held."""

MAX_CELL = 1 << 17
_CELLS = "cells of at most 128 KiB"

Record = tuple[int, "dict[str, Any] | EventFault"]
"""Line (or row of a Parquet file) counted from 1, and what stands there."""

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
}


def format_of(path: Path, wanted: str | None) -> Format:
    """The format by name, or by the file's suffix when none is named.

    Raises:
        EmptorError: neither says one of the formats.
    """
    if wanted is not None:
        if wanted not in get_args(Format):
            raise EmptorError(f"event format: found {wanted!r}, expected one of {', '.join(get_args(Format))}")
        return cast(Format, wanted)
    found = _format_by_suffix(path)
    if found is None:
        raise EmptorError(
            f"{path}: found suffix {path.suffix or '(none)'!r}, expected {', '.join(_SUFFIXES)}, "
            "or one of these with .gz; or name the format with --format"
        )
    return found


def event_files(path: Path) -> list[Path]:
    """The file itself, or the event files of a folder by name.

    Raises:
        EmptorError: there is nothing of that name, or the folder holds no such file.
    """
    if not path.is_dir():
        if not path.is_file():
            raise EmptorError(f"there is no file {path}")
        return [path]
    found = [file for file in sorted(path.iterdir()) if file.is_file() and _format_by_suffix(file) is not None]
    if not found:
        known = ", ".join(_SUFFIXES)
        raise EmptorError(f"the folder {path} holds no file of events: expected {known}, or one of these with .gz")
    return found


def plain_name(path: Path) -> str:
    """The file's name without what tells its format: `sessions_1` of `sessions_1.csv.gz`."""
    name = path.name.removesuffix(path.suffix) if path.suffix.lower() == ".gz" else path.name
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in _SUFFIXES else name


def _format_by_suffix(path: Path) -> Format | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


class BrokenFile(EmptorError):
    """A file that stops making sense on the way, such as a gzip that is cut short."""


class Source:
    """One event file being read.

    Args:
        path: the file; a name ending in `.gz` is unpacked while it is read.
        format: as `format_of` says.
        columns: which name in the file is which field of the event.

    Raises:
        EmptorError: the file cannot be opened, or lacks a column that is needed.
        BrokenFile: while reading, the file turns out to be damaged.
    """

    def __init__(self, path: Path, format: Format, columns: Columns) -> None:
        self.path, self.format, self._columns = path, format, columns
        self.line = 0
        try:
            self._raw: IO[bytes] = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise EmptorError(f"{path}: cannot be opened ({error.strerror})") from error
        self._position = 0

    @property
    def position(self) -> int:
        """Bytes of the file read so far, packed ones for a packed file."""
        return self._position if self.format == "parquet" else self._raw.tell()

    def close(self) -> None:
        self._raw.close()

    def records(self) -> Iterator[Record]:
        """What the file holds, record by record."""
        with self._readable():
            if self.format == "parquet":
                yield from self._parquet()
            elif self.format in ("csv", "tsv"):
                yield from self._table()
            else:
                yield from self._json_lines()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, OSError, pa.ArrowException) as error:
            raise BrokenFile(
                f"{self.path}: is damaged or cut short after line {self.line:,} ({error}); what comes "
                "before it is stored, mend the file and import it again"
            ) from error

    def _lines(self) -> Iterator[bytes | None]:
        """Lines, each at most MAX_LINE; None for a longer one. `self.line` counts."""
        packed = self.path.suffix.lower() == ".gz"
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        while line := file.readline(MAX_LINE + 1):
            self.line += 1
            if self.line == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) <= MAX_LINE or line.endswith(b"\n"):
                yield line
                continue
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield None

    def _json_lines(self) -> Iterator[Record]:
        for line in self._lines():
            if line is None:
                yield self.line, _too_long()
            elif not line.isspace():
                record = _parse_json(line)
                yield self.line, self._columns.record(record) if isinstance(record, dict) else record

    def _table(self) -> Iterator[Record]:
        too_long: list[int] = []
        lines = self._lines()
        first = next(lines, b"")
        delimiter = "\t" if self.format == "tsv" else _delimiter_of(first or b"")

        def texts() -> Iterator[str]:
            for line in chain([first] if first != b"" else [], lines):
                if line is None:
                    too_long.append(self.line)
                else:  # bytes that are no UTF-8 become surrogates, which the checks of the fields refuse
                    yield line.decode("utf-8", "surrogateescape")

        reader = csv.reader(texts(), delimiter=delimiter)
        header: list[str] | None = None
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield self.line, EventFault("line", f"what is no CSV ({error})", _CELLS)
                continue
            yield from ((line, _too_long()) for line in too_long)
            too_long.clear()
            if header is None:
                header = self._columns.header(cells, str(self.path))
            elif len(cells) == len(header) and max(map(len, cells)) > MAX_CELL:
                # csv has a limit of its own, which other readers of this process raise
                yield self.line, EventFault("line", f"a cell of {max(map(len, cells)):,} characters", _CELLS)
            elif len(cells) == len(header):
                yield self.line, _typed(dict(zip(header, cells, strict=True)))
            elif cells:
                yield (
                    self.line,
                    EventFault("line", f"{len(cells)} cells", f"{len(header)}, as in the first line"),
                )
        yield from ((line, _too_long()) for line in too_long)
        if header is None:
            raise EmptorError(f"{self.path}: is empty; expected a first line with the names of the columns")

    def _parquet(self) -> Iterator[Record]:
        file = pq.ParquetFile(self._raw)
        names = self._columns.header(file.schema_arrow.names, str(self.path))
        total = max(file.metadata.num_rows, 1)
        for batch in file.iter_batches(batch_size=5_000):
            for row in _microseconds(batch.rename_columns(names)).to_pylist():
                self.line += 1
                yield self.line, row
            self._position = self.size * self.line // total


def _delimiter_of(header: bytes) -> str:
    """What separates the cells of a CSV: spreadsheets of many countries write semicolons."""
    return "," if b"," in header else next((mark for mark in (";", "\t") if mark.encode() in header), ",")


def _too_long() -> EventFault:
    return EventFault("line", f"more than {MAX_LINE:,} bytes", "one event per line")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


# Not orjson, which rounds whole numbers of more than 64 bits.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _parse_json(line: bytes) -> dict[str, Any] | EventFault:
    try:
        document = _DECODER.decode(line.decode())
    except UnicodeDecodeError:
        return EventFault("line", "bytes that are no UTF-8", "a JSON object in UTF-8")
    except (ValueError, RecursionError) as error:
        return EventFault("line", f"what is no JSON ({error})", "a JSON object")
    if not isinstance(document, dict):
        return EventFault("line", f"a {type(document).__name__}", "a JSON object")
    return document


def _typed(cells: dict[str, str]) -> dict[str, Any]:
    """Text cells as the types of the event's fields; text that does not fit is left to the checks."""
    row: dict[str, Any] = {name: cell for name, cell in cells.items() if cell != ""}
    for name, convert in _CONVERTERS.items():
        if name in row:
            try:
                row[name] = convert(row[name])
            except (ValueError, KeyError):
                continue
    return row


def _time(text: str) -> Any:
    return float(text) if text.replace(".", "", 1).isdecimal() else text


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "position": float,
    "quantity": float,
    "price": float,
    "propensity": float,
    "explored": lambda text: {"true": True, "false": False, "1": True, "0": False}[text.lower()],
    "time": _time,
    "timestamp": _time,
    "client_time": _time,
}


def _microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times of other units as microseconds: Python knows no finer ones."""
    arrays = [
        column.cast(pa.timestamp("us", field.type.tz), safe=False) if pa.types.is_timestamp(field.type) else column
        for column, field in zip(batch.columns, batch.schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
