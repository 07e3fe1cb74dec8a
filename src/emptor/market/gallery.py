"""Pictures of a world's products, drawn from what is true of them and from a style that no text states."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from io import BytesIO
from pathlib import Path

import numpy as np

from emptor.errors import EmptorError
from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES
from emptor.market.pictures.draw import Sitter, draw
from emptor.market.streams import stream
from emptor.market.world.listing import captions, picture_name
from emptor.market.world.products import (
    COLOR,
    COLOR_NAMES,
    MATERIAL,
    MATERIAL_NAMES,
    PATTERN,
    PATTERN_NAMES,
    STYLE,
    Products,
)
from emptor.progress import Step

SMALL = 64
"""Pixels a side of the pictures that a new shop gets; larger ones are drawn when somebody looks."""
SIZES = range(16, 1025)
_QUALITY = 88
_BATCH = 64
_WORTH_A_POOL = 500
"""Pictures from which starting a second process (about a second) pays."""

Portrait = tuple[str, Sitter]


def sitters(products: Products, rows: np.ndarray, *, seed: int) -> Iterator[Portrait]:
    """(product_id, what of it can be seen) for rows [N]."""
    texts = captions(products, rows, seed=seed)
    for row, caption in zip(rows.tolist(), texts, strict=True):
        category, values = CATEGORIES[products.category[row]], products.values[row]
        yield (
            str(products.product_id[row]),
            Sitter(
                drawing=category.drawing,
                style=category.styles[values[STYLE]],
                color=COLOR_NAMES[values[COLOR]],
                second=COLOR_NAMES[products.second[row]],
                pattern=PATTERN_NAMES[values[PATTERN]],
                material=MATERIAL_NAMES[values[MATERIAL]],
                caption=caption,
                look=tuple(float(own) for own in products.look[row]),
            ),
        )


def draw_all(
    products: Products,
    rows: np.ndarray,
    folder: Path,
    *,
    seed: int,
    size: int = SMALL,
    workers: int | None = None,
    bar: Step | None = None,
) -> None:
    """Draw the pictures of rows [N] into a folder, `<product_id>.jpg`; the same bytes whatever `workers` is."""
    folder.mkdir(parents=True, exist_ok=True)
    portraits = list(sitters(products, rows, seed=seed))
    batches = [portraits[at : at + _BATCH] for at in range(0, len(portraits), _BATCH)]
    if workers is None:
        workers = min(2, os.cpu_count() or 1) if len(portraits) >= _WORTH_A_POOL else 1
    tell = bar.advance if bar is not None else lambda amount: None
    if workers == 1:
        for batch in batches:
            tell(_draw_batch(batch, folder, seed, size))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        pending: set[Future[int]] = {pool.submit(_draw_batch, batch, folder, seed, size) for batch in batches}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                tell(future.result())


def _draw_batch(portraits: Sequence[Portrait], folder: Path, seed: int, size: int) -> int:
    for product_id, sitter in portraits:
        (folder / picture_name(product_id)).write_bytes(_painted(product_id, sitter, seed, size))
    return len(portraits)


def _painted(product_id: str, sitter: Sitter, seed: int, size: int) -> bytes:
    out = BytesIO()
    draw(sitter, size=size, chance=stream(seed, "picture", product_id)).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


class Painter:
    """Draws a product's picture in the size that is asked for: what a server calls on first view.

    Args:
        config: of the world. products: its products, with all that can be seen of them.
    """

    def __init__(self, config: WorldConfig, products: Products) -> None:
        self._seed, self._products = config.seed, products

    def __call__(self, product_id: str, size: int) -> bytes | None:
        """A JPEG of size x size pixels; None for a product without a picture. Raises EmptorError for a wild size."""
        if size not in SIZES:
            raise EmptorError(f"pictures have {SIZES.start} to {SIZES.stop - 1} pixels a side, not {size}")
        row = self._products.rows.get(product_id)
        if row is None or not self._products.pictured[row]:
            return None
        ((_, sitter),) = sitters(self._products, np.array([row]), seed=self._seed)
        return _painted(product_id, sitter, self._seed, size)
