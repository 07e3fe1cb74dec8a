"""Products as they truly are: designs of brands, their variants in other colours, their prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.brands import TIERS, Brand, brands_of
from emptor.market.knowledge.language import number_of
from emptor.market.knowledge.palette import companions
from emptor.market.pictures.draw import Sitter
from emptor.market.starter.names import book_title, series_name, writer
from emptor.market.streams import opaque_id, stream

NO_PICTURE = 0.04
IN_STOCK = 0.95
_VARIANTS = (0.70, 0.15, 0.10, 0.05)
"""Chances of 0, 1, 2, 3 variants beside a design's first product: a third of all products are variants."""
_SELLERS = 120


@dataclass(frozen=True)
class Product:
    """A product and the truth about it, which the catalogue tells only in part.

    `attributes`: every true attribute; color, pattern, style and material can be seen. `quality`: standard
    normal,
    raises price and appeal. `appeal`: how often it is clicked beside others, heavy-tailed. `design`: shared
    by variants.
    """

    product_id: str
    category: Category
    brand: Brand
    design: int
    variant: int
    series: str
    caption: str
    second_color: str
    attributes: dict[str, str]
    quality: float
    appeal: float
    price: float
    seller: int
    listed_at: datetime
    in_stock: bool
    pictured: bool

    @property
    def seller_id(self) -> str:
        """As in the catalogue."""
        return f"seller-{self.seller:03d}"

    @property
    def sitter(self) -> Sitter:
        """What a photographer sees."""
        return Sitter(
            drawing=self.category.drawing,
            style=self.attributes["style"],
            color=self.attributes["color"],
            second=self.second_color,
            pattern=self.attributes["pattern"],
            material=self.attributes["material"],
            caption=self.caption,
        )


def make_products(count: int, *, seed: int, until: datetime) -> list[Product]:
    """`count` products, sorted by product_id, so that their order says nothing; listed in the year before
    `until`.
    """
    deck = _deck(seed)
    products: list[Product] = []
    design = 0
    while len(products) < count:
        variants = 1 + int(stream(seed, "variants", design).choice(4, p=_VARIANTS))
        made = _design(seed, design, deck[design % len(deck)], variants, until)
        products.extend(made[: count - len(products)])
        design += 1
    return sorted(products, key=lambda product: product.product_id)


def _deck(seed: int) -> list[Category]:
    """Categories by their share, shuffled; the first round has every category once."""
    rng = stream(seed, "deck")
    first = [CATEGORIES[i] for i in rng.permutation(len(CATEGORIES))]
    rest = [category for category in CATEGORIES for _ in range(category.share - 1)]
    return first + [rest[i] for i in rng.permutation(len(rest))]


def _falling(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    """One of the choices, the earlier the likelier."""
    weights = 1 / np.sqrt(1 + np.arange(len(choices)))
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))]


def _design(seed: int, design: int, category: Category, variants: int, until: datetime) -> list[Product]:
    """The products of one design: alike but for colour, seller, date and stock, now and then a measure."""
    rng = stream(seed, "design", design)
    makers = brands_of(category.department)
    brand = makers[int(rng.integers(len(makers)))]
    pattern = "plain" if rng.random() < 0.5 else _falling(rng, category.patterns)
    common = {
        "pattern": pattern,
        "material": _falling(rng, category.materials),
        "style": _falling(rng, category.styles),
    }
    common |= {name: _falling(rng, values) for name, values in category.extras}
    if category.measure:
        common[category.measure.name] = str(rng.choice(category.measure.values()))
    series = series_name(rng) if rng.random() < 0.5 else ""
    caption = f"{book_title(rng, category, common)}\n{writer(rng)}" if category.department == "Books" else ""
    quality, appeal = float(rng.normal()), float(rng.pareto(1.3) + 0.2)
    cost = category.price * TIERS[brand.tier] * float(np.exp(0.22 * quality + 0.16 * rng.normal()))
    colors = [category.colors[i] for i in rng.permutation(len(category.colors))][:variants]
    if category.colors[0] not in colors and rng.random() < 0.15:
        colors[0] = category.colors[0]
    day = float(rng.uniform(0, 364))

    products = []
    for variant, color in enumerate(colors):
        own = stream(seed, "variant", (design, variant))
        attributes = {"color": color, **common}
        if category.measure and variant and own.random() < 0.3:
            attributes[category.measure.name] = str(own.choice(category.measure.values()))
        days = min(364.0, max(0.5, day - (own.uniform(0, 40) if variant else 0)))
        products.append(
            Product(
                product_id=opaque_id(seed, "product", (design, variant)),
                category=category,
                brand=brand,
                design=design,
                variant=variant,
                series=series,
                caption=caption,
                second_color=str(own.choice(companions(color))),
                attributes=attributes,
                quality=quality,
                appeal=appeal * float(np.exp(0.35 * quality + 0.4 * own.normal())),
                price=_tagged(cost * _size_factor(category, attributes), own),
                seller=int(rng.integers(_SELLERS))
                if not variant or own.random() < 0.7
                else int(own.integers(_SELLERS)),
                listed_at=(until - timedelta(days=days)).replace(microsecond=0),
                in_stock=bool(own.random() < IN_STOCK),
                pictured=bool(own.random() >= NO_PICTURE),
            )
        )
    return products


def _size_factor(category: Category, attributes: dict[str, str]) -> float:
    """What a larger size adds to the price: 0.85 for the smallest, 1.25 for the largest."""
    if category.measure is None:
        return 1.0
    rank = category.measure.numbers.index(number_of(attributes[category.measure.name]))
    return 0.85 + 0.4 * rank / max(1, len(category.measure.numbers) - 1)


def _tagged(cost: float, rng: np.random.Generator) -> float:
    """The price on the tag, in dollars: mostly so much ninety-nine."""
    whole = max(2, round(cost))
    ending = rng.random()
    if ending < 0.55:
        return whole - 0.01
    if ending < 0.75:
        return whole - 0.5
    if ending < 0.88:
        return float(whole)
    return max(1.5, round(cost, 2))
