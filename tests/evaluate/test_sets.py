"""A set is judged by what of the wanted is in it; popularity is cut into thirds of what was shown."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emptor.evaluate.sets import agreement, by_popularity, hit_rate, kept_of


def test_the_best_are_kept_and_padding_never() -> None:
    value = np.array([[0.1, 0.9, 0.5, 7.0], [1.0, 1.0, 1.0, 1.0]])
    there = np.array([[True, True, True, False], [True] * 4])
    assert kept_of(value, there, 2).tolist() == [[False, True, True, False], [True, True, False, False]]
    assert kept_of(value, there, 9).tolist() == there.tolist()


def test_a_hit_rate_is_of_requests_that_want_anything() -> None:
    kept = np.array([[True, True, False], [True, False, False], [True, True, True]])
    wanted = np.array([[True, False, True], [False, True, False], [False, False, False]])
    assert hit_rate(kept, wanted) == pytest.approx(0.25)
    assert math.isnan(hit_rate(kept, np.zeros_like(wanted)))
    assert hit_rate(wanted, wanted) == 1, "what kept all that was logged differs from it in nothing"


def test_agreement_is_one_for_the_teachers_order_and_less_for_any_other() -> None:
    teacher, there = np.array([[3.0, 2.0, 1.0, 9.0]]), np.array([[True, True, True, False]])
    assert agreement(teacher, teacher, there, 3) == 1
    swapped = agreement(np.array([[2.0, 3.0, 1.0, 0.0]]), teacher, there, 3)
    reverse = agreement(-teacher, teacher, there, 3)
    assert reverse < swapped < 1
    assert agreement(np.array([[3.0, 2.0, 1.0, -5.0]]), teacher, there, 3) == 1


def test_head_middle_and_tail_have_a_third_of_the_impressions_each_and_cover_all() -> None:
    shown = np.array([0, 30, 1, 10, 9, 10, 10, 20, 0])
    parts = by_popularity(shown)
    assert np.sum(list(parts.values()), axis=0).tolist() == [1] * 9
    assert [int(shown[own].sum()) for own in parts.values()] == [30, 30, 30]
    assert parts["tail"][[0, 8]].all()
    assert by_popularity(np.zeros(3))["tail"].all()
