"""Off-policy estimates against values that are known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emptor.errors import EmptorError
from emptor.evaluate.off_policy import (
    Estimate,
    Logged,
    Ranked,
    by_place,
    by_score,
    difference,
    estimate,
    examination,
)
from emptor.evaluate.off_policy.estimators import supported
from emptor.evaluate.off_policy.places import smoothed
from emptor.rank.data import Pages

PLACES, PRODUCTS = 5, 5
EXAMINED = np.array([1.0, 0.7, 0.5, 0.35, 0.2])
LIKED = np.array([0.1, 0.25, 0.6, 0.4, 0.05])
"""Chance of a click on each product that is looked at."""


def click_chance() -> np.ndarray:
    """[product, place]: of the position-based model."""
    return LIKED[:, None] * EXAMINED[None]


def odd_chance() -> np.ndarray:
    """[product, place]: of an item-position model that is no product of the two."""
    return np.random.default_rng(5).uniform(0.05, 0.9, (PRODUCTS, PLACES))


def log_of(
    pages: int, chance: np.ndarray, *, share: float = 0.4, seed: int = 0, per_user: int = 1, sure: bool = False
) -> Logged:
    """Pages whose own order is 0, 1, 2 ..., shuffled on a share of them, as `emptor.cascade.explore` does."""
    rng = np.random.default_rng(seed)
    home = np.tile(np.arange(PLACES), (pages, 1))
    explored = rng.random(pages) < share
    rows = np.where(explored[:, None], rng.permuted(home, axis=1), home)
    places = np.arange(PLACES)
    propensity = (1 - share) * (rows == places) + share / PLACES
    own = chance[rows, places]
    clicked = own > 0.5 if sure else rng.random(rows.shape) < own
    none = np.full(pages, None, object)
    return Logged(
        Pages(
            request_id=np.array([f"r{at}" for at in range(pages)], object),
            user_id=np.array([f"u{at // per_user}" for at in range(pages)], object),
            query=none,
            now=np.arange(pages),
            rows=rows,
            mask=np.ones(rows.shape, bool),
            position=np.tile(places, (pages, 1)),
            clicked=clicked,
            bought=np.zeros(rows.shape, bool),
            propensity=propensity.astype(np.float32),
        ),
        explored,
        rows.copy(),  # the own order puts product p at place p
        none,
        none,
        np.array([()] * pages + [None], object)[:-1],
    )


def always(order: list[int], logged: Logged) -> Ranked:
    rows = np.tile(np.array(order), (len(logged), 1))
    return Ranked(rows, np.ones(rows.shape, bool))


def worth(order: list[int], chance: np.ndarray) -> float:
    return float(chance[order, np.arange(PLACES)].sum())


def named(found: list[Estimate]) -> dict[str, Estimate]:
    return {own.method: own for own in found}


TARGET = [2, 3, 1, 0, 4]
"""Best first: every product but the last stands elsewhere than in the log's own order."""


def mean_and_error(method: str, chance: np.ndarray, *, wrong: bool = False) -> tuple[float, float]:
    """Of an estimate's values over many small logs: the mean, and its standard error."""
    noise = np.random.default_rng(9).uniform(0, 1, (PRODUCTS, PLACES))
    values = []
    for seed in range(300):
        logged = log_of(200, chance, seed=seed)
        reward = (lambda ranked: noise[ranked.rows, np.arange(PLACES)]) if wrong else None
        found = estimate(logged, always(TARGET, logged), reward=reward, resamples=2)
        values.append(named(found)[method].value)
    return float(np.mean(values)), float(np.std(values) / np.sqrt(len(values)))


def test_ips_is_unbiased_for_any_item_position_model() -> None:
    mean, error = mean_and_error("ips", odd_chance())
    assert error < 0.03
    assert mean == pytest.approx(worth(TARGET, odd_chance()), abs=3.5 * error)


def test_dr_is_unbiased_with_a_wrong_model_and_direct_is_not() -> None:
    truth = worth(TARGET, odd_chance())
    mean, error = mean_and_error("dr", odd_chance(), wrong=True)
    assert error < 0.03
    assert mean == pytest.approx(truth, abs=3.5 * error)
    told, _ = mean_and_error("direct", odd_chance(), wrong=True)
    assert abs(told - truth) > 0.2


