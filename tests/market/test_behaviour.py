"""Behaviour on a page: each effect is there while its knob is on, and goes when it is off."""

from __future__ import annotations

import numpy as np
import pytest

from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.behaviour.page import Read
from emptor.market.world.world import Happened, World
from tests.market.worlds import first_pages, small_world


def pages(world: World, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
    return world.fitting(asked, PAGE)


def click_rate(happened: Happened, shown: np.ndarray) -> float:
    return float(happened.read.clicked.sum() / shown.sum())


@pytest.mark.parametrize("form", ["one", "two"])
def test_levels_are_met_and_attention_falls(form: str) -> None:
    world = small_world(form=form)
    asked = first_pages(world, days=8)
    rows, shown = pages(world, asked)
    happened = world.happen(asked, rows, shown)
    read, done = happened.read, happened.done
    assert abs(click_rate(happened, shown) / world.config.page.clicks - 1) < 0.2
    looked, clicked = read.looked.mean(0), read.clicked.mean(0)
    assert looked[0] > 0.7 and looked[-1] < 0.35 * looked[0] and clicked[:4].mean() > 4 * clicked[-4:].mean()
    assert (read.clicked <= read.looked).all() and (read.looked <= shown).all()
    assert (done.carted <= read.clicked).all() and (done.bought <= done.carted).all()
    assert (done.returned <= done.bought).all() and done.bought.sum(1).max() <= 1


def test_nobody_else_in_the_batch_matters() -> None:
    world = small_world()
    asked = first_pages(world, days=1)
    rows, shown = pages(world, asked)
    whole = world.happen(asked, rows, shown)
    some = np.arange(5, len(asked), 7)
    part = world.happen(asked.rows(some), rows[some], shown[some])
    assert (part.read.clicked == whole.read.clicked[some]).all() and (part.done.bought == whole.done.bought[some]).all()
    np.testing.assert_allclose(part.drawn.attraction, whole.drawn.attraction[some], rtol=1e-5, atol=1e-5)


def test_ended_pages_are_not_read_on() -> None:
    world = small_world()
    asked = first_pages(world, days=1)
    rows, shown = pages(world, asked)
    shown = shown & (np.arange(PAGE) < 3)
    read = world.happen(asked, rows, shown).read
    assert not read.looked[:, 3:].any() and read.looked[:, :3].any()
    nothing = world.happen(asked, rows, np.zeros_like(shown))
    assert not nothing.read.looked.any() and not nothing.done.bought.any()


def test_what_was_seen_decides_where_one_leaves() -> None:
    """Examination is no function of the position alone: liked pages are read further, unless mood is off."""

    def further(**knobs: object) -> float:
        world = small_world(page={"clicks": 0.03, **knobs})
        asked = first_pages(world)
        rows, shown = pages(world, asked)
        happened = world.happen(asked, rows, shown)
        liked = happened.drawn.attraction[:, :4].mean(1)
        depth = happened.read.looked.sum(1)
        quarter = np.quantile(liked, [0.25, 0.75])
        return float(depth[liked > quarter[1]].mean() / depth[liked < quarter[0]].mean())

    assert further(mood=0.6) > 1.15 and abs(further(mood=0) - 1) < 0.12


def test_near_duplicates_bore_who_browses_and_only_with_redundancy_on() -> None:
    def change(redundancy: float, appetite: float) -> float:
        world = small_world(page={"redundancy": redundancy, "contrast": 0})
        asked = first_pages(world, days=8)
        asked = Asked(**{**vars(asked), "appetite": np.full(len(asked), appetite, np.float32)})
        rows, shown = pages(world, asked)
        alike = np.repeat(_twin(world, rows[:, :1]), PAGE, axis=1)
        alike[:, 0] = rows[:, 0]
        apart, same = rows.copy(), rows.copy()
        # the same second product beside its twin, or beside something else
        same[:, 1] = alike[:, 1]
        apart[:, 0] = rows[:, 3]
        apart[:, 1] = alike[:, 1]
        both = same[:, 1] != same[:, 0]
        first, second = (world.happen(asked, own, shown).read.chance[both, 1].mean() for own in (apart, same))
        return float(second / first - 1)

    assert change(2.5, 0.85) < -0.2 and abs(change(0, 0.85)) < 0.02
    assert change(2.5, 0.05) > 0  # who wants one thing compares


def _twin(world: World, rows: np.ndarray) -> np.ndarray:
    """Another product of the same design, or the product itself."""
    order = np.argsort(world.products.design, kind="stable")
    after = np.empty(len(order), np.int64)
    after[order] = np.roll(order, -1)
    twin = after[rows]
    return np.where(world.products.design[twin] == world.products.design[rows], twin, rows)


def test_misleading_listings_earn_clicks_and_no_orders() -> None:
    world = small_world(catalogue={"misleading": 0.5})
    asked = first_pages(world, days=20)
    rows, shown = pages(world, asked)
    happened = world.happen(asked, rows, shown)
    drawn, clicked = happened.drawn, happened.read.clicked
    good = drawn.promised > 0.9
    over, fair = good & (drawn.true < 0.9), good & (drawn.true > 0.9)
    assert over.any() and clicked[over & shown].mean() > 0.8 * clicked[fair & shown].mean()
    carts = happened.done.carted
    assert carts[over & clicked].mean() < 0.75 * carts[fair & clicked].mean()


def test_the_chance_of_an_order_is_how_often_who_clicks_one_thing_buys_it() -> None:
    world = small_world()
    asked = first_pages(world, days=12)
    rows, _ = world.fitting(asked, 1, day=0)
    drawn = world.attraction(asked, rows)
    everything = np.ones(rows.shape, bool)
    bought = world.buying(asked, rows, drawn, Read(everything, everything, np.ones(rows.shape, np.float32))).bought
    chance = world.buying.chance(asked, rows, drawn)
    spread = np.sqrt((chance * (1 - chance)).sum())
    assert len(rows) > 3_000 and abs(bought.sum() - chance.sum()) < 3 * spread
    likely = chance > np.median(chance)
    assert abs(bought[likely].sum() - chance[likely].sum()) < 3 * spread < chance[likely].sum() - chance[~likely].sum()


def test_content_users_come_again_unless_loyalty_is_off() -> None:
    for loyalty, more in ((0.5, 1.25), (0.0, 1.0)):
        world = small_world(demand={"loyalty": loyalty})
        visits = [
            sum(len(world.demand.visits(day, np.full(len(world.users), own, np.float32))) for day in range(6))
            for own in (0.0, 0.5)
        ]
        assert abs(visits[1] / visits[0] - more) < 0.07, (loyalty, visits)


def test_half_of_the_users_hardly_ever_come() -> None:
    world = small_world()
    rate = np.sort(world.users.rate)[::-1]
    assert np.median(rate) < 0.55 * rate.mean() and rate[: len(rate) // 10].sum() > 0.35 * rate.sum()


def test_tastes_are_local_by_the_knob_and_drift() -> None:
    for local, expected in ((0.7, 0.3), (0.0, 1.0), (1.0, 0.0)):
        taste = small_world(taste={"local": local}).users.taste
        a, b = taste[:, 0].ravel(), taste[:, 3].ravel()
        # fashions are shared, so that two tastes of one user agree a little even so
        assert abs(np.corrcoef(a, b)[0, 1] - expected) < 0.25
    users = small_world().users
    who, where = np.arange(200), np.zeros((200, 1), int)
    now, soon, late = (users.taste_of(who, where, day)[:, 0] for day in (0.0, 10.0, 360.0))
    alike = [
        np.mean((now * own).sum(1) / np.linalg.norm(now, axis=1) / np.linalg.norm(own, axis=1)) for own in (soon, late)
    ]
    assert alike[0] > 0.98 and alike[1] < 0.6


def test_appetite_follows_the_query() -> None:
    world = small_world()
    asked = first_pages(world)
    kind = np.where(asked.query >= 0, world.queries.kind[asked.query], -1)
    head, exact = asked.appetite[kind == 0].mean(), asked.appetite[kind == 6].mean()
    assert head > 0.8 and exact < 0.3 and asked.appetite[kind == -1].mean() > 0.8
