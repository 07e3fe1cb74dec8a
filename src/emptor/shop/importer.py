"""`emptor import`: a catalogue file becomes the next generation.

Three passes, none of which holds the catalogue in memory: (1) the file is read, checked and staged, and its ids are
kept; (2) ids decide what survives (the last of repeats, upsert or sync) and each survivor's place in id order;
(3) staged rows go to buckets of neighbouring places, and the buckets, one after the other, into the generation.
Nothing is visible before the manifest is replaced, so stopping at any moment leaves the shop as it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.progress import Step, step
from emptor.shop.building import GenerationWriter
from emptor.shop.delta import Delta
from emptor.shop.files import fsync_folder
from emptor.shop.images import ImageFault, ImageSource
from emptor.shop.importing import Fault, ProductBatch, Quarantine, read_products
from emptor.shop.manifest import Manifest, write_manifest
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
        base = shop.view() if shop.manifest() is not None else None
        staging = shop.path / "staging"
        staging.mkdir()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        with Quarantine(shop.path / "quarantine" / f"{stamp}-{file.name}.jsonl") as quarantine:
            result = ImportResult(mapping=source.mapping.describe())
            staged = _Staged(staging / "read.arrow")
            with step(f"Reading {file.name}", total=source.size_bytes) as bar:
                done = 0
                for batch in source:
                    staged.add(_with_pictures(shop, batch, pictures, quarantine, result), batch.lines)
                    for fault in batch.faults:
                        quarantine.add(fault)
                    bar.advance(batch.bytes_read - done)
                    done = batch.bytes_read
                    bar.tell(f"{staged.rows:,} products")
            staged.close()
            shop.images.sync()
            result.read = staged.rows
            plan = _plan(staged, base, mode, quarantine, result)
            result.quarantined = quarantine.count
            result.quarantine = quarantine.path if quarantine.count else None
        if result.read == 0 and base is None:
            shutil.rmtree(staging)
            hint = f"; see {result.quarantine}" if result.quarantine else ""
            raise EmptorError(f"{file} holds no product that could be read{hint}")
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
        shutil.rmtree(staging)
    return result


def republish(shop: Shop, *, wait_s: float = 0.0) -> ImportResult:
    """Build a new generation from what the shop has: folds updates in, takes up new settings and fresh popularity."""
    with shop.writing(wait_s=wait_s, doing="publishing"):
        base = shop.view()
        staging = shop.path / "staging"
        staging.mkdir()
        staged = _Staged(staging / "read.arrow")
        staged.close()
        result = ImportResult()
        with Quarantine(staging / "none.jsonl") as quarantine:
            plan = _plan(staged, base, "upsert", quarantine, result)
        about = {"source": f"generation {base.generation.number}"}
        publish(
            shop,
            _buckets(staging, staged, base, plan),
            total=plan.total,
            base=base,
            about=about,
            result=result,
        )
        shutil.rmtree(staging)
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
    numbers = [int(path.name) for path in shop.generations.glob("[0-9]*")] if shop.generations.exists() else []
    number = max(numbers, default=0) + 1
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
        old = shop.manifest()
        write_manifest(
            shop.path,
            Manifest(
                generation=number,
                models=old.models if old else {},
                published_at=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )
    result.generation, result.products = number, writer.rows


@dataclass(frozen=True)
class _Plan:
    """`place` of each staged row and of each base row in the new generation; -1: left out.

    `shadow_place`: for a base row that the file replaces, the place of its successor (which may inherit its picture).
    """

    staged_place: np.ndarray
    base_place: np.ndarray
    base_shadow: np.ndarray
    changed_place: dict[str, int]
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

    def ids(self) -> pl.Series:
        return pl.Series("product_id", pa.chunked_array(self._ids, pa.string()), dtype=pl.String)

    def lines(self) -> np.ndarray:
        return np.concatenate(self._lines) if self._lines else np.zeros(0, np.int64)

    def read(self) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(self.path)) as file:
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


def _plan(staged: _Staged, base: View | None, mode: str, quarantine: Quarantine, result: ImportResult) -> _Plan:
    """Decide what survives and where it goes."""
    file = pl.DataFrame({"product_id": staged.ids()}).with_row_index("at")
    last = file.group_by("product_id").agg(pl.col("at").max())
    if last.height < file.height:
        _quarantine_repeats(file, last, staged.lines(), quarantine, result)
    frames = [last.select("product_id", pl.lit(0).alias("origin"), pl.col("at").cast(pl.Int64))]
    rows = 0
    if base is not None:
        rows = base.generation.rows
        gone, changed = base.changes()
        catalogue = pl.read_parquet(base.generation.folder / "catalogue.parquet", columns=["product_id"])
        kept = catalogue.with_row_index("at").with_columns(pl.col("at").cast(pl.Int64))
        touched = gone | {product["product_id"] for product in changed}
        if touched:
            kept = kept.filter(~pl.col("product_id").is_in(list(touched)))
        frames.append(kept.select("product_id", pl.lit(1).alias("origin"), "at"))
        if changed:
            new_ids = [product["product_id"] for product in changed]
            extra = pl.DataFrame(
                {"product_id": new_ids, "at": range(len(new_ids))}, schema={"product_id": pl.String, "at": pl.Int64}
            )
            frames.append(extra.select("product_id", pl.lit(2).alias("origin"), "at"))
    table = pl.concat(frames).with_columns(pl.col("origin").min().over("product_id").alias("winner"))
    known = table.filter(pl.col("origin") > 0)
    result.replaced = known.filter(pl.col("winner") == 0).height
    result.added = last.height - result.replaced
    if mode == "sync":
        result.retired = known.filter(pl.col("winner") > 0).height
        table = table.filter(pl.col("winner") == 0)
    places = table.select(pl.col("product_id").unique()).sort("product_id").with_row_index("place")
    table = table.join(places, on="product_id", how="left")
    staged_place = np.full(staged.rows, -1, np.int64)
    base_place, base_shadow = np.full(rows, -1, np.int64), np.zeros(rows, bool)
    own = table.filter(pl.col("origin") == 0)
    staged_place[own["at"].to_numpy()] = own["place"].to_numpy()
    old = table.filter(pl.col("origin") == 1)
    base_place[old["at"].to_numpy()] = old["place"].to_numpy()
    base_shadow[old["at"].to_numpy()] = (old["winner"] == 0).to_numpy()
    new = table.filter((pl.col("origin") == 2) & (pl.col("winner") > 0))
    return _Plan(
        staged_place,
        base_place,
        base_shadow,
        dict(zip(new["product_id"], new["place"], strict=True)),
        places.height,
    )


def _quarantine_repeats(
    file: pl.DataFrame, last: pl.DataFrame, lines: np.ndarray, quarantine: Quarantine, result: ImportResult
) -> None:
    repeats = file.join(last.rename({"at": "last"}), on="product_id").filter(pl.col("at") != pl.col("last"))
    result.repeated = repeats.height
    for at, product_id, winner in repeats.sort("at").select("at", "product_id", "last").iter_rows():
        expected = f"one row per product_id; line {lines[winner]} repeats it and is the one kept"
        quarantine.add(Fault(int(lines[at]), product_id, "product_id", product_id, expected))


def _buckets(staging: Path, staged: _Staged, base: View | None, plan: _Plan) -> Iterator[pa.RecordBatch]:
    """All surviving products in id order, a bucket at a time."""
    count = -(-plan.total // BUCKET)
    writers = [pa.ipc.new_stream(staging / f"bucket-{i}.arrow", _STAGED) for i in range(count)]
    start = 0
    with step("Sorting", total=staged.rows + len(plan.base_place)) as bar:
        for batch in staged.read():
            _scatter(batch, plan.staged_place[start : start + batch.num_rows], None, writers, bar)
            start += batch.num_rows
        if base is not None:
            start = 0
            for batch in pq.ParquetFile(base.generation.folder / "catalogue.parquet").iter_batches(batch_size=8192):
                end = start + batch.num_rows
                _scatter(batch.cast(PRODUCT), plan.base_place[start:end], plan.base_shadow[start:end], writers, bar)
                start = end
            changed = [p for p in base.changes()[1] if p["product_id"] in plan.changed_place]
            if changed:
                rows = [{**p, "attributes": list(p["attributes"].items())} for p in changed]
                places = np.array([plan.changed_place[p["product_id"]] for p in changed], np.int64)
                _scatter(pa.RecordBatch.from_pylist(rows, schema=PRODUCT), places, None, writers, bar)
    for writer in writers:
        writer.close()
    for number in range(count):
        path = staging / f"bucket-{number}.arrow"
        with pa.memory_map(str(path)) as file:
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