def test_snips_and_examination_come_near_with_many_pages() -> None:
    chance = click_chance()
    logged = log_of(60_000, chance)
    found = named(estimate(logged, always(TARGET, logged), resamples=50))
    truth, before = worth(TARGET, chance), worth([0, 1, 2, 3, 4], chance)
    assert truth - before > 0.2
    for method in ("ips", "snips", "examination"):
        assert found[method].value == pytest.approx(truth, abs=0.03), method
        assert found[method].low < truth < found[method].high, method
    # fewer weights, less noise
    width = {name: own.high - own.low for name, own in found.items()}
    assert width["examination"] < 0.8 * width["snips"]


def test_agreeing_places_forget_on_which_pages_they_agree() -> None:
    # on good pages the target agrees with the own order, on bad ones with a rare shuffle
    good, bad = log_of(8_000, np.full((5, 5), 0.8), seed=1), log_of(8_000, np.full((5, 5), 0.1), seed=2)
    logged = joined(good, bad)
    rows = np.concatenate([always([0, 1, 2, 3, 4], good).rows, always([1, 2, 3, 4, 0], bad).rows])
    found = named(estimate(logged, Ranked(rows, np.ones(rows.shape, bool)), resamples=50))
    truth = 5 * (0.8 + 0.1) / 2
    assert found["snips"].value == pytest.approx(truth, rel=0.05)
    assert found["agreeing"].value > 1.3 * truth


def joined(a: Logged, b: Logged) -> Logged:
    pages = {name: np.concatenate([own, getattr(b.pages, name)]) for name, own in vars(a.pages).items()}
    pages["user_id"] = np.array([f"v{at}" for at in range(len(a) + len(b))], object)
    others = ("explored", "home", "scenario", "product_id", "filters")
    return Logged(Pages(**pages), *(np.concatenate([getattr(a, own), getattr(b, own)]) for own in others))


def test_snips_knows_what_always_happens_and_ips_does_not() -> None:
    logged = log_of(500, np.ones((PRODUCTS, PLACES)))
    found = named(estimate(logged, always(TARGET, logged), resamples=50))
    assert found["snips"].value == pytest.approx(PLACES)
    assert found["snips"].high - found["snips"].low < 1e-9
    assert abs(found["ips"].value - PLACES) > 1e-3


def test_dr_is_exact_with_an_exact_model() -> None:
    chance = odd_chance()
    logged = log_of(300, chance, sure=True)

    def exact(ranked: Ranked) -> np.ndarray:
        return (chance[ranked.rows, np.arange(PLACES)] > 0.5).astype(float)

    found = named(estimate(logged, always(TARGET, logged), reward=exact, resamples=50))
    truth = float((chance[TARGET, np.arange(PLACES)] > 0.5).sum())
    assert found["dr"].value == pytest.approx(truth)
    assert found["direct"].value == pytest.approx(truth)
    assert abs(found["ips"].value - truth) > 1e-3


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    chance = odd_chance()
    held: dict[str, list[bool]] = {"ips": [], "snips": [], "dr": [], "examination": []}
    position_based = click_chance()
    for seed in range(120):
        for model, methods in ((chance, ("ips", "snips", "dr")), (position_based, ("examination",))):
            logged = log_of(1_200, model, seed=seed, per_user=3)
            found = named(estimate(logged, always(TARGET, logged), reward=by_place(logged), resamples=200))
            truth = worth(TARGET, model)
            for method in methods:
                held[method].append(found[method].low <= truth <= found[method].high)
    assert {name: np.mean(own) > 0.88 for name, own in held.items()} == dict.fromkeys(held, True)
    # an interval that is wider than it must be would hold it always
    assert any(np.mean(own) < 1 for own in held.values())


