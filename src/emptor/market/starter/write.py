"""Write the starter market to a folder: catalogue, pictures, judgements and behaviour log."""

from __future__ import annotations

import csv
import gzip
import io
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from emptor.errors import EmptorError
from emptor.market.pictures.draw import Sitter, draw
from emptor.market.starter.behaviour import Event, make_events
from emptor.market.starter.listing import listing, picture_name
from emptor.market.starter.products import Product, make_products
from emptor.market.starter.queries import Judgement, judge, make_queries
from emptor.market.streams import stream
from emptor.progress import Step, step

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
"""The end of the behaviour log unless another moment is given; the same files come out whenever it is run."""
MOST_PRODUCTS = 200_000
_BATCH = 64
_JPEG_QUALITY = 88
_WORTH_A_POOL = 500
"""Pictures from which starting a second process (about a second) pays."""


@dataclass(frozen=True)
class StarterFiles:
    """Where the files are; see `write_starter`."""

    catalogue: Path
    images: Path
    judgements: Path
    events: Path


def write_starter(
    folder: Path,
    *,
    products: int = 3000,
    seed: int = 0,
    picture_size: int = 256,
    progress: bool = True,
    workers: int | None = None,
    until: datetime = UNTIL,
) -> StarterFiles:
    """Make a small market: products with pictures, queries of known relevance, a month of behaviour.

    The same arguments give the same bytes, whatever `workers` is. What is in `folder` under the same names is
    replaced.

    Args:
        folder: made if missing; gets catalogue.jsonl.gz, judgements.csv, events.jsonl and
        images/PRODUCT_ID.jpg.
        products: how many, 50 to 200,000.
        seed: another one gives another market.
        picture_size: side of the square pictures in pixels, 16 to 1024.
        progress: whether to show a progress bar (on a terminal).
        workers: processes that draw; None takes two where there are two cores and enough to draw. More than
        one
            needs the caller's main module to be importable, as `multiprocessing` with spawn does.
        until: the end of the 30 days of behaviour and of the year in which products were listed; with a time
        zone.

    Raises:
        EmptorError: an argument is out of range, or the folder cannot be written.
    """
    _check("products", products, 50, MOST_PRODUCTS)
    _check("picture_size", picture_size, 16, 1024)
    _check("workers", 1 if workers is None else workers, 1, 64)
    if until.tzinfo is None:
        raise EmptorError(
            f"until is {until.isoformat()}, which has no time zone; give one, for example {UNTIL.isoformat()}"
        )
    files = StarterFiles(
        catalogue=folder / "catalogue.jsonl.gz",
        images=folder / "images",
        judgements=folder / "judgements.csv",
        events=folder / "events.jsonl",
    )
    try:
        files.images.mkdir(parents=True, exist_ok=True)
        made = make_products(products, seed=seed, until=until)
        with step("Drawing pictures", total=len(made) if progress else None) as bar:
            queries = make_queries(made, seed=seed)
            rows = (listing(product, seed=seed) for product in made)
            files.catalogue.write_bytes(gzip.compress(b"".join(map(_json_line, rows)), compresslevel=6, mtime=0))
            _write_judgements(files.judgements, (line for query in queries for line in judge(query, made, seed=seed)))
            events = make_events(made, queries, seed=seed, until=until)
            files.events.write_bytes(b"".join(map(_json_line, events)))
            _draw_all(
                [p for p in made if p.pictured],
                files.images,
                seed=seed,
                size=picture_size,
                workers=workers,
                bar=bar,
            )
    except OSError as error:
        raise EmptorError(
            f"cannot write the starter market to {folder}: {error.strerror or error}; choose another folder"
        ) from error
    return files


def _check(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise EmptorError(f"{name} is {value:,}; expected {low:,} to {high:,}")


def _json_line(row: Event | dict[str, object]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _write_judgements(path: Path, lines: Iterator[Judgement]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("query", "product_id", "grade", "kind"))
    writer.writerows((line.query, line.product_id, line.grade, line.kind) for line in lines)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


Portrait = tuple[str, str, Sitter]
"""Product id, file name, what is seen."""


def _draw_all(
    products: Sequence[Product], folder: Path, *, seed: int, size: int, workers: int | None, bar: Step
) -> None:
    portraits = [(product.product_id, picture_name(product), product.sitter) for product in products]
    batches = [portraits[i : i + _BATCH] for i in range(0, len(portraits), _BATCH)]
    if workers is None:
        workers = min(2, os.cpu_count() or 1) if len(portraits) >= _WORTH_A_POOL else 1
    if workers == 1:
        for batch in batches:
            bar.advance(draw_batch(batch, folder, seed=seed, size=size))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        pending: set[Future[int]] = {pool.submit(draw_batch, batch, folder, seed=seed, size=size) for batch in batches}
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    bar.advance(future.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def draw_batch(batch: Sequence[Portrait], folder: Path, *, seed: int, size: int) -> int:
    """Draw and write some pictures; returns how many."""
    for product_id, name, sitter in batch:
        picture = draw(sitter, size=size, chance=stream(seed, "picture", product_id))
        picture.save(folder / name, "JPEG", quality=_JPEG_QUALITY)
    return len(batch)
