"""The whole catalogue of a view as batches: what export writes out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emptor.shop.schema import PRODUCT
from emptor.shop.view import View


def products_of(view: View) -> Iterator[pa.RecordBatch]:
    """Every product in the shop now (schema PRODUCT): the generation's in id order, then those changed since."""
    gone, changed = view.changes()
    outdated = gone | {product["product_id"] for product in changed}
    for batch in pq.ParquetFile(view.generation.folder / "catalogue.parquet").iter_batches(batch_size=8192):
        products = batch.cast(PRODUCT)
        if outdated:
            kept = [product_id not in outdated for product_id in products.column("product_id").to_pylist()]
            products = products.take(pa.array(np.flatnonzero(kept)))
        if products.num_rows:
            yield products
    if changed:
        rows = [{**product, "attributes": list(product["attributes"].items())} for product in changed]
        yield pa.RecordBatch.from_pylist(rows, schema=PRODUCT)
