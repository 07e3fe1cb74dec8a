"""Users as they truly are: how often they come, what they like, and what weighs for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.market.config import WorldConfig
from emptor.market.streams import Draws, opaque_id, paired
from emptor.market.world.products import LOOKS
from emptor.market.world.taxonomy import Taxonomy

SEGMENTS = 5
FASHIONS = 10
"""Looks that are in the air: most of what somebody likes is one of them."""
_MIX = 0.35
"""Concentration of the Dirichlet distribution of segments: most users are mostly of one or two."""
_SHARED = 0.8
"""Share of a taste's variance that comes from one of the FASHIONS; the rest is the user's own."""


@dataclass(frozen=True)
class Users:
    """U users.

    user_id [U] str; segments [U, SEGMENTS] float32, rows sum to 1; rate [U] float32: visits per day; patience [U]
    float32, a factor of the hazard of leaving; taste, taste_later [U, departments, LOOKS] float32, each about standard
    normal: what a user likes now and, drifting, later; target [U, departments] float32: the log price that feels right,
    standardised within a category; weights [U, departments, 3] float32: of style, price and brand, 1 on average;
    interest [U, categories] float32: rows sum to 1; brand_of_segment [SEGMENTS, brands] float32.
    """

    user_id: np.ndarray
    segments: np.ndarray
    rate: np.ndarray
    patience: np.ndarray
    taste: np.ndarray
    taste_later: np.ndarray
    target: np.ndarray
    weights: np.ndarray
    interest: np.ndarray
    brand_of_segment: np.ndarray
    config: WorldConfig

    def __len__(self) -> int:
        return len(self.user_id)

    def taste_of(self, users: np.ndarray, departments: np.ndarray, day: np.ndarray | float) -> np.ndarray:
        """The taste [B, ..., LOOKS] of users [B] in departments [B, ...] on a day: it turns slowly."""
        angle = np.asarray(day / self.config.taste.drift_days * (np.pi / 4), np.float32)
        users = users.reshape(users.shape + (1,) * (departments.ndim - users.ndim))
        angle = np.reshape(angle, angle.shape + (1,) * (departments.ndim + 1 - angle.ndim)) if angle.ndim else angle
        return np.cos(angle) * self.taste[users, departments] + np.sin(angle) * self.taste_later[users, departments]

    def brand_liking(self, users: np.ndarray, brands: np.ndarray) -> np.ndarray:
        """How much users [B] like brands [B, N]: float32, about standard normal. Half a segment's, half one's own."""
        common = np.einsum("bs,bns->bn", self.segments[users], self.brand_of_segment.T[brands])
        own = Draws(self.config.seed, "own brand").normal(paired(users[:, None], brands))
        return (0.7 * common + 0.7 * own).astype(np.float32)


def make_users(config: WorldConfig, taxonomy: Taxonomy, *, brands: int) -> Users:
    """All users of a world; memory is about 1 KB for each."""
    seed, count = config.seed, config.users
    user = np.arange(count)
    departments = np.arange(len(taxonomy.departments))
    gamma = np.stack([Draws(seed, "segments").gamma(user, _MIX, draw) for draw in range(SEGMENTS)], axis=1) + 1e-9
    segments = (gamma / gamma.sum(1, keepdims=True)).astype(np.float32)
    rate = np.exp(1.35 * Draws(seed, "activity").normal(user))
    rate *= config.demand.visits / np.exp(1.35**2 / 2)
    return Users(
        user_id=np.array([opaque_id(seed, "user", own, length=9) for own in user.tolist()]),
        segments=segments,
        rate=np.minimum(rate, 12.0).astype(np.float32),
        patience=np.exp(0.35 * Draws(seed, "patience").normal(user)).astype(np.float32),
        taste=_tastes(config, user, departments, "taste"),
        taste_later=_tastes(config, user, departments, "taste later"),
        target=_targets(config, segments, user, departments),
        weights=_weights(config, segments, departments),
        interest=_interest(config, segments, user, taxonomy),
        brand_of_segment=Draws(seed, "segment brand")
        .normal(paired(np.arange(SEGMENTS)[:, None], np.arange(brands)[None]))
        .astype(np.float32),
        config=config,
    )


def _tastes(config: WorldConfig, user: np.ndarray, departments: np.ndarray, kind: str) -> np.ndarray:
    """[U, departments, LOOKS]: a global taste and, by `local`, one for each department."""
    seed, local = config.seed, config.taste.local
    fashions = Draws(seed, "fashions").normals(np.arange(FASHIONS), LOOKS)
    # no look is in fashion with everybody: what pleases all is the product's appeal, which is another part
    fashions = (fashions - fashions.mean(0)) / np.sqrt(1 - 1 / FASHIONS)

    def one(name: str, ids: np.ndarray) -> np.ndarray:
        draws = Draws(seed, f"{kind} {name}")
        common = fashions[draws.integer(ids, FASHIONS, 99)]
        return np.sqrt(_SHARED) * common + np.sqrt(1 - _SHARED) * draws.normals(ids, LOOKS)

    whole = one("everywhere", user)[:, None]
    parts = one("somewhere", paired(user[:, None], departments[None]))
    return (np.sqrt(1 - local) * whole + np.sqrt(local) * parts).astype(np.float32)


def _targets(config: WorldConfig, segments: np.ndarray, user: np.ndarray, departments: np.ndarray) -> np.ndarray:
    seed = config.seed
    common = Draws(seed, "segment price").normals(np.arange(SEGMENTS), len(departments))
    own = Draws(seed, "own price").normal(user)[:, None]
    here = Draws(seed, "price here").normal(paired(user[:, None], departments[None]))
    return (0.7 * segments @ common + 0.5 * own + 0.3 * here - 0.1).astype(np.float32)


def _weights(config: WorldConfig, segments: np.ndarray, departments: np.ndarray) -> np.ndarray:
    """What weighs for a segment in a department; without interactions all weights are 1."""
    ids = paired(np.arange(SEGMENTS)[:, None], departments[None])
    spread = config.taste.interactions * Draws(config.seed, "weights").normals(ids, 3)
    table = np.exp(spread - spread.var() / 2)
    return np.einsum("us,sdw->udw", segments, table).astype(np.float32)


def _interest(config: WorldConfig, segments: np.ndarray, user: np.ndarray, taxonomy: Taxonomy) -> np.ndarray:
    categories = np.arange(len(taxonomy))
    common = Draws(config.seed, "segment interest").normals(np.arange(SEGMENTS), len(categories))
    # users of one department's things like its neighbours too, so that a history spans a few departments
    department = Draws(config.seed, "department interest").normal(
        paired(user[:, None], taxonomy.department[categories][None])
    )
    own = Draws(config.seed, "own interest").normal(paired(user[:, None], categories[None]))
    weight = np.exp(config.taste.interest * (0.5 * segments @ common + 0.5 * department + 0.7 * own))
    weight *= 1 / (1.0 + Draws(config.seed, "category size").integer(categories, 12))[None] ** 0.5
    return (weight / weight.sum(1, keepdims=True)).astype(np.float32)
