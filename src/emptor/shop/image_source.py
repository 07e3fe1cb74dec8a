"""Pictures that come with a catalogue: a folder or a ZIP, searched by what the catalogue calls them."""

from __future__ import annotations

import os
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from types import TracebackType
from urllib.parse import unquote, urlsplit

from emptor.errors import EmptorError

MAX_BYTES = 30 << 20
"""Bytes of one picture file."""

_SUFFIXES = frozenset({"jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "svg"})
# What these decompress to is bounded by what is read; others may ask for gigabytes before the first byte.
_COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ZIP_TROUBLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # a password is needed
    OverflowError,
)


class ImageFault(EmptorError):
    """A picture that cannot be used: what was found, and what was expected instead."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found, self.expected = found, expected


class ImageSource:
    """A folder or ZIP of pictures; `find` may be called from several threads. Use `open` to make one.

    The index of names is built once. What a symbolic link leads out of the folder to is not part of it.
    """

    def __init__(self, path: Path, names: Iterable[str], archive: zipfile.ZipFile | None) -> None:
        self._path, self._archive = path, archive
        self._lock = threading.Lock()
        self._by_path: dict[str, str] = {}
        self._by_name: dict[str, str | None] = {}  # None: several folders have a file of this name
        self._by_stem: dict[str, str] = {}
        for name in sorted(names):
            plain = PurePosixPath(name.replace("\\", "/").casefold())
            self._by_path.setdefault(str(plain), name)
            self._by_name[plain.name] = None if plain.name in self._by_name else name
            self._by_stem.setdefault(plain.stem, name)

    @classmethod
    def open(cls, path: Path) -> ImageSource:
        """Index a folder or a ZIP. Raises EmptorError if it is neither, damaged or encrypted."""
        try:
            if path.is_dir():
                return cls(path, _names_in_folder(path), None)
            if not path.is_file():
                raise EmptorError(f"there is no folder or ZIP of pictures at {path}")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EmptorError(f"cannot read the pictures at {path}: {reason}") from error
        try:
            archive = zipfile.ZipFile(path)
        except _ZIP_TROUBLE as error:
            raise EmptorError(f"{path} is neither a folder nor a ZIP of pictures: {error}") from error
        # _is_picture first: is_dir fails for an entry without a name
        entries = [entry for entry in archive.infolist() if _is_picture(entry.filename) and not entry.is_dir()]
        if any(entry.flag_bits & 1 for entry in entries):
            archive.close()
            raise EmptorError(f"the pictures in {path} are encrypted: unpack them and name the folder")
        return cls(path, [entry.filename for entry in entries], archive)

    def __len__(self) -> int:
        """Number of picture files."""
        return len(self._by_path)

    def find(self, image_field: str | None, product_id: str) -> bytes | ImageFault | None:
        """The picture of a product; None if it has none, ImageFault if it has one that cannot be read.

        Looked for by `image_field` as a path in the source, then as a file name (also the last part of a URL),
        then as `<product_id>.<suffix>`; upper and lower case are the same.
        """
        name = self._named(image_field) if image_field else None
        name = name or self._by_stem.get(product_id.casefold())
        if name is None:
            return None
        try:
            content = self._read(name)
        except _ZIP_TROUBLE as error:
            return ImageFault(f"{name[:100]}, which cannot be read: {error}"[:200], "a readable picture")
        if len(content) > MAX_BYTES:
            return ImageFault(f"{name[:100]}, which is too large", f"a picture of at most {MAX_BYTES:,} bytes")
        return content

    def _named(self, image_field: str) -> str | None:
        if "://" in image_field:
            try:
                image_field = unquote(urlsplit(image_field).path)
            except ValueError:
                return None
        plain = PurePosixPath(image_field.replace("\\", "/").casefold())
        return self._by_path.get(str(plain)) or self._by_name.get(plain.name)

    def _read(self, name: str) -> bytes:
        """Up to MAX_BYTES + 1 bytes of a file, whatever size it declares."""
        if self._archive is None:
            with (self._path / name).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        if self._archive.getinfo(name).compress_type not in _COMPRESSIONS:
            raise zipfile.BadZipFile("it is compressed by another method than deflate")
        with self._lock, self._archive.open(name) as entry:
            return entry.read(MAX_BYTES + 1)

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()

    def __enter__(self) -> ImageSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _names_in_folder(root: Path) -> Iterable[str]:
    """Paths, relative to `root`, of the picture files in it."""
    real_root = root.resolve()
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            if not _is_picture(name) or not path.is_file():  # no pipe or device, either
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(real_root):
                continue
            yield path.relative_to(root).as_posix()


def _is_picture(name: str) -> bool:
    return name.rpartition(".")[2].casefold() in _SUFFIXES
