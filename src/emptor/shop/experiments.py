"""Where a shop keeps the comparisons of its cascades: `SHOP/experiments/TIME-A-B.json`, one file each."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from emptor.shop.files import fsync_folder, write_durably

NAME = "experiments"


def keep(shop: Path, a: str, b: str, content: bytes, *, at: datetime) -> Path:
    """Store a comparison, whole or not at all; returns its file. One of the same second gets a number behind it.

    Args:
        a, b: names of the cascades, of which letters, digits, - and _ come into the file's name.
    """
    folder = shop / NAME
    if not folder.is_dir():
        folder.mkdir()
        fsync_folder(shop)
    stem = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_plain(a)}-{_plain(b)}"
    path, number = folder / f"{stem}.json", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.json"
    write_durably(path, content)
    return path


def kept(shop: Path) -> list[Path]:
    """Their files, the newest first; empty where there are none."""
    folder = shop / NAME
    return sorted(folder.glob("[!.]*.json"), key=lambda own: own.name, reverse=True) if folder.is_dir() else []


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:40]
