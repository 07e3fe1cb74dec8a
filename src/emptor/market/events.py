"""What users do, as events: when it happened, and on which place of which page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emptor.market.behaviour.asked import Asked
from emptor.market.pages import Pages
from emptor.market.streams import Draws, paired
from emptor.market.world.world import Happened

ACTIONS = ("impression", "click", "add_to_cart", "purchase", "return")
IMPRESSION, CLICK, CART, PURCHASE, RETURN = range(len(ACTIONS))


def done_on(happened: Happened) -> dict[int, np.ndarray]:
    """Of the actions that a shop knows its users by, where each was done: [B, N] bool."""
    return {CLICK: happened.read.clicked, CART: happened.done.carted, PURCHASE: happened.done.bought}


def events_of(
    seed: int, asked: Asked, pages: Pages, where: Mapping[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(place in ACTIONS, page view, place on its page, UTC microseconds) of events, [E] int64 each, by action.

    Positions take their time, and so do decisions.

    Args:
        seed: of the world. where: action -> [B, N] bool, where it was done.
    """
    parts = [(np.full(int(own.sum()), action), *np.nonzero(own)) for action, own in where.items()]
    action, view, at = (np.concatenate(own) for own in zip(*parts, strict=True))
    u = Draws(seed, "delay").uniform(paired(asked.key[view], pages.rows[view, at]))
    seconds = np.select(
        [action == IMPRESSION, action == CLICK, action == CART, action == PURCHASE],
        [0.05 * at, 1 + 0.6 * at + 3 * u, 6 + 0.6 * at + 20 * u, 40 + 0.6 * at + 200 * u],
        0.0,
    )
    return action, view, at, asked.now[view] + (seconds * 1e6).astype(np.int64)
