"""From a log to what click models are given, row by row: only what a shop knows at the time of the page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.market_pairs.items import Items, matches, rates
from benchmarks.market_pairs.logs import Log
from emptor.market.world.products import DEPARTMENT_OF
from emptor.market.world.world import World

CROSSES = 5


@dataclass(frozen=True)
class Examples:
    """R products that were on the screen of P pages.

    page [R] int64 (rising), item [R] int64, dense [R, F] float32 (matches, click rate, price, position), crosses
    [R, CROSSES] float32: history against the product, made by hand; clicked [R] bool; history [P, H] int64, -1 none;
    past [P] int64: clicks that the user ever made.
    """

    page: np.ndarray
    item: np.ndarray
    dense: np.ndarray
    crosses: np.ndarray
    clicked: np.ndarray
    history: np.ndarray
    past: np.ndarray

    def __len__(self) -> int:
        return len(self.page)


def examples(world: World, items: Items, log: Log, *, where: np.ndarray | None = None) -> Examples:
    """where [P, N] bool: which products of the pages, all that were on the screen unless given.

    The last column of `dense` is the position; scorers fix it.
    """
    page, at = np.nonzero(log.on_screen if where is None else where)
    item = log.rows[page, at].astype(np.int64)
    position = np.log1p(log.asked.offset[page] + at).astype(np.float32)
    more = [rates(log, page, item), items.price[item], np.abs(items.price[item]), items.pictured[item]]
    more.append(np.log1p(log.past[page]))
    dense = np.column_stack([matches(world.queries, items, log.asked.query[page], item), *more, position])
    crosses = _blocks(items, log, page, item)
    return Examples(
        page, item, dense.astype(np.float32), crosses, log.clicked[page, at], log.history.astype(np.int64), log.past
    )


def _blocks(items: Items, log: Log, page: np.ndarray, item: np.ndarray) -> np.ndarray:
    parts = [
        _crosses(items, log, page[own : own + 65_536], item[own : own + 65_536]) for own in range(0, len(page), 65_536)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, CROSSES), np.float32)


def _crosses(items: Items, log: Log, page: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Share of the history in the product's category and of its brand; the picture's likeness to what was clicked in
    its department, and to anything clicked; how far the price is from what was clicked in its department.
    """
    history = log.history[page]
    there = (history >= 0).astype(np.float32)
    count = np.maximum(there.sum(1), 1)
    department = DEPARTMENT_OF[items.category]
    here = there * (department[history] == department[item][:, None])
    near = np.maximum(here.sum(1), 1)
    likeness = np.einsum("rhd,rd->rh", items.picture[history], items.picture[item]) / items.picture.shape[1]
    price = (here * items.price[history]).sum(1) / near
    found = (
        (there * (items.category[history] == items.category[item][:, None])).sum(1) / count,
        (there * (items.brand[history] == items.brand[item][:, None])).sum(1) / count,
        (here * likeness).sum(1) / near,
        (there * likeness).sum(1) / count,
        np.where(here.any(1), -np.abs(items.price[item] - price), -1),
    )
    return np.stack(found, axis=1).astype(np.float32)
