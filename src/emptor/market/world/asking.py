"""Queries over a real catalogue: its categories, brands, attributes and words, each answered by some product."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from emptor.market.config import WorldConfig
from emptor.market.knowledge.language import slip
from emptor.market.streams import Draws
from emptor.market.world.products import SLOTS, Products
from emptor.market.world.queries import ATTRIBUTE, BRAND, CATEGORY, MISSPELT, VISUAL, Queries
from emptor.market.world.taxonomy import Taxonomy

_WORD = re.compile(r"[^\W\d_]{3,}")
_APPETITE = {CATEGORY: 0.85, ATTRIBUTE: 0.55, BRAND: 0.4, MISSPELT: 0.5, VISUAL: 0.3}
_SHARES = np.array([0.35, 0.3, 0.2, 0.15])
"""Of a category's queries but the first: by attribute, by brand, by words of a title, misspelt."""


def real_queries(
    config: WorldConfig,
    products: Products,
    taxonomy: Taxonomy,
    titles: Sequence[str],
    brands: Sequence[str],
    slots: Sequence[tuple[str, Sequence[str]]],
) -> Queries:
    """About `config.queries` queries, in the form of `Queries`.

    Args:
        titles [P]: in the order of the catalogue's rows by id. brands: by the code of `products.brand`.
        slots: name and values of each attribute slot in use.
    """
    draws = Draws(config.seed, "real queries")
    nouns = [_noun(key) for key in taxonomy.keys]
    supply = np.bincount(products.category, minlength=len(taxonomy))
    made: dict[str, tuple[int, int, np.ndarray, int]] = {}
    for number, noun in enumerate(nouns):
        if supply[number]:
            made.setdefault(noun, (CATEGORY, number, np.full(SLOTS, -1, np.int16), -1))
    drawn = np.arange(max(2 * config.queries, 64))
    rows = draws.integer(drawn, len(products))
    ways = draws.choice(drawn, _SHARES, 1)
    bits = draws.bits(drawn, 2).tolist()
    for row, way, bit in zip(rows.tolist(), ways.tolist(), bits, strict=True):
        if len(made) >= config.queries:
            break
        text, query = _one(products, nouns, titles, brands, slots, row, way, bit)
        if text:
            made.setdefault(text.lower(), query)
    return _columns(config, made, supply)


def _one(
    products: Products,
    nouns: Sequence[str],
    titles: Sequence[str],
    brands: Sequence[str],
    slots: Sequence[tuple[str, Sequence[str]]],
    row: int,
    way: int,
    bit: int,
) -> tuple[str, tuple[int, int, np.ndarray, int]]:
    """A query that a product answers; no text where it has not what the way asks for."""
    number = int(products.category[row])
    asked, noun = np.full(SLOTS, -1, np.int16), nouns[number]
    there = [slot for slot in range(len(slots)) if products.values[row, slot] >= 0]
    if way in (0, 3) and there:
        slot = there[bit % len(there)]
        asked[slot] = products.values[row, slot]
        text = f"{slots[slot][1][asked[slot]]} {noun}"
        return (
            (slip(text, bit >> 8), (MISSPELT, number, asked, -1))
            if way == 3
            else (text, (ATTRIBUTE, number, asked, -1))
        )
    if way == 1 and 0 <= products.brand[row] < len(brands) and brands[products.brand[row]]:
        return f"{brands[products.brand[row]]} {noun}", (BRAND, number, asked, int(products.brand[row]))
    words = _WORD.findall(titles[row])[:3]
    return (" ".join(words), (VISUAL, number, asked, -1)) if len(words) > 1 else ("", (VISUAL, number, asked, -1))


def _columns(config: WorldConfig, made: dict[str, tuple[int, int, np.ndarray, int]], supply: np.ndarray) -> Queries:
    category = np.array([own[1] for own in made.values()], np.int16)
    rank = np.zeros(len(made))
    seen = np.zeros(len(supply), np.int64)
    for at, number in enumerate(category.tolist()):
        seen[number] += 1
        rank[at] = seen[number]
    weight = 1 / rank**config.demand.zipf
    total = np.bincount(category, weight, minlength=len(supply))
    popular = supply**0.7 / (supply**0.7).sum()
    weight = weight / np.maximum(total[category], 1e-9) * popular[category]
    order = np.lexsort((rank, category))
    kinds = np.array([own[0] for own in made.values()], np.int8)[order]
    category = category[order]
    return Queries(
        text=np.array(list(made))[order],
        kind=kinds,
        category=category,
        asked=np.array([own[2] for own in made.values()], np.int16)[order],
        brand=np.array([own[3] for own in made.values()], np.int16)[order],
        need=np.full(len(made), -1, np.int16),
        appetite=np.array([_APPETITE[int(kind)] for kind in kinds], np.float32),
        weight=weight[order] / weight.sum(),
        start=np.searchsorted(category, np.arange(len(supply) + 1)),
    )


def _noun(key: str) -> str:
    return key.rpartition("/")[2].lower()
