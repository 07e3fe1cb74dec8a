"""Writing a generation: the catalogue, columns for serving and the index, in one pass and bounded memory.

Rows arrive in product_id order, so that a row number breaks ties the way a product_id does. What grows with the
catalogue while building is a few numbers a product and the vocabularies; texts pass through.

    catalogue.parquet          the truth
    columns/products.arrow     the same, memory-mapped, for showing a product by row
    columns/*.npy              price, in_stock, listed_at, brand, category, attribute codes, popularity
    columns/*.json             vocabularies of the codes
    columns/words.parquet      words of the catalogue with the number of products that have them
    index/                     tantivy
    vectors/text.npy           [rows, width] float32 where the shop has an encoder, NaN rows for products without text
    vectors/pictures*          numbers of the products' pictures, see `picturing`
    generation.json            what it is: written last, so that its presence means complete
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.encoders import TextEncoder
from emptor.progress import step
from emptor.shop.category import join_path
from emptor.shop.files import fsync_tree
from emptor.shop.index import HEAP_BYTES, attribute_pairs, document, is_in_order, open_index
from emptor.shop.schema import FORMAT_VERSION, PRODUCT
from emptor.shop.text import Analyser, AnalyserOptions

BATCH = 8192
"""Rows of one record batch in products.arrow: row r is in batch r // BATCH."""
MAX_WORDS = 2_000_000


