"""`emptor backup`: a whole shop in one tar file, taken while it is served and written to.

Most of a shop bears being read at any moment: generations and pictures never change, settings, rules and the manifest
are replaced by rename, updates only grow. Two things do not: the SQLite log, whose newest events may lie beside it (its
own backup makes one whole file of both), and what an import, `gc` or a roll-up moves about, so those wait meanwhile.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from emptor.errors import EmptorError, ShopBusy
from emptor.progress import step
from emptor.shop.events.database import FILE_NAME as EVENTS
from emptor.shop.events.database import explained
from emptor.shop.events.rollup import REWRITTEN, only_one
from emptor.shop.files import fsync_file, fsync_folder
from emptor.shop.manifest import PREVIOUS, read_manifest
from emptor.shop.shop import Shop

SUFFIXES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}
ROLLUP_WAIT_S = 10.0
_MADE_AGAIN = {"staging", "views", "images/sized", "vectors"}
"""Folders that hold nothing of their own: what is half done, made on first view, or made by a model of products."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds. size: of the file, in bytes; events: of the online log, younger than the last roll-up."""

    files: int
    size: int
    events: int


def back_up(shop: Shop, file: Path, *, wait_s: float = 0.0) -> Backup:
    """Write a shop to a tar file: it appears whole or not at all, and is on the disk on return.

    Searches, events, updates, rules and promotions go on; imports, `publish`, `gc` and roll-ups wait.

    Args:
        file: .tar, .tar.gz or .tgz; replaced where it is there.
    Raises: EmptorError for another suffix or a place that will not do, ShopBusy while another process writes.
    """
    mode = next((mode for suffix, mode in SUFFIXES.items() if file.name.endswith(suffix)), None)
    if mode is None:
        raise EmptorError(f"cannot write a backup to {file}: expected a name in .tar, .tar.gz or .tgz")
    folder = file.resolve().parent
    if not folder.is_dir():
        raise EmptorError(f"there is no folder {file.parent} to write {file.name} into")
    if folder.is_relative_to(shop.path.resolve()):
        raise EmptorError(f"{file} lies in the shop itself; write the backup elsewhere, best to another disk")
    name = shop.path.resolve().name or "shop"
    temporary = folder / f".{file.name}.{os.getpid()}.tmp"
    try:
        with (
            shop.writing(wait_s=wait_s, doing="backing up the shop"),
            _no_rollup(shop.path, wait_s=max(wait_s, ROLLUP_WAIT_S)),
        ):
            files, events = _write(shop.path, temporary, mode, name)
        fsync_file(temporary)
        temporary.replace(folder / file.name)
        fsync_folder(folder)
    finally:
        temporary.unlink(missing_ok=True)
    return Backup(files, (folder / file.name).stat().st_size, events)


def _write(shop: Path, temporary: Path, mode: str, name: str) -> tuple[int, int]:
    """Returns: (number of files, events of the online log)."""
    kept = {str(own.generation) for own in (read_manifest(shop), read_manifest(shop, name=PREVIOUS)) if own is not None}
    paths = list(_files(shop, kept))
    count = events = 0
    with (
        tempfile.TemporaryDirectory(prefix=".backup-", dir=temporary.parent) as scratch,
        tarfile.open(temporary, mode, dereference=True) as tar,  # type: ignore[call-overload]
        step("Backing up", total=sum(path.stat().st_size for path in paths if path.exists())) as bar,
    ):
        if (shop / EVENTS).exists():
            copy = Path(scratch) / EVENTS
            events = _copy_log(shop / EVENTS, copy)
            _add(tar, copy, f"{name}/{EVENTS}")
            copy.unlink()
            count = 1
        for path in paths:
            with suppress(FileNotFoundError):  # old traces are taken away while the shop is served
                bar.advance(_add(tar, path, f"{name}/{path.relative_to(shop)}"))
                count += 1
    return count, events


def _files(shop: Path, generations: set[str]) -> Iterator[Path]:
    """Every file of the shop that is not made anew by itself, but the SQLite log."""
    for folder, folders, names in os.walk(shop, followlinks=True):
        here = Path(folder).relative_to(shop)
        if here == Path("generations"):
            folders[:] = [own for own in folders if own in generations]
        folders[:] = sorted(
            own
            for own in folders
            if (here / own).as_posix() not in _MADE_AGAIN and not (own.startswith(".") and own.endswith(".tmp"))
        )
        for own in sorted(names):
            unfinished = own.startswith(".") and (own.endswith(".tmp") or own.startswith(REWRITTEN))
            locks = here == Path() and (own.endswith(".lock") or own.startswith(EVENTS))
            if not unfinished and not locks and (Path(folder) / own).is_file():
                yield Path(folder) / own


def _add(tar: tarfile.TarFile, path: Path, name: str) -> int:
    """Add a file as long as it is now: what is appended meanwhile is left to the next backup. Returns its size."""
    with path.open("rb") as source:
        entry = tar.gettarinfo(arcname=name, fileobj=source)
        tar.addfile(entry, source)
    return entry.size


def _copy_log(log: Path, copy: Path) -> int:
    """One whole file of the SQLite log with all that was acknowledged. Returns the number of its events."""
    with explained(log), closing(sqlite3.connect(log, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        if not target.execute("PRAGMA user_version").fetchone()[0]:
            return 0  # it is being made at this moment and has no tables yet; whoever opens the copy makes them
        return int(target.execute("SELECT count(*) FROM events").fetchone()[0])


@contextmanager
def _no_rollup(shop: Path, *, wait_s: float) -> Iterator[None]:
    """Keep events where they are while the block runs: in the database or in Parquet, and not in both or neither."""
    deadline = time.monotonic() + wait_s
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(only_one(shop))
                break
            except ShopBusy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield
