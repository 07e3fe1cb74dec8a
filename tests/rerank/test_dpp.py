"""The DPP: greedy by its factor is greedy by determinants, in windows too, and copies and the unknown do no harm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.rerank.dpp import dpp
from tests.rerank.test_mmr import lists

WINDOWS = st.sampled_from([None, 2, 3, 4])


def kernel(score: np.ndarray, alike: np.ndarray, balance: float, sharp: int = 1) -> np.ndarray:
    """L of one list, written out."""
    spread = score.std()
    z = (score - score.mean()) / spread if spread > 0 else np.zeros(len(score))
    quality = np.exp(balance / (2 * (1 - balance)) * z)
    same = ((1 + alike @ alike.T) / 2) ** sharp
    np.fill_diagonal(same, 1)
    return quality[:, None] * same * quality


def by_determinants(whole: np.ndarray, depth: int, window: int | None = None) -> list[int]:
    """Greedily, every determinant anew."""
    chosen: list[int] = []
    for _ in range(depth):
        last = chosen if window is None else chosen[max(len(chosen) - window + 1, 0) :]
        left = [at for at in range(len(whole)) if at not in chosen]
        found = [np.linalg.slogdet(whole[np.ix_([*last, at], [*last, at])])[1] for at in left]
        chosen.append(left[int(np.argmax(found))])
    return chosen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(2, 8), WINDOWS, st.integers(1, 3))
def test_it_chooses_what_determinants_choose(seed: int, width: int, size: int, window: int | None, sharp: int) -> None:
    score, alike, there = lists(seed, 4, width, size)
    balance = np.random.default_rng(seed).uniform(0.05, 0.9, 4)
    # more products than numbers have no determinant
    depth = min(width, size) if window is None else width
    if window is not None and window > size:
        return
    found = dpp(score, alike, there, balance=balance, depth=depth, window=window, sharp=sharp)
    assert found.dtype == np.int64
    for at in range(4):
        own = np.flatnonzero(there[at])
        many = min(depth, len(own))
        chosen = own[by_determinants(kernel(score[at, own], alike[at, own], balance[at], sharp), many, window)]
        assert found[at, :many].tolist() == chosen.tolist()
        rest = np.setdiff1d(own, chosen)
        assert found[at, many:].tolist() == [*rest.tolist(), *np.flatnonzero(~there[at]).tolist()]


def test_balance_goes_from_room_to_the_score() -> None:
    score, alike, there = lists(5, 8, 20, 30)
    mostly = dpp(score, alike, there, balance=1, depth=20)
    for at, order in enumerate(mostly):
        own = order[: there[at].sum()]
        assert (np.diff(score[at, own]) <= 0).all()
    balance = np.linspace(0, 1, 8)
    each = dpp(score, alike, there, balance=balance, depth=10)
    for at in range(8):
        alone = dpp(score[at : at + 1], alike[at : at + 1], there[at : at + 1], balance=balance[at], depth=10)
        assert each[at].tolist() == alone[0].tolist()
    # of room alone, scores say nothing
    one = dpp(score, alike, there, balance=0, depth=10)
    assert np.array_equal(one, dpp(np.where(there, -3 * score, 0), alike, there, balance=0, depth=10))
    fits = [
        np.mean([score[at, order[at, :5]].mean() for at in range(8)])
        for order in (dpp(score, alike, there, balance=own, depth=10) for own in (0.0, 0.3, 0.9))
    ]
    assert fits[0] < fits[1] < fits[2]


@pytest.mark.parametrize("window", [None, 2, 3])
def test_copies_stand_behind_what_differs_and_then_by_score(window: int | None) -> None:
    """Three kinds of products, each with copies down to the last bit but for scores."""
    kinds = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    kinds /= np.linalg.norm(kinds, axis=1, keepdims=True)
    alike = kinds[[0, 0, 0, 1, 2, 1]][None]
    score = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 5.5]])
    order = dpp(score, alike, np.ones((1, 6), bool), depth=6, window=window)[0].tolist()
    assert sorted(order) == list(range(6))
    assert order[:2] == [0, 5]
    if window is None:
        assert order == [0, 5, 4, 1, 2, 3], "the rest in the order of score"
    else:
        # each differs from the ones before it as long as there is a choice
        named = np.array([0, 0, 0, 1, 2, 1])[order]
        assert (np.diff(named[:4]) != 0).all()


def test_nearly_copies_are_copies() -> None:
    """Vectors that were rounded otherwise are not twice as varied."""
    rng = np.random.default_rng(2)
    one = rng.normal(size=(5, 16)).astype(np.float32)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    again = one * (1 + np.float32(2e-7) * rng.normal(size=one.shape).astype(np.float32))
    alike = np.concatenate([one, again])[None]
    score = np.concatenate([np.arange(5.0, 0, -1), np.arange(5.0, 0, -1)])[None]
    order = dpp(score, alike, np.ones((1, 10), bool), balance=0.6, depth=10)[0]
    assert sorted((order[:5] % 5).tolist()) == [0, 1, 2, 3, 4]
    assert order[5:].tolist() == sorted(order[5:].tolist(), key=lambda at: (at % 5, at))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([None, 2, 3, 5]), st.sampled_from([0.0, 0.5, 1.0]))
def test_copies_the_unknown_and_even_scores_give_whole_orders(seed: int, window: int | None, balance: float) -> None:
    rng = np.random.default_rng(seed)
    kinds = np.concatenate([rng.normal(size=(3, 2)), np.zeros((1, 2))])
    alike = kinds[rng.integers(0, 4, (5, 9))]
    score = rng.integers(0, 3, (5, 9)).astype(np.float32)
    there = rng.random((5, 9)) < 0.7
    with np.errstate(all="raise"):
        found = dpp(score, alike, there, balance=balance, depth=9, window=window)
    assert (np.sort(found, axis=1) == np.arange(9)).all()
    for at in range(5):
        own = int(there[at].sum())
        assert there[at, found[at, :own]].all() and found[at, own:].tolist() == np.flatnonzero(~there[at]).tolist()


def test_the_unknown_are_unlike_each_other() -> None:
    there = np.ones((1, 4), bool)
    alike = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    assert dpp(np.array([[4.0, 3.0, 2.0, 1.0]]), alike, there, balance=0.3, depth=4).tolist() == [[0, 2, 3, 1]]
    assert dpp(np.full((1, 4), 7.7), np.zeros((1, 4, 2)), there, depth=4).tolist() == [[0, 1, 2, 3]]
    assert dpp(np.array([[1.0]]), np.ones((1, 1, 1)), there[:, :1], depth=5).tolist() == [[0]]
    assert dpp(np.zeros((2, 0)), np.zeros((2, 0, 3)), np.zeros((2, 0), bool), depth=5).shape == (2, 0)


def test_opposites_are_the_most_varied() -> None:
    alike = np.array([[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]])
    assert dpp(np.zeros((1, 3)), alike, np.ones((1, 3), bool), depth=2)[0].tolist() == [0, 2, 1]


def test_a_copy_is_remembered_when_what_it_copies_is_forgotten() -> None:
    """Two kinds and a window of three: nothing ever differs from both that stand before it, so the score decides."""
    alike = np.eye(2)[[0, 1, 0, 1, 0, 1, 0]][None]
    score = np.arange(7.0, 0, -1)[None]
    assert dpp(score, alike, np.ones((1, 7), bool), depth=7, window=3).tolist() == [list(range(7))]


def test_where_the_score_alone_counts_copies_are_as_good() -> None:
    alike = np.eye(2)[[0, 0, 1, 0]][None]
    score = np.array([[4.0, 3.0, 1.0, 2.0]])
    assert dpp(score, alike, np.ones((1, 4), bool), balance=1, depth=4).tolist() == [[0, 1, 3, 2]]


def test_a_window_forgets() -> None:
    """Two kinds and a window of two: they take turns, where the whole list would run out of room."""
    alike = np.eye(2)[[0, 0, 0, 1, 1, 1]][None]
    score = np.arange(6.0, 0, -1)[None]
    there = np.ones((1, 6), bool)
    assert dpp(score, alike, there, balance=0.3, depth=6, window=2).tolist() == [[0, 3, 1, 4, 2, 5]]
    assert dpp(score, alike, there, balance=0.3, depth=6).tolist() == [[0, 3, 1, 2, 4, 5]]
    wide = lists(4, 3, 12, 9)
    assert np.array_equal(dpp(*wide, depth=8, window=8), dpp(*wide, depth=8)), "a window as deep as the list is none"


def test_a_long_list_in_windows_stays_exact() -> None:
    """Turned hundreds of times, rows are still those of the determinants."""
    rng = np.random.default_rng(9)
    alike = rng.normal(size=(1, 150, 12))
    alike /= np.linalg.norm(alike, axis=2, keepdims=True)
    score = rng.normal(size=(1, 150))
    found = dpp(score, alike, np.ones((1, 150), bool), balance=0.4, depth=140, window=6)
    assert found[0, :140].tolist() == by_determinants(kernel(score[0], alike[0], 0.4), 140, 6)


def test_an_order_is_of_its_own_list_alone() -> None:
    score, alike, there = lists(3, 20, 30, 8)
    for window in (None, 4):
        together = dpp(score, alike, there, depth=15, window=window)
        for at in range(20):
            own = int(np.flatnonzero(there[at]).max()) + 1
            alone = dpp(
                score[at : at + 1, :own], alike[at : at + 1, :own], there[at : at + 1, :own], depth=15, window=window
            )
            assert together[at, : there[at].sum()].tolist() == alone[0, : there[at].sum()].tolist()


def test_what_cannot_be_is_told() -> None:
    score, alike, there = np.zeros((2, 3)), np.zeros((2, 3, 4)), np.ones((2, 3), bool)
    with pytest.raises(EmptorError, match=r"balance: .*expected 0 to 1"):
        dpp(score, alike, there, balance=np.array([0.5, np.nan]), depth=2)
    with pytest.raises(EmptorError, match="window: 1, expected from 2"):
        dpp(score, alike, there, depth=2, window=1)
    with pytest.raises(EmptorError, match="sharp: 0, expected a whole power from 1"):
        dpp(score, alike, there, depth=2, sharp=0)
    with pytest.raises(EmptorError, match=r"expected \[B, N\]"):
        dpp(score, alike[0], there, depth=2)
