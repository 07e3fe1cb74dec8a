"""Policies of the market's own: from a random page to one that knows everything, over the same candidates.

They bound what any cascade can do, and make logs where no cascade is under test.
"""

from __future__ import annotations

import numpy as np

from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.pages import Pages
from emptor.market.streams import Draws, paired
from emptor.market.world.world import Happened, World

CANDIDATES = 120
"""Products that a policy chooses a page from; a share of them (`demand.unexposed`) is of kinds not asked for."""


class Scored:
    """A policy that shows its candidates by falling score."""

    name = "scored"

    def __init__(self, world: World, *, candidates: int = CANDIDATES) -> None:
        self.world, self._candidates, self._day = world, candidates, 0

    def begin(self, day: int) -> None:
        self._day = day

    def hear(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        """Nothing is remembered."""

    def learn(self) -> None:
        """Nothing is learned."""

    def score(self, asked: Asked, rows: np.ndarray) -> np.ndarray:
        """rows [B, N] -> float [B, N]."""
        raise NotImplementedError

    def __call__(self, asked: Asked) -> Pages:
        rows, shown = self.world.fitting(asked, self._candidates, day=self._day)
        score = np.where(shown, self.score(asked, rows), -np.inf)
        skip = np.minimum(asked.offset, max(self._candidates - PAGE, 0))[:, None]
        order = np.argsort(-score, axis=1, kind="stable")
        order = np.take_along_axis(order, skip + np.arange(min(PAGE, rows.shape[1]))[None], axis=1)
        return Pages.of(np.take_along_axis(rows, order, axis=1), np.take_along_axis(shown, order, axis=1))


class Random(Scored):
    """Any order of the candidates, each as likely."""

    name = "random"

    def score(self, asked: Asked, rows: np.ndarray) -> np.ndarray:
        return Draws(self.world.config.seed, "random page").uniform(paired(asked.key[:, None], rows))


class Matching(Scored):
    """By what title and picture promise, as a text engine would if it read well; what ties, by chance.

    noise: standard deviation of what the engine misreads, in units of the match (0 to 1).
    """

    name = "matching"

    def __init__(self, world: World, *, noise: float = 0.15, candidates: int = CANDIDATES) -> None:
        super().__init__(world, candidates=candidates)
        self._noise = noise

    def score(self, asked: Asked, rows: np.ndarray) -> np.ndarray:
        match = np.full(rows.shape, 0.5, np.float32)
        at = np.flatnonzero(asked.query >= 0)
        match[at] = self.world.relevance.match(asked.query[at], rows[at], promised=True)
        others = np.flatnonzero(asked.query < 0)
        match[others] += 0.3 * (self.world.products.category[rows[others]] == asked.category[others, None])
        return match + self._noise * Draws(self.world.config.seed, "misread").normal(paired(asked.key[:, None], rows))


class Shuffled(Matching):
    """The matching policy, a share of its pages in random order: what is tested on must not tell by its position."""

    name = "matching, shuffled"

    def __init__(self, world: World, *, share: float = 0.1, candidates: int = 60) -> None:
        super().__init__(world, candidates=candidates)
        self.share = share

    def __call__(self, asked: Asked) -> Pages:
        pages = super().__call__(asked)
        draws = Draws(self.world.config.seed, "shuffled pages")
        mixed = draws.uniform(asked.key) < self.share
        chance = draws.uniform(paired(asked.key[:, None], np.arange(pages.rows.shape[1])[None]), 1)
        place = np.arange(pages.rows.shape[1])[None].astype(float)
        order = np.argsort(np.where(mixed[:, None] & pages.shown, chance - 1, place), axis=1, kind="stable")
        return Pages.of(np.take_along_axis(pages.rows, order, axis=1), np.take_along_axis(pages.shown, order, axis=1))


class Oracle(Scored):
    """By the true attraction (`of` "clicks") or by what a buyer will be content with (`of` "orders")."""

    name = "oracle"

    def __init__(self, world: World, *, of: str = "orders", candidates: int = CANDIDATES) -> None:
        super().__init__(world, candidates=candidates)
        self._of = of

    def score(self, asked: Asked, rows: np.ndarray) -> np.ndarray:
        drawn = self.world.attraction(asked, rows)
        if self._of == "clicks":
            return drawn.attraction
        # an order takes a click, then a product that is worth it
        return np.log(-np.expm1(-np.exp(self.world.reading.level + 4 * np.tanh(drawn.attraction / 4)))) + 0.8 * (
            self.world.buying.worth(rows, drawn)
        )
