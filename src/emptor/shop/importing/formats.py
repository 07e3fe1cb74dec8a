"""Which format a file has, and a stream of its bytes, plain or gzipped, that tells how far it has got."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from emptor.errors import EmptorError

FORMATS = ("csv", "tsv", "jsonl", "parquet")

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_UTF_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class FileFormat:
    """`name` is one of FORMATS."""

    name: str
    gzipped: bool
    size_bytes: int


def file_format(path: Path, format: str | None = None) -> FileFormat:
    """Find a file's format from its name, or take `format`, and check it against the first bytes.

    Raises EmptorError for what cannot be read as a catalogue: no such file, a folder or device, an unknown
    suffix, another format behind the name, UTF-16, or binary content.
    """
    if format is not None and format not in FORMATS:
        raise EmptorError(f"unknown format {format!r}: expected one of {', '.join(FORMATS)}")
    try:
        if not path.exists():
            raise EmptorError(f"there is no file {path}")
        if not path.is_file():
            raise EmptorError(f"{path} is not a file: expected a CSV, TSV, JSONL or Parquet file")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_SAMPLE)
    except (OSError, ValueError) as error:
        raise EmptorError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error

    gzipped = head[:2] == _GZIP
    name = format or _format_by_name(path)
    if name == "parquet":
        if head[:4] != _PARQUET:
            raise EmptorError(f"{path} is not a Parquet file: it does not begin with the mark PAR1")
        return FileFormat(name, False, size)
    if gzipped:
        with ByteStream(path, gzipped=True) as stream:
            head = stream.read(_SAMPLE)
    _refuse_what_is_not_utf8_text(path, name, head)
    return FileFormat(name, gzipped, size)


def _format_by_name(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".gzip"):
        suffixes.pop()
    if suffixes and suffixes[-1] in _SUFFIXES:
        return _SUFFIXES[suffixes[-1]]
    raise EmptorError(
        f"cannot tell the format of {path} from its name: expected .csv, .tsv, .jsonl or .parquet at its end"
        " (.gz may follow), or --format csv, tsv, jsonl or parquet"
    )


def _refuse_what_is_not_utf8_text(path: Path, name: str, head: bytes) -> None:
    kind = name.upper()
    if head.startswith(_PARQUET):
        raise EmptorError(f"{path} is Parquet, not {kind}: name it .parquet or say --format parquet")
    if head.startswith(b"PK\x03\x04"):
        raise EmptorError(f"{path} is a ZIP archive or a spreadsheet, not {kind}: export it as CSV in UTF-8")
    nulls = head.count(0)
    if head.startswith(_UTF_BOMS) or (nulls >= len(head) * 0.3 and _nulls_alternate(head)):
        raise EmptorError(
            f"{path} is written in UTF-16 or UTF-32: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8"
        )
    if nulls > len(head) / 10:
        raise EmptorError(f"{path} is not {kind}: its first bytes are binary, expected text in UTF-8")


def _nulls_alternate(head: bytes) -> bool:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return min(even, odd) * 20 < max(even, odd)


class ByteStream:
    """Bytes of a plain or gzipped file, in pieces; use as a context manager.

    A compressed stream that ends early or is damaged does not raise: what could be read comes out, then the
    stream ends and `damage` says why.
    """

    def __init__(self, path: Path, *, gzipped: bool) -> None:
        self.damage: str | None = None
        self._path = path
        try:
            self._raw: BinaryIO = path.open("rb")
        except OSError as error:
            raise EmptorError(f"cannot read {path}: {error.strerror}") from error
        self._gzip = gzip.GzipFile(fileobj=self._raw, mode="rb") if gzipped else None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, or b"" at the end."""
        if self.damage is not None:
            return b""
        try:
            if self._gzip is None:
                return self._raw.read(size)
            # read1 hands out what it has before it meets the damage; read would lose it.
            return self._gzip.read1(size)
        except EOFError:
            self.damage = "file ends inside the compressed stream"
        except (gzip.BadGzipFile, zlib.error):
            self.damage = "the compressed stream is damaged"
        except OSError as error:
            raise EmptorError(f"cannot read {self._path}: {error.strerror or error}") from error
        return b""

    @property
    def consumed(self) -> int:
        """Bytes of the file on disk that have been read so far."""
        return self._raw.tell()

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._gzip is not None:
            self._gzip.close()
        self._raw.close()
