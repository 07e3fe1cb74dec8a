"""CSV and TSV files, read record by record so that one damaged record costs one record."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emptor.errors import EmptorError
from emptor.shop.importing.formats import ByteStream, FileFormat
from emptor.shop.importing.lines import MAX_LINE, LineBlock, line_blocks
from emptor.shop.importing.quarantine import Fault, fault
from emptor.shop.importing.records import BATCH_BYTES, Records, check_columns

MAX_RECORD_LINES = 1_000
MAX_RECORD_CHARACTERS = MAX_LINE

_CAUTIOUS_LINES = 16
_UNCLOSED = "a quote that is closed within the record"
_UNTERMINATED = "unexpected end of data"


class DelimitedReader:
    """Records of a CSV or TSV file with a header line.

    Args:
        delimiter: None finds it in the header: "," unless the header has none and has ";" or tabs.
        batch_rows: the most records handed on together.

    Raises EmptorError for an empty file and for a header that is unreadable, or has empty or repeated names.
    """

    def __init__(self, path: Path, format: FileFormat, *, delimiter: str | None, batch_rows: int) -> None:
        # csv refuses fields above 128 KiB of its own accord; the bound that counts here is the record's.
        csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_RECORD_CHARACTERS))
        self._path, self._format, self._batch_rows = path, format, batch_rows
        with ByteStream(path, gzipped=format.gzipped) as stream:
            self.columns, self._delimiter, self._header_lines = self._read_header(stream, delimiter)

    def _read_header(self, stream: ByteStream, delimiter: str | None) -> tuple[list[str], str, int]:
        where = f"the header of {self._path}"
        block = next(line_blocks(stream), LineBlock(1, []))
        lines = block.lines[:MAX_RECORD_LINES]
        start = next((i for i, line in enumerate(lines) if line.strip(" \t\r\n\f\v")), None)
        if start is None:
            if block.too_long is not None or stream.damage is not None:
                reason = stream.damage or "its first line is above 1 MiB"
                raise EmptorError(f"{where} cannot be read: {reason}")
            raise EmptorError(f"{self._path} is empty: expected a header line with column names")
        delimiter = delimiter or _delimiter_of(lines[start])
        reader = csv.reader(lines[start:], delimiter=delimiter)
        columns = [" ".join(name.split()) for name in next(reader)]
        check_columns(columns, where)
        return columns, delimiter, start + reader.line_num

    def __iter__(self) -> Iterator[Records]:
        parser = _Parser(delimiter=self._delimiter, columns=self.columns)
        pending: list[str] = []
        number = 1
        to_skip = self._header_lines
        characters = 0
        suspect = False
        with ByteStream(self._path, gzipped=self._format.gzipped) as stream:
            for block in line_blocks(stream):
                lines = block.lines[to_skip:] if to_skip else block.lines
                if not pending:
                    number = block.first + to_skip
                to_skip = max(0, to_skip - len(block.lines))
                pending += lines
                characters += sum(map(len, lines))
                suspect |= block.suspect
                # A line that was passed over ends whatever record was open before it.
                used = parser.parse(pending, number, suspect=suspect, final=block.too_long is not None)
                del pending[:used]
                number += used
                suspect &= bool(pending)
                if block.too_long is not None:
                    line = block.after - 1
                    parser.faults.append(fault(line, None, "row", block.too_long, "a line of at most 1 MiB"))
                while len(parser.rows) >= self._batch_rows:
                    yield self._hand_on(parser, stream)
                if characters >= BATCH_BYTES or len(parser.faults) >= self._batch_rows:
                    characters = 0
                    yield self._hand_on(parser, stream)
            parser.parse(pending, number, suspect=suspect, final=True)
            if stream.damage is not None:
                parser.faults.append(
                    fault(number + len(pending), None, "row", stream.damage, "a whole compressed file")
                )
            while parser.rows or parser.faults:
                yield self._hand_on(parser, stream)

    def _hand_on(self, parser: _Parser, stream: ByteStream) -> Records:
        rows, parser.rows = parser.rows[: self._batch_rows], parser.rows[self._batch_rows :]
        lines, parser.lines = parser.lines[: self._batch_rows], parser.lines[self._batch_rows :]
        faults, parser.faults = parser.faults, []
        columns: dict[str, list[object]] = {name: [] for name in self.columns}
        if rows:
            columns = dict(zip(self.columns, map(list, zip(*rows, strict=True)), strict=True))
        return Records(lines, columns, faults=faults, bytes_read=stream.consumed)


def _delimiter_of(header: str) -> str:
    if "," not in header:
        for other in ("\t", ";"):
            if other in header:
                return other
    return ","


@dataclass(slots=True)
class _Parser:
    """Turns lines into rows of exactly as many cells as there are columns, and the rest into faults.

    A quote that is opened and never closed would swallow all that follows. So a record that grows beyond
    its bounds, or over several lines into something that is no record, costs its first line only and
    reading resumes at the next. After such a find the parser looks ahead less far, and further again with
    each success: the work stays linear in the file, however many quotes are left open in it.
    """

    delimiter: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _reach: int = MAX_RECORD_LINES

    def parse(self, lines: list[str], number: int, *, suspect: bool, final: bool) -> int:
        """Parse the whole records of `lines`, the first being line `number`; return how many lines are done.

        What is left is the beginning of a record that more lines may complete; nothing is when `final`.
        """
        at = 0
        while at < len(lines):
            cautious = self._reach < MAX_RECORD_LINES
            window = lines[at : at + self._reach + 1] if cautious or at else lines
            done, broken = self._parse_window(window, number + at, suspect)
            at += done
            if broken:
                self._refuse_first_line(lines[at], number + at)
                at += 1
            elif done < len(window):  # ends inside a record
                more_to_see = at + len(window) - done < len(lines)
                if not more_to_see and not final and not _too_large(lines, at, len(lines), self._reach):
                    return at
                if not more_to_see or _too_large(lines, at, at + len(window) - done, self._reach):
                    self._refuse_first_line(lines[at], number + at)
                    at += 1
            else:
                self._reach = min(MAX_RECORD_LINES, self._reach * 2)
        return at

    def _parse_window(self, window: list[str], number: int, suspect: bool) -> tuple[int, bool]:
        """Append the records of `window`; return (lines done, whether what follows them is no record)."""
        reader = csv.reader(window, delimiter=self.delimiter, strict=True)
        rows, lines, width = self.rows, self.lines, len(self.columns)
        done = 0
        while True:
            try:
                for row in reader:
                    end = reader.line_num
                    if end - done > 1 and not self._is_one_record(window, done, end, row):
                        return done, True
                    if len(row) == width and not suspect:
                        rows.append(row)
                        lines.append(number + done)
                    else:
                        self._examine(row, number + done)
                    done = end
                return len(window), False
            except csv.Error as error:
                if str(error) == _UNTERMINATED:
                    return done, False
                if reader.line_num - done > 1:
                    return done, True
                row_or_none = self._lenient(window[done])
                if row_or_none is None:
                    return done, True
                self._examine(row_or_none, number + done)
                done += 1

    def _is_one_record(self, window: list[str], start: int, end: int, row: list[str]) -> bool:
        """Whether a row over several lines is to be believed, and not the work of a quote left open."""
        if _too_large(window, start, end, self._reach):
            return False
        if len(row) == len(self.columns):
            return True
        alone = (self._lenient(line) for line in window[start + 1 : end])
        return not any(row is not None and len(row) == len(self.columns) for row in alone)

    def _lenient(self, line: str) -> list[str] | None:
        """The cells of one line with stray quotes (`"abc"d`) taken as text, or None if a quote stays open."""
        asked_for_more = False

        def only_line() -> Iterator[str]:
            nonlocal asked_for_more
            yield line
            asked_for_more = True

        try:
            row = next(csv.reader(only_line(), delimiter=self.delimiter))
        except (csv.Error, StopIteration):
            return None
        return None if asked_for_more else row

    def _examine(self, row: list[str], line: int) -> None:
        """Take a row that may be blank, of the wrong width or with unreadable cells."""
        if not row or (len(row) == 1 and not row[0].strip()):
            return
        if len(row) != len(self.columns):
            text = self.delimiter.join(row)
            expected = f"{len(self.columns)} columns, as in the header"
            self.faults.append(fault(line, None, "row", f"{len(row)} columns: {text}", expected))
            return
        unreadable = [(name, cell) for name, cell in zip(self.columns, row, strict=True) if _unreadable(cell)]
        for name, cell in unreadable:
            expected = "text without NUL bytes" if "\0" in cell else "text in UTF-8"
            self.faults.append(fault(line, None, name, cell, expected))
        if not unreadable:
            self.rows.append(row)
            self.lines.append(line)

    def _refuse_first_line(self, line: str, number: int) -> None:
        self.faults.append(fault(number, None, "row", line, _UNCLOSED))
        self._reach = max(_CAUTIOUS_LINES, self._reach // 2)


def _too_large(lines: list[str], start: int, end: int, reach: int) -> bool:
    if end - start > reach:
        return True
    return sum(map(len, lines[start:end])) > MAX_RECORD_CHARACTERS


def _unreadable(cell: str) -> bool:
    return "\0" in cell or (not cell.isascii() and any("\udc80" <= c <= "\udcff" for c in cell))
