"""The middle of an import: which rows survive, where each goes, and all of them in id order.

The rows of the file lie on the disk; their ids, lines and places are all that is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emptor.progress import Step, step
from emptor.shop.schema import PRODUCT
from emptor.shop.view import View

BUCKET = 32_768
_SLICE = 8192
_STAGED = pa.schema([*PRODUCT, pa.field("place", pa.int64()), pa.field("shadow", pa.bool_())])


class Staged:
    """Rows of the file as read, on disk, with their ids and lines in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._ids: list[pa.Array] = []
        self._lines: list[np.ndarray] = []
        self._writer = pa.ipc.new_stream(path, PRODUCT)

    def add(self, batch: pa.RecordBatch, lines: Sequence[int]) -> None:
        if batch.num_rows:
            self._writer.write_batch(batch)
            # a copy, so that the ids do not keep the whole batch alive
            self._ids.append(pa.array(batch.column("product_id").to_pylist(), pa.string()))
            self._lines.append(np.asarray(lines, np.int64))
            self.rows += batch.num_rows

    def close(self) -> None:
        self._writer.close()

    def ids(self) -> pa.Array:
        return pa.concat_arrays(self._ids) if self._ids else pa.array([], pa.string())

    def lines(self) -> np.ndarray:
        return np.concatenate(self._lines) if self._lines else np.zeros(0, np.int64)

    def read(self) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(self.path)) as file:  # not mapped: pages once read would count as memory
            yield from pa.ipc.open_stream(file)

    def products(self, rows: np.ndarray) -> Iterator[dict[str, Any]]:
        """The products of some rows [n], ascending, in one pass over the file."""
        start = 0
        for batch in self.read():
            end = start + batch.num_rows
            own = rows[(rows >= start) & (rows < end)] - start
            if len(own):
                yield from batch.take(pa.array(own)).to_pylist()
            start = end


@dataclass(frozen=True)
class Plan:
    """Place in the new generation of each row: of the file, of the base generation, and of its updated products.

    -1: left out. A row in `shadow` gives way to the file's row of the same place, which may inherit its picture.

    added, known: products of the file that the shop did not have, and had; retired: products of the shop that go.
    repeats: rows of the file that repeat an id, ascending; winners: for each the row that is kept in its place.
    overruled: products whose updates since an import last named them give way to the file; updated: ids of the others
        that were updated or deleted since, for the next import.
    """

    staged: np.ndarray
    base: np.ndarray
    base_shadow: np.ndarray
    changed: np.ndarray
    changed_shadow: np.ndarray
    total: int
    added: int
    known: int
    retired: int
    repeats: np.ndarray
    winners: np.ndarray
    overruled: int
    updated: list[str]


def make_plan(staged: Staged, base: View | None, mode: str, unread: set[str]) -> Plan:
    """Decide what survives and where it goes: rows of the file, then of the base, then updated products, as one list.

    `unread`: ids that stand in the file in rows that could not be read; a sync keeps what the shop has of them.

    Arrays rather than tables: at a million rows the ids are all the memory that this takes.
    """
    gone, changed = base.changes() if base is not None else (set(), [])
    own, old = staged.ids(), _base_ids(base)
    ids = pa.concat_arrays([own, old, pa.array([p["product_id"] for p in changed], pa.string())])
    first, second = staged.rows, staged.rows + len(old)
    live = np.ones(len(ids), bool)
    if base is not None:
        for product_id in gone | {product["product_id"] for product in changed}:
            row = base.generation.row(product_id)
            if row is not None:
                live[first + row] = False
    group, count = _groups(ids, live)
    place_of = np.arange(count)
    last = np.full(count, -1, np.int64)  # of the file's rows of an id, the last one wins
    np.maximum.at(last, group[:first], np.arange(first))
    in_file = last >= 0
    known = np.zeros(count, bool)
    known[group[first:][live[first:]]] = True
    retired = 0
    if mode == "sync":
        kept = in_file.copy()
        if unread:
            kept[group[live & pc.is_in(ids, pa.array(sorted(unread))).to_numpy(zero_copy_only=False)]] = True
        retired = int((~kept).sum())
        place_of = np.where(kept, np.cumsum(kept) - 1, -1)
    place = np.where(live, place_of[group], -1)
    shadow = live & in_file[group]
    wins = last[group[:first]] == np.arange(first)
    repeats = np.flatnonzero(~wins)
    touched = gone | {product["product_id"] for product in changed}
    if base is not None:
        touched |= base.generation.updated
    named = own.filter(pc.is_in(own, pa.array(sorted(touched), pa.string()))).unique().to_pylist() if touched else []
    touched -= set(named)
    return Plan(
        staged=np.where(wins, place[:first], -1),
        base=place[first:second],
        base_shadow=shadow[first:second],
        changed=place[second:],
        changed_shadow=shadow[second:],
        total=int(place.max(initial=-1)) + 1,
        added=int((in_file & ~known).sum()),
        known=int((in_file & known).sum()),
        retired=retired,
        repeats=repeats,
        winners=last[group[repeats]],
        overruled=len(named),
        updated=sorted(touched & unread if mode == "sync" else touched),
    )


def _base_ids(base: View | None) -> pa.Array:
    if base is None:
        return pa.array([], pa.string())
    column = pq.read_table(base.generation.folder / "catalogue.parquet", columns=["product_id"]).column(0)
    return column.combine_chunks().cast(pa.string())


