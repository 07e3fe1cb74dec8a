"""`emptor update --file`: many updates from one file, each told by its line.

A price list names products that were never listed here, and that must not hold the others up; a line that cannot be
read is the sender's mistake, and nothing of such a file is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from emptor.errors import EmptorError
from emptor.shop.delta import Change, read_update
from emptor.shop.shop import Shop


@dataclass
class UpdateCounts:
    """What became of the updates of a file. unknown: (line, product_id) of those for products the shop lacks."""

    written: int = 0
    unknown: list[tuple[int, str]] = field(default_factory=list)


def update_from_file(shop: Shop, file: Path, *, wait_s: float = 10.0) -> UpdateCounts:
    """Write the updates of a JSONL file at once; those for products that the shop lacks are left out and told.

    Raises: EmptorError naming the first line that is no update, or where the shop cannot be written; then nothing is.
    """
    updates = read_updates(file)
    counts = UpdateCounts()
    if not updates:
        raise EmptorError(f'{file} holds no update: expected lines such as {{"product_id": "A12", "price": 9.5}}')

    def unknown(place: int, change: Change) -> None:
        counts.unknown.append((updates[place][0], change.product_id))

    counts.written = shop.update([raw for _, raw in updates], wait_s=wait_s, unknown=unknown)
    return counts


def read_updates(file: Path) -> list[tuple[int, dict[str, Any]]]:
    """The updates of a JSONL file with their lines. Raises EmptorError naming the line that is none."""
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        raise EmptorError(f"there is no file {file}") from None
    updates = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            raw = orjson.loads(line)
            read_update(raw)
        except orjson.JSONDecodeError as error:
            raise EmptorError(
                f"{file}, line {number}: found what is no JSON ({error}), expected an object such as "
                '{"product_id": "A12", "price": 9.5}'
            ) from None
        except EmptorError as error:
            raise EmptorError(f"{file}, line {number}: {error}") from None
        updates.append((number, raw))
    return updates