def test_users_are_drawn_and_not_pages() -> None:
    logged = log_of(1_000, click_chance())
    many = replace(logged, pages=replace(logged.pages, user_id=np.array([f"u{at}" for at in range(1_000)], object)))
    # every page ten times: as if each user had asked the same ten times
    again = many.take(np.repeat(np.arange(1_000), 10))
    single, tenfold = (named(estimate(own, always(TARGET, own), resamples=300))["ips"] for own in (many, again))
    assert tenfold.value == pytest.approx(single.value)
    assert tenfold.high - tenfold.low == pytest.approx(single.high - single.low)
    assert (tenfold.users, tenfold.pages) == (1_000, 10_000)


def test_pages_of_nobody_are_drawn_one_by_one() -> None:
    logged = log_of(50, click_chance())
    nobody = replace(logged, pages=replace(logged.pages, user_id=np.full(50, None, object)))
    assert named(estimate(nobody, always(TARGET, nobody), resamples=5))["ips"].users == 50


def test_the_logs_own_order_is_estimated_without_much_noise() -> None:
    logged = log_of(4_000, click_chance())
    own, other = (named(estimate(logged, always(order, logged), resamples=50)) for order in ([0, 1, 2, 3, 4], TARGET))
    assert own["ips"].ess is not None and other["ips"].ess is not None
    # it agrees on what was not explored, and on a fifth of the rest
    assert own["ips"].ess == pytest.approx((0.6 + 0.4 / PLACES) * 4_000, rel=0.03)
    assert other["ips"].ess < own["ips"].ess / 2
    assert own["ips"].high - own["ips"].low < other["ips"].high - other["ips"].low


def test_what_the_log_could_not_show_is_told() -> None:
    logged = log_of(2_000, np.full((9, PLACES), 0.5))
    strange = always([7, 1, 2, 3, 4], logged)
    assert supported(logged, strange) == pytest.approx(0.8)
    found = named(estimate(logged, strange, resamples=50))
    assert found["ips"].support == pytest.approx(0.8)
    assert found["ips"].value == pytest.approx(4 * 0.5, rel=0.1)  # the strange product counts as nothing
    assert np.isnan(found["snips"].value)  # a place where the log never agrees says nothing


def test_pinned_products_stay_and_are_known() -> None:
    logged = log_of(3_000, click_chance())
    rows, chance = logged.pages.rows.copy(), logged.pages.propensity.copy()
    rows[:, 0], chance[:, 0] = 8, 1.0
    pinned = replace(logged, pages=replace(logged.pages, rows=rows, propensity=chance))
    assert supported(pinned, always([8, 1, 2, 3, 4], pinned)) < 1  # what was at 0 before is nowhere on some pages
    assert supported(pinned, Ranked(rows, pinned.pages.mask)) == 1
    found = named(estimate(pinned, Ranked(rows, pinned.pages.mask), resamples=50))
    assert found["agreeing"].value == pytest.approx(pinned.pages.clicked.sum() / 3_000)


def test_shorter_pages_of_the_target_earn_less() -> None:
    logged = log_of(3_000, np.full((PRODUCTS, PLACES), 0.5))
    short = always([0, 1, 2, 3, 4], logged)
    short = Ranked(short.rows, short.mask & (np.arange(PLACES) < 2))
    found = named(estimate(logged, short, reward=by_place(logged), resamples=20))
    for method in ("ips", "snips", "dr", "direct", "examination"):
        assert found[method].value == pytest.approx(1.0, abs=0.08), method


def test_clipping_is_stated_and_takes_away() -> None:
    logged = log_of(4_000, click_chance(), share=0.2)
    target = always(TARGET, logged)
    whole, cut = (named(estimate(logged, target, clip=clip, resamples=20))["ips"] for clip in (1_000.0, 5.0))
    assert (whole.clipped, whole.clip) == (0.0, 1_000.0)
    assert 0 < cut.clipped <= 1 and cut.value < whole.value
    assert cut.to_dict()["clip"] == 5.0 and "draws" not in cut.to_dict()


def test_the_curve_of_examination_is_found_and_its_intervals_hold_it() -> None:
    curve = examination(log_of(60_000, click_chance()), resamples=200)
    assert curve.value == pytest.approx(EXAMINED, abs=0.05)
    assert ((curve.low <= EXAMINED) & (curve.high >= EXAMINED)).sum() >= 4
    assert curve.shown[0] == pytest.approx(0.4 * 60_000, rel=0.05)
    assert (np.diff(curve.smooth) <= 0).all()


