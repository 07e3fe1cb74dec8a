"""Candidates: the order every stage keeps, and that nobody can change what it was given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emptor.cascade.contract import Candidates, Requests, check_answer


def lists(*rows: list[tuple[int, float]]) -> Candidates:
    return Candidates.of_lists(
        [np.array([p for p, _ in row], np.int64) for row in rows],
        [np.array([s for _, s in row], np.float32) for row in rows],
    )


def test_lists_are_padded_at_the_end() -> None:
    candidates = lists([(3, 1.0)], [(1, 2.0), (2, 1.0)], [])
    assert candidates.mask.tolist() == [[True, False], [True, True], [False, False]]
    assert candidates.row(2)[0].tolist() == []


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        lists([(1, 1.0)]).score[0, 0] = 5


def test_ties_go_by_product_id_not_by_row() -> None:
    order = np.array([2, 0, 1])  # row 1 has the smallest id
    ranked = lists([(0, 1.0), (2, 1.0), (1, 1.0)]).ranked(np.ones((1, 3), np.float32), order=order)
    assert ranked.product.tolist() == [[1, 2, 0]]


def test_ranking_keeps_named_columns_beside_their_product() -> None:
    before = lists([(0, 3.0), (1, 2.0), (2, 1.0)])
    after = before.ranked(np.array([[1.0, 2.0, 3.0]]), order=np.arange(3), depth=2, pctr=np.array([[0.1, 0.2, 0.3]]))
    assert after.product.tolist() == [[2, 1]]
    assert after.columns["pctr"].tolist() == [[0.3, 0.2]]


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        lists([(0, 1.0)]).ranked(np.array([[np.nan]]), order=np.arange(1))


def test_columns_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        Candidates(np.zeros((1, 2), int), np.zeros((1, 2)), np.ones((1, 2), bool), {"x": np.zeros((1, 3))})


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.sampled_from([0, 1, 2])))
def test_whatever_the_scores_the_answer_keeps_the_contract(score: np.ndarray) -> None:
    size, width = score.shape
    mask = np.arange(width) < (np.arange(size)[:, None] + 1) * width // size
    before = Candidates(np.tile(np.arange(width), (size, 1)), np.zeros((size, width), np.float32), mask)
    order = np.random.default_rng(0).permutation(width)
    check_answer(before, before.ranked(score, order=order), adds=False, order=order, stage="test")


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (lists([(0, 1.0), (1, 2.0)]), "not sorted"),
        (lists([(1, 1.0), (0, 1.0)]), "not sorted"),
        (lists([(0, 3.0), (1, 2.0), (2, 1.0)]), "more candidates"),
        (lists([(0, 1.0)], [(0, 1.0)]), "answered 2"),
    ],
)
def test_a_broken_answer_is_named(after: Candidates, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_answer(lists([(0, 2.0), (1, 1.0)]), after, adds=False, order=np.arange(3), stage="rank")


def test_requests_know_their_scenario() -> None:
    requests = Requests.of(["mug", None])
    assert requests.scenario.tolist() == ["search", "recommend"]
    assert requests.one(1)["query"] is None
