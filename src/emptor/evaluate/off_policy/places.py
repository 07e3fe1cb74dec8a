"""What a place is worth whatever stands there: the curve of examination, from pages whose products stand by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptor.errors import EmptorError
from emptor.evaluate.off_policy.logged import Logged
from emptor.evaluate.off_policy.resampled import RESAMPLES, by_user, interval, resampled


@dataclass(frozen=True)
class Curve:
    """Clicks at each of K places beside those at the first, the products there being drawn evenly.

    value, low, high [K] float64: 1 at the first place, with 95% intervals over users; NaN where no product stood by
    chance. clicks, shown [K] int64: what it was counted from. Under the position-based model (a click is an examination
    of the place times the product's attraction) it is examination beside the first place's.

    Source: Joachims, Swaminathan and Schnabel, Unbiased Learning-to-Rank with Biased Feedback (WSDM 2017), section 5.1;
        deviation: whole heads are shuffled, so places are compared directly and not by swaps with a landmark.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    clicks: np.ndarray
    shown: np.ndarray

    @property
    def smooth(self) -> np.ndarray:
        """[K]: the curve made to fall (isotonic, places weighed by how often they were shown), above 0; places that
        were never drawn get the last known one's value. It has less noise: what the estimators use.
        """
        return smoothed(self.clicks, self.shown)


def smoothed(clicks: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Rates [K] that do not rise, relative to the first, from counts [K]; see `Curve.smooth`."""
    rate = (clicks + 0.5) / (np.maximum(shown, 0) + 1.0)
    # pool adjacent violators
    blocks: list[list[float]] = []  # value, weight, places
    for own, weight in zip(rate.tolist(), (np.asarray(shown) + 1e-9).tolist(), strict=True):
        blocks.append([own, weight, 1])
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            value, heavy, many = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + value * heavy) / (last[1] + heavy)
            last[1] += heavy
            last[2] += many
    out = np.concatenate([np.full(int(many), value) for value, _, many in blocks])
    never = np.asarray(shown) == 0
    if never.any() and not never.all():
        out[never] = out[~never][-1]
    return out / out[0]


def counts(logged: Logged, outcome: str = "clicked") -> tuple[np.ndarray, np.ndarray]:
    """(outcomes, shown) [P, K] bool: of products that stand by chance, on explored pages.

    Raises: EmptorError where no page was explored.
    """
    drawn = logged.may_move & logged.explored[:, None]
    if not drawn.any():
        raise EmptorError(
            f"none of the {len(logged):,} pages was explored, so what a place is worth cannot be told from what stands "
            "there; raise the share in explore = { share, depth } of the serving cascade, or collect more pages"
        )
    return getattr(logged.pages, outcome) & drawn, drawn


def examination(logged: Logged, *, outcome: str = "clicked", seed: int = 0, resamples: int = RESAMPLES) -> Curve:
    """The curve of examination of a log, by its explored pages.

    Args:
        outcome: "clicked" or "bought".
    Raises: EmptorError where no page was explored, or nothing was clicked at the first place.
    """
    hit, drawn = counts(logged, outcome)
    sums = by_user(np.concatenate([hit, drawn], axis=1), logged.user)
    clicks, shown = np.split(sums.sum(0), 2)
    if clicks[0] == 0:
        raise EmptorError(
            f"on the {int(logged.explored.sum()):,} explored pages nothing was {outcome} at the first place, which the "
            "others are measured by; collect more pages"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (clicks / shown) / (clicks[0] / shown[0])
        top, below = np.split(resampled(sums, seed=seed, resamples=resamples), 2, axis=1)
        draws = (top / below) / (top[:, :1] / below[:, :1])
    bounds = np.array([interval(draws[:, at]) for at in range(draws.shape[1])])
    return Curve(value, bounds[:, 0], bounds[:, 1], clicks.astype(np.int64), shown.astype(np.int64))
