"""Products back to a file: Parquet, JSONL or CSV, in a form that is read back as the same products."""

from __future__ import annotations

import csv
import gzip
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.shop.files import fsync_file, fsync_folder
from emptor.shop.importing.categories import path_as_text
from emptor.shop.importing.delimited import MAX_RECORD_LINES
from emptor.shop.importing.lines import MAX_LINE
from emptor.shop.importing.parquet import EXACT
from emptor.shop.importing.text import escaped
from emptor.shop.schema import PRODUCT

_TEXTS = ("title", "description", "brand")
"""Fields in which a reader decodes entities, so that one meant literally has to be written as one."""


def write_products(batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write products (emptor.shop.schema.PRODUCT) to `path` and return how many.

    The format is that of the name: .parquet, .jsonl, .jsonl.gz, .csv or .csv.gz. The file appears whole or
    not at all, and is on the disk on return. In JSONL and CSV a text that would be mistaken for HTML entities
    has its ampersands written as &amp;; everything else is literal.

    Raises EmptorError for another suffix, a folder that is not there, and a product too long for a line of
    JSONL or CSV to be read back.
    """
    write = _writer_for(path)
    with _replacing(path) as temporary:
        return write(batches, temporary)


def _writer_for(path: Path) -> Callable[[Iterable[pa.RecordBatch], Path], int]:
    name = path.name.lower()
    if name.endswith(".parquet"):
        return _write_parquet
    for suffix, write in ((".jsonl", _write_jsonl), (".csv", _write_csv)):
        if name.endswith((suffix, suffix + ".gz")):
            compress = name.endswith(".gz")
            return lambda batches, file: write(batches, file, compress)
    raise EmptorError(f"cannot write products to {path}: expected .parquet, .jsonl, .csv, .jsonl.gz or .csv.gz")


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary file that takes the place of `path` when the block ends well."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        fsync_file(temporary)
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        raise EmptorError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _write_parquet(batches: Iterable[pa.RecordBatch], file: Path) -> int:
    count = 0
    schema = PRODUCT.with_metadata({EXACT: b"1"})
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))
            count += batch.num_rows
    return count


def _write_jsonl(batches: Iterable[pa.RecordBatch], file: Path, compress: bool) -> int:
    count = 0
    with _binary(file, compress) as out:
        for batch in batches:
            for product in batch.to_pylist():
                line = orjson.dumps(as_json(product))
                _check_length(len(line), product["product_id"])
                out.write(line + b"\n")
            count += batch.num_rows
    return count


def _write_csv(batches: Iterable[pa.RecordBatch], file: Path, compress: bool) -> int:
    count = 0
    with _binary(file, compress) as out, TextIOWrapper(out, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(PRODUCT.names)
        for batch in batches:
            for product in batch.to_pylist():
                cells = [_as_cell(name, value) for name, value in as_json(product).items()]
                _check_length(sum(2 * len(cell.encode()) for cell in cells), product["product_id"])
                writer.writerow(cells)
            count += batch.num_rows
    return count


@contextmanager
def _binary(file: Path, compress: bool) -> Iterator[IO[bytes]]:
    with file.open("wb") as raw:
        if not compress:
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0) as packed:
            yield packed  # type: ignore[misc]


def as_json(product: dict) -> dict:
    """A product as a JSON object: attributes name -> values, listed_at in ISO 8601."""
    out = dict(product)
    for name in _TEXTS:
        if out[name] is not None:
            out[name] = escaped(out[name])
    if out["category"] is not None:
        out["category"] = [escaped(segment) for segment in out["category"]]
    if out["attributes"] is not None:
        out["attributes"] = {name: [escaped(v) for v in values] for name, values in out["attributes"]}
    if out["listed_at"] is not None:
        out["listed_at"] = out["listed_at"].isoformat()
    return out


def _as_cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "category":
        return path_as_text(value)  # type: ignore[arg-type]
    if name == "attributes":
        return orjson.dumps(value).decode()
    if name == "in_stock":
        return "true" if value else "false"
    text = str(value)
    if name == "description" and text.count("\n") >= MAX_RECORD_LINES // 2:
        # More lines than a reader takes for one record: written as entities, with all others escaped before.
        text = text.replace("&amp;", "&").replace("&", "&amp;").replace("\n", "&#10;")
    return text


def _check_length(bytes_of_line: int, product_id: str) -> None:
    if bytes_of_line > MAX_LINE:
        raise EmptorError(f"product {product_id[:60]!r} is too long for a line of text: export to .parquet instead")
