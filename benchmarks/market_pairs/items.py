"""Products and queries as a shop sees them: what listings claim, what pictures show to an encoder, what users type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.market_pairs.logs import Log
from emptor.market.streams import Draws
from emptor.market.world.products import COLOR, COLOR_NAMES, LOOKS, PATTERN, PATTERN_NAMES, SEEN, Products
from emptor.market.world.queries import Queries
from emptor.market.world.world import World

WIDTH = 24
"""Of the picture descriptor."""
_NOISE = 0.5
_SEEN = 0.9
_MISREAD = 0.15


@dataclass(frozen=True)
class Items:
    """P products.

    picture [P, WIDTH] float32: stands for a picture encoder: a random mixture of look, colour and pattern, with noise;
    0 without a picture. category, brand [P] int64; price [P] float32: log price, standardised within the category;
    claimed [P, SLOTS] int16 as the listing has it; read [P, SLOTS]: the same, with colour and pattern as the encoder
    reads them from the picture, one in seven wrongly.
    """

    picture: np.ndarray
    category: np.ndarray
    brand: np.ndarray
    price: np.ndarray
    claimed: np.ndarray
    read: np.ndarray
    pictured: np.ndarray


def items_of(world: World) -> Items:
    """The shop's side of a world's products. The noise of pictures is the world's, not the product's id's."""
    products, seed = world.products, world.config.seed
    return Items(
        picture=descriptors(products, seed),
        category=products.category.astype(np.int64),
        brand=products.brand.astype(np.int64),
        price=_standardised(np.log(products.price), products.category),
        claimed=products.claimed,
        read=_readings(products, seed),
        pictured=products.pictured,
    )


def descriptors(products: Products, seed: int, *, noise: float = _NOISE) -> np.ndarray:
    """[P, WIDTH] float32, each column of standard deviation 1. A straight line reads the look off it with R2 ~ .7."""
    draws = Draws(seed, "descriptor")
    color = draws.normals(np.arange(len(COLOR_NAMES)), WIDTH)
    pattern = draws.normals(1000 + np.arange(len(PATTERN_NAMES)), WIDTH)
    mixing = draws.normals(2000 + np.arange(LOOKS), WIDTH)
    values = products.values
    own = products.look @ mixing / np.sqrt(LOOKS) + _SEEN * color[values[:, COLOR]]
    own += np.where((values[:, PATTERN] >= 0)[:, None], _SEEN * pattern[values[:, PATTERN]], 0)
    own += noise * Draws(seed, "descriptor noise").normals(products.entity, WIDTH)
    own = (own - own.mean(0)) / own.std(0)
    return np.where(products.pictured[:, None], own, 0).astype(np.float32)


def _readings(products: Products, seed: int) -> np.ndarray:
    draws, read = Draws(seed, "misread picture"), products.claimed.copy()
    for slot in SEEN:
        true = products.values[:, slot]
        # what is misread is read as what another product has
        wrong = true[draws.integer(products.entity, len(products), 2 * slot)]
        seen = np.where(draws.uniform(products.entity, 2 * slot + 1) < _MISREAD, wrong, true)
        read[:, slot] = np.where(products.pictured, seen, read[:, slot])
    return read


def _standardised(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    count = np.maximum(np.bincount(groups), 1)
    mean = np.bincount(groups, values) / count
    sd = np.sqrt(np.bincount(groups, (values - mean[groups]) ** 2) / count) + 1e-6
    return ((values - mean[groups]) / sd[groups]).astype(np.float32)


MATCHES = ("searched", "asked", "category", "met", "unknown", "not met", "brand", "not brand", "met as seen")


def matches(queries: Queries, items: Items, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Features of pairs [R, len(MATCHES)] float32. query [R]: rows of Queries, -1 without; rows [R]: of products."""
    asked = np.where((query >= 0)[:, None], queries.asked[query], -1)
    wants = asked >= 0
    count = np.maximum(wants.sum(1), 1)
    brand = np.where(query >= 0, queries.brand[query], -1)
    category = np.where(query >= 0, queries.category[query], -1)
    claimed, read = items.claimed[rows], items.read[rows]
    found = np.stack(
        [
            query >= 0,
            wants.sum(1),
            category == items.category[rows],
            (wants & (claimed == asked)).sum(1) / count,
            (wants & (claimed < 0)).sum(1) / count,
            (wants & (claimed >= 0) & (claimed != asked)).sum(1) / count,
            (brand >= 0) & (brand == items.brand[rows]),
            (brand >= 0) & (brand != items.brand[rows]),
            (wants & (read == asked)).sum(1) / count,
        ],
        axis=1,
    )
    return found.astype(np.float32)


def rates(log: Log, page: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Each product's click rate before the day of the page, drawn towards the mean: log ratio, float32 [R]."""
    found = np.zeros(len(rows), np.float32)
    day = log.asked.day[page]
    for own in np.unique(day).tolist():
        shown, clicks = log.counts[own]
        mean = (clicks.sum() + 1) / (shown.sum() + 20)
        here = day == own
        rate = (clicks[rows[here]] + 30 * mean) / (shown[rows[here]] + 30)
        found[here] = np.log(rate / mean)
    return found
