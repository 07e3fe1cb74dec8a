"""Reading catalogues: any file of products to batches of checked products and a list of what was wrong."""

from emptor.shop.importing.mapping import ColumnMapping, parse_maps
from emptor.shop.importing.products import ProductBatch
from emptor.shop.importing.quarantine import Fault, Quarantine, fault
from emptor.shop.importing.reading import ProductFile, read_products

__all__ = [
    "ColumnMapping",
    "Fault",
    "ProductBatch",
    "ProductFile",
    "Quarantine",
    "fault",
    "parse_maps",
    "read_products",
]
