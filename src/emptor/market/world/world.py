"""A world whole: everything that is true, and the behaviour that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from emptor.errors import EmptorError
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.behaviour.attraction import Attraction, Drawn
from emptor.market.behaviour.demand import Demand
from emptor.market.behaviour.page import Read, Reading
from emptor.market.behaviour.purchase import Buying, Done
from emptor.market.config import WorldConfig
from emptor.market.streams import Draws, paired
from emptor.market.world.products import Products
from emptor.market.world.queries import Queries
from emptor.market.world.relevance import Relevance
from emptor.market.world.stock import Stock
from emptor.market.world.users import Users, make_users

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
"""Day 0 of every world."""
HORIZON = 90
"""Days for which new products are known in advance."""
_SAMPLE = 3_000
"""Page views by which the levels of clicks and purchases are set."""


@dataclass(frozen=True)
class Happened:
    """What users did on B pages."""

    drawn: Drawn
    read: Read
    done: Done


class World:
    """The truth of a market. Asked by the loop and by evaluation, never by what is trained.

    Args:
        config: see `WorldConfig`.
        stock: another than the config's own, for a world that shops a real catalogue.
        luck: other numbers draw visits, clicks and orders anew, of the same users with the same tastes: two worlds that
            differ in nothing else are what an A/A test compares.
    """

    def __init__(self, config: WorldConfig, *, stock: Stock | None = None, luck: int = 0) -> None:
        self.config, self.luck = config, luck
        self.stock = Stock.of(config, until=HORIZON) if stock is None else stock
        self.taxonomy = self.stock.taxonomy
        self.products: Products = self.stock.products
        if not len(self.products):
            raise EmptorError("the catalogue has no products; nobody can shop there")
        self.users: Users = make_users(config, self.taxonomy, brands=self.stock.brands)
        self.queries: Queries = self.stock.queries
        self.relevance = Relevance(self.products, self.queries, self.stock.needs, invented=self.stock.invented)
        department = self.taxonomy.department[self.products.category]
        self.attraction = Attraction(config, self.products, self.users, self.relevance, department=department)
        self.demand = self._demand(luck)

    def _demand(self, luck: int) -> Demand:
        epoch = round(EPOCH.timestamp() * 1e6)
        wanted = self.stock.wanted
        return Demand(self.config, self.users, self.queries, wanted=wanted, epoch=epoch, luck=luck)

    @cached_property
    def reading(self) -> Reading:
        return self._levels[0]

    @cached_property
    def buying(self) -> Buying:
        return self._levels[1]

    def happen(self, asked: Asked, rows: np.ndarray, shown: np.ndarray) -> Happened:
        """Let users read pages: rows [B, N] of Products, shown [B, N] bool (False: the page has ended)."""
        drawn = self.attraction(asked, rows)
        read = self.reading(asked, rows, shown, drawn)
        return Happened(drawn, read, self.buying(asked, rows, drawn, read))

    def fitting(self, asked: Asked, count: int, *, day: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """`count` products on sale for each page view, drawn at random from the mission's category and, by
        `demand.unexposed`, from elsewhere in its department: rows [B, count], shown [B, count].
        """
        draws = Draws(self.config.seed, "candidates")
        key = paired(asked.key[:, None], np.arange(count)[None])
        doubtful = draws.uniform(key) < self.config.demand.unexposed
        start, rows, sizes = self._on_sale(day)
        category = asked.category[:, None]
        mates = self._mates[category, draws.integer(key, self._mates.shape[1], 1)]
        category = np.where(doubtful, mates, category)
        size = sizes[category]
        # a step that shares no factor with most sizes goes round a category without meeting a product twice
        first = draws.integer(asked.key[:, None], np.maximum(size, 1), 2)
        at = (first + np.arange(count)[None] * _STEP) % np.maximum(size, 1)
        found = rows[np.minimum(start[category] + at, len(rows) - 1)]
        shown = size > 0
        order = np.sort(found, axis=1)
        if (order[:, 1:] == order[:, :-1]).any():
            shown = shown & _first_of_each(found)
        return _shown_first(found, shown)

    def _on_sale(self, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if day not in self._sales:
            alive = np.flatnonzero(self.products.alive(day))
            rows = alive[np.argsort(self.products.category[alive], kind="stable")]
            sizes = np.bincount(self.products.category[rows], minlength=len(self.taxonomy))
            self._sales[day] = (np.cumsum(sizes) - sizes, rows, sizes)
        return self._sales[day]

    @cached_property
    def _sales(self) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        return {}

    @cached_property
    def _mates(self) -> np.ndarray:
        return self.taxonomy.mates()

    @cached_property
    def _levels(self) -> tuple[Reading, Buying]:
        """Reading and buying, their levels set so that random pages of what fits get the config's rates."""
        config, products = self.config, self.products
        # the same draws whatever the luck: a level is part of the world
        demand = self._demand(0)
        visits = demand.visits(0, np.zeros(len(self.users), np.float32))
        day = 0
        while len(visits) < min(_SAMPLE, 10 * len(self.users)) and day < 60:
            day += 1
            more = demand.visits(day, np.zeros(len(self.users), np.float32))
            visits = type(visits)(
                **{name: np.concatenate([own, getattr(more, name)]) for name, own in vars(visits).items()}
            )
        if not len(visits):
            raise EmptorError("nobody visits this market within 60 days; raise demand.visits or users")
        visits = visits.rows(np.arange(min(len(visits), _SAMPLE)))
        asked = demand.first(visits, 0)
        rows, shown = self.fitting(asked, PAGE)
        drawn = self.attraction(asked, rows)

        def clicks(level: float) -> float:
            read = Reading(config, products, self.users, level=level)(asked, rows, shown, drawn)
            return float(read.clicked.sum() / max(shown.sum(), 1))

        clicked = _solved(clicks, config.page.clicks, -9.0, 4.0)
        reading = Reading(config, products, self.users, level=clicked, luck=self.luck)
        # more clicks than there are on random pages, so that the rate of purchases is not a handful's
        read = Reading(config, products, self.users, level=reading.level + 1.0)(asked, rows, shown, drawn)

        def purchases(level: float) -> float:
            done = Buying(config, products, level=level)(asked, rows, drawn, read)
            return -float(done.bought.sum() / max(read.clicked.sum(), 1))

        bought = _solved(purchases, -config.page.purchase, -8.0, 14.0)
        return reading, Buying(config, products, level=bought, luck=self.luck)


_STEP = 7_919


def _solved(rises: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a rising function meets a value, by halving."""
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < wanted else (low, middle)
    return (low + high) / 2


def _first_of_each(rows: np.ndarray) -> np.ndarray:
    """[B, N] bool: False where the same row stands further left."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    first = np.concatenate([np.ones((len(rows), 1), bool), ordered[:, 1:] != ordered[:, :-1]], axis=1)
    out = np.zeros(rows.shape, bool)
    np.put_along_axis(out, order, first, axis=1)
    return out


def _shown_first(rows: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(~shown, axis=1, kind="stable")
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(shown, order, axis=1)
