"""Reading a generation: an immutable catalogue with its columns and index, mostly memory-mapped."""

from __future__ import annotations

import bisect
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import tantivy

from emptor.errors import EmptorError
from emptor.shop import vocabulary
from emptor.shop.building import BATCH
from emptor.shop.index import open_index
from emptor.shop.strings import Strings
from emptor.shop.text import Analyser, AnalyserOptions

TEXTS = ("product_id", "title", "currency", "image", "image_file", "seller_id")
"""Fields that a result list shows and that no column for serving holds."""
UPDATED = "updated.json"
WORDED = r"\p{L}"
"""What a text has that has a word, in any script."""
_SAYING = ("title", "description")


class Generation:
    """One published state of the catalogue. Rows are in product_id order.

    Attributes:
        number: its name in `generations/`.
        rows: number of products.
        price [rows] float64 (NaN: unknown), in_stock [rows] bool, listed_at [rows] int64 (UTC microseconds, 0:
            unknown), popularity [rows] float32, brand and category [rows] int32 (code, -1: none),
        attribute_codes [values] int32 with attribute_offsets [rows + 1] int64.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = int(folder.name)
        try:
            self.about: dict[str, Any] = orjson.loads((folder / "generation.json").read_bytes())
            columns = folder / "columns"
            # as plain arrays over the mapped files: numpy's memmap class makes every small slice slow
            load = lambda name: np.asarray(  # noqa: E731
                np.load(columns / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            )
            self.price: np.ndarray = load("price")
            self.in_stock: np.ndarray = load("in_stock")
            self.listed_at: np.ndarray = load("listed_at")
            self.popularity: np.ndarray = load("popularity")
            self.brand: np.ndarray = load("brand")
            self.category: np.ndarray = load("category")
            self.attribute_codes: np.ndarray = load("attribute")
            self.attribute_offsets: np.ndarray = load("attribute_offsets")
            words = lambda name: orjson.loads((columns / f"{name}.json").read_bytes())  # noqa: E731
            self.brands = vocabulary.brands(words("brand"))
            self.categories = vocabulary.categories(words("category"))
            self.attributes = vocabulary.attributes(words("attribute"))
            self._file = pa.ipc.open_file(pa.memory_map(str(columns / "products.arrow")))
            self.rows: int = self.about["products"]
            self.analyser = Analyser(AnalyserOptions.model_validate(self.about["analyser"]))
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise EmptorError(
                f"generation {folder} is incomplete or damaged ({error}); import the catalogue again"
            ) from None
        self._batches = [self._file.get_batch(i) for i in range(self._file.num_record_batches)]
        self._strings = {name: [Strings(batch.column(name)) for batch in self._batches] for name in TEXTS}
        self._id = self._strings["product_id"]

    @cached_property
    def updated(self) -> set[str]:
        """Products that updates had changed, added or deleted since an import last named them, when it was built."""
        try:
            return set(orjson.loads((self.folder / UPDATED).read_bytes()))
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, TypeError) as error:
            raise EmptorError(f"{self.folder / UPDATED} is damaged ({error}); remove it") from None

    @property
    def last_seq(self) -> int | None:
        """The last event of the log that was known when it was published; None where it does not say."""
        # generations of before it was written down are older than any gap in the order of arrival: they knew the first
        # events, as many as they counted
        found = self.about.get("last_seq", self.about.get("events"))
        return None if found is None else int(found)

    @cached_property
    def index(self) -> tantivy.Index:
        return open_index(self.folder / "index", self.analyser)

    @cached_property
    def vectors(self) -> tuple[np.ndarray, str] | None:
        """([rows, width] float32, fingerprint of the encoder that made them); None where the shop has no encoder."""
        folder = self.folder / "vectors"
        if not (folder / "text.json").exists():
            return None
        about = orjson.loads((folder / "text.json").read_bytes())
        return np.load(folder / "text.npy", mmap_mode="r", allow_pickle=False), about["encoder"]

    @cached_property
    def pictures(self) -> tuple[np.ndarray, str] | None:
        """([rows, PICTURE] float16, NaN without a picture; hash of their basis); None where none are described.

        Raises: EmptorError where they are damaged.
        """
        folder = self.folder / "vectors"
        if not (folder / "pictures.json").exists():
            return None
        try:
            about = orjson.loads((folder / "pictures.json").read_bytes())
            vectors = np.load(folder / "pictures.npy", mmap_mode="r", allow_pickle=False)
            if vectors.ndim != 2 or len(vectors) != self.rows:
                raise ValueError(f"{vectors.shape} for {self.rows} products")
            return np.asarray(vectors), str(about["basis"])
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise EmptorError(f"{folder}/pictures.npy is damaged ({error}); run `emptor publish`") from None

    @cached_property
    def words(self) -> dict[str, int]:
        """Every word of titles, brands, categories and attributes -> number of products that have it."""
        try:
            frame = pl.read_parquet(self.folder / "columns" / "words.parquet")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise EmptorError(
                f"{self.folder}/columns/words.parquet is damaged ({error}); run `emptor publish`"
            ) from None
        return dict(zip(frame["word"].to_list(), frame["products"].to_list(), strict=True))

    @cached_property
    def worded(self) -> np.ndarray:
        """[rows] bool: products that say what they are: a letter in title or description, or an attribute. The others
        are found by brand, category or number alone.
        """
        said = [
            pc.or_(*(pc.fill_null(pc.match_substring_regex(batch.column(name), WORDED), False) for name in _SAYING))
            for batch in self._batches
        ]
        listed = self.attribute_offsets[1:] > self.attribute_offsets[:-1]
        return np.concatenate([np.zeros(0, bool), *(own.to_numpy(zero_copy_only=False) for own in said)]) | listed

    def product_id(self, row: int) -> str:
        product_id = self._id[row // BATCH][row % BATCH]
        assert product_id is not None  # the schema says so
        return product_id

    def product_ids(self, rows: np.ndarray) -> list[str]:
        """Ids of many rows at once."""
        found: list[str] = [""] * len(rows)
        batches = rows // BATCH
        for number in np.unique(batches):
            places = np.flatnonzero(batches == number)
            ids = self._batches[number].column(0).take(pa.array(rows[places] - number * BATCH)).to_pylist()
            for place, product_id in zip(places, ids, strict=True):
                found[place] = product_id
        return found

    def product_id_array(self, rows: np.ndarray) -> pa.Array:
        """Ids of many rows in ascending order, without a Python string each."""
        if not len(rows):
            return pa.array([], pa.string())
        batches = rows // BATCH
        borders = np.flatnonzero(np.diff(batches, prepend=-1)).tolist()
        parts = [
            self._batches[batches[start]].column(0).take(pa.array(rows[start:end] % BATCH))
            for start, end in zip(borders, [*borders[1:], len(rows)], strict=True)
        ]
        return pa.concat_arrays(parts)

    def row(self, product_id: str) -> int | None:
        """The row of a product, by bisection over the sorted ids; None if the generation has no such product."""
        row = bisect.bisect_left(range(self.rows), product_id, key=self.product_id)
        return row if row < self.rows and self.product_id(row) == product_id else None

    def texts(self, row: int) -> dict[str, Any]:
        """The short texts of one product (TEXTS): what a result list shows, without reading the rest."""
        batch, at = divmod(row, BATCH)
        return {name: column[batch][at] for name, column in self._strings.items()}

    def title(self, row: int) -> str | None:
        """One product's title."""
        batch, at = divmod(row, BATCH)
        return self._strings["title"][batch][at]

    def product(self, row: int) -> dict[str, Any]:
        """All fields of one product; attributes as a dict of lists."""
        batch, at = self._batches[row // BATCH], row % BATCH
        product = {name: column[at].as_py() for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        product["attributes"] = dict(product["attributes"] or ())
        return product
