"""Attributes of products: from columns of their own, from loose pairs, from one column of objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pyarrow as pa

from emptor.shop.importing.text import NULLS, clean_line
from emptor.shop.importing.values import Misfit, as_texts
from emptor.shop.schema import MAX_ATTRIBUTES, MAX_ID, MAX_VALUE, PRODUCT

Pairs = dict[str, list[str]]
"""The attributes of one product: name -> values."""

_OBJECT = "a JSON object of names and values (--map attr.NAME=COLUMN takes a column as plain text)"


class AttributeReader:
    """Collects each product's attributes; names are taken as they are but for control characters.

    Args:
        decode: whether HTML entities in values are decoded.
    """

    def __init__(self, *, decode: bool) -> None:
        self._decode = decode
        self._names: dict[str, str] = {}

    def name(self, raw: str) -> str:
        """A clean attribute name. Raises Misfit for an empty or overlong one."""
        name = self._names.get(raw)
        if name is None:
            name = clean_line(raw, decode=False)
            if not name or len(name) > MAX_ID:
                raise Misfit(f"attribute names of 1 to {MAX_ID} characters")
            if len(self._names) < 10_000:
                self._names[raw] = name
        return name

    def values(self, raw: object) -> list[str]:
        """Clean values of one attribute. Raises Misfit for what is no text or too long."""
        if isinstance(raw, str) and raw in NULLS:
            return []
        values = []
        for text in as_texts(raw):
            clean = clean_line(text, decode=self._decode)
            if len(clean) > MAX_VALUE:
                raise Misfit(f"at most {MAX_VALUE:,} characters (--ignore COLUMN leaves a column out)")
            if clean not in NULLS:
                values.append(clean)
        return values

    def column(self, raw: list[object], refuse: Callable[[int, object, str], None]) -> list[list[str] | None]:
        """Clean values of one column; cells that do not fit go to `refuse(row, value, expected)`."""
        known: dict[str, list[str]] = {}  # columns of attributes repeat themselves
        cells: list[list[str] | None] = []
        for row, value in enumerate(raw):
            if type(value) is str and value in known:
                cells.append(known[value])
                continue
            try:
                values = self.values(value)
            except Misfit as misfit:
                refuse(row, value, str(misfit))
                cells.append(None)
                continue
            if type(value) is str:
                known[value] = values
            cells.append(values)
        return cells

    def given(self, raw: object) -> Pairs:
        """Attributes given together: an object, a JSON text of one, or an Arrow map's pairs."""
        if raw is None:
            return {}
        if isinstance(raw, bytes):
            raw = raw.decode("utf-8", "surrogateescape")
        if isinstance(raw, str):
            if raw.strip() in NULLS:
                return {}
            try:
                raw = json.loads(raw)
            except (ValueError, RecursionError):
                raise Misfit(_OBJECT) from None
        if isinstance(raw, dict):
            items: Iterable[tuple[object, object]] = raw.items()
        elif isinstance(raw, list) and all(isinstance(pair, tuple) for pair in raw):
            items = raw
        else:
            raise Misfit(_OBJECT)
        pairs: Pairs = {}
        for name, value in items:
            self.add(pairs, str(name), value)
        return pairs

    def add(self, pairs: Pairs, raw_name: str, raw: object) -> None:
        """Add the values of one attribute to a product's."""
        values = self.values(raw)
        if values:
            name = self.name(raw_name)
            pairs[name] = pairs[name] + values if name in pairs else values

    def check(self, pairs: Pairs) -> None:
        """Raise Misfit when a product has more values than a product may have."""
        if pairs and sum(map(len, pairs.values())) > MAX_ATTRIBUTES:
            raise Misfit(f"at most {MAX_ATTRIBUTES} attribute values")


def attribute_array(products: Iterable[Pairs | None]) -> pa.Array:
    """Arrow map array of attributes; a product without any has null."""
    keys: list[str] = []
    values: list[str] = []
    product_ends, value_ends, missing = [0], [0], []
    for pairs in products:
        for name, texts in (pairs or {}).items():
            keys.append(name)
            values.extend(texts)
            value_ends.append(len(values))
        product_ends.append(len(keys))
        missing.append(not pairs)
    lists = pa.ListArray.from_arrays(pa.array(value_ends, pa.int32()), pa.array(values, pa.string()))
    return pa.MapArray.from_arrays(
        pa.array(product_ends, pa.int32()),
        pa.array(keys, pa.string()),
        lists,
        type=PRODUCT.field("attributes").type,
        mask=pa.array(missing, pa.bool_()),
    )
