"""`emptor import`: a catalogue file becomes the next generation.

Three passes, none of which holds the catalogue in memory: (1) the file is read, checked and staged, and its ids are
kept; (2) ids decide what survives (the last of repeats, upsert or sync) and each survivor's place in id order;
(3) staged rows go to buckets of neighbouring places, and the buckets, one after the other, into the generation.
Nothing is visible before the manifest is replaced, so stopping at any moment leaves the shop as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson
import pyarrow as pa

from emptor.errors import EmptorError
from emptor.progress import step
from emptor.shop.building import GenerationWriter
from emptor.shop.delta import Delta
from emptor.shop.exporting import as_json
from emptor.shop.files import fsync_folder
from emptor.shop.generation import UPDATED
from emptor.shop.images import ImageFault, ImageSource
from emptor.shop.importing import Fault, ProductBatch, Quarantine, read_products
from emptor.shop.manifest import Manifest, change_manifest
from emptor.shop.merging import Merge, Plan, Staged, make_plan
from emptor.shop.picturing import write_pictures
from emptor.shop.popularity import popularity
from emptor.shop.remembered import read_remembered, remember_catalogue
from emptor.shop.schema import PRODUCT
from emptor.shop.shop import Shop
from emptor.shop.view import View

PICTURES_AT_ONCE = 32
"""Pictures that are stored side by side, and so many are held in memory."""


@dataclass
class ImportResult:
    """Counts of one import.

    added, changed, unchanged: products of the file that the shop did not have, had otherwise, and had just so.
    retired: products of the shop that a sync took away. repeated: rows that an id's later row stands in for.
    overruled: products whose updates since an import last named them give way to the file. lost_updates: updates that
        came in meanwhile for products that the new generation lacks.
    quarantine: file of the rows left out, None if there were none.
    mapping: field -> its columns, as text. as_last_time: fields of it that were not said but remembered;
        not_found: fields remembered from columns that this file lacks; left_out: columns ignored, as remembered.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    quarantined: int = 0
    repeated: int = 0
    overruled: int = 0
    lost_updates: int = 0
    pictures: int = 0
    bad_pictures: int = 0
    products: int = 0
    generation: int = 0
    quarantine: Path | None = None
    mapping: list[tuple[str, str]] = field(default_factory=list)
    as_last_time: list[str] = field(default_factory=list)
    not_found: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def replaced(self) -> int:
        """Products of the file that the shop had."""
        return self.changed + self.unchanged


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
    known = read_remembered(shop.path)
    separator = category_separator or known.category_separator
    source = read_products(
        file,
        maps=maps,
        ignore=ignore,
        format=format,
        category_separator=separator,
        remembered=known.catalogue,
        remembered_ignore=known.ignore,
    )
    mapping = source.mapping
    pictures = ImageSource.open(images) if images is not None else None
    with shop.writing(wait_s=wait_s, doing=f"importing {file.name}"):
        base = shop.readable() if shop.manifest() is not None else None
        staging = shop.path / "staging"
        staging.mkdir()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        with Quarantine(shop.path / "quarantine" / f"{stamp}-{file.name}.jsonl") as quarantine:
            result = ImportResult(
                mapping=mapping.describe(),
                as_last_time=list(mapping.reused),
                not_found=[(name, " + ".join(columns)) for name, columns in mapping.not_found.items()],
                left_out=list(mapping.reused_ignore),
            )
            staged = Staged(staging / "read.arrow")
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
            plan = make_plan(staged, base, mode, unread)
            _quarantine_repeats(staged, plan, quarantine)
            result.added, result.changed, result.retired = plan.added, plan.known, plan.retired
            result.repeated, result.overruled = len(plan.repeats), plan.overruled
            result.quarantined = quarantine.count
            result.quarantine = quarantine.path if quarantine.count else None
        if result.read == 0 and (base is None or mode == "sync"):
            hint = f"; see {result.quarantine}" if result.quarantine else ""
            refused = "; a sync with it would empty the shop" if base is not None else ""
            raise EmptorError(f"{file} holds no product that could be read{hint}{refused}")
        merge = Merge(staging, staged, base, plan)

        def about() -> dict[str, Any]:  # asked when all is merged: only then is known what was unchanged
            result.unchanged = merge.unchanged
            result.changed = plan.known - merge.unchanged
            return {"source": file.name, "imported": {k: v for k, v in vars(result).items() if isinstance(v, int)}}

        publish(shop, merge, total=plan.total, base=base, about=about, updated=plan.updated, result=result)
        remember_catalogue(
            shop.path,
            maps=mapping.explicit,
            dropped=mapping.dropped,
            ignore=[*mapping.ignored, *known.ignore],
            separator=category_separator,
        )
    return result