def _groups(ids: pa.Array, live: np.ndarray) -> tuple[np.ndarray, int]:
    """(number of each live row's id among the different ids in order, how many those are); others get 0."""
    order = pc.sort_indices(ids).to_numpy()
    order = order[live[order]]
    sorted_ids = ids.take(pa.array(order))
    begins = np.ones(len(order), bool)
    if len(order) > 1:
        begins[1:] = pc.not_equal(sorted_ids.slice(1), sorted_ids.slice(0, len(order) - 1)).to_numpy(
            zero_copy_only=False
        )
    group = np.zeros(len(ids), np.int64)
    group[order] = np.cumsum(begins) - 1
    return group, int(begins.sum())


class Merge:
    """All surviving products in id order. `unchanged`, once read to its end: products of the file that the shop had
    just so.
    """

    def __init__(self, staging: Path, staged: Staged, base: View | None, plan: Plan) -> None:
        self._staging, self._staged, self._base, self._plan = staging, staged, base, plan
        self.unchanged = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """A bucket of neighbouring places at a time."""
        count = -(-self._plan.total // BUCKET)
        writers = [pa.ipc.new_stream(self._staging / f"bucket-{i}.arrow", _STAGED) for i in range(count)]
        self._fill(writers)
        for writer in writers:
            writer.close()
        for number in range(count):
            path = self._staging / f"bucket-{number}.arrow"
            with pa.OSFile(str(path)) as file:
                yield from self._in_order(pa.ipc.open_stream(file).read_all())
            path.unlink()

    def _fill(self, writers: list[Any]) -> None:
        staged, base, plan = self._staged, self._base, self._plan
        start = 0
        with step("Sorting", total=staged.rows + len(plan.base)) as bar:
            for batch in staged.read():
                _scatter(batch, plan.staged[start : start + batch.num_rows], None, writers, bar)
                start += batch.num_rows
            if base is None:
                return
            start = 0
            for batch in pq.ParquetFile(base.generation.folder / "catalogue.parquet").iter_batches(batch_size=_SLICE):
                end = start + batch.num_rows
                _scatter(batch.cast(PRODUCT), plan.base[start:end], plan.base_shadow[start:end], writers, bar)
                start = end
            changed = [{**p, "attributes": list(p["attributes"].items())} for p in base.changes()[1]]
            if changed:
                batch = pa.RecordBatch.from_pylist(changed, schema=PRODUCT)
                _scatter(batch, plan.changed, plan.changed_shadow, writers, bar)

    def _in_order(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        """The rows of one bucket sorted; a product without a picture inherits that of the row it replaces."""
        places, shadow = table.column("place").to_numpy(), table.column("shadow").to_numpy()
        table = table.combine_chunks()
        if shadow.any():
            old = {places[at]: at for at in np.flatnonzero(shadow)}
            pairs = [(at, old[places[at]]) for at in np.flatnonzero(~shadow) if places[at] in old]
            table = _with_inherited_pictures(table, pairs)
            for start in range(0, len(pairs), _SLICE):
                self.unchanged += _count_same(table, np.array(pairs[start : start + _SLICE]))
        live = np.flatnonzero(~shadow)
        order = live[np.argsort(places[live], kind="stable")]
        for part in np.array_split(order, max(1, len(order) // _SLICE)):
            rows = table.take(pa.array(part)).drop_columns(["place", "shadow"]).combine_chunks()
            yield from rows.cast(PRODUCT).to_batches()


def _scatter(
    batch: pa.RecordBatch, places: np.ndarray, shadow: np.ndarray | None, writers: list[Any], bar: Step
) -> None:
    """Send each row to the bucket of its place."""
    bar.advance(batch.num_rows)
    rows = np.flatnonzero(places >= 0)
    buckets = places[rows] // BUCKET
    for bucket in np.unique(buckets):
        own = rows[buckets == bucket]
        part = batch.take(pa.array(own))
        flags = pa.array(shadow[own] if shadow is not None else np.zeros(len(own), bool))
        columns = [*part.columns, pa.array(places[own]), flags]
        writers[bucket].write_batch(pa.RecordBatch.from_arrays(columns, schema=_STAGED))


def _with_inherited_pictures(table: pa.Table, pairs: Sequence[tuple[Any, Any]]) -> pa.Table:
    images, files = table.column("image").to_pylist(), table.column("image_file").to_pylist()
    for new, old in pairs:
        if files[new] is None and images[new] in (None, images[old]):
            files[new] = files[old]
    column = table.schema.get_field_index("image_file")
    return table.set_column(column, PRODUCT.field("image_file"), pa.array(files, pa.string()))


def _count_same(table: pa.Table, pairs: np.ndarray) -> int:
    """How many pairs [n, 2] of rows say the same of their product."""
    for name in PRODUCT.names:
        if not len(pairs):
            return 0
        new, old = (table.column(name).take(pa.array(rows)).combine_chunks() for rows in pairs.T)
        if pa.types.is_nested(new.type):
            # an update writes an empty map where a file leaves nothing, and names have no order
            both = zip(new.to_pylist(), old.to_pylist(), strict=True)
            same = np.array([a == b or _plain(a) == _plain(b) for a, b in both], bool)
        else:
            equal = pc.fill_null(pc.equal(new, old), False)
            same = pc.or_(equal, pc.and_(new.is_null(), old.is_null())).to_numpy(zero_copy_only=False)
        pairs = pairs[same]
    return len(pairs)


def _plain(value: list[Any] | None) -> list[Any]:
    return sorted(value) if value and isinstance(value[0], tuple) else value or []
