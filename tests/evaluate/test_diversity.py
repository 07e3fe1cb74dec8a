"""Measures of variety beside plain loops, and beside examples worked out by hand."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.errors import EmptorError
from emptor.evaluate.diversity import alpha_ndcg, coverage, entropy, err_ia, ild, in_order

YES, NO = True, False
MANY = settings(max_examples=50, deadline=None)


def drawn(seed: int, width: int, topics: int) -> np.ndarray:
    """Topics of five lists, the last of which has none."""
    rng = np.random.default_rng(seed)
    found = rng.random((5, width, topics)) < 0.3
    found[4] = False
    return found


def plain_alpha_dcg(topics: np.ndarray, k: int, alpha: float) -> float:
    seen, total = np.zeros(topics.shape[1]), 0.0
    for place, own in enumerate(topics[:k]):
        total += sum((1 - alpha) ** seen[at] for at in np.flatnonzero(own)) / math.log2(place + 2)
        seen += own
    return total


def plain_best(topics: np.ndarray, k: int, alpha: float) -> float:
    """Greedily; of equal ones that with the lowest row of topics."""
    left = sorted(range(len(topics)), key=lambda at: topics[at].tolist())
    chosen: list[int] = []
    while left and len(chosen) < k:
        seen = topics[chosen].sum(0)
        gains = [round(sum((1 - alpha) ** seen[at] for at in np.flatnonzero(topics[own])), 9) for own in left]
        chosen.append(left.pop(int(np.argmax(gains))))
    return plain_alpha_dcg(topics[chosen], k, alpha)


@MANY
@given(
    st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 6), st.integers(1, 12), st.sampled_from([0, 0.5, 0.7, 1])
)
def test_alpha_ndcg_is_that_of_a_plain_loop(seed: int, width: int, topics: int, k: int, alpha: float) -> None:
    found = drawn(seed, width, topics)
    value = alpha_ndcg(found, k=k, alpha=alpha)
    for at, own in enumerate(found):
        best = plain_best(own, k, alpha)
        assert value[at] == pytest.approx(plain_alpha_dcg(own, k, alpha) / best if best else math.nan, nan_ok=True)
    assert math.isnan(value[4])


def test_alpha_ndcg_by_hand() -> None:
    """a has topics 1 and 2, b has 1, c has 3, d nothing. a c b is best: 2, 1, 1/2."""
    a, b, c, d = [YES, YES, NO], [YES, NO, NO], [NO, NO, YES], [NO, NO, NO]
    second, third = 1 / math.log2(3), 1 / 2
    best = 2 + second + third / 2
    orders = np.array([[a, c, b, d], [b, a, d, c], [d, d, d, d]])
    found = alpha_ndcg(orders, k=3)
    assert found[0] == pytest.approx(1)
    assert found[1] == pytest.approx((1 + 1.5 * second) / best), "c is beyond k, and counts in the best order"
    assert math.isnan(found[2])
    relevant = np.array([[YES, NO, YES, YES]] * 3)
    counted = alpha_ndcg(orders, k=3, relevant=relevant)[0]
    assert counted == pytest.approx((2 + third / 2) / (2 + second / 2)), "what does not count keeps its place"


def test_orders_of_one_list_are_divided_by_the_same() -> None:
    """Which of equal products comes first in the best order decides what is worth how much after it."""
    rng = np.random.default_rng(3)
    topics = rng.random((1, 12, 5)) < 0.4
    for _ in range(50):
        order = rng.permutation(12)[None]
        shown = in_order(topics, order)
        own = plain_alpha_dcg(shown[0], 6, 0.5) / alpha_ndcg(shown, k=6)[0]
        assert own == pytest.approx(plain_alpha_dcg(topics[0], 6, 0.5) / alpha_ndcg(topics, k=6)[0])


def test_with_one_topic_for_all_and_no_alpha_it_is_ndcg() -> None:
    label = np.array([[YES, NO, YES, NO]])
    ndcg = (1 + 1 / 2) / (1 + 1 / math.log2(3))
    assert alpha_ndcg(label[..., None], k=4, alpha=0)[0] == pytest.approx(ndcg)


@MANY
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 6), st.integers(1, 12))
def test_err_ia_is_that_of_a_plain_loop(seed: int, width: int, topics: int, k: int) -> None:
    found, rng = drawn(seed, width, topics), np.random.default_rng(seed)
    satisfies, intents = rng.random((5, width)), rng.dirichlet(np.ones(topics), 5)
    value = err_ia(found, k=k, intents=intents, satisfies=satisfies)
    for at in range(4):
        expected = 0.0
        for topic in range(topics):
            goes_on = 1.0
            for place in range(min(k, width)):
                stops = found[at, place, topic] * satisfies[at, place]
                expected += intents[at, topic] * goes_on * stops / (place + 1)
                goes_on *= 1 - stops
        assert value[at] == pytest.approx(expected if found[at].any() else math.nan, nan_ok=True)
    assert math.isnan(value[4])


def test_err_ia_by_hand() -> None:
    """Wanted by 0.8: found first and third. By 0.2: found second."""
    topics = np.array([[[YES, NO], [NO, YES], [YES, NO]]])
    first = 1 / 2 + 1 / 2 * 1 / 2 / 3
    assert err_ia(topics, k=3, intents=np.array([0.8, 0.2]))[0] == pytest.approx(0.8 * first + 0.2 / 4)
    assert err_ia(topics, k=3)[0] == pytest.approx((first + 1 / 4) / 2), "without intents, all that are there"
    assert err_ia(topics, k=1)[0] == pytest.approx(1 / 4)
    graded = (2.0 ** np.array([[2, 1, 0]]) - 1) / 4
    expected = 0.8 * 3 / 4 + 0.2 / 4 / 2
    assert err_ia(topics, k=3, intents=np.array([[0.8, 0.2]]), satisfies=graded)[0] == pytest.approx(expected)
    assert err_ia(topics, k=3, relevant=np.array([[NO, YES, NO]]))[0] == pytest.approx(1 / 4)
    named = np.array([[0, 1, 0]])
    assert err_ia(named, k=3, intents=np.array([0.8, 0.2])) == err_ia(topics, k=3, intents=np.array([0.8, 0.2]))


@MANY
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 12))
def test_ild_is_that_of_a_plain_loop(seed: int, width: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    alike = rng.normal(size=(4, width, 3))
    alike /= np.linalg.norm(alike, axis=2, keepdims=True)
    alike[rng.random((4, width)) < 0.2] = 0
    value = ild(alike.astype(np.float32), k=k)
    for at, own in enumerate(alike):
        known = [one for one in own[:k] if one.any()]
        pairs = [1 - float(one @ other) for one, other in combinations(known, 2)]
        assert value[at] == pytest.approx(np.mean(pairs) if pairs else math.nan, abs=1e-6, nan_ok=True)


def test_ild_is_zero_for_copies_and_the_most_for_opposites() -> None:
    one = np.array([0.6, 0.8])
    assert ild(np.array([[one, one, one]]), k=3)[0] == pytest.approx(0, abs=1e-12)
    assert ild(np.array([[one, -one, one]]), k=2)[0] == pytest.approx(2)
    assert math.isnan(ild(np.array([[one, 0 * one]]), k=2)[0])


@MANY
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 12))
def test_coverage_and_entropy_are_those_of_plain_loops(seed: int, width: int, k: int) -> None:
    found = drawn(seed, width, 4)
    share, spread = coverage(found, k=k), entropy(found, k=k)
    for at, own in enumerate(found):
        every = set(np.nonzero(own)[1].tolist())
        shown = set(np.nonzero(own[:k])[1].tolist())
        assert share[at] == pytest.approx(len(shown) / len(every) if every else math.nan, nan_ok=True)
        mass = np.zeros(4)
        for one in own[:k]:
            if one.any():
                mass[one] += 1 / one.sum()
        parts = [part / mass.sum() for part in mass if part > 0]
        expected = -sum(part * math.log(part) for part in parts) if parts else math.nan
        assert spread[at] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_categories_are_topics_of_which_each_product_has_one_or_none() -> None:
    ids = np.array([[900, 7, 900, -1, 3], [5, 5, 5, 5, -1]])
    topics = np.zeros((2, 5, 3), bool)
    topics[0, [0, 2], 0] = topics[0, 1, 1] = topics[0, 4, 2] = True
    topics[1, :4, 0] = True
    for k in (1, 2, 3, 5):
        for measure in (coverage, entropy, alpha_ndcg, err_ia):
            assert measure(ids, k=k) == pytest.approx(measure(topics, k=k), nan_ok=True)
    assert entropy(ids, k=3).tolist() == pytest.approx([-2 / 3 * math.log(2 / 3) - 1 / 3 * math.log(1 / 3), 0])
    assert coverage(ids, k=2).tolist() == pytest.approx([2 / 3, 1])
    assert np.isnan(coverage(np.full((1, 3), -1), k=2)).all() and np.isnan(err_ia(np.zeros((1, 0), int), k=2)).all()


def test_no_order_beats_the_best_by_much_and_one_reaches_it() -> None:
    topics = np.random.default_rng(8).random((1, 5, 4)) < 0.4
    orders = np.array(list(permutations(range(5))))
    found = alpha_ndcg(in_order(np.repeat(topics, len(orders), 0), orders), k=5)
    assert 1 - 1e-9 <= found.max() < 1.05 and found.min() < 0.95


def test_a_list_says_the_same_in_any_batch() -> None:
    topics = drawn(4, 8, 5)
    for measure in (coverage, entropy, alpha_ndcg, err_ia):
        together = measure(topics, k=4)
        alone = np.concatenate([measure(topics[at : at + 1], k=4) for at in range(5)])
        assert np.allclose(together, alone, equal_nan=True, rtol=0, atol=1e-12)


def test_what_cannot_be_is_told() -> None:
    topics = np.ones((2, 3, 2), bool)
    with pytest.raises(EmptorError, match="k: 0, expected"):
        coverage(topics, k=0)
    with pytest.raises(EmptorError, match="alpha: 2, expected 0 to 1"):
        alpha_ndcg(topics, k=1, alpha=2)
    with pytest.raises(EmptorError, match="sum up to 1"):
        err_ia(topics, k=1, intents=np.array([0.8, 0.8]))
    with pytest.raises(EmptorError, match="a chance for each topic"):
        err_ia(topics, k=1, intents=np.array([0.5, 0.3, 0.2]))
    with pytest.raises(EmptorError, match=r"satisfies: .*from 0 to 1"):
        err_ia(topics, k=1, satisfies=3.0)
    with pytest.raises(EmptorError, match="category 5, expected those of 2 intents"):
        err_ia(np.array([[0, 5]]), k=1, intents=np.array([0.5, 0.5]))
    with pytest.raises(EmptorError, match=r"expected .*categories"):
        entropy(topics.astype(float), k=1)
