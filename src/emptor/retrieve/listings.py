"""What retrieval networks read of a catalogue: each product's words and picture, as arrays to cut batches from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from emptor.encoders.tokens import Tokenizer
from emptor.errors import EmptorError
from emptor.retrieve.looks import Look
from emptor.retrieve.models.inputs import InputSpec, ProductBatch
from emptor.shop.generation import Generation
from emptor.shop.images import ImageStore

FIELDS = ("title", "category", "brand", "attributes")
"""Of a product's text, each a segment."""
_COLUMNS = ("title", "category", "brand", "attributes", "image_file")
CATEGORIES = 1_024
"""Buckets of category names; the first is for products without one."""
_AT_ONCE = 8_192


@dataclass(frozen=True)
class Texts:
    """P products in words: fields [4] lists of P texts, in the order of FIELDS; picture [P]: names in the shop's store
    of pictures, None without one.
    """

    fields: tuple[list[str], ...]
    picture: list[str | None]

    def __len__(self) -> int:
        return len(self.picture)

    def take(self, places: np.ndarray) -> Texts:
        """Some of the products, in that order."""
        at = places.tolist()
        fields = tuple([column[own] for own in at] for column in self.fields)
        return Texts(fields, [self.picture[own] for own in at])


@dataclass(frozen=True)
class Listings:
    """P products as a network reads them.

    text, segments [P, n_t] int32; has_text, has_image [P] bool; pictures [P, 3, S, S] uint8 or [P, n, V] float, perhaps
    on the disk; category [P] int64: bucket of its name, 0 for none.
    """

    text: np.ndarray
    segments: np.ndarray
    has_text: np.ndarray
    pictures: np.ndarray
    has_image: np.ndarray
    category: np.ndarray

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def digest(self) -> str:
        """A short name of just these products; of pixels, which may be many gigabytes, only whether they are there."""
        own = blake2b(repr(self.pictures.shape).encode(), digest_size=8)
        for part in (self.text, self.segments, self.has_text, self.has_image, self.category):
            own.update(np.ascontiguousarray(part).tobytes())
        if self.pictures.ndim == 3:
            own.update(np.ascontiguousarray(self.pictures).tobytes())
        return own.hexdigest()

    def batch(self, rows: np.ndarray) -> ProductBatch:
        """Some of the products, in that order, no longer than their longest text."""
        return ProductBatch(**self.columns(rows))

    def columns(self, rows: np.ndarray) -> dict[str, torch.Tensor]:
        """The fields of a ProductBatch of some of the products."""
        text = self.text[rows]
        length = max(int((text > 0).sum(1).max(initial=1)), 1)
        arrays = {
            "text": text[:, :length].astype(np.int64),
            "segments": self.segments[rows][:, :length].astype(np.int64),
            "has_text": self.has_text[rows],
            "pictures": np.ascontiguousarray(self.pictures[rows]),
            "has_image": self.has_image[rows],
            "category": self.category[rows],
        }
        return {name: torch.from_numpy(own) for name, own in arrays.items()}

    def spec(self, tokenizer: Tokenizer, *, names: int = 0) -> InputSpec:
        """The widths that networks of these products have. names: of a Naming, 0 without one."""
        wide = {"side": self.pictures.shape[-1]} if self.pictures.ndim == 4 else {"values": self.pictures.shape[-1]}
        return InputSpec(words=tokenizer.size, segments=len(FIELDS), categories=CATEGORIES, names=names, **wide)


def texts_of(generation: Generation) -> Texts:
    """The words of a generation's products, by row: `texts_in` by columns, since a server takes up a million products
    while it answers.
    """
    fields: tuple[list[str], ...] = tuple([] for _ in FIELDS)
    picture: list[str | None] = []
    file = pq.ParquetFile(generation.folder / "catalogue.parquet")
    for part in file.iter_batches(batch_size=_AT_ONCE, columns=list(_COLUMNS)):
        own = dict(zip(part.schema.names, part.columns, strict=True))
        columns = (
            pc.fill_null(own["title"], ""),
            _spaced(own["category"]),
            pc.fill_null(own["brand"], ""),
            _spaced(_values(own["attributes"])),
        )
        for field, column in zip(fields, columns, strict=True):
            field.extend(column.to_pylist())
        picture += own["image_file"].to_pylist()
    return Texts(fields, picture)


def _spaced(lists: pa.ListArray) -> pa.StringArray:
    """The texts of each list, joined by spaces; "" for none."""
    return pc.fill_null(pc.binary_join(lists, " "), "")


def _values(attributes: pa.MapArray) -> pa.ListArray:
    """All values of each product's attributes, in order."""
    lists = attributes.items
    inner = np.asarray(lists.offsets)[np.asarray(attributes.offsets)]
    return pa.ListArray.from_arrays(pa.array(inner, pa.int32()), lists.values)


def texts_in(products: Iterable[dict[str, Any]]) -> Texts:
    """The words of products, given as a catalogue has them."""
    fields: tuple[list[str], ...] = tuple([] for _ in FIELDS)
    picture: list[str | None] = []
    for product in products:
        attributes = product["attributes"] or ()
        pairs = attributes.items() if isinstance(attributes, Mapping) else attributes
        values = [value for _, own in pairs for value in own]
        words = (product["title"] or "", " ".join(product["category"] or ()), product["brand"] or "", " ".join(values))
        for column, text in zip(fields, words, strict=True):
            column.append(text)
        picture.append(product["image_file"])
    return Texts(fields, picture)


def listings_of(
    texts: Texts,
    tokenizer: Tokenizer,
    images: ImageStore,
    *,
    length: int,
    look: Look,
    file: Path | None = None,
) -> Listings:
    """Products as a network reads them; pictures that are missing or damaged are none.

    Args:
        length: tokens of a text. look: at the pictures. file: see Look.
    """
    ids, segments = tokenizer.encode_fields(texts.fields, length)
    sources = [images.path(name) if name else None for name in texts.picture]
    seen, there = look.read(sources, file=file)
    return Listings(
        text=ids.astype(np.int32),
        segments=segments.astype(np.int32),
        has_text=(ids > 0).sum(1) > 1,
        pictures=seen,
        has_image=there,
        category=_buckets(texts.fields[FIELDS.index("category")]),
    )


def _buckets(names: Sequence[str]) -> np.ndarray:
    """[P] int64: by name, so that a category keeps its number whatever others come; 0 without one."""
    known = {name: 1 + crc32(name.encode()) % (CATEGORIES - 1) for name in set(names) - {""}}
    return np.array([known.get(name, 0) for name in names], np.int64)


def tokenizer_of(texts: Texts, queries: Sequence[str], *, size: int = 8_000) -> Tokenizer:
    """Sub-words of a catalogue and of what was asked of it. Raises: EmptorError for a catalogue without a word."""
    words = {text for column in texts.fields for text in column} | set(queries)
    try:
        return Tokenizer.train(sorted(words - {""}), size=size)
    except EmptorError as error:
        raise EmptorError(f"the catalogue has no words to learn from ({error})") from None
