"""`emptor import`: a catalogue file becomes the next generation.

Three passes, none of which holds the catalogue in memory: (1) the file is read, checked and staged, and its ids are
kept; (2) ids decide what survives (the last of repeats, upsert or sync) and each survivor's place in id order;
(3) staged rows go to buckets of neighbouring places, and the buckets, one after the other, into the generation.
Nothing is visible before the manifest is replaced, so stopping at any moment leaves the shop as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.progress import Step, step
from emptor.shop.building import GenerationWriter
from emptor.shop.delta import Delta
from emptor.shop.files import fsync_folder
from emptor.shop.images import ImageFault, ImageSource
from emptor.shop.importing import Fault, ProductBatch, Quarantine, read_products
from emptor.shop.manifest import Manifest, change_manifest
from emptor.shop.popularity import popularity
from emptor.shop.schema import PRODUCT
from emptor.shop.shop import Shop
from emptor.shop.view import View

BUCKET = 32_768
_STAGED = pa.schema([*PRODUCT, pa.field("place", pa.int64()), pa.field("shadow", pa.bool_())])


@dataclass
class ImportResult:
    """Counts of one import. `quarantine`: file of the rows left out, None if there were none."""

    read: int = 0
    added: int = 0
    replaced: int = 0
    retired: int = 0
    quarantined: int = 0
    repeated: int = 0
    pictures: int = 0
    bad_pictures: int = 0
    products: int = 0
    generation: int = 0
    quarantine: Path | None = None
    mapping: list[tuple[str, str]] = field(default_factory=list)


def import_catalogue(
    shop: Shop,
    file: Path,
    *,
    maps: Mapping[str, list[str]] | None = None,
    ignore: Sequence[str] = (),
    format: str | None = None,
    category_separator: str | None = None,
    images: Path | None = None,
    mode: Literal["upsert", "sync"] = "upsert",
    wait_s: float = 0.0,
) -> ImportResult:
    """Bring a catalogue file into the shop and publish it.

    Args:
        maps, ignore, format, category_separator: how to read the file, see `importing.read_products`.
        images: folder or ZIP of pictures, found by the image field or the product_id.
        mode: "upsert" keeps products that the file lacks, "sync" retires them.
        wait_s: how long to wait for another writer.
    Raises: EmptorError for a file that cannot be read at all, ShopBusy while another process writes.
    """
    source = read_products(file, maps=maps, ignore=ignore, format=format, category_separator=category_separator)
    pictures = ImageSource.open(images) if images is not None else None
    with shop.writing(wait_s=wait_s, doing=f"importing {file.name}"):
        base = shop.readable() if shop.manifest() is not None else None
        staging = shop.path / "staging"
        staging.mkdir()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        with Quarantine(shop.path / "quarantine" / f"{stamp}-{file.name}.jsonl") as quarantine:
            result = ImportResult(mapping=source.mapping.describe())
            staged = _Staged(staging / "read.arrow")
            unread: set[str] = set()
            with step(f"Reading {file.name}", total=source.size_bytes) as bar:
                done = 0
                for batch in source:
                    staged.add(_with_pictures(shop, batch, pictures, quarantine, result), batch.lines)
                    for fault in batch.faults:
                        quarantine.add(fault)
                        if fault.product_id is not None:
                            unread.add(fault.product_id)
                    bar.advance(batch.bytes_read - done)
                    done = batch.bytes_read
                    bar.tell(f"{staged.rows:,} products")
            staged.close()
            shop.images.sync()
            result.read = staged.rows
            plan = _plan(staged, base, mode, unread, quarantine, result)
            result.quarantined = quarantine.count
            result.quarantine = quarantine.path if quarantine.count else None
        if result.read == 0 and (base is None or mode == "sync"):
            hint = f"; see {result.quarantine}" if result.quarantine else ""
            refused = "; a sync with it would empty the shop" if base is not None else ""
            raise EmptorError(f"{file} holds no product that could be read{hint}{refused}")
        about = {
            "source": file.name,
            "imported": {k: v for k, v in vars(result).items() if isinstance(v, int)},
        }
        publish(
            shop,
            _buckets(staging, staged, base, plan),
            total=plan.total,
            base=base,
            about=about,
            result=result,
        )
    return result


def republish(shop: Shop, *, wait_s: float = 0.0) -> ImportResult:
    """Build a new generation from what the shop has: folds updates in, takes up new settings and fresh popularity."""
    with shop.writing(wait_s=wait_s, doing="publishing"):
        base = shop.readable()
        staging = shop.path / "staging"
        staging.mkdir()
        staged = _Staged(staging / "read.arrow")
        staged.close()
        result = ImportResult()
        with Quarantine(staging / "none.jsonl") as quarantine:
            plan = _plan(staged, base, "upsert", set(), quarantine, result)
        about = {"source": f"generation {base.generation.number}"}
        publish(
            shop,
            _buckets(staging, staged, base, plan),
            total=plan.total,
            base=base,
            about=about,
            result=result,
        )
    return result


def publish(
    shop: Shop,
    batches: Iterator[pa.RecordBatch],
    *,
    total: int,
    base: View | None,
    about: dict[str, Any],
    result: ImportResult,
) -> None:
    """Build the next generation beside the live one, flush it, and make it live. The caller holds the writer lock."""
    number = max(shop.numbers(), default=0) + 1
    building = shop.generations / f".building-{number}"
    with (
        step("Building", total=total) as bar,
        GenerationWriter(building, analyser=shop.options.search.analyser, encoder=shop.encoder) as writer,
    ):
        for batch in batches:
            writer.add(batch)
            bar.advance(batch.num_rows)
        bar.tell("flushing")
        writer.finish(popularity=popularity(shop), about=about)
    with shop.changing(wait_s=60.0):
        # updates acknowledged while we were building are newer than what we built: they move over
        seen = base._delta_end if base is not None else 0
        later, _ = Delta(shop.path, base.generation.number).read(seen) if base is not None else ([], 0)
        building.rename(shop.generations / str(number))
        fsync_folder(shop.generations)
        fsync_folder(shop.path)
        if later:
            Delta(shop.path, number).append(later)
        change_manifest(shop.path, lambda old: _with_generation(old, number))
    result.generation, result.products = number, writer.rows


def _with_generation(old: Manifest | None, number: int) -> Manifest:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if old is None:
        return Manifest(generation=number, published_at=now)
    return old.model_copy(update={"generation": number, "published_at": now})


@dataclass(frozen=True)
class _Plan:
    """Place in the new generation of each row: of the file, of the base generation, and of its updated products.

    -1: left out. A row in `shadow` gives way to the file's row of the same place, which may inherit its picture.
    """

    staged: np.ndarray
    base: np.ndarray
    base_shadow: np.ndarray
    changed: np.ndarray
    changed_shadow: np.ndarray
    total: int


class _Staged:
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


def _with_pictures(
    shop: Shop, batch: ProductBatch, source: ImageSource | None, quarantine: Quarantine, result: ImportResult
) -> pa.RecordBatch:
    """Store the pictures of a batch and name them in `image_file`; a bad picture is noted, its product stays."""
    products = batch.products
    if source is None and not any(batch.image_bytes):
        return products
    ids, images = products.column("product_id").to_pylist(), products.column("image").to_pylist()
    names: list[str | None] = []
    for at, (product_id, image) in enumerate(zip(ids, images, strict=True)):
        content: bytes | ImageFault | None = batch.image_bytes[at]
        if content is None and source is not None:
            content = source.find(image, product_id)
        name = None
        try:
            if isinstance(content, ImageFault):
                raise content
            if content is not None:
                name = shop.images.put(content)
                result.pictures += 1
        except ImageFault as fault:
            result.bad_pictures += 1
            quarantine.add(Fault(batch.lines[at], product_id, "image", fault.found, fault.expected))
        names.append(name)
    place = products.schema.get_field_index("image_file")
    return products.set_column(place, PRODUCT.field("image_file"), pa.array(names, pa.string()))


def _plan(
    staged: _Staged,
    base: View | None,
    mode: str,
    unread: set[str],
    quarantine: Quarantine,
    result: ImportResult,
) -> _Plan:
    """Decide what survives and where it goes: rows of the file, then of the base, then updated products, as one list.

    `unread`: ids that stand in the file in rows that could not be read; a sync keeps what the shop has of them.

    Arrays rather than tables: at a million rows the ids are all the memory that this takes.
    """
    gone, changed = base.changes() if base is not None else (set(), [])
    old = _base_ids(base)
    ids = pa.concat_arrays([staged.ids(), old, pa.array([p["product_id"] for p in changed], pa.string())])
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
    result.replaced = int((in_file & known).sum())
    result.added = int((in_file & ~known).sum())
    if mode == "sync":
        kept = in_file.copy()
        if unread:
            kept[group[live & pc.is_in(ids, pa.array(sorted(unread))).to_numpy(zero_copy_only=False)]] = True
        result.retired = int((~kept).sum())
        place_of = np.where(kept, np.cumsum(kept) - 1, -1)
    _quarantine_repeats(ids, group[:first], last, staged.lines(), quarantine, result)
    place = np.where(live, place_of[group], -1)
    shadow = live & in_file[group]
    wins = last[group[:first]] == np.arange(first)
    return _Plan(
        staged=np.where(wins, place[:first], -1),
        base=place[first:second],
        base_shadow=shadow[first:second],
        changed=place[second:],
        changed_shadow=shadow[second:],
        total=int(place.max(initial=-1)) + 1,
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


def _quarantine_repeats(
    ids: pa.Array,
    group: np.ndarray,
    last: np.ndarray,
    lines: np.ndarray,
    quarantine: Quarantine,
    result: ImportResult,
) -> None:
    repeats = np.flatnonzero(last[group] != np.arange(len(group)))
    result.repeated = len(repeats)
    for at in repeats:
        product_id, winner = ids[at].as_py(), lines[last[group[at]]]
        expected = f"one row per product_id; line {winner} repeats it and is the one kept"
        quarantine.add(Fault(int(lines[at]), product_id, "product_id", product_id, expected))


def _buckets(staging: Path, staged: _Staged, base: View | None, plan: _Plan) -> Iterator[pa.RecordBatch]:
    """All surviving products in id order, a bucket at a time."""
    count = -(-plan.total // BUCKET)
    writers = [pa.ipc.new_stream(staging / f"bucket-{i}.arrow", _STAGED) for i in range(count)]
    start = 0
    with step("Sorting", total=staged.rows + len(plan.base)) as bar:
        for batch in staged.read():
            _scatter(batch, plan.staged[start : start + batch.num_rows], None, writers, bar)
            start += batch.num_rows
        if base is not None:
            start = 0
            for batch in pq.ParquetFile(base.generation.folder / "catalogue.parquet").iter_batches(batch_size=8192):
                end = start + batch.num_rows
                _scatter(batch.cast(PRODUCT), plan.base[start:end], plan.base_shadow[start:end], writers, bar)
                start = end
            changed = [{**p, "attributes": list(p["attributes"].items())} for p in base.changes()[1]]
            if changed:
                batch = pa.RecordBatch.from_pylist(changed, schema=PRODUCT)
                _scatter(batch, plan.changed, plan.changed_shadow, writers, bar)
    for writer in writers:
        writer.close()
    for number in range(count):
        path = staging / f"bucket-{number}.arrow"
        with pa.OSFile(str(path)) as file:
            yield from _in_order(pa.ipc.open_stream(file).read_all())
        path.unlink()


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


def _in_order(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The rows of one bucket sorted; a product without a picture inherits that of the row it replaces."""
    places, shadow = table.column("place").to_numpy(), table.column("shadow").to_numpy()
    table = table.combine_chunks()
    if shadow.any():
        images, files = table.column("image").to_pylist(), table.column("image_file").to_pylist()
        old = {places[at]: (images[at], files[at]) for at in np.flatnonzero(shadow)}
        for at in np.flatnonzero(~shadow):
            if files[at] is None and places[at] in old and images[at] in (None, old[places[at]][0]):
                files[at] = old[places[at]][1]
        column = table.schema.get_field_index("image_file")
        table = table.set_column(column, PRODUCT.field("image_file"), pa.array(files, pa.string()))
    live = np.flatnonzero(~shadow)
    order = live[np.argsort(places[live], kind="stable")]
    for part in np.array_split(order, max(1, len(order) // 8192)):
        rows = table.take(pa.array(part)).drop_columns(["place", "shadow"]).combine_chunks()
        yield from rows.cast(PRODUCT).to_batches()
