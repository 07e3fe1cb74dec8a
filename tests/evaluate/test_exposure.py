"""How evenly products are shown."""

from __future__ import annotations

import numpy as np
import pytest

from emptor.evaluate.exposure import exposure, exposures, gini


def test_gini_is_half_the_mean_difference_over_the_mean() -> None:
    shown = np.random.default_rng(3).poisson(3.0, 60)
    pairs = np.abs(shown[:, None] - shown[None]).mean()
    assert gini(shown) == pytest.approx(pairs / (2 * shown.mean()))
    assert gini(np.full(5, 7)) == 0
    assert np.isnan(gini(np.zeros(3, int)))


def test_exposure_counts_what_was_shown_at_all_and_the_tails_share() -> None:
    found = exposure(np.array([6, 3, 1, 0]), np.array([False, False, True, True]))
    assert found.coverage == 0.75 and found.tail == pytest.approx(0.1)


def test_the_tail_is_that_of_both_and_swapping_swaps() -> None:
    a, b = np.array([90, 10, 0, 0]), np.array([30, 30, 20, 20])
    first, second = exposures(a, b)
    assert exposures(b, a) == (second, first)
    assert first.gini > second.gini and first.coverage == 0.5 < second.coverage == 1 and first.tail < second.tail
