"""Random streams by entity: the same whatever the batch, and as even as they must be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from emptor.market.streams import Draws, opaque_id, paired


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=30), st.integers(0, 2**40), st.integers(0, 20))
def test_a_draw_belongs_to_its_entity(ids: list[int], seed: int, draw: int) -> None:
    draws = Draws(seed, "kind")
    whole = draws.uniform(np.array(ids), draw)
    assert [float(draws.uniform(np.array([own]), draw)[0]) for own in ids] == whole.tolist()
    assert ((whole > 0) & (whole < 1)).all()


def test_draws_are_even_and_apart() -> None:
    """Of neighbouring ids, of neighbouring draws of one id, and of neighbouring seeds."""
    ids = np.arange(100_000)
    columns = [Draws(1, "a").uniform(ids, draw) for draw in range(3)]
    columns += [Draws(2, "a").uniform(ids), Draws(1, "b").uniform(ids)]
    for column in columns:
        assert kstest(column, "uniform").pvalue > 1e-4
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 0.015
    apart = np.abs(np.corrcoef(columns) - np.eye(len(columns)))
    assert apart.max() < 0.015


def test_choices_and_numbers_have_their_shares() -> None:
    draws, ids = Draws(3, "kind"), np.arange(60_000)
    weights = np.array([1.0, 0.0, 2.0, 3.0])
    counts = np.bincount(draws.choice(ids, weights), minlength=4)
    assert counts[1] == 0 and chisquare(counts[[0, 2, 3]], 60_000 * np.array([1, 2, 3]) / 6).pvalue > 1e-4
    assert chisquare(np.bincount(draws.integer(ids, 7, 1))).pvalue > 1e-4
    normal = draws.normals(ids, 2)
    assert np.abs(normal.mean(0)).max() < 0.02 and np.abs(normal.std(0) - 1).max() < 0.02
    assert abs(draws.gamma(ids, 0.35, 2).mean() - 0.35) < 0.02


def test_pairs_of_ids_do_not_meet() -> None:
    first, second = np.meshgrid(np.arange(300), np.arange(300))
    keys = paired(first, second)
    assert len(np.unique(keys)) == keys.size and (paired(first, second) != paired(second, first)).mean() > 0.99


def test_opaque_ids_tell_nothing() -> None:
    ids = [opaque_id(0, "product", number) for number in range(2_000)]
    assert len(set(ids)) == 2_000 and {len(own) for own in ids} == {10}
    order = np.argsort(ids)
    assert abs(np.corrcoef(order, np.arange(2_000))[0, 1]) < 0.08
