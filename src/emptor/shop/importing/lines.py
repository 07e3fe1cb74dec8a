"""Physical lines of a text file in blocks of bounded size, whatever the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emptor.shop.importing.formats import ByteStream

MAX_LINE = 1 << 20
"""Bytes of one line; a longer one is passed over without being held."""

_CHUNK = 1 << 18
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Some lines of a file, with their line ends; `first` is the number of the first, counted from 1.

    `suspect`: some line holds bytes that are not UTF-8 (as lone surrogates U+DC80..U+DCFF) or NUL.
    `too_long`: the start of a line above MAX_LINE that stood behind the others and was passed over.
    """

    first: int
    lines: list[str]
    suspect: bool = False
    too_long: str | None = None

    @property
    def after(self) -> int:
        """The number of the line that follows the block."""
        return self.first + len(self.lines) + (self.too_long is not None)


def line_blocks(stream: ByteStream) -> Iterator[LineBlock]:
    """Yield every line once, in order. Line ends are LF, CRLF or CR; a UTF-8 byte order mark is dropped."""
    number = 1
    carry = b""
    at_start = True
    while chunk := stream.read(_CHUNK):
        data = carry + chunk
        if at_start:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                carry = data
                continue
            data = data.removeprefix(_BOM)
            at_start = False
        lines = data.splitlines(keepends=True)
        # A line is whole once its "\n" is seen: a "\r" at the end of a chunk may be half a "\r\n".
        carry = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        if lines and len(lines[0]) > MAX_LINE:
            yield LineBlock(number, [], too_long=_beginning(lines.pop(0)))
            number += 1
        too_long = _beginning(carry) if len(carry) > MAX_LINE else None
        if lines or too_long is not None:
            block = _block(number, lines, too_long)
            yield block
            number = block.after
        if too_long is not None:
            carry = _rest_after_line(stream, carry)
    if carry and stream.damage is None:  # behind damage, what looks like a last line is a part of one
        yield _block(number, carry.splitlines(keepends=True), None)


def _block(first: int, lines: list[bytes], too_long: str | None) -> LineBlock:
    try:
        decoded = [line.decode() for line in lines]
        suspect = any(b"\0" in line for line in lines)
    except UnicodeDecodeError:
        decoded = [line.decode("utf-8", "surrogateescape") for line in lines]
        suspect = True
    return LineBlock(first, decoded, suspect, too_long)


def _beginning(line: bytes) -> str:
    return line[:256].decode("utf-8", "replace")


def _rest_after_line(stream: ByteStream, read: bytes) -> bytes:
    """Pass over the present line, `read` so far; return what was read of the lines behind it."""
    while read:
        ends = [end for end in (read.find(b"\n"), read.find(b"\r")) if end >= 0]
        if not ends:
            read = stream.read(_CHUNK)
            continue
        rest = read[min(ends) :]
        if rest == b"\r":
            rest += stream.read(_CHUNK)
        return rest[2:] if rest.startswith(b"\r\n") else rest[1:]
    return b""
