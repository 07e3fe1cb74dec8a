"""Paired comparisons agree with scipy and say when they cannot tell."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.learn.compare import Mean, over_seeds, paired_over_seeds, paired_over_users
from emptor.learn.resampling import holm


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=12))
@settings(max_examples=80, deadline=None)
def test_over_seeds_is_the_paired_t_test(pairs):
    a, b = map(np.array, zip(*pairs, strict=True))
    found = paired_over_seeds(a, b)
    assert found.mean == pytest.approx((a - b).mean(), abs=1e-12)
    if (a - b).std() < 1e-9:
        return
    theirs = scipy.stats.ttest_rel(a, b)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-6)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-6, abs=1e-9)


def test_what_cannot_be_told():
    assert over_seeds([]) == Mean(mean=None, low=None, high=None, p=None, n=0)
    assert over_seeds([0.5]) == Mean(mean=0.5, low=None, high=None, p=None, n=1)
    assert over_seeds([0.5, 0.5]) == Mean(mean=0.5, low=0.5, high=0.5, p=None, n=2)
    assert paired_over_seeds([0.5, 0.6], [0.5, 0.6]) == Mean(mean=0, low=0, high=0, p=1.0, n=2)
    assert paired_over_users([0.5], [0.1]) == Mean(mean=0.4, low=None, high=None, p=None, n=1)
    nobody = paired_over_users([np.nan, 0.1], [0.2, np.nan])
    assert nobody == Mean(mean=None, low=None, high=None, p=None, n=0)
    for a, b in (([1.0], [1.0, 2]), ([[1.0]], [[1.0]])):
        with pytest.raises(ValueError, match="one length"):
            paired_over_seeds(a, b)


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_over_users_agrees_with_scipy(shift):
    rng = np.random.default_rng(3)
    a, b = rng.normal(shift, 1, 80), rng.normal(0, 1, 80)
    a[3] = b[7] = np.nan
    found = paired_over_users(a, b, resamples=20_000, flips=20_000)
    kept = (a - b)[~np.isnan(a - b)]
    interval = scipy.stats.bootstrap((kept,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    test = scipy.stats.permutation_test(
        (kept,), np.mean, permutation_type="samples", n_resamples=20_000, vectorized=True, rng=1
    )
    assert found.n == 78
    assert (found.low, found.high) == pytest.approx(tuple(interval.confidence_interval), abs=0.01)
    assert found.p == pytest.approx(test.pvalue, abs=0.02)
    assert found == paired_over_users(a, b, resamples=20_000, flips=20_000)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_by_its_definition(p):
    ordered = sorted(p)
    expected = {own: min(1.0, max((len(p) - at) * ordered[at] for at in range(ordered.index(own) + 1))) for own in p}
    found = holm(p)
    first = {own: found[p.index(own)] for own in p}
    assert first == pytest.approx(expected)
