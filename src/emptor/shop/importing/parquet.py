"""Parquet files, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.shop.importing.formats import FileFormat
from emptor.shop.importing.quarantine import Fault, fault
from emptor.shop.importing.records import BATCH_BYTES, Records, check_columns

EXACT = b"emptor.products"
"""Key in the metadata of a Parquet file that holds products as a shop had them, nothing to be decoded."""

_DAMAGE = (pa.ArrowException, OSError, ValueError)


class ParquetReader:
    """Records of a Parquet file; the line of a record is its row, counted from 1.

    A struct becomes columns `outer.inner`, unless it stands in one of `whole_columns`. Bytes are handed on as
    bytes: they may be a picture, or text by a writer that does not mark text as such.

    Raises EmptorError for a file whose footer cannot be read or whose column names repeat.
    """

    def __init__(self, path: Path, format: FileFormat, *, whole_columns: Collection[str], batch_rows: int) -> None:
        self._path, self._format = path, format
        self._whole = frozenset(whole_columns)
        try:
            with pq.ParquetFile(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
        except _DAMAGE as error:
            raise EmptorError(f"{path} is not a readable Parquet file: {_first_line(error)}") from error
        self.exact = EXACT in (schema.metadata or {})
        self._rows = metadata.num_rows
        stored = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        # Rows with pictures are heavy: a batch is bounded in bytes too.
        self._batch_rows = max(1, min(batch_rows, BATCH_BYTES * max(self._rows, 1) // max(stored, 1)))
        self.columns = [name for field in schema for name, _ in self._parts(field.name, field.type)]
        check_columns(self.columns, f"the schema of {path}")

    def _parts(self, name: str, type: pa.DataType) -> list[tuple[str, int | None]]:
        """The columns that a field becomes, each with its place in the struct (None: the field itself)."""
        if not pa.types.is_struct(type) or name in self._whole or is_picture(type):
            return [(name, None)]
        return [(f"{name}.{type.field(i).name}", i) for i in range(type.num_fields)]

    def __iter__(self) -> Iterator[Records]:
        row = 0
        try:
            # Without pre-buffering the reader holds pages, not whole row groups.
            with pq.ParquetFile(self._path, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=self._batch_rows):
                    yield self._records(batch, row)
                    row += batch.num_rows
        except _DAMAGE as error:
            found = f"damage: {_first_line(error)}"
            faults = [fault(row + 1, None, "row", found, "a whole file; the rows from here on are lost")]
            yield Records([], {}, faults=faults, bytes_read=self._format.size_bytes)

    def _records(self, batch: pa.RecordBatch, start: int) -> Records:
        columns: dict[str, list[object]] = {}
        for field, values in zip(batch.schema, batch.columns, strict=True):
            for name, place in self._parts(field.name, field.type):
                columns[name] = _python_values(values if place is None else values.flatten()[place])
        lines = list(range(start + 1, start + batch.num_rows + 1))
        faults: list[Fault] = []
        read = self._format.size_bytes * (start + batch.num_rows) // max(self._rows, 1)
        return Records(lines, columns, faults=faults, bytes_read=read)


def is_picture(type: pa.DataType) -> bool:
    """Whether a struct is the usual way to keep a picture in Parquet: its bytes and the path it came from."""
    return pa.types.is_struct(type) and {field.name for field in type} == {"bytes", "path"}


def _python_values(values: pa.Array) -> list[object]:
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        values = values.cast(pa.timestamp("us", values.type.tz), safe=False)
    try:
        return values.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError):
        return [_python_value(value) for value in values]


def _python_value(value: pa.Scalar) -> object:
    """One value that may have none in Python: text that is not UTF-8, a date beyond the year 9999."""
    try:
        return value.as_py()
    except UnicodeDecodeError:
        if isinstance(value, (pa.StringScalar, pa.LargeStringScalar, pa.StringViewScalar)):
            return value.as_buffer().to_pybytes().decode("utf-8", "surrogateescape")
    except (pa.ArrowException, ValueError, OverflowError):
        pass
    return f"a {value.type} that cannot be read"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
