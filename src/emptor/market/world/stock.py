"""What is for sale in a world and what is asked for: the invented stock, or a real catalogue's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.market.config import WorldConfig
from emptor.market.knowledge.brands import BRANDS
from emptor.market.knowledge.needs import NEEDS
from emptor.market.world.needs import grades
from emptor.market.world.products import Products, make_products
from emptor.market.world.queries import Queries, make_queries
from emptor.market.world.taxonomy import KNOWN, Taxonomy


@dataclass(frozen=True)
class Stock:
    """Products and queries that belong together.

    brands: how many there are; needs [needs, P] uint8: grades of `world.needs`; wanted: the categories of each need;
    invented: whether colours and measures are those of `knowledge`, so that near ones count half.
    """

    taxonomy: Taxonomy
    products: Products
    queries: Queries
    brands: int
    needs: np.ndarray
    wanted: tuple[tuple[int, ...], ...]
    invented: bool = True

    @classmethod
    def of(cls, config: WorldConfig, *, until: int) -> Stock:
        """The invented stock of a world."""
        products = make_products(config, until=until)
        wanted = tuple(tuple(KNOWN.keys.index(key) for key in need.wants) for need in NEEDS)
        return cls(KNOWN, products, make_queries(config, products), len(BRANDS), grades(products), wanted)
