"""A basket in words and prices: each line as the catalogue has it now, and what all of it costs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from emptor.engine import Engine
from emptor.serve.answers import image_url
from emptor.serve.basket import Basket, Line
from emptor.serve.found import product_url
from emptor.serve.shown import initial, money, tint, why_not
from emptor.shop.view import View


@dataclass(frozen=True)
class Item:
    """A line of the basket page. problem: why it cannot be bought; unit: its price as a number."""

    line: Line
    title: str
    url: str | None
    brand: str | None
    picture: str | None
    initial: str
    tint: int
    unit: float | None
    currency: str
    price: str | None
    total: str | None
    problem: str | None

    @property
    def quantity(self) -> int:
        return self.line.quantity


@dataclass(frozen=True)
class Order:
    """What a basket comes to. totals: one for each currency, of what can be bought."""

    items: tuple[Item, ...]
    totals: tuple[str, ...]

    @classmethod
    def of(cls, engine: Engine, basket: Basket) -> Order:
        view, currency = engine.view, engine.shop.options.currency
        items = tuple(_item(view, line, currency) for line in basket.lines)
        return cls(items, _totals(items))

    @property
    def buyable(self) -> tuple[Item, ...]:
        return tuple(own for own in self.items if own.problem is None)

    @property
    def seen(self) -> str:
        """A digest of what would be bought at which prices: nobody buys what they were not shown."""
        shown = [(own.line.product_id, own.quantity, own.unit, own.currency) for own in self.buyable]
        return hashlib.blake2b(repr(shown).encode(), digest_size=16).hexdigest()


def _item(view: View, line: Line, default: str) -> Item:
    row = view.row(line.product_id)
    if row is None:
        return Item(line, line.product_id, None, None, None, "?", 0, None, "", None, None, "No longer sold")
    product = view.card(row)
    title, unit = product["title"] or line.product_id, product["price"]
    currency = product["currency"] or default
    return Item(
        line,
        title,
        product_url(line.product_id, line.found),
        product["brand"],
        image_url(product),
        initial(title),
        tint(line.product_id),
        unit,
        currency,
        None if unit is None else money(unit, currency),
        None if unit is None else money(_times(unit, line.quantity), currency),
        why_not(product),
    )


def _totals(items: Sequence[Item]) -> tuple[str, ...]:
    sums: dict[str, Decimal] = {}
    for own in items:
        if own.problem is None and own.unit is not None:
            # decimal: a hundred prices of 0.1 are 10, not 9.99
            sums[own.currency] = sums.get(own.currency, Decimal()) + Decimal(repr(own.unit)) * own.quantity
    return tuple(money(float(total), currency) for currency, total in sums.items())


def _times(unit: float, quantity: int) -> float:
    return float(Decimal(repr(unit)) * quantity)
