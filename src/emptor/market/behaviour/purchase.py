"""After the click: the cart, the order, what is sent back, and how content the user leaves.

What decides here is the product as it is, not as its listing has it: a misleading title earns clicks and no orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from emptor.market.behaviour.asked import Asked
from emptor.market.behaviour.attraction import Drawn
from emptor.market.behaviour.page import Read
from emptor.market.config import WorldConfig
from emptor.market.streams import Draws, paired
from emptor.market.world.products import Products

_LET_DOWN = 1.5
"""What a boast costs in worth, as a factor: more than it gained in attraction."""
_WHIMS = 9
"""Points of the quadrature."""
_TAILS = 3.0
"""Degrees of freedom of the outside option: now and then something else in life is better by far."""


@dataclass(frozen=True)
class Done:
    """carted, bought, returned [B, N] bool; content [B] float32: what the page did to the user's satisfaction."""

    carted: np.ndarray
    bought: np.ndarray
    returned: np.ndarray
    content: np.ndarray


class Buying:
    """How users of a world buy.

    Args:
        level: of the outside option, which sets how many clicks there are for one purchase. luck: see `Reading`.
    """

    def __init__(self, config: WorldConfig, products: Products, *, level: float, luck: int = 0) -> None:
        self._config, self._products, self.level = config, products, level
        self._cart, self._rival, self._return, self._whim = (
            Draws(config.seed, f"{kind} {luck}") for kind in ("carts", "outside option", "returns", "whim")
        )

    def worth(self, rows: np.ndarray, drawn: Drawn) -> np.ndarray:
        """What having a product is worth to the user: float32 [B, N], about 0 for a middling one that fits."""
        quality = self._config.catalogue.quality_sd * self._products.quality[rows]
        own = 4.0 * (drawn.true - 0.8) + 0.8 * quality + 0.45 * drawn.style + 0.8 * drawn.price + 0.5 * drawn.brand
        # whoever opens a listing that boasts sees that the thing is not what was promised, and likes it less for that
        own -= _LET_DOWN * self._products.boast[rows]
        return own.astype(np.float32)

    def chance(self, asked: Asked, rows: np.ndarray, drawn: Drawn) -> np.ndarray:
        """The chance that who clicks nothing else on the page buys it once it is clicked: float32 [B, N]."""
        worth = self.worth(rows, drawn)
        buys = (1 - asked.appetite)[:, None].astype(np.float32)
        puts = -np.expm1(-np.exp(self._config.page.cart + 0.55 * worth + 0.6 * buys))
        # over whims by quadrature, over the outside option by its distribution
        whims, weights = np.polynomial.hermite_e.hermegauss(_WHIMS)
        margin = worth + 1.2 * buys - self.level
        wins = sum(own * stdtr(_TAILS, (margin + 0.8 * at) / 1.5) for at, own in zip(whims, weights, strict=True))
        return (puts * wins / weights.sum()).astype(np.float32)

    def __call__(self, asked: Asked, rows: np.ndarray, drawn: Drawn, read: Read) -> Done:
        size = len(rows)
        places, at = np.nonzero(read.clicked)  # few: a page has one or two clicks
        carted, bought, returned = (np.zeros(rows.shape, bool) for _ in range(3))
        content = np.where(read.clicked.any(1), 0, -0.03).astype(np.float32)
        if not len(places):
            return Done(carted, bought, returned, content)
        few = Drawn(*(getattr(drawn, name)[places, at][:, None] for name in Drawn.__dataclass_fields__))
        clicked = rows[places, at]
        key = paired(asked.key[places], clicked)
        worth = self.worth(clicked[:, None], few)[:, 0]
        buys = 1 - asked.appetite[places]
        puts = self._cart.uniform(key) < -np.expm1(-np.exp(self._config.page.cart + 0.55 * worth + 0.6 * buys))
        carted[places[puts], at[puts]] = True
        # the best of the cart against everything else that the money could do
        mine = np.where(puts, worth + 0.8 * self._whim.normal(key) + 1.2 * buys, -np.inf)
        best = np.full(size, -np.inf)
        np.maximum.at(best, places, mine)
        rival = self.level + 1.5 * stdtrit(_TAILS, self._rival.uniform(asked.key))
        wins = puts & (mine == best[places]) & (mine > rival[places])
        bought[places[wins], at[wins]] = True
        # regret: what was promised and is not so, and what is worth little
        broken = np.maximum(few.promised[:, 0] - few.true[:, 0], 0) + 0.3 * self._products.boast[clicked]
        regret = -0.1 - 0.3 * worth + 3.0 * broken
        back = wins & (self._return.uniform(key) < -np.expm1(-np.exp(np.minimum(regret, 1.5))))
        returned[places[back], at[back]] = True
        # a disappointment behind a click is remembered a little, a good order long
        felt = np.where(wins, 0.25 + 0.08 * worth, 0.02 * np.clip(worth, -2, 1)) - 0.4 * back
        np.add.at(content, places, felt.astype(np.float32))
        return Done(carted, bought, returned, np.clip(content, -0.5, 0.6))
