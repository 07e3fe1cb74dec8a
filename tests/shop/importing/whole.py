"""Everything that is read from a file, as the tests look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emptor.shop.importing import Fault, ProductFile, read_products


@dataclass
class Reading:
    """Everything of a file: products as dicts, their lines, and faults."""

    file: ProductFile
    products: list[dict]
    lines: list[int]
    faults: list[Fault]
    pictures: list[bytes | None]
    bytes_read: list[int]

    @property
    def ids(self) -> list[str]:
        return [product["product_id"] for product in self.products]

    @property
    def only(self) -> dict:
        assert (len(self.products), self.faults) == (1, [])
        return self.products[0]

    @property
    def fault(self) -> Fault:
        assert (self.products, len(self.faults)) == ([], 1)
        return self.faults[0]


def read_all(path: Path, **options) -> Reading:
    file = read_products(path, **options)
    reading = Reading(file, [], [], [], [], [])
    for batch in file:
        rows = batch.products.to_pylist(maps_as_pydicts="strict")
        assert len(rows) == len(batch.lines) == len(batch.image_bytes)
        assert all(row["image_file"] is None for row in rows)
        reading.products += rows
        reading.lines += batch.lines
        reading.faults += batch.faults
        reading.pictures += batch.image_bytes
        reading.bytes_read.append(batch.bytes_read)
    return reading
