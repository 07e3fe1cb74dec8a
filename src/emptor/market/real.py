"""A real catalogue as the stock of a world: the same users, with tastes over what its pictures are like.

What cannot be known of real products is drawn: their hidden quality, and what sellers leave out counts as left out.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from emptor.errors import EmptorError
from emptor.market.config import WorldConfig
from emptor.market.descriptors import looks_of
from emptor.market.streams import Draws
from emptor.market.world.asking import real_queries
from emptor.market.world.products import LOOKS, SIGHT, SLOTS, Products
from emptor.market.world.stock import Stock
from emptor.market.world.taxonomy import Taxonomy
from emptor.progress import step
from emptor.shop.category import split_path
from emptor.shop.shop import Shop
from emptor.shop.view import View
from emptor.shop.vocabulary import Vocabulary

if TYPE_CHECKING:
    from emptor.market.world.world import World

_LEAST = 5
"""Products of a category that stands for itself; smaller ones are put together, by department."""
_MOST_VALUES = 200
"""Different values of an attribute that users may care for: what has more is a text or a number of its own."""
_FOREVER = 2**30


def stock_of(shop: Shop, config: WorldConfig) -> Stock:
    """The live catalogue of a shop as stock.

    Raises: EmptorError for an empty catalogue.
    """
    view = shop.view()
    rows = np.flatnonzero(view.alive)
    if len(rows) < 2:
        raise EmptorError(f"{shop.path}: the catalogue has {len(rows)} products; a market needs at least 2")
    taxonomy, category = _taxonomy(view, rows)
    values, names = _values(view, rows)
    titles, files = [], []
    for row in rows.tolist():
        product = view.product(row)
        titles.append(product["title"] or "")
        files.append(shop.images.path(product["image_file"]) if product["image_file"] else None)
    with step("Looking at the pictures", total=len(files)) as bar:
        look = looks_of(files, on_done=bar.advance)
    products = _products(config, view, rows, category, values, look)
    queries = real_queries(config, products, taxonomy, titles, _words(view.brands), names)
    needs = np.zeros((0, len(products)), np.uint8)
    return Stock(taxonomy, products, queries, int(products.brand.max()) + 1, needs, (), invented=False)


def _taxonomy(view: View, rows: np.ndarray) -> tuple[Taxonomy, np.ndarray]:
    """The categories of rows [N], two levels deep, and each row's place among them."""
    codes = view.category[rows]
    parts = [split_path(str(own)) or ["Other"] for own in _words(view.categories)]
    paths = [(parts[code][0], "/".join(parts[code][:2])) if code >= 0 else ("Other", "Other") for code in codes]
    count = Counter(paths)
    paths = [own if count[own] >= _LEAST else (own[0], f"{own[0]}/Other") for own in paths]
    known = sorted(set(paths))
    place = {own: at for at, own in enumerate(known)}
    return Taxonomy.of(known), np.array([place[own] for own in paths])


def _values(view: View, rows: np.ndarray) -> tuple[np.ndarray, list[tuple[str, list[str]]]]:
    """The attributes that most products have, as slots: values [N, SLOTS] int16 (-1 none), (name, values) of each."""
    vocabulary = [str(own).partition("\x1f")[::2] for own in _words(view.attributes)]
    name_of = np.array([name for name, _ in vocabulary], object)
    owner = np.repeat(np.arange(len(rows)), view.attribute_end[rows] - view.attribute_start[rows])
    at = np.concatenate(
        [np.arange(view.attribute_start[row], view.attribute_end[row]) for row in rows.tolist()] or [np.zeros(0, int)]
    )
    codes = view.attribute_codes[at.astype(np.int64)]
    distinct = Counter(name_of.tolist())
    have = Counter(name_of[codes].tolist())
    useful = [name for name, _ in have.most_common() if 2 <= distinct[name] <= _MOST_VALUES][:SLOTS]
    values = np.full((len(rows), SLOTS), -1, np.int16)
    names: list[tuple[str, list[str]]] = []
    for slot, name in enumerate(useful):
        own = [code for code, (its, _) in enumerate(vocabulary) if its == name]
        place = np.full(len(vocabulary), -1, np.int16)
        place[own] = np.arange(len(own))
        here = place[codes] >= 0
        values[owner[here][::-1], slot] = place[codes[here]][::-1]  # the first of several values counts
        names.append((name, [vocabulary[code][1] for code in own]))
    return values, names


def _products(
    config: WorldConfig, view: View, rows: np.ndarray, category: np.ndarray, values: np.ndarray, look: np.ndarray
) -> Products:
    seed, count = config.seed, len(rows)
    ids = np.array(view.product_ids(rows))
    entity = np.array([_number(own) for own in ids.tolist()], np.int64)
    pictured = ~np.isnan(look).any(1)
    look = np.where(pictured[:, None], look, 0).astype(np.float32)
    price = view.price[rows].astype(np.float64)
    log = np.log(np.where(price > 0, price, np.nan))
    tag = np.zeros(count, np.float32)
    for number in range(int(category.max()) + 1):
        here = (category == number) & ~np.isnan(log)
        if here.sum() > 1:
            tag[here] = ((log[here] - log[here].mean()) / max(log[here].std(), 0.1)).astype(np.float32)
    parts = 0.9 * Draws(seed, "sight of category").normals(category, SIGHT)
    parts = parts + 0.8 * look @ Draws(seed, "sight of look").normals(np.arange(LOOKS), SIGHT)
    for slot in range(SLOTS):
        parts = parts + 0.5 * Draws(seed, f"sight of slot {slot}").normals(values[:, slot], SIGHT)
    sight = parts / np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-6)
    order = np.argsort(ids)
    columns = {
        "product_id": ids,
        "category": category.astype(np.int16),
        "brand": np.maximum(view.brand[rows], 0).astype(np.int16),
        "design": np.arange(count, dtype=np.int32),
        "values": values,
        "second": np.zeros(count, np.int16),
        "look": look,
        "sight": sight.astype(np.float32),
        "quality": Draws(seed, "quality").normal(entity).astype(np.float32),
        "price": np.where(price > 0, price, 0.0),
        "tag": tag,
        "seller": np.zeros(count, np.int32),
        "small": np.zeros(count, bool),
        "listed": np.full(count, -1, np.int32),
        "left": np.full(count, _FOREVER, np.int32),
        "pictured": pictured,
        "claimed": values,
        "boast": np.zeros(count, np.float32),
        "entity": entity,
    }
    return Products(**{name: own[order] for name, own in columns.items()})


def _words(vocabulary: Vocabulary) -> list[str]:
    return [str(vocabulary[code]) for code in range(len(vocabulary))]


def _number(product_id: str) -> int:
    """What keys a product's random streams: a number of 62 bits that follows from its id."""
    return int.from_bytes(blake2b(product_id.encode(), digest_size=8).digest(), "little") >> 2


def lacks(world: World) -> list[str]:
    """What a catalogue does not have and users would have gone by, a sentence each."""
    products, told = world.products, []
    priced = (products.price > 0).mean()
    if priced < 0.9:
        told.append(f"{1 - priced:.0%} of the products have no price: users do not mind theirs, and orders count as 0.")
    if len(world.taxonomy) < 3:
        told.append("next to no categories: what users look for is a brand, an attribute or words of a title.")
    if products.pictured.mean() < 0.5:
        told.append("most products have no picture: what users like of a look decides nothing there.")
    return told
