"""What users like of looks must be theirs: who knows nothing of a user must not know it."""

from __future__ import annotations

import numpy as np
import pytest

from emptor.market.config import WorldConfig
from emptor.market.world.world import World


@pytest.mark.parametrize("form", ["one", "two"])
def test_no_look_pleases_everybody(form: str) -> None:
    world = World(WorldConfig.of("tiny", seed=4, users=3_000, form=form))
    visits = world.demand.visits(0, np.zeros(3_000, np.float32))
    asked = world.demand.first(visits, 0)
    rows = np.tile(np.arange(len(world.products))[::4], (len(asked), 1))
    liking = world.attraction.liking(asked, rows)
    # of all there is to like within a page, next to nothing is common to all users
    mine = liking - liking.mean(1, keepdims=True)
    assert mine.mean(0).var() < 0.05 * mine.var()


def test_a_listing_that_misleads_earns_clicks_and_no_orders() -> None:
    world = World(WorldConfig.of("tiny", seed=4, users=3_000))
    products = world.products
    lies = np.flatnonzero(products.boast > 0)
    assert 0.04 < len(lies) / len(products) < 0.13
    asked = world.demand.first(world.demand.visits(0, np.zeros(3_000, np.float32)), 0)
    rows = np.tile(lies, (len(asked), 1))
    drawn = world.attraction(asked, rows)
    worth = world.buying.worth(rows, drawn)
    boast = products.boast.copy()
    try:
        products.boast[:] = 0
        honest = world.attraction(asked, rows)
        assert np.allclose(drawn.attraction - honest.attraction, boast[rows], atol=1e-5)
        assert (world.buying.worth(rows, honest) > worth + boast[rows]).all()
    finally:
        products.boast[:] = boast