class GenerationWriter:
    """Builds one generation in an empty folder. Use as a context manager; call `finish` to make it complete.

    Args:
        pictures: told the folder once its catalogue and columns are written, to add the numbers of its pictures.
    """

    def __init__(
        self,
        folder: Path,
        *,
        analyser: AnalyserOptions,
        encoder: TextEncoder | None = None,
        pictures: Callable[[Path], None] | None = None,
    ) -> None:
        self.folder = folder
        self.rows = 0
        self._options = analyser
        self._encoder = encoder
        self._pictures = pictures
        self._analyser = Analyser(analyser)
        columns = folder / "columns"
        columns.mkdir(parents=True)
        (folder / "index").mkdir()
        self._catalogue = pq.ParquetWriter(folder / "catalogue.parquet", PRODUCT, compression="zstd")
        self._products = pa.ipc.new_file(columns / "products.arrow", PRODUCT)
        self._index = open_index(folder / "index", self._analyser, create=True)
        self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._numbers: dict[str, list[np.ndarray]] = {name: [] for name in ("price", "in_stock", "listed_at")}
        self._brand, self._category, self._attribute = _Codes(), _Codes(), _Codes()
        self._brand_codes: list[np.ndarray] = []
        self._category_codes: list[np.ndarray] = []
        self._attribute_codes: list[np.ndarray] = []
        self._attribute_counts: list[np.ndarray] = []
        self._words: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()
        self._last_id = ""

    def __enter__(self) -> GenerationWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._catalogue.close()
            self._products.close()

    def add(self, batch: pa.RecordBatch) -> None:
        """Append products (schema PRODUCT) whose ids come after all those added before."""
        if batch.num_rows == 0:
            return
        self._catalogue.write_batch(batch)
        self._add_columns(batch)
        brands = np.empty(batch.num_rows, np.int32)
        categories = np.empty(batch.num_rows, np.int32)
        counts = np.empty(batch.num_rows, np.int32)
        codes: list[int] = []
        for at, product in enumerate(batch.to_pylist()):
            if product["product_id"] <= self._last_id:
                raise ValueError(f"products out of order: {product['product_id']!r} after {self._last_id!r}")
            self._last_id = product["product_id"]
            brands[at] = self._brand.code(product["brand"])
            path = product["category"]
            categories[at] = self._category.code(join_path(path) if path else None)
            own = sorted({self._attribute.code(f"{name}\x1f{value}") for name, value in attribute_pairs(product)})
            codes += own
            counts[at] = len(own)
            self._filled["attributes"] += bool(own)
            self._count_words(product)
            self._writer.add_document(document(self.rows + at, product, self._analyser))
        self._brand_codes.append(brands)
        self._category_codes.append(categories)
        self._attribute_codes.append(np.array(codes, np.int32))
        self._attribute_counts.append(counts)
        self._keep(batch)
        self.rows += batch.num_rows

    def finish(self, *, popularity: dict[str, float] | None = None, about: dict[str, Any] | None = None) -> None:
        """Write what is left, flush everything to the disk, and mark the generation complete.

        Args:
            popularity: product_id -> weight from the behaviour log.
            about: facts to keep in generation.json (source, counts of the import).
        """
        self._keep(None)
        self._catalogue.close()
        self._products.close()
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._index.reload()
        columns = self.folder / "columns"
        for name, parts in self._numbers.items():
            np.save(
                columns / f"{name}.npy",
                _joined(parts, {"in_stock": np.bool_, "listed_at": np.int64}.get(name)),
            )
        for name, codes, parts in (
            ("brand", self._brand, self._brand_codes),
            ("category", self._category, self._category_codes),
            ("attribute", self._attribute, self._attribute_codes),
        ):
            values, order = codes.sorted()
            np.save(
                columns / f"{name}.npy",
                order[_joined(parts, np.int32)] if values else _joined(parts, np.int32),
            )
            (columns / f"{name}.json").write_bytes(orjson.dumps(values))
        offsets = np.zeros(self.rows + 1, np.int64)
        np.cumsum(_joined(self._attribute_counts, np.int32), out=offsets[1:])
        np.save(columns / "attribute_offsets.npy", offsets)
        self._write_popularity(popularity or {})
        if self._encoder is not None:
            self._write_vectors(self._encoder)
        if self._pictures is not None:
            self._pictures(self.folder)
        words = sorted(self._words.items())
        pq.write_table(
            pa.table({"word": [w for w, _ in words], "products": pa.array([n for _, n in words], pa.int32())}),
            columns / "words.parquet",
        )
        facts = {
            "format": FORMAT_VERSION,
            "products": self.rows,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "analyser": self._options.model_dump(),
            "filled": {name: self._filled.get(name, 0) for name in PRODUCT.names},
            "in_order": is_in_order(self._index.searcher(), self.rows),
            **(about or {}),
        }
        fsync_tree(self.folder)
        (self.folder / "generation.json").write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
        fsync_tree(self.folder)

    def _add_columns(self, batch: pa.RecordBatch) -> None:
        price = batch.column("price").fill_null(float("nan"))
        self._numbers["price"].append(price.to_numpy(zero_copy_only=False))
        self._numbers["in_stock"].append(batch.column("in_stock").fill_null(True).to_numpy(zero_copy_only=False))
        listed = batch.column("listed_at").cast(pa.int64()).fill_null(0)
        self._numbers["listed_at"].append(listed.to_numpy(zero_copy_only=False))
        for name in PRODUCT.names:
            if name != "attributes":
                self._filled[name] += batch.num_rows - batch.column(name).null_count

    def _count_words(self, product: dict[str, Any]) -> None:
        texts = [product["title"], product["brand"], *(product["category"] or ())]
        texts += [value for _, value in attribute_pairs(product)]
        words = set(self._analyser.surfaces(" ".join(text for text in texts if text)))
        if len(self._words) < MAX_WORDS:
            self._words.update(words)

    def _keep(self, batch: pa.RecordBatch | None) -> None:
        """Collect rows into record batches of exactly BATCH; None writes the rest."""
        if batch is not None:
            self._waiting.append(batch)
            self._waiting_rows += batch.num_rows
        if self._waiting_rows >= BATCH or (batch is None and self._waiting_rows):
            table = pa.Table.from_batches(self._waiting).combine_chunks()
            whole = self._waiting_rows if batch is None else self._waiting_rows // BATCH * BATCH
            for start in range(0, whole, BATCH):
                part = table.slice(start, min(BATCH, whole - start)).combine_chunks().to_batches()[0]
                self._products.write_batch(part)
            self._waiting = table.slice(whole).combine_chunks().to_batches()
            self._waiting_rows -= whole

    def _write_popularity(self, popularity: dict[str, float]) -> None:
        weights = np.zeros(self.rows, np.float32)
        if popularity:
            at = 0
            for batch in pq.ParquetFile(self.folder / "catalogue.parquet").iter_batches(columns=["product_id"]):
                for product_id in batch.column(0).to_pylist():
                    weights[at] = popularity.get(product_id, 0.0)
                    at += 1
        np.save(self.folder / "columns" / "popularity.npy", weights)

    def _write_vectors(self, encoder: TextEncoder) -> None:
        """Encode every product's title, brand and category into a memory-mapped file, a batch at a time."""
        (self.folder / "vectors").mkdir()
        path = self.folder / "vectors" / "text.npy"
        shape = (self.rows, encoder.width)
        vectors = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        at = 0
        names = ["title", "brand", "category"]
        with step("Encoding", total=self.rows) as bar:
            for batch in pq.ParquetFile(self.folder / "catalogue.parquet").iter_batches(batch_size=1024, columns=names):
                texts = [product_text(product) for product in batch.to_pylist()]
                vectors[at : at + len(texts)] = encoder.encode(texts)
                at += len(texts)
                bar.advance(len(texts))
        vectors.flush()
        about = {"encoder": encoder.fingerprint, "width": encoder.width}
        (self.folder / "vectors" / "text.json").write_bytes(orjson.dumps(about))


def product_text(product: dict[str, Any]) -> str:
    """What an encoder reads of a product."""
    return " ".join(filter(None, [product["title"], product["brand"], *(product["category"] or ())]))


class _Codes:
    """Numbers for strings as they come; sorted at the end. None is -1."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, value: str | None) -> int:
        return -1 if not value else self._codes.setdefault(value, len(self._codes))

    def sorted(self) -> tuple[list[str], np.ndarray]:
        """(values in order, new code of each old one; the last entry maps -1 to itself)."""
        values = sorted(self._codes)
        order = np.full(len(values) + 1, -1, np.int32)
        for new, value in enumerate(values):
            order[self._codes[value]] = new
        return values, order


def _joined(parts: list[np.ndarray], dtype: Any = None) -> np.ndarray:
    if not parts:
        return np.zeros(0, dtype or np.float64)
    return np.concatenate(parts)
