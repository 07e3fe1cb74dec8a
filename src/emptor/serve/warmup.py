"""Warm-up: requests made before the server is ready, so that no customer pays for cold caches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.serve.traces import trace_files

log = logging.getLogger(__name__)

REQUESTS = 100
WITHIN_S = 10.0
"""A shop whose requests are slow is opened all the same."""


@dataclass(frozen=True)
class Asked:
    """A request to replay."""

    query: str | None
    filters: tuple[str, ...] = ()
    product_id: str | None = None


def warm_up(engine: Engine, ask: Callable[[Asked], object], *, stopped: Callable[[], bool]) -> int:
    """Ask up to 100 stored requests, or made-up ones where there are none; returns how many were answered."""
    asked = stored_requests(engine.shop.path) or made_up_requests(engine)
    end = time.monotonic() + WITHIN_S
    answered = 0
    for own in asked:
        if stopped() or time.monotonic() > end:
            break
        try:
            ask(own)
            answered += 1
        except EmptorError:  # a product or cascade that is gone since
            continue
        except Exception:
            log.exception("warm-up request %r failed", own)
    return answered


def stored_requests(shop: Path, *, most: int = REQUESTS) -> list[Asked]:
    """The latest requests in the trace log."""
    found: list[Asked] = []
    for file in reversed(trace_files(shop)):
        try:
            rows = (
                pl.scan_parquet(file, hive_partitioning=False)
                .filter(pl.col("place") == 0)
                .select("query", "filters", "product_id")
                .tail(most - len(found))
                .collect()
            )
        except (pl.exceptions.PolarsError, OSError) as error:
            log.warning("trace file %s cannot be read: %s", file, error)
            continue
        found += [Asked(query, tuple(filters or ()), product) for query, filters, product in rows.iter_rows()]
        if len(found) >= most:
            break
    return found


def made_up_requests(engine: Engine, *, most: int = REQUESTS) -> list[Asked]:
    """Searches for brands and the first words of titles, spread evenly over the catalogue."""
    view = engine.view
    rows = np.flatnonzero(view.alive)
    if not len(rows):
        return [Asked(None)]
    picked = rows[np.unique(np.linspace(0, len(rows) - 1, most // 2).astype(int))]
    asked = [Asked(None)]
    for row in picked:
        product = view.product(int(row))
        words = (product["title"] or "").split()
        if words:
            asked.append(Asked(" ".join(words[:3])))
        if product["brand"]:
            asked.append(Asked(product["brand"]))
    return asked[:most]