def test_the_curve_is_not_fooled_by_the_own_order() -> None:
    # the best product stands first, so that plain click rates fall faster than examination
    liked = np.sort(LIKED)[::-1][:, None] * EXAMINED[None]
    logged = log_of(60_000, liked)
    plain = logged.pages.clicked.mean(0)
    assert (plain / plain[0])[3] < 0.2
    assert examination(logged, resamples=20).value[3] == pytest.approx(EXAMINED[3], abs=0.05)


def test_curves_are_made_to_fall() -> None:
    assert smoothed(np.array([100, 40, 60, 0]), np.array([200, 200, 200, 0])) == pytest.approx(
        [1.0, 50.5 / 100.5, 50.5 / 100.5, 50.5 / 100.5], rel=1e-6
    )


def test_a_score_is_brought_to_the_level_of_its_places() -> None:
    logged = log_of(60_000, click_chance())
    reward = by_score(logged, lambda ranked: 0.3 * LIKED[ranked.rows])  # proportional only
    target = always(TARGET, logged)
    assert reward(target)[0] == pytest.approx(click_chance()[TARGET, np.arange(PLACES)], abs=0.03)
    found = named(estimate(logged, target, reward=reward, resamples=50))
    assert found["direct"].value == pytest.approx(worth(TARGET, click_chance()), abs=0.03)
    # a good model takes noise away
    assert found["dr"].high - found["dr"].low < found["ips"].high - found["ips"].low


def test_differences_share_their_draws() -> None:
    logged = log_of(2_000, click_chance())
    a, b = (named(estimate(logged, always(order, logged), resamples=200)) for order in (TARGET, [2, 3, 1, 4, 0]))
    assert difference(a["ips"], a["ips"]) == (0.0, 0.0, 0.0)
    value, low, high = difference(a["ips"], b["ips"])
    assert value == pytest.approx(a["ips"].value - b["ips"].value)
    assert high - low < (a["ips"].high - a["ips"].low) + (b["ips"].high - b["ips"].low)
    with pytest.raises(ValueError, match="not from one log by one method"):
        difference(a["ips"], b["snips"])


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.5, np.nan])
def test_a_propensity_that_is_none_is_refused(wrong: float) -> None:
    logged = log_of(20, click_chance())
    chance = logged.pages.propensity.copy()
    chance[3, 2] = wrong
    with pytest.raises(EmptorError, match=r"request 'r3': found the propensity .*, expected more than 0"):
        replace(logged, pages=replace(logged.pages, propensity=chance))


def test_an_empty_log_says_why() -> None:
    logged = log_of(20, click_chance())
    with pytest.raises(EmptorError, match=r"no page to judge by \(12 are later pages of a list\)"):
        replace(logged.take(np.arange(20)), left_out={"are later pages of a list": 12}).take(np.arange(0))


def test_a_log_without_chance_is_refused() -> None:
    logged = log_of(20, click_chance())
    with pytest.raises(EmptorError, match=r"nothing was left to chance .*explore = \{ share"):
        replace(logged, pages=replace(logged.pages, propensity=np.ones((20, PLACES), np.float32)))


def test_a_log_without_explored_pages_has_no_curve() -> None:
    logged = replace(log_of(20, click_chance()), explored=np.zeros(20, bool))
    with pytest.raises(EmptorError, match="none of the 20 pages was explored"):
        examination(logged)


def test_a_curve_needs_a_click_at_the_first_place() -> None:
    with pytest.raises(EmptorError, match="nothing was clicked at the first place"):
        examination(log_of(50, np.zeros((PRODUCTS, PLACES))))


def test_bad_arguments_are_refused() -> None:
    logged = log_of(20, click_chance())
    with pytest.raises(EmptorError, match="clip: found 0, expected a number above 0"):
        estimate(logged, always(TARGET, logged), clip=0)
    with pytest.raises(ValueError, match="have shape"):
        estimate(logged, Ranked(np.zeros((20, 3), int), np.ones((20, 3), bool)))
