"""What could not be imported, said so that it can be mended: one fault per field, written as JSON lines."""

from __future__ import annotations

import json
import reprlib
from dataclasses import asdict, dataclass
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Any

from emptor.errors import EmptorError
from emptor.shop.schema import MAX_ID

MAX_FOUND = 200
"""Characters of a bad value that a fault repeats."""

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = MAX_FOUND
_brief.maxlevel = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a record was not imported.

    `line` is the first physical line of the record (Parquet: its row), counted from 1; `field` a product's
    field, a column, or "row" when the whole record is meant; `found` is printable and short whatever the
    file held. `record`: the whole product, where it could be read and another stands in its place.
    """

    line: int
    product_id: str | None
    field: str
    found: str
    expected: str
    record: dict[str, Any] | None = None


def fault(line: int, product_id: str | None, field: str, found: object, expected: str) -> Fault:
    """Make a `Fault` from raw values, which may be long, binary or unprintable."""
    shown_id = None if product_id is None else printable(product_id[:MAX_ID])
    return Fault(line, shown_id, printable(field[:MAX_ID]), shown(found), expected)


def shown(value: object) -> str:
    """`value` in at most MAX_FOUND printable characters: text quoted and escaped, bytes by their number."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        text = repr(value[:MAX_FOUND])
    elif isinstance(value, bytes):
        text = f"{len(value):,} bytes"
    else:
        text = _brief.repr(value)
    if len(text) > MAX_FOUND or (isinstance(value, str) and len(value) > MAX_FOUND):
        text = text[: MAX_FOUND - 1] + "…"
    return printable(text)


def printable(text: str) -> str:
    """`text` with control characters and lone surrogates escaped, so that it can be printed and stored."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class Quarantine:
    """Appends faults to a JSONL file that is created with the first of them.

    Use as a context manager; `count` is the number of faults that this object has written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: BufferedWriter | None = None

    def add(self, fault: Fault) -> None:
        """Append one fault. Raises EmptorError where the file cannot be written."""
        content = {name: value for name, value in asdict(fault).items() if name != "record" or value is not None}
        line = json.dumps(content, ensure_ascii=False) + "\n"
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab")
            self._file.write(line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise EmptorError(f"cannot write the quarantine file {self.path}: {error.strerror}") from error
        self.count += 1

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
