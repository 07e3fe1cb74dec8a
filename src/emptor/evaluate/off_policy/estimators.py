"""Estimators of what a ranking earns a page, from a log; the package says which assumes what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from emptor.errors import EmptorError
from emptor.evaluate.off_policy.logged import Logged, Ranked
from emptor.evaluate.off_policy.places import counts, smoothed
from emptor.evaluate.off_policy.resampled import RESAMPLES, by_user, interval, resampled
from emptor.evaluate.off_policy.rewards import Reward

Method = Literal["ips", "snips", "dr", "examination", "direct", "agreeing"]
Outcome = Literal["clicked", "bought"]
CLIP = 1_000.0
"""Weights above it count as it. What the shop's own exploration needs at most is depth / share (100 at .2 and 20), so
that it only bounds what logs of other systems hold.
"""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a ranking would have earned on a first page, by one method.

    method; outcome: "clicked" or "bought"; value: outcomes a page, NaN where the log says nothing; low, high: 95%,
    percentile bootstrap over users. ess: pages that the weights are worth (Kish: (sum of w)^2 / sum of w^2, the mean
    over places), None for methods without weights. support: share of the target's places that the log could have shown.
    clipped: share of the weights that were clipped, clip: at what. draws [R]: the estimate of each resample.
    """

    method: str
    outcome: str
    value: float
    low: float
    high: float
    ess: float | None
    support: float
    clip: float
    clipped: float
    pages: int
    users: int
    draws: np.ndarray = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without the draws."""
        own = {name: value for name, value in vars(self).items() if name not in ("draws", "low", "high")}
        return {**own, "ci95": [self.low, self.high]}


@dataclass(frozen=True)
class _Part:
    """Sums of each user [U, J], and what makes the value of sums [..., J] and pages [...]."""

    sums: np.ndarray
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]


def estimate(
    logged: Logged,
    target: Ranked,
    *,
    outcome: Outcome = "clicked",
    reward: Reward | None = None,
    clip: float = CLIP,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[Estimate]:
    """All estimates of one ranking: ips, snips, examination and agreeing; with a reward model also dr and direct.

    Args:
        target: its pages for the requests of the log, see `replayed`. reward: of the same outcome, see `Reward`. The
            explored pages of the log may have set its level and its places (a few numbers, see `by_score`); what it
            says of products must not be learnt from the log, or dr loses its unbiasedness.
        clip: weights above it count as it; that takes away from high values and from variance.
    Raises: EmptorError for a clip that is no positive number, or a log without explored pages; ValueError for pages of
        another shape than the log's.

    Source: the package's docstring.
    """
    pages = logged.pages
    if target.rows.shape != pages.rows.shape or target.mask.shape != pages.rows.shape:
        raise ValueError(f"the target's pages have shape {target.rows.shape}, the log's {pages.rows.shape}")
    if not clip > 0:
        raise EmptorError(f"clip: found {clip:g}, expected a number above 0, at which weights are cut")
    hit = getattr(pages, outcome) & pages.mask
    agrees = pages.mask & target.mask & (pages.rows == target.rows)
    raw = agrees / pages.propensity.astype(np.float64)
    weight = np.minimum(raw, clip)
    user, support = logged.user, supported(logged, target)
    parts = {
        "ips": _mean(weight * hit, user),
        "snips": _by_place(weight * hit, weight, target.mask, user),
        "examination": _moved(logged, target, hit),
        "agreeing": _by_place(agrees & hit, agrees, target.mask, user),
    }
    if reward is not None:
        of_target, of_logged = reward(target) * target.mask, reward(logged.shown)
        parts["dr"] = _mean(of_target + weight * (hit - of_logged), user)
        parts["direct"] = _mean(of_target, user)
    size = by_user(np.ones((len(logged), 1)), user)
    every = np.concatenate([size, *(own.sums for own in parts.values())], axis=1)
    draws, total = resampled(every, seed=seed, resamples=resamples), every.sum(0)
    shared: dict[str, Any] = {
        "outcome": outcome,
        "support": support,
        "clip": float(clip),
        "clipped": float((raw > clip).sum() / max(agrees.sum(), 1)),
        "pages": len(logged),
        "users": len(size),
    }
    found, at = [], 1
    for name, part in parts.items():
        mine = slice(at, at + part.sums.shape[1])
        at = mine.stop
        own = part.value(draws[:, mine], draws[:, 0])
        low, high = interval(own)
        value = float(part.value(total[None, mine], total[:1])[0])
        ess = _kish(weight) if name in ("ips", "snips", "dr") else None
        found.append(Estimate(method=name, value=value, low=low, high=high, ess=ess, draws=own, **shared))
    return found


def difference(a: Estimate, b: Estimate) -> tuple[float, float, float]:
    """(a - b, low, high) of two estimates from one log by one method: pairs of draws share their users, so that this is
    surer than either.
    """
    if (a.method, a.outcome, a.pages, len(a.draws)) != (b.method, b.outcome, b.pages, len(b.draws)):
        raise ValueError(f"{a.method} of {a.outcome} and {b.method} of {b.outcome} are not from one log by one method")
    return (a.value - b.value, *interval(a.draws - b.draws))


def supported(logged: Logged, target: Ranked) -> float:
    """Share of the target's places that the log could have shown: its product stands there, or both its product and the
    place are among what is shuffled.
    """
    pages, free = logged.pages, logged.may_move
    could = np.zeros(target.mask.shape, bool)
    for place in range(target.mask.shape[1]):
        same = (pages.rows == target.rows[:, place : place + 1]) & pages.mask
        could[:, place] = same[:, place] | ((same & free).any(1) & free[:, place])
    return float((could & target.mask).sum() / max(target.mask.sum(), 1))


def _mean(values: np.ndarray, user: np.ndarray) -> _Part:
    return _Part(by_user(values.sum(1, keepdims=True), user), lambda sums, pages: sums[..., 0] / pages)


def _by_place(upper: np.ndarray, lower: np.ndarray, there: np.ndarray, user: np.ndarray) -> _Part:
    """Place by place: the weighed mean of the outcome, times how many of the target's pages have that place."""
    used = there.any(0)

    def value(sums: np.ndarray, pages: np.ndarray) -> np.ndarray:
        top, below, many = np.split(sums, 3, axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(many > 0, top / below * many, 0.0)  # NaN where the log never agrees
        return each.sum(-1) / pages

    parts = [own[:, used].astype(np.float64) for own in (upper, lower, there)]
    return _Part(by_user(np.concatenate(parts, axis=1), user), value)


def _moved(logged: Logged, target: Ranked, hit: np.ndarray) -> _Part:
    """Position-based model: a logged outcome counts as the target's place is examined, over how it was on average over
    the log's draws: s' mean of the n shuffled places + (1 - s') own place, s': share of pages explored. The curve is
    that of the clicks on explored pages of the same draw of users, so the interval has its noise, too.
    """
    pages, free, places = logged.pages, logged.may_move, hit.shape[1]
    chance, drawn = counts(logged)
    at, place = np.nonzero(hit)
    same = (target.rows[at] == pages.rows[at, place][:, None]) & target.mask[at]
    moves = same.any(1)
    at, place, goes = at[moves], place[moves], same[moves].argmax(1)
    home = logged.home[at, place]
    unknown = free[at, place] & (home < 0)
    if unknown.any():  # the head is deeper than the page: what is shuffled out of sight cannot be averaged over
        return _Part(np.zeros((int(logged.user.max()) + 1, 1)), lambda sums, pages: np.full(sums.shape[:-1], np.nan))
    many = np.where(free[at, place], free.sum(1)[at], 0)
    home = np.where(many > 0, home, place)
    cells, cell = np.unique(np.stack([many, home, goes]), axis=1, return_inverse=True)
    user = logged.user
    moved = np.zeros((int(user.max()) + 1, cells.shape[1]))
    np.add.at(moved, (user[at], cell.reshape(-1)), 1.0)
    random = by_user(np.concatenate([chance, drawn, _explored(logged)], axis=1), user)

    def value(sums: np.ndarray, count: np.ndarray) -> np.ndarray:
        out = np.empty(len(sums))
        clicks, shown, explored, could, own = np.split(
            sums, [places, 2 * places, 2 * places + 1, 2 * places + 2], axis=-1
        )
        for row in range(len(sums)):
            curve = smoothed(clicks[row], shown[row])
            share = explored[row, 0] / max(could[row, 0], 1.0)
            mean = np.cumsum(curve) / np.arange(1, places + 1)
            shuffled, fixed, wanted = cells
            s = np.where(shuffled > 0, share, 0.0)
            examined = (1 - s) * curve[fixed] + s * mean[np.maximum(shuffled - 1, 0)]
            out[row] = (own[row] * curve[wanted] / examined).sum() / count[row]
        return out

    return _Part(np.concatenate([random, moved], axis=1), value)


def _explored(logged: Logged) -> np.ndarray:
    """[P, 2]: the page was explored; it could have been."""
    could = logged.may_move.any(1)
    return np.stack([logged.explored & could, could], axis=1)


def _kish(weight: np.ndarray) -> float:
    total, square = weight.sum(0), (weight * weight).sum(0)
    return float(np.where(square > 0, total**2 / np.maximum(square, 1e-300), 0).mean())
