"""Small updates between imports: prices, stock, a handful of products, searchable within a second.

An update is a line in `deltas/<generation>.jsonl`, on the disk before it is acknowledged; every process that has the
shop open applies new lines to its own view. The next import folds them into its generation.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from emptor.errors import EmptorError
from emptor.shop.files import append_durably, fsync_folder
from emptor.shop.importing.mapping import ColumnMapping
from emptor.shop.importing.products import ProductBuilder
from emptor.shop.importing.records import Records
from emptor.shop.schema import PRODUCT

MAX_CHANGES = 20_000
"""A delta longer than this slows every process that opens the shop; then an import is the better tool."""

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "price": ((int, float), "a number of at least 0"),
    "in_stock": ((bool,), "true or false"),
}
"""Fields in which an update, unlike a file, may not write text for what is meant."""


@dataclass(frozen=True)
class Change:
    """One acknowledged update. `op`: "set" some fields (of a product that is not there: add it), or "delete"."""

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


def read_update(raw: object) -> Change:
    """Read one update as a caller wrote it: `{"product_id": ..., "price": 9.5}`, `{"product_id": ..., "delete": true}`.

    Values are read and cleaned as an import would, and kept as JSON, so that what is written can always be read again.
    A field set to null is emptied.

    Raises:
        EmptorError: which field is wrong, what was found and what was expected.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("product_id"), str):
        raise EmptorError(f"update {repr(raw)[:120]}: expected an object with a product_id of text")
    named = f"update of {raw['product_id'][:80]!r}"
    if "delete" in raw:
        if raw["delete"] is not True or len(raw) != 2:
            raise EmptorError(f'{named}: a deletion is {{"product_id": ..., "delete": true}}, nothing else')
        return Change("delete", raw["product_id"], {})
    given = {name: value for name, value in raw.items() if name != "product_id"}
    if not given:
        raise EmptorError(f"{named} changes nothing; expected price, in_stock or other fields")
    known = [name for name in PRODUCT.names if name not in ("product_id", "image_file")]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(str(name), [*known, "delete"], n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise EmptorError(
                f"{named}: unknown field {str(name)[:80]!r}{meant} (an update has {', '.join(known)}, "
                "or else `delete`: true)"
            )
    for name, (kinds, expected) in _KINDS.items():
        value = given.get(name)
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise EmptorError(f"{named}, {name}: found {value!r:.80}, expected {expected}")
    try:
        plain = orjson.loads(orjson.dumps(dict(raw), option=orjson.OPT_SERIALIZE_NUMPY))
    except orjson.JSONEncodeError as error:
        raise EmptorError(f"{named}: {error}; expected text, numbers, true or false, lists and objects") from None
    names = list(plain)
    mapping = ColumnMapping.of(names, maps={name: [name] for name in names})
    records = Records(lines=[1], columns={name: [value] for name, value in plain.items()})
    batch = ProductBuilder(mapping, category_separator=None, decode=True).build(records)
    if batch.faults:
        fault = batch.faults[0]
        raise EmptorError(f"{named}, {fault.field}: found {fault.found:.80}, expected {fault.expected}")
    product = batch.products.to_pylist()[0]
    if product["product_id"] != raw["product_id"]:
        raise EmptorError(f"{named}: expected a product_id without spaces around it")
    fields = {name: product[name] for name in given}
    if fields.get("attributes") is not None:
        fields["attributes"] = dict(fields["attributes"])
    return Change("set", raw["product_id"], fields)


def last_states(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Changes by product, in order."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.product_id, []).append(change)
    return found
