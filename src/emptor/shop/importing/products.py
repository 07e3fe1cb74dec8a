"""Records to products: cleaned, checked, and complete or refused with a reason for every bad field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pyarrow as pa

from emptor.shop.importing.attributes import AttributeReader, Pairs, attribute_array
from emptor.shop.importing.categories import checked_path, path_of_list, path_of_text
from emptor.shop.importing.mapping import ATTRIBUTE, ColumnMapping
from emptor.shop.importing.pictures import as_picture
from emptor.shop.importing.quarantine import Fault, fault
from emptor.shop.importing.records import Records
from emptor.shop.importing.text import NULLS, clean_line, clean_text
from emptor.shop.importing.values import (
    Misfit,
    as_currency,
    as_id,
    as_in_stock,
    as_price,
    as_text,
    as_texts,
    as_time,
)
from emptor.shop.schema import MAX_DESCRIPTION, MAX_ID, MAX_TITLE, MAX_VALUE, PRODUCT

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProductBatch:
    """N good products of a file and the faults of the bad ones among them.

    Args:
        products: N rows of emptor.shop.schema.PRODUCT; image_file is null.
        image_bytes: [N] the picture itself where the file holds it (Parquet only).
        lines: [N] where each product stands in the file.
        faults: in the order of their lines; at least one for every record that is not a product.
        bytes_read: bytes of the file on disk consumed so far.
    """

    products: pa.RecordBatch
    image_bytes: list[bytes | None]
    lines: list[int]
    faults: list[Fault]
    bytes_read: int


class ProductBuilder:
    """Makes products of records.

    Args:
        mapping: which columns make which field.
        category_separator: what splits a category text; None: the first of ">", "|" and "/" found in it.
        decode: whether HTML entities are decoded and markup removed.
    """

    def __init__(self, mapping: ColumnMapping, *, category_separator: str | None, decode: bool) -> None:
        self.mapping, self.category_separator, self.decode = mapping, category_separator, decode
        self.attributes = AttributeReader(decode=decode)

    def build(self, records: Records) -> ProductBatch:
        return _Batch(self, records).build()


class _Batch:
    """The work on one batch: columns of values on one side, the rows that were refused on the other."""

    def __init__(self, builder: ProductBuilder, records: Records) -> None:
        self.builder, self.records = builder, records
        self.rows = len(records.lines)
        self.ids: list[str | None] = [None] * self.rows
        self.faults = list(records.faults)
        self.refused: set[int] = set()

    def build(self) -> ProductBatch:
        self.ids = self.each("product_id", lambda value: as_id(value, MAX_ID))
        for row in [row for row, product_id in enumerate(self.ids) if product_id is None]:
            if row not in self.refused:
                self.refuse("product_id", row, None, "an identifier for every product")
        prices = self.each("price", as_price)
        currencies = self.each("currency", as_currency)
        pictures = self.each("image", as_picture)
        columns: dict[str, list] = {
            "product_id": self.ids,
            "title": self.text("title", limit=MAX_TITLE, nulls=frozenset({""}), joint=" "),
            "description": self.text("description", limit=MAX_DESCRIPTION, nulls=NULLS, joint="\n"),
            "category": self.categories(),
            "brand": self.text("brand", limit=MAX_VALUE, nulls=NULLS, joint=", "),
            "price": [price and price[0] for price in prices],
            "currency": [own or (price[1] if price else None) for own, price in zip(currencies, prices, strict=True)],
            "image": [picture.name if picture else None for picture in pictures],
            "seller_id": self.each("seller_id", lambda value: as_id(value, MAX_ID)),
            "listed_at": self.each("listed_at", as_time),
            "in_stock": [flag is not False for flag in self.each("in_stock", as_in_stock)],
        }
        attributes = self.all_attributes()
        kept = [row for row in range(self.rows) if row not in self.refused]
        columns["image_file"] = [None] * self.rows
        arrays = [
            attribute_array(attributes[row] for row in kept)
            if field.name == "attributes"
            else pa.array([columns[field.name][row] for row in kept], field.type)
            for field in PRODUCT
        ]
        return ProductBatch(
            products=pa.RecordBatch.from_arrays(arrays, schema=PRODUCT),
            image_bytes=[picture.content if (picture := pictures[row]) else None for row in kept],
            lines=[self.records.lines[row] for row in kept],
            faults=sorted(self.faults, key=lambda fault: fault.line),
            bytes_read=self.records.bytes_read,
        )

    def refuse(self, field: str, row: int, found: object, expected: str) -> None:
        self.refused.add(row)
        self.faults.append(fault(self.records.lines[row], self.ids[row], field, found, expected))

    def raw(self, field: str) -> list[list[object]]:
        """The columns that make a field, as far as this batch has them."""
        columns = self.builder.mapping.fields.get(field, [])
        return [self.records.columns[name] for name in columns if name in self.records.columns]

    def each(self, field: str, convert: Callable[[object], T | None]) -> list[T | None]:
        """Convert a field of one column cell by cell; a cell that does not fit refuses its row."""
        columns = self.raw(field)
        return self.converted(field, columns[0], convert) if columns else [None] * self.rows

    def converted(self, field: str, values: Sequence[S], convert: Callable[[S], T | None]) -> list[T | None]:
        converted: list[T | None] = []
        for row, value in enumerate(values):
            try:
                converted.append(None if value is None else convert(value))
            except Misfit as misfit:
                self.refuse(field, row, value, str(misfit))
                converted.append(None)
        return converted

    def text(self, field: str, *, limit: int, nulls: frozenset[str], joint: str) -> list[str | None]:
        """A text field, made of all its columns."""
        clean = clean_text if field == "description" else clean_line
        columns = [self.clean_column(field, raw, clean, nulls, joint) for raw in self.raw(field)]
        if not columns:
            return [None] * self.rows
        texts = columns[0]
        if len(columns) > 1:
            rows = zip(*columns, strict=True)  # short and long descriptions are often the same: say it once
            texts = [joint.join(dict.fromkeys(part for part in row if part)) or None for row in rows]
        for row, text in enumerate(texts):
            if text is not None and len(text) > limit:
                self.refuse(field, row, text, f"at most {limit:,} characters")
        return texts

    def clean_column(
        self,
        field: str,
        values: list[object],
        clean: Callable[..., str],
        nulls: frozenset[str],
        joint: str,
    ) -> list[str | None]:
        decode = self.builder.decode

        def convert(value: object) -> str | None:
            text = joint.join(as_texts(value)) if isinstance(value, list) else as_text(value)
            if text is None:
                return None
            text = clean(text, decode=decode)
            return None if text in nulls else text

        try:
            everything = "".join(values)  # type: ignore[arg-type]
        except TypeError:
            return self.converted(field, values, convert)
        # Most columns of most batches hold nothing to clean, and one look at all their text says so.
        if not (everything.isascii() and everything.isprintable()) or "&" in everything or "<" in everything:
            return self.converted(field, values, convert)
        return [None if (text := value.strip()) in nulls else text for value in values]  # type: ignore[attr-defined]

    def categories(self) -> list[list[str] | None]:
        columns = self.raw("category")
        separator, decode = self.builder.category_separator, self.builder.decode
        as_segment = len(columns) > 1 and separator is None  # one column per level: "TV/Video" is one level
        known: dict[str, list[str]] = {}  # few categories for many products

        def path(value: object) -> list[str]:
            if isinstance(value, list):
                return path_of_list(value, decode=decode)
            text = as_text(value) or ""
            if text not in known:
                whole = path_of_list([text], decode=decode) if as_segment else None
                known[text] = path_of_text(text, separator, decode=decode) if whole is None else whole
            return known[text]

        paths: list[list[str]] = [[] for _ in range(self.rows)]
        for column in columns:
            parts = self.converted("category", column, path)
            paths = [found + (part or []) for found, part in zip(paths, parts, strict=True)]
        if len(columns) > 1:
            paths = [path or [] for path in self.converted("category", paths, checked_path)]
        return [path or None for path in paths]

    def all_attributes(self) -> list[Pairs]:
        reader = self.builder.attributes
        products: list[Pairs] = [{} for _ in range(self.rows)]
        for name, columns in self.builder.mapping.attributes.items():
            for column in columns:
                if column not in self.records.columns:
                    continue
                cells = reader.column(self.records.columns[column], partial(self.refuse, ATTRIBUTE + name))
                for pairs, values in zip(products, cells, strict=True):
                    if values:
                        pairs[name] = pairs[name] + values if name in pairs else values
        for row, given in enumerate(self.each("attributes", reader.given)):
            for name, values in (given or {}).items():
                products[row][name] = products[row].get(name, []) + values
        for row, loose in enumerate(self.records.loose or ()):
            for name, value in loose:
                try:
                    reader.add(products[row], name, value)
                except Misfit as misfit:
                    self.refuse(ATTRIBUTE + name, row, value, str(misfit))
        for row, pairs in enumerate(products):
            try:
                reader.check(pairs)
            except Misfit as misfit:
                self.refuse("attributes", row, pairs, str(misfit))
        return products
