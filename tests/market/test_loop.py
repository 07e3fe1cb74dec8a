"""The closed loop: the same again whatever the batch, arms that differ for a reason, and orders for who knows more."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from emptor.market import loop as loops
from emptor.market.config import WorldConfig
from emptor.market.experiment import chosen_users, compare_arms, run_arm
from emptor.market.loop import MEASURES, Loop
from emptor.market.policies import Matching, Oracle, Random
from emptor.market.world.world import World
from emptor.shop.holdout import is_held_out
from tests.market.worlds import SMALL, small_world


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    tallies = []
    for size in (4_096, 37):
        monkeypatch.setattr(loops, "BATCH", size)
        loop = Loop(world, Matching(world))
        for day in range(2):
            loop.day(day)
        tallies.append((loop.tally, loop.satisfaction))
    (first, content), (second, again) = tallies
    assert all((getattr(first, name) == getattr(second, name)).all() for name in MEASURES)
    np.testing.assert_allclose(content, again, atol=1e-5)


@pytest.mark.parametrize("form", ["one", "two"])
def test_who_knows_more_sells_more(form: str) -> None:
    """Random page, a page that reads the listing, a page that knows the truth: orders per user, p < .001 each."""
    world = small_world(form=form)
    everybody = np.ones(len(world.users), bool)
    arms = [run_arm(world, own(world), start=0, days=6, users=everybody) for own in (Random, Matching, Oracle)]
    for worse, better in pairwise(arms):
        rows = {row.measure: row for row in compare_arms(worse, better, users=everybody)}
        assert rows["orders"].p is not None and rows["orders"].p < 0.001 and rows["orders"].low > 0
        assert rows["clicks"].difference > 0


def test_an_arm_against_itself_is_nothing() -> None:
    world = small_world()
    users = chosen_users(world, 500)
    assert users.sum() == 500 and (users == chosen_users(world, 500)).all()
    a, b = (run_arm(world, Matching(world), start=0, days=2, users=users) for _ in range(2))
    for row in compare_arms(a, b, users=users):
        assert row.difference == row.low == row.high == 0 and row.p in (None, 1.0)


def test_pages_per_visit_are_pages_over_visits_of_all_users() -> None:
    world = small_world()
    users = chosen_users(world, 500)
    a, b = (run_arm(world, own(world), start=0, days=2, users=users) for own in (Random, Oracle))
    (row,) = (own for own in compare_arms(a, b, users=users) if own.measure == "pages_per_visit")
    assert row.a == pytest.approx(a.views[users].sum() / a.visits[users].sum()) and row.a > 1
    assert row.low <= row.difference <= row.high and row.difference == pytest.approx(row.b - row.a)
    assert row.difference < 0 and row.p is None, "a purchase ends a visit"


def test_other_luck_is_the_same_world() -> None:
    """Two draws of the same world differ by chance alone, so an A/A test finds nothing more often than it may."""
    config = WorldConfig.of("tiny", **SMALL)
    worlds = [World(config, luck=luck) for luck in (1, 2)]
    assert worlds[0].reading.level == worlds[1].reading.level and worlds[0].buying.level == worlds[1].buying.level
    everybody = np.ones(len(worlds[0].users), bool)
    a, b = (run_arm(own, Matching(own), start=0, days=4, users=everybody) for own in worlds)
    rows = {row.measure: row for row in compare_arms(a, b, users=everybody)}
    assert rows["clicks"].difference != 0 and rows["clicks"].p is not None and rows["clicks"].p > 0.001


def test_users_kept_from_training() -> None:
    world = small_world()
    held = chosen_users(world, None, held_out=True)
    assert abs(held.mean() - 0.1) < 0.03
    assert held.tolist() == [is_held_out(own) for own in world.users.user_id.tolist()]
    assert not (chosen_users(world, 50, held_out=True) & ~held).any()


def test_content_is_remembered() -> None:
    world = small_world(demand={"loyalty": 1.0})
    everybody = np.ones(len(world.users), bool)
    good, bad = (run_arm(world, own(world), start=0, days=12, users=everybody) for own in (Oracle, Random))
    assert good.visits.sum() > 1.03 * bad.visits.sum()
