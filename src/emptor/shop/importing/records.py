"""What every reader hands on: some records of a file, column by column, and what was wrong among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from emptor.errors import EmptorError
from emptor.shop.importing.quarantine import Fault, printable

MAX_COLUMNS = 2_000
MAX_NAME = 128
"""Characters of a column's name."""

BATCH_BYTES = 16 << 20
"""A batch is handed on when it holds this much text, however few records that is."""


@dataclass(frozen=True, slots=True)
class Records:
    """N records and the faults met while reading them (of records that are not among the N).

    Args:
        lines: [N] line number of each record.
        columns: column name -> [N] values as the format gives them: text, numbers, lists, ..., or None.
        loose: [N] further (attribute, value) pairs of each record, for formats without fixed columns.
        bytes_read: bytes of the file on disk consumed so far.
    """

    lines: list[int]
    columns: dict[str, list[object]]
    loose: list[list[tuple[str, object]]] | None = None
    faults: list[Fault] = field(default_factory=list)
    bytes_read: int = 0


class RecordReader(Protocol):
    """A file of records. `columns` are those known before reading starts; iterating starts at the first."""

    columns: list[str]

    def __iter__(self) -> Iterator[Records]: ...


def check_columns(columns: list[str], where: str) -> None:
    """Raise EmptorError unless every column of `where` (a header, a schema) has a short name of its own."""
    if len(columns) > MAX_COLUMNS:
        raise EmptorError(f"{where} names {len(columns):,} columns: at most {MAX_COLUMNS:,} are read")
    for place, name in enumerate(columns, 1):
        if not name.strip():
            raise EmptorError(f"{where} leaves column {place} of {len(columns)} without a name: give it one")
        if not name.isprintable() or len(name) > MAX_NAME:
            found = printable(name)[:60]
            raise EmptorError(f"{where} is no list of names in UTF-8 of at most {MAX_NAME} characters: found {found!r}")
    repeated = [name for name, count in Counter(columns).items() if count > 1]
    if repeated:
        raise EmptorError(f"{where} repeats the name {repeated[0]!r}: give each column its own")
