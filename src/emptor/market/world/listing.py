"""Listings: what a seller writes about a product, which is not always all, nor always right.

A listing follows from `Products.claimed`, brand, design (its name), seller (the house style) and chance. Neither look
nor quality nor the truth behind a claim is even read here.
"""

from __future__ import annotations

import gzip
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import orjson

from emptor.market.knowledge.brands import BRANDS
from emptor.market.knowledge.names import book_title, series_name, writer
from emptor.market.streams import Draws
from emptor.market.world.products import Products
from emptor.market.world.prose import description
from emptor.market.world.title import title
from emptor.market.world.wording import WORDS, House, parts_of

Row = dict[str, object]

CURRENCY = "USD"
_NO_BRAND = 0.05
"""Share of the listings that name no brand."""
_FILLED = 0.8
"""Chance that a seller fills the form's field for what the listing claims."""
_NAMED = 0.45
"""Share of the designs that have a series name."""
_CHUNK = 20_000


def listings(products: Products, rows: np.ndarray, *, seed: int, epoch: datetime) -> list[Row]:
    """The rows of the catalogue, in Emptor's field names; `attributes` holds claims only, `image` is a file's name.

    Args:
        rows [N]: places of products. seed: of the world. epoch: when the world's day 0 begins, with a time zone.
    """
    return list(_listings(products, np.asarray(rows), seed, epoch))


def picture_name(product_id: str) -> str:
    """The name of a product's picture file."""
    return f"{product_id}.jpg"


def captions(products: Products, rows: np.ndarray, *, seed: int) -> list[str]:
    """What stands on a book, title and writer on a line each; empty for other products. [N]"""
    bits = Draws(seed, "name of design").bits(products.design[rows]).tolist()
    found = []
    for category, own in zip(products.category[rows].tolist(), bits, strict=True):
        book, author = _book(category, own)
        found.append(f"{book}\n{author}" if book else "")
    return found


def write_catalogue(
    products: Products, rows: np.ndarray, path: Path, *, seed: int, epoch: datetime, workers: int | None = None
) -> None:
    """Write listings as gzipped JSON lines. The bytes do not depend on `workers`; None: one for each core."""
    rows = np.asarray(rows)
    parts = [rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK)]
    workers = min(workers or os.cpu_count() or 1, len(parts))
    jobs = ((_part(products, own), seed, epoch) for own in parts)
    with path.open("wb") as file:
        if workers < 2:
            file.writelines(map(_packed, jobs))
            return
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            # no more at a time than keeps the workers busy: a million products would wait in memory
            under_way = deque(pool.submit(_packed, job) for job in islice(jobs, 2 * workers))
            while under_way:
                file.write(under_way.popleft().result())
                under_way.extend(pool.submit(_packed, job) for job in islice(jobs, 1))


def _part(products: Products, rows: np.ndarray) -> Products:
    return Products(**{own.name: getattr(products, own.name)[rows] for own in fields(products)})


def _packed(job: tuple[Products, int, datetime]) -> bytes:
    """A gzip member of its own, so that chunks written one after the other are one file."""
    products, seed, epoch = job
    own = _listings(products, np.arange(len(products)), seed, epoch)
    lines = b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in own])
    return gzip.compress(lines, compresslevel=3, mtime=0)


def _book(category: int, bits: int) -> tuple[str, str]:
    """Title and writer, empty for what is no book."""
    words = WORDS[category]
    return (book_title(bits, kitchen=words.kitchen), writer(bits >> 24)) if words.book else ("", "")


def _listings(products: Products, rows: np.ndarray, seed: int, epoch: datetime) -> Iterator[Row]:
    entity, draws = products.entity[rows], Draws(seed, "listing")
    claimed = products.claimed[rows]
    filled = (draws.bits(entity, 0).view(np.uint8).reshape(-1, 8) < 256 * _FILLED) & (claimed >= 0)
    unbranded = draws.uniform(entity, 1) < _NO_BRAND
    series = Draws(seed, "design has a name").uniform(products.design[rows]) < _NAMED
    moment = products.listed[rows].astype(np.int64) * 86_400 + draws.integer(entity, 86_400, 2)
    sellers, seller = np.unique(products.seller[rows], return_inverse=True)
    houses = [House.of(bits) for bits in Draws(seed, "house").bits(sellers).tolist()]
    names = [f"seller-{own:05d}" for own in sellers.tolist()]
    columns = zip(
        products.product_id[rows].tolist(),
        products.category[rows].tolist(),
        np.where(unbranded, -1, products.brand[rows]).tolist(),
        claimed.tolist(),
        filled.tolist(),
        Draws(seed, "name of design").bits(products.design[rows]).tolist(),
        series.tolist(),
        seller.tolist(),
        products.price[rows].tolist(),
        moment.tolist(),
        products.pictured[rows].tolist(),
        (products.boast[rows] > 0).tolist(),
        draws.bits(entity, 3).tolist(),
        draws.bits(entity, 4).tolist(),
        strict=True,
    )
    for key, category, maker, claim, fill, name, named, shop, price, moment, pictured, lies, first, other in columns:
        words, house = WORDS[category], houses[shop]
        brand = BRANDS[maker].name if maker >= 0 else ""
        book, author = _book(category, name)
        label = series_name(name, model=words.model) if named and not book else ""
        parts = parts_of(words, claim, house, first)
        row: Row = {
            "product_id": key,
            "title": title(words, parts, brand, label, book, author, house, other, boasts=lies),
            "description": description(words, claim, parts, brand, house, other),
            "category": words.path,
            "attributes": {
                field: values[value]
                for field, values, value, told in zip(words.fields, words.values, claim, fill, strict=True)
                if told
            },
            "price": price,
            "currency": CURRENCY,
            "seller_id": names[shop],
            "listed_at": (epoch + timedelta(seconds=moment)).isoformat(),
            "in_stock": True,
        }
        if brand:
            row["brand"] = brand
        if pictured:
            row["image"] = picture_name(key)
        yield row
