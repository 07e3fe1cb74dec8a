"""A view: one consistent, immutable picture of the catalogue, a generation with the updates made since.

Everything that answers a request holds one view from beginning to end; an update or a publish makes another view.
Rows of a generation stay what they are; products that an update adds get rows behind them.
"""

from __future__ import annotations

import bisect
import logging
import math
import os
import shutil
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tantivy

from emptor.shop.category import join_path, split_path
from emptor.shop.config import TEXT_FIELDS
from emptor.shop.delta import Change, last_states
from emptor.shop.filters import Filters
from emptor.shop.generation import Generation
from emptor.shop.index import attribute_pairs, document, open_index
from emptor.shop.memo import Memo
from emptor.shop.schema import PRODUCT

log = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RowIds:
    """Rows -> product_ids, shared by all views of one generation: rows are only ever added, never given anew."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self.added: list[str] = []

    def one(self, row: int) -> str:
        base = self._generation.rows
        return self._generation.product_id(row) if row < base else self.added[row - base]

    def many(self, rows: np.ndarray) -> list[str]:
        """Ids of rows [n], in order."""
        base = self._generation.rows
        if not len(rows) or rows.max() < base:
            return self._generation.product_ids(rows)
        return [self.one(int(row)) for row in rows]

    def array(self, rows: np.ndarray) -> pa.Array:
        """Ids of rows [n] in ascending order, as an array."""
        base = self._generation.rows
        known = self._generation.product_id_array(rows[rows < base])
        added = [self.one(row) for row in rows[rows >= base].tolist()]
        return pa.concat_arrays([known, pa.array(added, pa.string())]) if added else known


class View:
    """Columns, texts and index of the catalogue at one moment. Safe to share between threads.

    Attributes (rows: all that ever were in this generation, deleted ones included):
        id: "<generation>.<delta bytes>", the same for the same content.
        alive [rows] bool: false for deleted products.
        order [rows] int64: place in product_id order, which breaks ties.
        price, in_stock, listed_at, popularity, brand, category [rows]: see Generation.
        attribute_start, attribute_end [rows] int64: each row's slice of attribute_codes.
        brands, categories, attributes: the vocabularies of the codes (`name\\x1fvalue` for attributes).
        searcher: the index at this moment.
    """

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.ids = RowIds(generation)
        self.id = f"{generation.number}.0"
        self.rows = generation.rows
        self.count = generation.rows
        self.alive: np.ndarray = np.ones(self.rows, bool)
        self.order: np.ndarray = np.arange(self.rows, dtype=np.int64)
        self.price, self.in_stock = generation.price, generation.in_stock
        self.listed_at, self.popularity = generation.listed_at, generation.popularity
        self.brand, self.category = generation.brand, generation.category
        self.attribute_codes: np.ndarray = generation.attribute_codes
        self.attribute_start: np.ndarray = generation.attribute_offsets[:-1]
        self.attribute_end: np.ndarray = generation.attribute_offsets[1:]
        self.brands, self.categories = generation.brands, generation.categories
        self.attributes = generation.attributes
        self.analyser = generation.analyser
        self._searcher: tantivy.Searcher | None = None
        self._changed: dict[int, dict[str, Any]] = {}
        self._added: dict[str, int] = {}
        self._deleted: set[int] = set()
        self._live: LiveIndex | None = None
        self._delta_end = 0
        self._masks: Memo[Filters, np.ndarray] = Memo(32)

    @property
    def index(self) -> tantivy.Index:
        return self.generation.index if self._live is None else self._live.index

    @property
    def searcher(self) -> tantivy.Searcher:
        """The index at this moment. Raises EmptorError where it is missing or damaged."""
        if self._searcher is None:
            self._searcher = self.index.searcher()
        return self._searcher

    def holds(self, term: str) -> bool:
        """Whether a product has the index term in any of its texts; one deleted by an update may still count."""
        return any(self.searcher.doc_freq(name, term) for name in TEXT_FIELDS)

    @property
    def in_order(self) -> bool:
        """Whether equal scores leave the engine in order of rows: the index is one segment and nothing was updated."""
        return self._live is None and bool(self.generation.about.get("in_order"))

    @property
    def is_updated(self) -> bool:
        """Whether updates were made since the generation was published."""
        return self._delta_end > 0

    # -- products -------------------------------------------------------------------------------------------------

    def row(self, product_id: str) -> int | None:
        """The row of a product that is in the shop now, else None."""
        row = self._added.get(product_id)
        if row is None:
            row = self.generation.row(product_id)
        return row if row is not None and self.alive[row] else None

    def product_id(self, row: int) -> str:
        return self.ids.one(row)

    def product_ids(self, rows: np.ndarray) -> list[str]:
        """Ids of rows [n], in order."""
        return self.ids.many(rows)

    def product(self, row: int) -> dict[str, Any]:
        """All fields of one product."""
        changed = self._changed.get(row)
        return dict(changed) if changed is not None else self.generation.product(row)

    def title(self, row: int) -> str | None:
        """One product's title, without reading the rest."""
        changed = self._changed.get(row)
        return self.generation.title(row) if changed is None else changed["title"]

    def card(self, row: int) -> dict[str, Any]:
        """One product as a result list shows it: everything but description and attributes."""
        changed = self._changed.get(row)
        if changed is not None:
            return {name: value for name, value in changed.items() if name not in ("description", "attributes")}
        card = self.generation.texts(row)
        price, brand, category = float(self.price[row]), int(self.brand[row]), int(self.category[row])
        card["price"] = None if math.isnan(price) else price
        listed = int(self.listed_at[row])
        card["listed_at"] = _EPOCH + timedelta(microseconds=listed) if listed else None
        card["in_stock"] = bool(self.in_stock[row])
        card["brand"] = None if brand < 0 else self.brands[brand]
        card["category"] = None if category < 0 else split_path(self.categories[category])
        return card

    def changes(self) -> tuple[set[str], list[dict[str, Any]]]:
        """What differs from the generation: (ids deleted, whole products changed or added)."""
        gone = {self.product_id(row) for row in self._deleted}
        return gone, [product for row, product in sorted(self._changed.items()) if self.alive[row]]

    @cached_property
    def worded(self) -> np.ndarray:
        """[rows] bool: products that say what they are; see Generation."""
        out = np.ones(self.rows, bool)
        out[: self.generation.rows] = self.generation.worded
        for row, product in self._changed.items():
            texts = (product["title"], product["description"])
            out[row] = bool(product["attributes"]) or any(letter.isalpha() for text in texts for letter in text or "")
        return out

    # -- filters --------------------------------------------------------------------------------------------------

    def mask(self, filters: Filters) -> np.ndarray:
        """[rows] bool: products in the shop that pass all filters. Memoised; do not write to it."""
        return self._masks.get(filters, lambda: self._mask(filters))

    def _mask(self, filters: Filters) -> np.ndarray:
        mask = self.alive.copy()
        for clause in filters:
            if clause.field == "price":
                inside = np.zeros(self.rows, bool)
                for low, high in clause.ranges:
                    inside |= (self.price >= low) & (self.price <= high)
                mask &= inside
            elif clause.field == "in_stock":
                if len(clause.values) == 1:
                    mask &= self.in_stock == (clause.values[0] == "true")
            elif clause.field == "brand":
                mask &= self._has(self.brand, [c for value in clause.values for c in self.brands.codes.get(value, ())])
            elif clause.field == "category":
                mask &= self._has(self.category, self.categories.under(clause.values))
            else:
                mask &= self._has_attribute(clause.field[5:], clause.values)
        mask.setflags(write=False)
        return mask

    def _has(self, codes: np.ndarray, wanted: list[int]) -> np.ndarray:
        size = max(int(codes.max(initial=-1)) + 1, max(wanted, default=-1) + 1)
        table = np.zeros(size + 1, bool)  # the last entry is that of code -1
        table[wanted] = True
        return table[codes]

    def _has_attribute(self, name: str, values: Sequence[str]) -> np.ndarray:
        wanted = [code for value in values for code in self.attributes.codes.get(f"{name}\x1f{value}", ())]
        hit = np.zeros(len(self.attributes) + 1, bool)
        hit[wanted] = True
        sums = np.zeros(len(self.attribute_codes) + 1, np.int64)
        np.cumsum(hit[self.attribute_codes], out=sums[1:])
        return sums[self.attribute_end] > sums[self.attribute_start]

    def attributes_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(attribute codes of the given rows one after the other, how many of them each row has)."""
        starts = self.attribute_start[rows]
        counts = self.attribute_end[rows] - starts
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        return self.attribute_codes[np.arange(total) + np.repeat(starts - ends + counts, counts)], counts

    # -- updates --------------------------------------------------------------------------------------------------

    def with_changes(self, changes: Sequence[Change], *, end: int, live: LiveIndex | None) -> View:
        """A new view with updates applied; this one stays as it is.

        Args:
            end: bytes of the delta file that the new view has seen.
            live: the process's own writable copy of the index, which the updates go through; None for a view that
                is read and never searched (what an import builds on).
        """
        view = object.__new__(View)
        view.__dict__.update(self.__dict__)
        view.__dict__.pop("worded", None)  # of this view alone
        view._changed, view._added = dict(self._changed), dict(self._added)
        view._deleted = set(self._deleted)
        touched: list[int] = []
        for product_id, own in last_states(changes).items():
            product, row = self._result(product_id, own)
            if row is None:
                if product is None:
                    continue
                row = view.generation.rows + len(self.ids.added)
                self.ids.added.append(product_id)
                view._added[product_id] = row
            if product is None:
                view._deleted.add(row)
            else:
                view._deleted.discard(row)
                view._changed[row] = product
            touched.append(row)
        view.rows = view.generation.rows + len(self.ids.added)
        view._rebuild(sorted(set(touched)))
        view.id, view._delta_end = f"{self.generation.number}.{end}", end
        view._live = live
        view._searcher = None if live is None else live.apply(view, touched)
        return view

    def _result(self, product_id: str, changes: Sequence[Change]) -> tuple[dict[str, Any] | None, int | None]:
        """What a product is after its changes, and the row it has or had."""
        row = self._added.get(product_id)
        if row is None:
            row = self.generation.row(product_id)
        product = self.product(row) if row is not None and self.alive[row] else None
        for change in changes:
            if change.op == "delete":
                product = None
                continue
            if product is None and not change.fields.get("title"):
                continue  # a sync retired the product while its price was being changed: it stays away
            whole = {**(product or {}), **change.fields, "product_id": product_id}
            try:
                product = complete(whole, image_file=product["image_file"] if product else None)
            except (TypeError, ValueError, OverflowError):  # written by another version: one line must not close a shop
                log.warning("an update of product %r cannot be read and is left out", product_id)
        return product, row

    def _rebuild(self, touched: list[int]) -> None:
        """Copies of the columns with the touched rows as `_changed` says."""
        more = self.rows - len(self.alive)
        self.alive = np.concatenate([self.alive, np.zeros(more, bool)])
        self.price = np.concatenate([self.price, np.full(more, math.nan)])
        self.in_stock = np.concatenate([self.in_stock, np.ones(more, bool)])
        self.listed_at = np.concatenate([self.listed_at, np.zeros(more, np.int64)])
        self.popularity = np.concatenate([self.popularity, np.zeros(more, np.float32)])
        self.brand = np.concatenate([self.brand, np.full(more, -1, np.int32)])
        self.category = np.concatenate([self.category, np.full(more, -1, np.int32)])
        self.attribute_start = np.concatenate([self.attribute_start, np.zeros(more, np.int64)])
        self.attribute_end = np.concatenate([self.attribute_end, np.zeros(more, np.int64)])
        brands, categories, attributes = self.brands.growing(), self.categories.growing(), self.attributes.growing()
        codes: list[int] = []
        for row in touched:
            self.alive[row] = row not in self._deleted
            product = self._changed.get(row)
            if product is None:
                continue
            self.price[row] = math.nan if product["price"] is None else product["price"]
            self.in_stock[row] = product["in_stock"] is not False
            self.brand[row] = brands.code(product["brand"])
            self.category[row] = categories.code(join_path(product["category"] or ()))
            self.attribute_start[row] = len(self.attribute_codes) + len(codes)
            codes += sorted({attributes.code(f"{name}\x1f{value}") for name, value in attribute_pairs(product)})
            self.attribute_end[row] = len(self.attribute_codes) + len(codes)
        self.attribute_codes = np.concatenate([self.attribute_codes, np.array(codes, np.int32)])
        self.brands, self.categories, self.attributes = brands.done(), categories.done(), attributes.done()
        if more:
            added = sorted(self._added)
            order = np.concatenate([np.arange(self.generation.rows, dtype=np.float64), np.zeros(len(added))])
            for number, product_id in enumerate(added):
                place = bisect.bisect_left(range(self.generation.rows), product_id, key=self.generation.product_id)
                order[self._added[product_id]] = place - 1 + (number + 1) / (len(added) + 1)
            self.order = np.argsort(np.argsort(order, kind="stable"), kind="stable").astype(np.int64)
        self.count = int(self.alive.sum())
        self._masks = Memo(32)


class LiveIndex:
    """A process's private, writable copy of a generation's index: hard links, since index files are never changed.

    It is a cache of generation + delta and holds nothing of its own; `close` deletes it.
    """

    def __init__(self, generation: Generation, shop: Path) -> None:
        _ = generation.index  # raises where there is nothing to copy
        self._folder = shop / "views" / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._folder.mkdir(parents=True)
        for file in (generation.folder / "index").iterdir():
            if file.name.endswith(".lock"):
                continue
            # the engine rewrites its .json files by rename, but a copy of those few bytes is safer still
            if file.name.endswith(".json"):
                shutil.copyfile(file, self._folder / file.name)
                continue
            try:
                os.link(file, self._folder / file.name)
            except OSError:
                shutil.copyfile(file, self._folder / file.name)
        self.index = open_index(self._folder, generation.analyser)
        self._writer = self.index.writer(heap_size=15_000_000, num_threads=1)

    def apply(self, view: View, rows: Sequence[int]) -> tantivy.Searcher:
        """Bring the index to the view's state for some rows; returns the searcher of that state."""
        for row in rows:
            self._writer.delete_documents_by_term("row", int(row))
            if view.alive[row]:
                self._writer.add_document(document(row, view.product(row), view.analyser))
        self._writer.commit()
        self.index.reload()
        return self.index.searcher()

    def close(self) -> None:
        self._writer.wait_merging_threads()
        shutil.rmtree(self._folder, ignore_errors=True)


def complete(fields: dict[str, Any], *, image_file: str | None) -> dict[str, Any]:
    """A whole product from some fields, in the types of the catalogue: what an import of the same row would make."""
    product: dict[str, Any] = {name: fields.get(name) for name in PRODUCT.names}
    product["attributes"] = dict(product["attributes"] or {})
    product["image_file"] = image_file
    if isinstance(product["listed_at"], str):
        product["listed_at"] = datetime.fromisoformat(product["listed_at"])
    if product["in_stock"] is None:
        product["in_stock"] = True
    batch = pa.RecordBatch.from_pylist([{**product, "attributes": list(product["attributes"].items())}], schema=PRODUCT)
    row = batch.to_pylist()[0]
    row["attributes"] = dict(row["attributes"] or ())
    return row
