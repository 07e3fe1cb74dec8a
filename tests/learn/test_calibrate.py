"""Calibration: the error falls, the order stays, the numbers survive JSON."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from emptor.errors import EmptorError
from emptor.learn.calibrate import Calibration, calibrate, calibration_error

METHODS = ("isotonic", "platt")


def drawn(n, seed, slope=0.5, shift=-3.0):
    """Logits of a network that is too sure of itself, and what happened: rare clicks."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, n)
    return logits, (rng.random(n) < expit(slope * logits + shift)).astype(int)


@pytest.mark.parametrize("method", METHODS)
def test_the_error_falls_on_new_data(method):
    calibration = calibrate(*drawn(20_000, 1), method=method)
    logits, labels = drawn(20_000, 2)
    before = calibration_error(expit(logits), labels)
    assert before > 0.3
    assert calibration_error(calibration(logits), labels) < 0.01
    assert calibration_error(calibration(logits), labels, equal="width") < 0.01


def test_platt_finds_the_truth():
    assert calibrate(*drawn(200_000, 3), method="platt").numbers == pytest.approx([0.5, -3.0], abs=0.05)


def test_isotonic_is_that_of_scikit_learn():
    logits, labels = drawn(3_000, 4)
    theirs = IsotonicRegression(y_min=0.5 / 3_000, y_max=1 - 0.5 / 3_000, out_of_bounds="clip").fit(logits, labels)
    new = np.linspace(-12, 12, 999)
    assert calibrate(logits, labels)(new) == pytest.approx(theirs.predict(new), abs=1e-12)


def test_rounding_reverses_no_order():
    calibration = Calibration(method="isotonic", knots=[-0.6875, 5e-324], numbers=[0.1, 0.5])
    near = np.array([0.0, 1.0])
    assert np.diff(np.interp(near, calibration.knots, calibration.numbers)) < 0, "a straight line rounds past its end"
    assert np.diff(calibration(near)) >= 0 and np.isnan(calibration([np.nan])).all()


@given(
    st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=40),
    st.lists(st.floats(-100, 100), min_size=2, max_size=40),
    st.sampled_from(METHODS),
)
@settings(max_examples=60, deadline=None)
def test_it_never_reverses_an_order(samples, new, method):
    logits, labels = map(np.array, zip(*samples, strict=True))
    try:
        calibration = calibrate(logits, labels, method=method)
    except EmptorError:
        return
    found = calibration(np.sort(new))
    assert (np.diff(found) >= 0).all() and (found >= 0).all() and (found <= 1).all()
    again = Calibration.model_validate_json(calibration.model_dump_json())
    assert (again(np.sort(new)) == found).all()


@pytest.mark.parametrize("method", METHODS)
def test_separable_data_stay_within_0_and_1(method):
    found = calibrate([-2.0, -1, 1, 2], [0, 0, 1, 1], method=method)(np.array([[-2.0, 2], [-50, 50]]))
    assert found.shape == (2, 2)
    assert 0 < found[0, 0] < 0.5 < found[0, 1] < 1


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([1.0, 2], [1, 1], "2 of 2 validation labels are positive"),
        ([1.0, 2], [0, 0], "0 of 2"),
        ([1.0, float("nan")], [0, 1], "not finite"),
        ([2.0, 1, 3, 0], [0, 1, 0, 1], "do not rise with the labels"),
    ],
)
def test_what_cannot_be_calibrated(logits, labels, message):
    with pytest.raises(EmptorError, match=message):
        calibrate(logits, labels, method="platt")


def test_misuse():
    for logits, labels in (([1.0], [1, 0]), ([[1.0]], [[1]]), ([1.0, 2], [0, 2])):
        with pytest.raises(ValueError, match="0/1 labels"):
            calibrate(logits, labels)
    with pytest.raises(ValueError, match="at least one"):
        calibration_error([], [])


@pytest.mark.parametrize(
    "numbers",
    [
        {"method": "platt", "numbers": [-1.0, 0.0]},
        {"method": "platt", "numbers": [1.0]},
        {"method": "isotonic", "knots": [], "numbers": []},
        {"method": "isotonic", "knots": [0.0, 0.0], "numbers": [0.1, 0.2]},
        {"method": "isotonic", "knots": [0.0, 1.0], "numbers": [0.2, 0.1]},
        {"method": "isotonic", "knots": [0.0, 1.0], "numbers": [0.2, 1.1]},
    ],
)
def test_numbers_that_are_no_calibration(numbers):
    with pytest.raises(ValueError, match="not the numbers"):
        Calibration(**numbers)


def test_the_error_by_hand():
    p, y = [0.1, 0.1, 0.9, 0.9], [0, 1, 1, 1]
    assert calibration_error(p, y, bins=2) == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)
    assert calibration_error(p, y, bins=2, equal="width") == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)
    assert calibration_error([0.5] * 4, [1, 1, 0, 0], bins=3) == 0  # ties are not torn apart by their order