def republish(shop: Shop, *, wait_s: float = 0.0) -> ImportResult:
    """Build a new generation from what the shop has: folds updates in, takes up new settings and fresh popularity."""
    with shop.writing(wait_s=wait_s, doing="publishing"):
        base = shop.readable()
        staging = shop.path / "staging"
        staging.mkdir()
        staged = Staged(staging / "read.arrow")
        staged.close()
        result = ImportResult()
        plan = make_plan(staged, base, "upsert", set())
        about = {"source": f"generation {base.generation.number}"}
        merge = Merge(staging, staged, base, plan)
        publish(shop, merge, total=plan.total, base=base, about=lambda: about, updated=plan.updated, result=result)
    return result


def publish(
    shop: Shop,
    batches: Iterable[pa.RecordBatch],
    *,
    total: int,
    base: View | None,
    about: Callable[[], dict[str, Any]],
    updated: Sequence[str] = (),
    result: ImportResult,
) -> None:
    """Build the next generation beside the live one, flush it, and make it live. The caller holds the writer lock.

    Args:
        updated: see `Generation.updated`.
    """
    number = max(shop.numbers(), default=0) + 1
    building = shop.generations / f".building-{number}"
    live = base.generation.number if base is not None else 0
    # the live one first: it has most of the pictures; the others, so that a shop that went back keeps its basis
    earlier = [shop.generations / str(own) for own in sorted(shop.numbers(), key=lambda own: (own != live, -own))]
    with (
        step("Building", total=total) as bar,
        GenerationWriter(
            building,
            analyser=shop.options.search.analyser,
            encoder=shop.encoder,
            pictures=lambda folder: write_pictures(folder, shop.images, earlier=earlier),
        ) as writer,
    ):
        for batch in batches:
            writer.add(batch)
            bar.advance(batch.num_rows)
        bar.tell("flushing")
        has_log = (shop.path / "events.sqlite").exists()
        known = {
            "events": shop.events.count() if has_log else 0,
            "last_seq": shop.events.last_seq() if has_log else 0,
            "half_life_days": shop.options.popular.half_life_days,
        }
        if updated:
            (building / UPDATED).write_bytes(orjson.dumps(list(updated)))
        writer.finish(popularity=popularity(shop), about={**known, **about()})
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
    if later:
        view = shop.readable()
        result.lost_updates = sum(own.op == "set" and view.row(own.product_id) is None for own in later)
    result.generation, result.products = number, writer.rows


def _with_generation(old: Manifest | None, number: int) -> Manifest:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if old is None:
        return Manifest(generation=number, published_at=now)
    return old.model_copy(update={"generation": number, "published_at": now})


def _with_pictures(
    shop: Shop, batch: ProductBatch, source: ImageSource | None, quarantine: Quarantine, result: ImportResult
) -> pa.RecordBatch:
    """Store the pictures of a batch and name them in `image_file`; a bad picture is noted, its product stays."""
    products = batch.products
    if source is None and not any(batch.image_bytes):
        return products
    ids, images = products.column("product_id").to_pylist(), products.column("image").to_pylist()

    def found(at: int) -> bytes | ImageFault | None:
        content = batch.image_bytes[at]
        return source.find(images[at], ids[at]) if content is None and source is not None else content

    def stored(content: bytes | ImageFault | None) -> str | ImageFault | None:
        try:
            return shop.images.put(content) if isinstance(content, bytes) else content
        except ImageFault as fault:
            return fault

    names: list[str | None] = []
    # each picture waits for the disk once; side by side they wait together, which is ten times as quick
    with ThreadPoolExecutor(PICTURES_AT_ONCE) as pool:
        for start in range(0, len(ids), PICTURES_AT_ONCE):
            places = range(start, min(start + PICTURES_AT_ONCE, len(ids)))
            for at, name in zip(places, pool.map(stored, map(found, places)), strict=True):
                if isinstance(name, ImageFault):
                    result.bad_pictures += 1
                    quarantine.add(Fault(batch.lines[at], ids[at], "image", name.found, name.expected))
                result.pictures += isinstance(name, str)
                names.append(name if isinstance(name, str) else None)
    place = products.schema.get_field_index("image_file")
    return products.set_column(place, PRODUCT.field("image_file"), pa.array(names, pa.string()))


def _quarantine_repeats(staged: Staged, plan: Plan, quarantine: Quarantine) -> None:
    """Tell of each row that a later row of its id stands in for, with all it held: nothing of a file gets lost."""
    lines = staged.lines()
    products = staged.products(plan.repeats)
    for row, winner, product in zip(plan.repeats, plan.winners, products, strict=True):
        product_id = product["product_id"]
        expected = f"one row per product_id; line {lines[winner]} repeats it and is the one kept"
        record = {name: value for name, value in as_json(product).items() if value is not None}
        quarantine.add(Fault(int(lines[row]), product_id, "product_id", product_id, expected, record))
