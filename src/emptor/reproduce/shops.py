"""Shops to reproduce in, made once and kept; and a log of users who shop there, which is not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from emptor.market.behaviour.asked import Asked
from emptor.market.config import WorldConfig
from emptor.market.making import list_products, new_market
from emptor.market.world.world import World
from emptor.shop.features import Features
from emptor.shop.shop import Shop

COLUMNS = ("time", "user_id", "request_id", "query", "action", "product_id", "position", "propensity")


class Kept:
    """A log in memory. columns: of the events' that are kept."""

    def __init__(self, columns: Sequence[str] = COLUMNS) -> None:
        self._columns = list(columns)
        self._tables: list[pa.Table] = []

    def append_bulk(self, table: pa.Table) -> None:
        self._tables.append(table.select(self._columns))

    def events(self) -> pl.DataFrame:
        whole = pl.from_arrow(pa.concat_tables(self._tables))
        assert isinstance(whole, pl.DataFrame)
        return whole.with_row_index("seq").with_columns(pl.col("seq").cast(pl.Int64))


def catalogue(folder: Path, config: WorldConfig) -> None:
    """A shop with everything that is on sale on any of the world's days; made once."""

    def make(made: Path) -> None:
        world, _ = new_market(made, config)
        later = np.flatnonzero((world.products.listed > 0) & (world.products.listed < config.days))
        if len(later):
            with Shop.open(made) as shop:
                list_products(world, shop, later)

    once(folder, make)


def once(folder: Path, make: Callable[[Path], None]) -> None:
    """Let a folder be made, unless it is there.

    It is made aside, so that what is there is whole: who is cut off begins anew, and two may make the same.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as aside:
        made = Path(aside) / folder.name
        make(made)
        if not folder.exists():
            made.rename(folder)


def rows_of_view(world: World, features: Features) -> np.ndarray:
    """[P + 1] int64: rows of the world's products in a view, -1 for none; the last stands for no product."""
    known = {own: row for row, own in enumerate(features.view.product_ids(np.arange(features.count)))}
    return np.array([*(known.get(own, -1) for own in world.products.product_id.tolist()), -1], np.int64)


def queries_of(world: World, asked: Asked) -> list[str | None]:
    """What was typed, None where nothing was."""
    return [world.queries.text[own] if own >= 0 else None for own in asked.query.tolist()]


def first_line(error: Exception) -> str:
    """What an error says, without what it goes on to explain."""
    return (str(error).splitlines() or [type(error).__name__])[0]
