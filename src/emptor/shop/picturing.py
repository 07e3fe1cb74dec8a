"""Numbers of products' pictures in a generation: made at publish, and only for pictures that are new.

vectors/pictures.npy         [rows, PICTURE] float16, NaN for products without a picture that can be read
vectors/pictures-basis.npy   what the numbers mean, the same in all generations of a shop
vectors/pictures.json        its hash, and the version of the code that describes pictures
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.errors import EmptorError
from emptor.progress import Step, step
from emptor.shop.features.picture_basis import LEAST, PictureBasis
from emptor.shop.features.pictures import SIDE, VERSION, WIDTH, describe
from emptor.shop.features.spec import PICTURE
from emptor.shop.images import ImageStore

log = logging.getLogger(__name__)

_ABOUT, _BASIS = "pictures.json", "pictures-basis.npy"
_ROWS = 8192
_READERS = 2
"""Threads that decode: it is worth most where pictures are large. Describing in them, too, would be slower."""
_AT_ONCE = 64
"""Pictures that are described in one go: they stay in the processor's cache."""
_FITTED_TO = 3_000
"""Pictures that a basis is fitted to, at most."""


@dataclass(frozen=True)
class _Known:
    """Pictures that have been described: number [N] uint64 rising, vector [N, PICTURE] float16."""

    number: np.ndarray
    vector: np.ndarray

    @classmethod
    def of(cls, number: np.ndarray, vector: np.ndarray) -> _Known:
        there = np.flatnonzero((number != 0) & np.isfinite(vector[:, 0]))
        number, first = np.unique(number[there], return_index=True)
        return cls(number, vector[there[first]])

    @classmethod
    def nothing(cls) -> _Known:
        return cls(np.zeros(0, np.uint64), np.zeros((0, PICTURE), np.float16))

    def find(self, number: np.ndarray) -> np.ndarray:
        """Places [n] of pictures, -1 for those that are not known."""
        if not len(self.number):
            return np.full(len(number), -1)
        at = np.minimum(np.searchsorted(self.number, number), len(self.number) - 1)
        return np.where(self.number[at] == number, at, -1)


def write_pictures(folder: Path, images: ImageStore, *, earlier: Sequence[Path]) -> None:
    """Write the numbers of a generation's pictures into its folder; nothing before a shop has LEAST pictures.

    Args:
        folder: of the generation, its catalogue and columns written. earlier: folders of other generations; the first
            that has numbers gives the basis and what it knows.
    Raises: EmptorError where the basis that is to be carried along is damaged.
    """
    found = next(((own, about) for own in earlier if (about := _about(own)) is not None), None)
    start = _carried(*found) if found is not None else _fitted(folder, images)
    if start is None:
        return
    basis, known = start
    rows = pq.read_metadata(folder / "catalogue.parquet").num_rows
    vectors = np.full((rows, PICTURE), np.nan, np.float16)
    unread = 0
    with step("Describing pictures", total=rows) as bar:
        for at, names, number in _pictures(folder):
            place = known.find(number)
            seen = np.flatnonzero((number != 0) & (place >= 0))
            vectors[at + seen] = known.vector[place[seen]]
            new = np.flatnonzero((number != 0) & (place < 0))
            described = _described([names[own] or "" for own in new.tolist()], images, bar)
            read = np.isfinite(described[:, 0])
            vectors[at + new[read]] = basis(described[read])
            unread += int((~read).sum())
            bar.advance(len(names) - len(new))
    if unread:
        log.warning("%d pictures are missing or damaged; nothing is known of how their products look", unread)
    target = folder / "vectors"
    target.mkdir(exist_ok=True)
    np.save(target / "pictures.npy", vectors)
    basis.save(target / _BASIS)
    (target / _ABOUT).write_bytes(orjson.dumps({"basis": basis.hash, "version": VERSION}))


def _about(folder: Path) -> dict[str, Any] | None:
    """What a generation says of its pictures' numbers; None where it has none, or they are made in another way."""
    file = folder / "vectors" / _ABOUT
    try:
        about = orjson.loads(file.read_bytes())
        return about if about["version"] == VERSION and about["basis"] else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmptorError(f"{file} is damaged ({error}); restore it from a backup") from None


def _carried(folder: Path, about: dict[str, Any]) -> tuple[PictureBasis, _Known]:
    basis = PictureBasis.load(folder / "vectors" / _BASIS, hash=about["basis"])
    try:
        vector = np.load(folder / "vectors" / "pictures.npy", mmap_mode="r", allow_pickle=False)
        number = np.concatenate([np.zeros(0, np.uint64), *(own for _, _, own in _pictures(folder))])
        if vector.shape == (len(number), PICTURE):
            return basis, _Known.of(number, vector)
    except (OSError, ValueError, EOFError, pa.ArrowException):
        pass  # they can be made again
    return basis, _Known.nothing()


def _fitted(folder: Path, images: ImageStore) -> tuple[PictureBasis, _Known] | None:
    """A new basis and the pictures that it was fitted to, some of the shop's; None where it has too few."""
    numbers = np.concatenate([np.zeros(0, np.uint64), *(own for _, _, own in _pictures(folder))])
    distinct, row = np.unique(numbers, return_index=True)
    # numbers follow from the content and are in no order that means anything: the first ones are drawn at random
    row = np.sort(row[distinct != 0][:_FITTED_TO])
    if len(row) < LEAST:
        return None
    names = [names[own] or "" for at, names, _ in _pictures(folder) for own in _within(row, at, len(names))]
    with step("Reading pictures", total=len(row)) as bar:
        described = _described(names, images, bar)
    there = np.isfinite(described[:, 0])
    if there.sum() < LEAST:
        return None
    category = np.load(folder / "columns" / "category.npy", allow_pickle=False)[row].astype(np.int64) + 1
    basis = PictureBasis.fit(described[there], category[there])
    return basis, _Known.of(numbers[row[there]], basis(described[there]).astype(np.float16))


def _within(rows: np.ndarray, at: int, count: int) -> list[int]:
    """Those of the rising rows that lie in [at, at + count), counted from there."""
    low, high = np.searchsorted(rows, [at, at + count])
    return (rows[low:high] - at).tolist()


def _pictures(folder: Path) -> Iterator[tuple[int, list[str | None], np.ndarray]]:
    """(first row, names of pictures, their numbers) of a generation, some rows at a time.

    Numbers [n] uint64 are the first 16 digits of names, which are digests; 0 where there is no picture.
    """
    at = 0
    for batch in pq.ParquetFile(folder / "catalogue.parquet").iter_batches(batch_size=_ROWS, columns=["image_file"]):
        names = batch.column(0).to_pylist()
        digits = "".join(name[:16] if name else "0" * 16 for name in names)
        yield at, names, np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64)
        at += len(names)


def _described(names: Sequence[str], images: ImageStore, bar: Step) -> np.ndarray:
    """[n, WIDTH] float32, NaN for pictures that are missing or damaged."""

    def read(part: Sequence[str]) -> list[np.ndarray | None]:
        return [images.pixels(name, SIDE) for name in part]

    out = np.full((len(names), WIDTH), np.nan, np.float32)
    parts = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]
    with ThreadPoolExecutor(_READERS) as pool:
        for number, pictures in enumerate(pool.map(read, parts)):
            there = [at for at, own in enumerate(pictures) if own is not None]
            if there:
                described = describe(np.stack([own for own in pictures if own is not None]))
                out[number * _AT_ONCE + np.array(there)] = described
            bar.advance(len(pictures))
    return out
