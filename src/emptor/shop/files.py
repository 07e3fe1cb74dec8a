"""Durable files: what these functions return from is on the disk, whatever happens to the machine next."""

from __future__ import annotations

import os
from pathlib import Path


def fsync_file(path: Path) -> None:
    """Flush one file's content to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def fsync_folder(path: Path) -> None:
    """Flush a folder's entries (the names of its files) to the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def fsync_tree(path: Path) -> None:
    """Flush every file and folder below `path`, then `path` itself."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            fsync_file(Path(folder) / name)
        fsync_folder(Path(folder))


def write_durably(path: Path, content: bytes) -> None:
    """Replace `path` by `content` atomically: a reader sees the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    fsync_folder(path.parent)


def append_durably(path: Path, content: bytes) -> None:
    """Append `content` to `path` and return once it is on the disk."""
    created = not path.exists()
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if created:
        fsync_folder(path.parent)


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file that was only appended to; none where there is no file. A last one that a kill cut short was
    never acknowledged: it is taken off the file, so that the next stands on a line of its own.
    """
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
        write_durably(path, b"".join(lines))
    return lines


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced or written: (inode, time, size); zeros where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
