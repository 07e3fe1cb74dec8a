"""Intervals and tests: right on known cases, calibrated under the null, repeatable."""

import numpy as np
import polars as pl
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.evaluate import Judgements, Metric, Result, compare, parse_metrics, summarise
from emptor.evaluate.statistics import bootstrap, holm, sign_flip_p

NDCG, MAP = parse_metrics(["ndcg@10", "map"])


def result(values, name="a", metrics=(NDCG,), kinds=None, unjudged="irrelevant"):
    """A Result with given values per query: {metric: {query: value}}."""
    values = values if isinstance(values, dict) else {NDCG: {f"q{at:03}": value for at, value in enumerate(values)}}
    rows = [(query, metric.name, float(value)) for metric, found in values.items() for query, value in found.items()]
    queries = sorted({query for query, *_ in rows})
    frame = pl.DataFrame({"query": queries, "product_id": "p", "grade": 1.0, "kind": kinds or [None] * len(queries)})
    return Result(
        name=name,
        frame=pl.DataFrame(rows, schema=["query_id", "metric", "value"], orient="row"),
        judgements=Judgements.of(frame),
        metrics=tuple(metrics),
        unjudged=unjudged,
    )


def test_summary_over_all_queries_and_by_kind():
    found = result([0.0, 1.0, 1.0, 0.5], kinds=["x", "x", "y", None])
    (everything,) = summarise(found)
    assert (everything.mean, everything.n, everything.kind) == (0.625, 4, None)
    assert everything.low < 0.625 < everything.high
    by_kind = summarise(found, by_kind=True)
    assert [(part.kind, part.mean, part.n) for part in by_kind] == [("x", 0.5, 2), ("y", 1.0, 1)]
    assert (by_kind[1].low, by_kind[1].high) == (None, None)
    (nothing,) = summarise(result({NDCG: {"q": 1.0}}, metrics=(MAP,)))
    assert (nothing.mean, nothing.low, nothing.n) == (None, None, 0)


def test_the_interval_is_that_of_the_percentile_bootstrap():
    values = np.random.default_rng(1).beta(1, 3, size=200)
    low, high = bootstrap(values, seed=0, resamples=20_000)
    theirs = scipy.stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    assert (low, high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.001)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_the_same_seed_gives_the_same_answer(values, seed):
    values = np.array(values)
    assert bootstrap(values, seed=seed, resamples=50) == bootstrap(values, seed=seed, resamples=50)
    p = sign_flip_p(values - 0.5, seed=seed, flips=50)
    assert p == sign_flip_p(values - 0.5, seed=seed, flips=50)
    assert 1 / 51 <= p <= 1


def test_blocks_do_not_change_the_answer(monkeypatch):
    values = np.random.default_rng(0).normal(0.1, 1, size=64)
    whole = bootstrap(values, seed=0, resamples=500), sign_flip_p(values, seed=0, flips=500)
    monkeypatch.setattr("emptor.learn.resampling._CELLS", 640)
    assert (bootstrap(values, seed=0, resamples=500), sign_flip_p(values, seed=0, flips=500)) == whole


@pytest.mark.parametrize("shift", [0.0, 0.15, 0.4])
def test_p_agrees_with_scipy(shift):
    differences = np.random.default_rng(5).normal(shift, 1, size=50)
    theirs = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=20_000, vectorized=True, rng=1
    )
    assert sign_flip_p(differences, seed=0, flips=20_000) == pytest.approx(theirs.pvalue, abs=0.015)


def test_p_of_few_queries_is_that_of_all_flips():
    """Of the 8 ways to flip three equal differences, two are as extreme."""
    assert sign_flip_p(np.array([0.1, 0.1, 0.1, 0.0]), seed=0, flips=50_000) == pytest.approx(0.25, abs=0.01)
    assert sign_flip_p(np.zeros(5), seed=0) == 1.0
    assert sign_flip_p(np.array([]), seed=0) is None


def test_p_is_calibrated_when_nothing_differs():
    """Of 600 comparisons of two equally good systems, about 5% have p < .05 and about half have p < .5."""
    rng = np.random.default_rng(11)
    p = np.array([
        sign_flip_p(rng.beta(0.5, 1, 25) - rng.beta(0.5, 1, 25), seed=at, flips=1_000) for at in range(600)
    ])  # fmt: skip
    assert scipy.stats.binomtest(int((p < 0.05).sum()), 600, 0.05).pvalue > 0.01
    assert scipy.stats.binomtest(int((p < 0.5).sum()), 600, 0.5).pvalue > 0.01


def test_the_interval_covers_the_truth():
    rng = np.random.default_rng(12)
    intervals = [bootstrap(rng.beta(1, 3, 60), seed=at, resamples=500) for at in range(300)]
    covered = sum(low <= 0.25 <= high for low, high in intervals)
    assert 0.90 <= covered / 300 <= 0.98


def test_a_comparison():
    rng = np.random.default_rng(2)
    base = rng.uniform(0.2, 0.6, 100)
    better = base + rng.choice([0.0, 0.1, -0.05], size=100, p=[0.2, 0.6, 0.2])
    (found,) = compare(result(better), result(base, "b"), seed=1)
    assert found.diff == pytest.approx((better - base).mean())
    assert found.low < found.diff < found.high
    assert found.p == pytest.approx(1 / 10_001)
    assert (found.wins, found.ties, found.losses) == (
        int((better - base > 1e-9).sum()),
        int((abs(better - base) < 1e-9).sum()),
        int((base - better > 1e-9).sum()),
    )
    assert found.wins + found.ties + found.losses == found.n == 100
    (mirrored,) = compare(result(base), result(better, "b"), seed=1)
    assert (mirrored.diff, mirrored.p) == (pytest.approx(-found.diff), found.p)
    assert (mirrored.wins, mirrored.losses) == (found.losses, found.wins)


def test_queries_that_one_side_lacks_are_left_out_and_counted():
    a = result({NDCG: {"x": 0.5, "y": 0.7}, MAP: {"x": 1.0}}, metrics=(NDCG, MAP))
    b = result({NDCG: {"y": 0.2, "z": 0.9}, MAP: {"z": 1.0}}, "b", metrics=(MAP, NDCG))
    ndcg, average_precision = compare(a, b)
    assert (ndcg.n, ndcg.unpaired, ndcg.diff, ndcg.p, ndcg.low) == (1, 2, pytest.approx(0.5), 1.0, None)
    assert (average_precision.n, average_precision.unpaired, average_precision.diff) == (0, 2, None)
    assert (average_precision.p, average_precision.p_holm) == (None, None)


def test_what_describes_the_judgements_is_not_tested():
    judged = Metric("judged", 10)
    both = result({NDCG: {"x": 0.5, "y": 0.7}, judged: {"x": 1.0, "y": 0.5}}, metrics=(judged, NDCG))
    assert [found.metric for found in compare(both, both)] == [NDCG]
    with pytest.raises(ValueError, match="unjudged"):
        compare(both, result([1.0], unjudged="removed"))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
