"""Events that name products which the catalogue does not have: mostly another spelling of the same ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from emptor.shop.shop import Shop
from emptor.shop.view import View

_WIDTHS = (8, 10, 12, 13, 14)
"""Digits of the common article numbers: EAN-8, ISBN-10, UPC, EAN-13, GTIN-14."""
_TRIED = 1_000


@dataclass(frozen=True)
class Strangers:
    """events, of how many that name a product; products: how many different ones the catalogue lacks.

    example: one of them; meant: what the catalogue has in its place but for leading zeros, if that is so.
    """

    events: int
    of: int
    products: int
    example: str = ""
    meant: str | None = None

    def __str__(self) -> str:
        """`2 of 9 events name a product that the catalogue does not have (A9)`."""
        one = self.products == 1
        names = "name" if self.of != 1 else "names"
        products = "a product" if one else f"{self.products:,} products"
        such = self.example[:60] if one else f"such as {self.example[:60]}"
        return f"{self.events:,} of {self.of:,} events {names} {products} that the catalogue does not have ({such})"

    @property
    def advice(self) -> str:
        """What to do about it."""
        if self.meant is not None:
            return f"the catalogue has {self.meant[:60]}: leading zeros got lost; write ids in both files alike"
        return "they count for nothing until it has them (if it should, the ids are written in another way there)"


def strangers_among(view: View, products: Mapping[str, int]) -> Strangers | None:
    """The strangers among `product_id -> number of events`; None where the catalogue has all."""
    unknown = {product_id: count for product_id, count in products.items() if view.row(product_id) is None}
    if not unknown:
        return None
    example, meant = next(iter(unknown)), None
    for product_id in list(unknown)[:_TRIED]:
        meant = _but_for_zeros(view, product_id)
        if meant is not None:
            example = product_id
            break
    return Strangers(sum(unknown.values()), sum(products.values()), len(unknown), example, meant)


def strangers_of(shop: Shop, view: View) -> Strangers | None:
    """The strangers of the shop's whole log."""
    events = shop.events.read().filter(pl.col("product_id").is_not_null())
    counts = events.group_by("product_id").len().sort("len", "product_id", descending=[True, False]).collect()
    return strangers_among(view, dict(zip(counts["product_id"].to_list(), counts["len"].to_list(), strict=True)))


def _but_for_zeros(view: View, product_id: str) -> str | None:
    if not product_id.isdecimal():
        return None
    bare = product_id.lstrip("0")
    spellings = (bare, *(bare.zfill(width) for width in _WIDTHS))
    return next((own for own in spellings if own != product_id and view.row(own) is not None), None)
