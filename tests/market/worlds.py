"""Worlds that tests share: small, made once."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import orjson

from emptor.market.behaviour.asked import Asked
from emptor.market.config import WorldConfig
from emptor.market.world.world import World

SMALL: dict[str, Any] = {"products": 3_000, "users": 3_000, "queries": 2_000}


@cache
def _made(content: bytes) -> World:
    return World(WorldConfig.of("tiny", **{**SMALL, **orjson.loads(content)}))


def small_world(**changes: Any) -> World:
    """A world of 3,000 products and users with knobs changed, the same object for the same knobs."""
    return _made(orjson.dumps(changes, option=orjson.OPT_SORT_KEYS))


def first_pages(world: World, *, days: int = 4) -> Asked:
    """The first pages of some days' visits."""
    content = np.zeros(len(world.users), np.float32)
    pages = [world.demand.first(world.demand.visits(day, content), day) for day in range(days)]
    return Asked(**{name: np.concatenate([getattr(own, name) for own in pages]) for name in vars(pages[0])})
