"""How much a product attracts a user before anything stands around it, and how well it satisfies who has it.

Form one puts the parts through a tanh and a complementary log-log link; liking a look falls with its distance from the
user's taste. Form two, the other world, has a bilinear liking with a ceiling and a heavy-tailed (Cauchy) link. Neither
is the softmax or the sigmoid of a dot product that the judged models are made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.market.behaviour.asked import Asked
from emptor.market.config import WorldConfig
from emptor.market.streams import Draws
from emptor.market.world.products import LOOKS, Products
from emptor.market.world.relevance import Relevance
from emptor.market.world.users import Users

_FIT = 5.5
_MIDDLE = 0.72
"""The match at which relevance neither draws nor repels."""
_SAME_MISSION = 0.2
_NEARER = 0.72
"""Standard deviation of how much nearer a look is than a stranger, both standard normal in six dimensions."""
_MISSION_SHIFT = 0.2
"""Share of a mission's taste that is the mission's own: today's dress is not everyday's."""


@dataclass(frozen=True)
class Drawn:
    """Pairs of B page views and N products.

    attraction [B, N] float32 before the page's context; style, price, brand [B, N] float32: parts of it that also
    decide how content a buyer is; promised, true [B, N] float32: the match with what was asked, as it looks and as it
    is.
    """

    attraction: np.ndarray
    style: np.ndarray
    price: np.ndarray
    brand: np.ndarray
    promised: np.ndarray
    true: np.ndarray


class Attraction:
    """Attraction of every user, page view and product of a world.

    Args:
        department [P] int16: of each product.
    """

    def __init__(
        self, config: WorldConfig, products: Products, users: Users, relevance: Relevance, *, department: np.ndarray
    ) -> None:
        self._department = department
        self._config, self._products, self._users, self._relevance = config, products, users, relevance
        appeal = Draws(config.seed, "design appeal").normal(products.design)
        appeal = 0.75 * appeal + 0.35 * Draws(config.seed, "appeal").normal(products.entity)
        hint = 0.12 * config.catalogue.quality_sd * products.quality
        self._appeal = (0.7 * appeal + hint).astype(np.float32)

    def __call__(self, asked: Asked, rows: np.ndarray) -> Drawn:
        """rows [B, N] int64: rows of Products."""
        products, users, taste = self._products, self._users, self._config.taste
        department = self._department[rows]
        weights = users.weights[asked.user[:, None], department]
        style = taste.strength * weights[..., 0] * self.liking(asked, rows)
        shown = products.pictured[rows]
        price = 0.6 * taste.price * weights[..., 1] * self._price(asked, rows, department)
        brand = taste.brand * weights[..., 2] * users.brand_liking(asked.user, products.brand[rows])
        promised, true = self._matches(asked, rows, promised=True), self._matches(asked, rows, promised=False)
        again = (rows[:, :, None] == asked.liked[:, None, :]).any(2)
        attraction = _FIT * (promised - _MIDDLE) + np.where(shown, style, -0.4) + price + brand
        attraction += self._appeal[rows] + products.boast[rows] + _SAME_MISSION * again
        return Drawn(*(own.astype(np.float32) for own in (attraction, style, price, brand, promised, true)))

    def liking(self, asked: Asked, rows: np.ndarray) -> np.ndarray:
        """How a product's look suits the user on this mission: float32 [B, N], about standard normal."""
        department = self._department[rows]
        taste = self._users.taste_of(asked.user, department, asked.day)
        mission = Draws(self._config.seed, "mission taste").normals(asked.visit_key, LOOKS)[:, None]
        taste = np.sqrt(1 - _MISSION_SHIFT) * taste + np.sqrt(_MISSION_SHIFT) * mission
        look = self._products.look[rows]
        if self._config.form == "two":
            dot = np.einsum("bnl,bnl->bn", taste, look) / np.sqrt(np.float32(LOOKS))
            return np.minimum(dot, 1.5)
        gap = look - taste
        distance = np.sqrt(np.einsum("bnl,bnl->bn", gap, gap))
        # how much nearer it is than to a taste as strong that has nothing to do with it: were it the distance alone,
        # middling looks would please everybody, and who knows nothing of a user would know that
        strange = np.sqrt(np.einsum("bnl,bnl->bn", look, look) + np.einsum("bnl,bnl->bn", taste, taste))
        return (strange - distance) / _NEARER

    def _price(self, asked: Asked, rows: np.ndarray, department: np.ndarray) -> np.ndarray:
        """What the price does, 0 at best: dearer than feels right repels more than cheaper."""
        over = self._products.tag[rows] - self._users.target[asked.user[:, None], department]
        if self._config.form == "two":
            return -0.9 * np.log1p(over * over)
        return np.where(over > 0, -1.3 * np.abs(over) ** 1.2, -0.5 * np.abs(over))

    def _matches(self, asked: Asked, rows: np.ndarray, *, promised: bool) -> np.ndarray:
        """The match [B, N] with the query; without one, with what the mission is about and the user's interests."""
        match = np.zeros(rows.shape, np.float32)
        searched = np.flatnonzero(asked.query >= 0)
        match[searched] = self._relevance.match(asked.query[searched], rows[searched], promised=promised)
        others = np.flatnonzero(asked.query < 0)
        if len(others):
            category = self._products.category[rows[others]]
            interest = np.log(self._users.interest[asked.user[others, None], category] + 1e-9) - np.log(
                1 / self._users.interest.shape[1]
            )
            mission = category == asked.category[others, None]
            match[others] = np.clip(0.75 + 0.12 * interest + 0.3 * mission, 0.05, 1.2)
        return match


def link(config: WorldConfig, level: float, attraction: np.ndarray) -> np.ndarray:
    """Attraction (with its context) -> chance that who looks at a product clicks it; `level` sets the rate."""
    bent = level + 4 * np.tanh(attraction / 4)
    if config.form == "two":
        return 0.5 + np.arctan(1.6 * bent) / np.pi
    return -np.expm1(-np.exp(bent))
