"""Lines of a text file that nobody vouched for, plain or gzipped, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from emptor.errors import EmptorError

MAX_LINE = 1 << 20
"""Bytes of one line, its end included."""


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text with its line end); bytes that are not UTF-8 become U+FFFD.

    Raises: EmptorError when the file cannot be read, is not text, or has a line longer than MAX_LINE.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if head[:2] == b"\x1f\x8b":
                with gzip.open(file) as unpacked:
                    yield from _lines(path, unpacked)
            else:
                yield from _lines(path, file)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise EmptorError(f"{path} is a broken gzip file ({error}): fetch it again") from error
    except FileNotFoundError as error:
        raise EmptorError(f"there is no file {path}") from error
    except OSError as error:
        raise EmptorError(f"{path} cannot be read: {error.strerror or error}") from error


def _lines(path: Path, file: IO[bytes] | gzip.GzipFile) -> Iterator[tuple[int, str]]:
    number = 0
    while raw := file.readline(MAX_LINE + 1):
        number += 1
        if len(raw) > MAX_LINE:
            raise EmptorError(f"line {number} of {path} is longer than {MAX_LINE:,} bytes: expected one row a line")
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in raw:
            raise EmptorError(f"line {number} of {path} is not text: expected UTF-8 CSV, TSV, JSONL or TREC qrels")
        yield number, raw.decode("utf-8", errors="replace")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 query`, `2,000 queries`. plural: of nouns that do not just take an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def shorten(text: str, length: int = 60) -> str:
    """`text` on one line without control characters, cut to `length` characters."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text[: length + 1]).strip()
    return clean if len(text) <= length else clean[:length].rstrip() + "…"
