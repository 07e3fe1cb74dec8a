"""MMR: beside a plain greedy loop, and that an order is whole, even, and of its own list alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.rerank.mmr import mmr


def lists(seed: int, count: int, width: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, vectors of length one and what is there, the first of each at least; rubbish where nothing is."""
    rng = np.random.default_rng(seed)
    alike = rng.normal(size=(count, width, size))
    alike /= np.linalg.norm(alike, axis=2, keepdims=True)
    there = rng.random((count, width)) < 0.8
    there[:, 0] = True
    score = rng.normal(size=(count, width)) * 7 + 100
    score[~there], alike[~there] = np.nan, np.inf
    return score, alike, there


def plainly(score: np.ndarray, alike: np.ndarray, balance: float, depth: int, sharp: int) -> list[int]:
    fit = (score - score.min()) / (score.max() - score.min()) if np.ptp(score) else np.zeros(len(score))
    chosen: list[int] = []
    left = list(range(len(score)))
    while left:
        if len(chosen) == depth:
            return chosen + left
        values = [
            balance * fit[at]
            - (1 - balance) * max((max(alike[at] @ alike[own], 0) ** sharp for own in chosen), default=0)
            for at in left
        ]
        chosen.append(left.pop(int(np.argmax(values))))
    return chosen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 5), st.integers(1, 14), st.integers(1, 4))
def test_it_chooses_as_a_plain_loop_does(seed: int, width: int, size: int, depth: int, sharp: int) -> None:
    score, alike, there = lists(seed, 4, width, size)
    balance = np.random.default_rng(seed).random(4)
    found = mmr(score, alike, there, balance=balance, depth=depth, sharp=sharp)
    assert found.dtype == np.int64
    for at in range(4):
        own = np.flatnonzero(there[at])
        expected = own[plainly(score[at, own], alike[at, own], balance[at], depth, sharp)]
        assert found[at, : len(own)].tolist() == expected.tolist()
        assert found[at, len(own) :].tolist() == np.flatnonzero(~there[at]).tolist()


def test_the_balance_goes_from_variety_to_the_score() -> None:
    score = np.array([[3.0, 2.0, 1.0]])
    alike = np.array([[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]])
    there = np.ones((1, 3), bool)
    assert mmr(score, alike, there, balance=1, depth=3).tolist() == [[0, 1, 2]]
    # the second fits 0.5 and is like the first by 0.8; the third fits 0 and is not like it: even at 0.8 / 1.3
    assert mmr(score, alike, there, balance=0.62, depth=3).tolist() == [[0, 1, 2]]
    assert mmr(score, alike, there, balance=0.61, depth=3).tolist() == [[0, 2, 1]]
    assert mmr(score[:, ::-1], alike, there, balance=0, depth=3).tolist() == [[0, 2, 1]], "the first as it came"


def test_the_scale_of_scores_says_nothing() -> None:
    score, alike, there = lists(1, 6, 10, 4)
    assert np.array_equal(mmr(score, alike, there, depth=10), mmr(1e4 * score - 7, alike, there, depth=10))


def test_equals_keep_their_order_and_what_is_unknown_is_unlike_all() -> None:
    there = np.ones((1, 4), bool)
    same = np.tile([0.6, 0.8], (1, 4, 1))
    assert mmr(np.full((1, 4), 2.5), same, there, depth=4).tolist() == [[0, 1, 2, 3]]
    same[0, 3] = 0
    assert mmr(np.full((1, 4), 2.5), same, there, depth=4).tolist() == [[0, 3, 1, 2]]
    assert mmr(np.array([[1.0]]), np.ones((1, 1, 1)), np.ones((1, 1), bool), depth=5).tolist() == [[0]]
    assert mmr(np.zeros((2, 0)), np.zeros((2, 0, 3)), np.zeros((2, 0), bool), depth=5).shape == (2, 0)


def test_after_the_depth_products_follow_as_they_came() -> None:
    score = np.array([[1.0, 5.0, 4.0, 3.0, 2.0]])
    alike = np.eye(5)[None]
    assert mmr(score, alike, np.ones((1, 5), bool), depth=2).tolist() == [[1, 2, 0, 3, 4]]


def test_an_order_is_of_its_own_list_alone() -> None:
    score, alike, there = lists(3, 20, 30, 8)
    together = mmr(score, alike, there, depth=15)
    for at in range(20):
        own = int(np.flatnonzero(there[at]).max()) + 1
        alone = mmr(score[at : at + 1, :own], alike[at : at + 1, :own], there[at : at + 1, :own], depth=15)
        assert together[at, : there[at].sum()].tolist() == alone[0, : there[at].sum()].tolist()


def test_what_cannot_be_is_told() -> None:
    score, alike, there = np.zeros((2, 3)), np.zeros((2, 3, 4)), np.ones((2, 3), bool)
    with pytest.raises(EmptorError, match=r"expected \[B, N\]"):
        mmr(score[:, :2], alike, there, depth=2)
    with pytest.raises(EmptorError, match=r"balance: .*expected 0 to 1"):
        mmr(score, alike, there, balance=1.5, depth=2)
    with pytest.raises(EmptorError, match="one for each of 2 lists"):
        mmr(score, alike, there, balance=np.array([0.1, 0.2, 0.3]), depth=2)
    with pytest.raises(EmptorError, match="depth: 0, expected"):
        mmr(score, alike, there, depth=0)
    score[1, 2] = np.nan
    with pytest.raises(EmptorError, match="not finite"):
        mmr(score, alike, there, depth=2)
