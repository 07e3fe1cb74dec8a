"""JSON lines: one object per line, whose keys may differ from line to line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from emptor.shop.importing.formats import ByteStream, FileFormat
from emptor.shop.importing.lines import line_blocks
from emptor.shop.importing.mapping import ColumnMapping
from emptor.shop.importing.quarantine import Fault, fault
from emptor.shop.importing.records import BATCH_BYTES, Records
from emptor.shop.schema import MAX_ID

MAX_NAMES = 10_000
"""Distinct keys remembered of one file; where there are more, keys are data and not names."""


@dataclass(slots=True)
class _Objects:
    """Objects with their line numbers, and faults met on the way."""

    lines: list[int] = field(default_factory=list)
    objects: list[dict[str, object]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    bytes_read: int = 0


class JsonlReader:
    """Records of a JSONL file.

    An object in a record becomes columns `outer.inner`, unless it stands in one of `attribute_columns`.
    `columns` are those of the first batch. Set `mapping` before iterating: it says which columns are fields
    and learns the columns that turn up late.

    Args:
        batch_rows: the most records handed on together.
    """

    mapping: ColumnMapping

    def __init__(self, path: Path, format: FileFormat, *, attribute_columns: Collection[str], batch_rows: int) -> None:
        self._path, self._format, self._batch_rows = path, format, batch_rows
        self._whole = frozenset(attribute_columns)
        first = next(self._objects(), _Objects())
        names = dict.fromkeys(name for record in first.objects for name in record if len(name) <= MAX_ID)
        self.columns = list(names)[:MAX_NAMES]

    def __iter__(self) -> Iterator[Records]:
        known = set(self.columns)
        for batch in self._objects():
            met: dict[str, None] = {}
            for record in batch.objects:
                met.update(dict.fromkeys(record))
            late = [name for name in met if name not in known and len(name) <= MAX_ID]
            late = late[: MAX_NAMES - len(known)]
            known.update(late)
            self.mapping.learn(late)
            attributes = {name: self.mapping.attribute_of(name) for name in met}
            taken = self.mapping.field_columns
            columns = {name: [record.get(name) for record in batch.objects] for name in met if name in taken}
            loose = [
                [(attribute, value) for name, value in record.items() if (attribute := attributes[name])]
                for record in batch.objects
            ]
            yield Records(batch.lines, columns, loose, batch.faults, batch.bytes_read)

    def _objects(self) -> Iterator[_Objects]:
        batch, characters = _Objects(), 0
        number = 1
        with ByteStream(self._path, gzipped=self._format.gzipped) as stream:
            for block in line_blocks(stream):
                for number, line in enumerate(block.lines, block.first):
                    self._take(line, number, batch, suspect=block.suspect)
                    characters += len(line)
                    rows = max(len(batch.objects), len(batch.faults))
                    if rows >= self._batch_rows or characters >= BATCH_BYTES:
                        batch.bytes_read = stream.consumed
                        yield batch
                        batch, characters = _Objects(), 0
                number = block.after
                if block.too_long is not None:
                    batch.faults.append(fault(number - 1, None, "row", block.too_long, "a line of at most 1 MiB"))
            if stream.damage is not None:
                batch.faults.append(fault(number, None, "row", stream.damage, "a whole compressed file"))
            batch.bytes_read = stream.consumed
        if batch.objects or batch.faults:
            yield batch

    def _take(self, line: str, number: int, batch: _Objects, *, suspect: bool) -> None:
        if suspect and any("\udc80" <= c <= "\udcff" for c in line):
            batch.faults.append(fault(number, None, "row", line, "text in UTF-8"))
            return
        found = _parsed(line)
        if isinstance(found, dict):
            batch.lines.append(number)
            batch.objects.append(self._flat(found) if dict in map(type, found.values()) else found)
        elif line.strip():
            batch.faults.append(fault(number, None, "row", line.strip(), "one JSON object per line"))

    def _flat(self, record: dict[str, object]) -> dict[str, object]:
        flat: dict[str, object] = {}
        for name, value in record.items():
            if isinstance(value, dict) and name not in self._whole:
                flat.update((f"{name}.{inner}", item) for inner, item in value.items())
            else:
                flat[name] = value
        return flat


def _parsed(line: str) -> object:
    """The value of a JSON text, or None if it is none."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(line)  # slower, and takes what Python programs write: NaN, long integers, lone surrogates
    except (ValueError, RecursionError):
        return None
