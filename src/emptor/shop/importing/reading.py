"""A catalogue file as batches of products."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from emptor.errors import EmptorError
from emptor.shop.importing.delimited import DelimitedReader
from emptor.shop.importing.formats import file_format
from emptor.shop.importing.jsonl import JsonlReader
from emptor.shop.importing.mapping import SYNONYMS, ColumnMapping
from emptor.shop.importing.parquet import ParquetReader
from emptor.shop.importing.products import ProductBatch, ProductBuilder
from emptor.shop.importing.records import RecordReader


class ProductFile:
    """A catalogue file that was looked into and is ready to be read, as often as one likes.

    Attributes:
        columns: the file's columns (JSONL: the keys of its first records).
        mapping: which of them make which field; JSONL keys that turn up late are added while reading.
        size_bytes: of the file on disk.
    """

    def __init__(
        self,
        *,
        path: Path,
        reader: RecordReader,
        mapping: ColumnMapping,
        builder: ProductBuilder,
        size_bytes: int,
    ) -> None:
        self.path, self.mapping, self.size_bytes = path, mapping, size_bytes
        self.columns = reader.columns
        self._reader, self._builder = reader, builder

    def __iter__(self) -> Iterator[ProductBatch]:
        """Read the file from its beginning, never holding more than one batch."""
        return map(self._builder.build, self._reader)


def read_products(
    path: Path,
    *,
    maps: Mapping[str, list[str]] | None = None,
    ignore: Collection[str] = (),
    format: str | None = None,
    category_separator: str | None = None,
    remembered: Mapping[str, list[str]] | None = None,
    remembered_ignore: Collection[str] = (),
    batch_rows: int = 5000,
) -> ProductFile:
    """Open a catalogue: CSV, TSV, JSONL or Parquet, the first three also gzipped.

    Args:
        maps: field or "attr.NAME" -> columns that make it; what is not said is found by the columns' names.
        ignore: columns to leave out.
        format: one of csv, tsv, jsonl and parquet where the file's name does not say it.
        category_separator: what splits category texts into paths; None: the first of ">", "|" and "/" found.
        remembered, remembered_ignore: like maps and ignore, from an earlier file; what this file has no columns for,
            or `maps` and `ignore` say otherwise, does not count.
        batch_rows: the most products yielded together.

    Raises EmptorError for what cannot be read as a catalogue at all. What is wrong with single records comes
    as faults in the batches.
    """
    if category_separator is not None and (not category_separator or "\\" in category_separator):
        raise EmptorError(f"a category separator is a text without backslash, as '>', not {category_separator!r}")
    if batch_rows < 1:
        raise EmptorError(f"a batch holds at least one record, not {batch_rows}")
    path = Path(path)
    found = file_format(path, format)
    maps = dict(maps or {})
    remembered = remembered or {}
    attribute_columns = maps.get("attributes") or remembered.get("attributes") or SYNONYMS["attributes"]
    exact = False
    reader: JsonlReader | ParquetReader | DelimitedReader
    if found.name == "jsonl":
        reader = JsonlReader(path, found, attribute_columns=attribute_columns, batch_rows=batch_rows)
    elif found.name == "parquet":
        reader = ParquetReader(path, found, whole_columns=attribute_columns, batch_rows=batch_rows)
        exact = reader.exact
    else:
        delimiter = "\t" if found.name == "tsv" else None
        reader = DelimitedReader(path, found, delimiter=delimiter, batch_rows=batch_rows)
    mapping = ColumnMapping.of(
        reader.columns,
        maps=maps,
        ignore=ignore,
        remembered=remembered,
        remembered_ignore=remembered_ignore,
        where=str(path),
    )
    if isinstance(reader, JsonlReader):
        reader.mapping = mapping
    builder = ProductBuilder(mapping, category_separator=category_separator, decode=not exact)
    return ProductFile(path=path, reader=reader, mapping=mapping, builder=builder, size_bytes=found.size_bytes)
