"""Small updates between imports: prices, stock, a handful of products, searchable within a second.

An update is a line in `deltas/<generation>.jsonl`, on the disk before it is acknowledged; every process that has the
shop open applies new lines to its own view. The next import folds them into its generation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from emptor.errors import EmptorError
from emptor.shop.files import append_durably, fsync_folder
from emptor.shop.schema import PRODUCT

MAX_CHANGES = 20_000
"""A delta longer than this slows every process that opens the shop; then an import is the better tool."""

_CHECKS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "price": ((int, float), "a number of at least 0"),
    "in_stock": (bool, "true or false"),
}


@dataclass(frozen=True)
class Change:
    """One acknowledged update. `op`: "set" some fields, "put" a whole product, "delete"."""

    op: str
    product_id: str
    fields: Mapping[str, Any]


class Delta:
    """The change file of one generation."""

    def __init__(self, shop: Path, generation: int) -> None:
        self.path = shop / "deltas" / f"{generation}.jsonl"

    def size(self) -> int:
        """Bytes written so far; changes when there is something new."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, start: int = 0) -> tuple[list[Change], int]:
        """Changes from byte `start` on, and where the next read goes on. A torn last line was never acknowledged."""
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                content = file.read()
        except FileNotFoundError:
            return [], 0
        whole = content[: content.rfind(b"\n") + 1]
        changes = []
        for line in whole.splitlines():
            try:
                raw = orjson.loads(line)
                changes.append(Change(raw["op"], raw["product_id"], raw.get("fields", {})))
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue  # the rest of a line torn by a crash, closed off by the next writer
        return changes, start + len(whole)

    def append(self, changes: Sequence[Change]) -> None:
        """Write changes durably. The caller holds the shop's delta lock."""
        self.path.parent.mkdir(exist_ok=True)
        lines = b"".join(
            orjson.dumps({"op": c.op, "product_id": c.product_id, "fields": c.fields}, option=orjson.OPT_UTC_Z) + b"\n"
            for c in changes
        )
        if self._torn():
            lines = b"\n" + lines
        append_durably(self.path, lines)
        fsync_folder(self.path.parent.parent)

    def _torn(self) -> bool:
        if not self.size():
            return False
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read() != b"\n"


def check_change(raw: Mapping[str, Any]) -> Change:
    """Read one update as a caller wrote it: `{"product_id": ..., "price": 9.5}`, `{"product_id": ..., "delete": true}`.

    Raises:
        EmptorError: which field is wrong, what was found and what was expected.
    """
    product_id = raw.get("product_id")
    if not isinstance(product_id, str) or not product_id:
        raise EmptorError(f"update {_show(raw)}: expected a product_id of text")
    if "delete" in raw:
        if raw["delete"] is not True or len(raw) != 2:
            raise EmptorError(
                f'update of {product_id!r}: a deletion is {{"product_id": ..., "delete": true}}, nothing else'
            )
        return Change("delete", product_id, {})
    fields = {name: value for name, value in raw.items() if name != "product_id"}
    if not fields:
        raise EmptorError(f"update of {product_id!r} changes nothing; expected price, in_stock or other fields")
    for name, value in fields.items():
        if name not in PRODUCT.names or name == "image_file":
            raise EmptorError(f"update of {product_id!r}: unknown field {name!r}; a product has {_fields()}")
        kind, expected = _CHECKS.get(name, (object, ""))
        wrong = value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool))
        if name in _CHECKS and (wrong or (name == "price" and value is not None and not 0 <= value <= 1e12)):
            raise EmptorError(f"update of {product_id!r}, {name}: found {value!r:.80}, expected {expected}")
    return Change("put" if "title" in fields else "set", product_id, fields)


def last_states(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Changes by product, in order."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.product_id, []).append(change)
    return found


def _fields() -> str:
    return ", ".join(name for name in PRODUCT.names if name not in ("product_id", "image_file"))


def _show(raw: object) -> str:
    return repr(raw)[:120]
