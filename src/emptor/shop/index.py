"""The lexical index of a generation: its schema, and how a product becomes a document.

Text arrives already analysed (`text/analyser.py`), so the engine only splits at spaces. Filter fields hold one folded
term per value; `row` links a document to the columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tantivy

from emptor.errors import EmptorError
from emptor.shop.category import join_path
from emptor.shop.text import Analyser
from emptor.shop.text.analyser import fold

TOKENIZER = "terms"
HEAP_BYTES = 64_000_000
CHECKED = 10_000


def schema() -> tantivy.Schema:
    """Text fields hold frequencies only: no phrase is ever asked for, and positions would double the index."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("row", indexed=True, fast=True)
    for name in ("title", "brand", "category", "attributes", "description"):
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="freq")
    for name in ("brand_is", "category_in", "attribute_is"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_float_field("price", indexed=True, fast=True)
    builder.add_boolean_field("in_stock", indexed=True)
    return builder.build()


def open_index(folder: Path, analyser: Analyser, *, create: bool = False) -> tantivy.Index:
    """Open (or make) the index in `folder` with the analyser's tokenizer registered."""
    try:
        index = tantivy.Index(schema(), path=str(folder)) if create else tantivy.Index.open(str(folder))
    except ValueError as error:
        raise EmptorError(
            f"the index {folder} is missing or damaged ({str(error).splitlines()[0]}); "
            "`emptor publish` builds it again from the catalogue"
        ) from None
    index.register_tokenizer(TOKENIZER, analyser.tokenizer())
    return index


def is_in_order(searcher: tantivy.Searcher, rows: int) -> bool:
    """Whether the engine's own numbers of documents are the rows of the generation.

    Documents are added in that order by one thread, but a large index is written in segments that are merged as the
    engine likes. Where it holds, the engine breaks ties as we do: by row, which is by product_id.
    """
    if searcher.num_segments != 1 or searcher.num_docs != rows:
        return False
    for start in range(0, rows, CHECKED):
        part = range(start, min(start + CHECKED, rows))
        if searcher.fast_field_values("row", [tantivy.DocAddress(0, row) for row in part]) != list(part):
            return False
    return True


def filter_terms(product: Mapping[str, Any]) -> tuple[str | None, list[str], list[str]]:
    """The folded filter terms of a product: brand, category prefixes, `name\\x1fvalue` attributes."""
    brand = fold(product["brand"]) if product.get("brand") else None
    path = [fold(part) for part in product.get("category") or ()]
    prefixes = [join_path(path[: depth + 1]) for depth in range(len(path))]
    attributes = [attribute_term(name, value) for name, value in attribute_pairs(product)]
    return brand, prefixes, attributes


def attribute_pairs(product: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """(name, value) of every attribute value; Arrow hands maps out as lists of pairs."""
    attributes = product.get("attributes") or ()
    items = attributes.items() if isinstance(attributes, Mapping) else attributes
    return [(name, value) for name, values in items for value in values or ()]


def attribute_term(name: str, value: str) -> str:
    """One attribute value as a filter term."""
    return f"{fold(name)}\x1f{fold(value)}"


def document(row: int, product: Mapping[str, Any], analyser: Analyser) -> tantivy.Document:
    """A product as the engine stores it."""
    doc = tantivy.Document()
    doc.add_integer("row", row)
    category = product.get("category") or ()
    labels = {
        "brand": [product["brand"]] if product.get("brand") else [],
        "category": category,
        "attributes": [value for _, value in attribute_pairs(product)],
    }
    for name in ("title", "description"):
        if product.get(name):
            doc.add_text(name, analyser.index_text(product[name]))
    for name, values in labels.items():
        if values:
            doc.add_text(name, " ".join(analyser.index_label(value) for value in values))
    brand, prefixes, attributes = filter_terms(product)
    if brand is not None:
        doc.add_text("brand_is", brand)
    for term in prefixes:
        doc.add_text("category_in", term)
    for term in attributes:
        doc.add_text("attribute_is", term)
    price = product.get("price")
    if price is not None and not math.isnan(price):
        doc.add_float("price", float(price))
    doc.add_boolean("in_stock", product.get("in_stock") is not False)
    return doc
