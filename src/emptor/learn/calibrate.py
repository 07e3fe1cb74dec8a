"""From logits to probabilities that mean what they say: of the shown at 3%, 3 in 100 are clicked.

calibration = calibrate(logits, labels, method="isotonic")  # on validation data
probabilities = calibration(logits)
Calibration.model_validate_json(calibration.model_dump_json())  # plain numbers
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, model_validator
from scipy.special import expit

from emptor.errors import EmptorError

Floats = NDArray[np.float64]


class Calibration(BaseModel):
    """A fitted calibration. It never reverses an order; isotonic makes ties, so rank by the logits themselves.

    "platt": sigmoid(slope · logit + intercept), `numbers` = [slope, intercept], slope above 0.
    "isotonic": straight lines between the points (`knots`, `numbers`), both rising; flat outside.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Literal["isotonic", "platt"]
    knots: list[float] = []
    numbers: list[float]

    @model_validator(mode="after")
    def _rising(self) -> Calibration:
        knots, numbers = np.array(self.knots), np.array(self.numbers)
        if self.method == "platt":
            good = not len(knots) and len(numbers) == 2 and numbers[0] > 0
        else:
            good = 0 < len(knots) == len(numbers) and (np.diff(knots) > 0).all() and (np.diff(numbers) >= 0).all()
            good = good and numbers[0] >= 0 and numbers[-1] <= 1
        if not good:
            raise ValueError(f"these are not the numbers of a {self.method} calibration")
        return self

    def __call__(self, logits: ArrayLike) -> Floats:
        """Logits of any shape -> probabilities of that shape."""
        x = np.asarray(logits, dtype=np.float64)
        if self.method == "platt":
            return np.asarray(expit(self.numbers[0] * x + self.numbers[1]))
        knots, numbers = np.array(self.knots), np.array(self.numbers)
        at = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 1)
        # within its two points: interpolation may round past the next one, and an order must not turn
        return np.clip(np.interp(x, knots, numbers), numbers[at], numbers[np.minimum(at + 1, len(knots) - 1)])


def calibrate(
    logits: ArrayLike, labels: ArrayLike, *, method: Literal["isotonic", "platt"] = "isotonic"
) -> Calibration:
    """Fit on validation data that neither trained nor selected the network.

    Args:
        logits: [N]. labels: [N] of 0 and 1, both among them.
        method: "platt" for little data (two numbers, with Platt's smoothed targets), "isotonic" from about 1,000
            positives on; its probabilities stay half a sample away from 0 and 1.
    Raises: EmptorError for labels of one kind, logits that are not finite, or (platt) that do not rise with the labels.
    """
    x, y = np.asarray(logits, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not np.isin(y, (0, 1)).all():
        raise ValueError(f"expected logits and 0/1 labels of one shape [N], found {x.shape} and {y.shape}")
    if not np.isfinite(x).all():
        raise EmptorError("calibration: logits that are not finite; check the network's outputs on validation data")
    positives, n = int(y.sum()), len(y)
    if positives in (0, n):
        raise EmptorError(f"calibration needs both outcomes: {positives} of {n} validation labels are positive")
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=0.5 / n, y_max=1 - 0.5 / n).fit(x, y)
        return Calibration(method=method, knots=fitted.X_thresholds_.tolist(), numbers=fitted.y_thresholds_.tolist())
    from sklearn.linear_model import LogisticRegression

    # Platt 1999: each label counts a little for the other side, so that separable data have a finite slope
    target = np.where(y == 1, (positives + 1) / (positives + 2), 1 / (n - positives + 2))
    center, scale = x.mean(), x.std() or 1.0
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000)
    twice = np.concatenate([x, x])[:, None]
    model.fit((twice - center) / scale, np.repeat([1, 0], n), sample_weight=np.concatenate([target, 1 - target]))
    slope = float(model.coef_[0, 0]) / scale
    if slope <= 0:
        raise EmptorError(
            "calibration: the logits do not rise with the labels; the network ranks no better than chance"
        )
    return Calibration(method=method, numbers=[slope, float(model.intercept_[0]) - slope * center])


def calibration_error(
    probabilities: ArrayLike, labels: ArrayLike, *, bins: int = 15, equal: Literal["mass", "width"] = "mass"
) -> float:
    """Expected calibration error: mean distance between probability and outcome over bins, weighted by their size.

    `equal`: bins of equally many samples, which rare clicks need, or of equal width. Source: Naeini et al., AAAI 2015
    (equal width); ties share a bin.
    """
    p, y = np.asarray(probabilities, dtype=np.float64).ravel(), np.asarray(labels, dtype=np.float64).ravel()
    if p.shape != y.shape or not len(p):
        raise ValueError(f"expected as many labels as probabilities, at least one, found {len(y)} and {len(p)}")
    shares = np.linspace(0, 1, bins + 1)[1:-1]
    at = np.searchsorted(np.quantile(p, shares) if equal == "mass" else shares, p, side="left")
    return float(np.abs(np.bincount(at, weights=p - y, minlength=bins)).sum() / len(p))
