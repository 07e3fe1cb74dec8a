"""The comparisons on pairs of worlds: what they measure with, and that their models see nothing of the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("benchmarks.market_pairs.common")

from benchmarks.market_pairs.common import summary, verdict
from benchmarks.market_pairs.examples import examples
from benchmarks.market_pairs.items import items_of
from benchmarks.market_pairs.logs import HISTORY, logged
from emptor.market.config import WorldConfig
from emptor.market.world.world import World
from emptor.rank.quality import grouped_auc

ENOUGH = WorldConfig.of("tiny", seed=5, users=150, products=400, queries=400, catalogue={"churn": 0})


def test_gauc_is_by_request_and_shares_ties() -> None:
    score = np.array([3.0, 1.0, 2.0, 5.0, 5.0, 9.0, 9.5])
    clicked = np.array([True, False, False, True, False, False, False])
    page = np.array([0, 0, 0, 4, 4, 7, 7])
    # page 0 is in order, page 4 is a tie, page 7 has no click and does not count
    assert grouped_auc(score, clicked, page) == (pytest.approx(0.75), 2)


def test_a_win_that_stays_without_its_cause_is_not_shown() -> None:
    win, none, loss = summary([0.1, 0.11, 0.12]), summary([0.01, -0.01, 0.0]), summary([-0.1, -0.11, -0.12])
    assert verdict(win, none, win).startswith("shown")
    assert verdict(win, win, none).startswith("not shown: wins without")
    assert verdict(none, none, none).endswith("no difference beyond noise")
    assert verdict(none, loss, win).endswith("that the cause adds to it is not")
    assert verdict(loss, none, loss).startswith("loses")
    assert verdict(summary([0.1]), summary([0.0]), summary([0.1])).startswith("one world")


def test_what_was_known_was_known_before_the_page() -> None:
    world = World(ENOUGH)
    log = logged(world, days=6, tested=1)
    assert (log.history >= 0).sum(1).max() <= HISTORY
    clicks: dict[int, list[int]] = {}
    for at in range(len(log)):
        user = int(log.asked.user[at])
        before = clicks.setdefault(user, [])
        history = log.history[at]
        assert history[history >= 0].tolist() == before[::-1][:HISTORY]
        assert log.past[at] == len(before)
        before += log.rows[at][log.clicked[at]].tolist()
    assert all(log.clicked[at][~log.on_screen[at]].sum() == 0 for at in range(len(log)))


def test_inputs_do_not_change_with_hidden_truth() -> None:
    """Quality, hidden likeness and users' tastes may be anything: what models see stays."""
    world = World(ENOUGH)
    log = logged(world, days=4, tested=0)
    items = items_of(world)
    seen = examples(world, items, log)
    rng = np.random.default_rng(0)
    products = world.products
    world.products = replace(products, quality=rng.permutation(products.quality), sight=rng.permutation(products.sight))
    world.users = replace(world.users, taste=rng.permutation(world.users.taste), weights=world.users.weights * 0)
    again = examples(world, items_of(world), log)
    for name in ("dense", "crosses", "item", "history"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(again, name))
