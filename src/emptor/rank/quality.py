"""How well scores order pages: per request, as users meet them, and over all."""

from __future__ import annotations

import numpy as np


def auc(score: np.ndarray, label: np.ndarray) -> float:
    """Area under the ROC curve of scores [R] for labels [R] bool; ties count half, NaN for labels all alike."""
    return _area(score, label, np.zeros(len(score), np.int64), 1)[0]


def grouped_auc(score: np.ndarray, label: np.ndarray, page: np.ndarray) -> tuple[float, int]:
    """The mean over pages of the AUC within them (GAUC), and how many pages there are that have both labels.

    score [R]; label [R] bool; page [R] int64: from 0. Every page counts the same.
    """
    return _area(score, label, page, int(page.max(initial=-1)) + 1)


def _area(score: np.ndarray, label: np.ndarray, page: np.ndarray, pages: int) -> tuple[float, int]:
    order = np.lexsort((score, page))
    own, hit, value = page[order], label[order], score[order]
    start = np.searchsorted(own, np.arange(pages))
    rank = np.arange(len(own)) - start[own]
    if len(own):
        # ties share their mean rank
        new = np.r_[True, (own[1:] != own[:-1]) | (value[1:] != value[:-1])]
        tie = np.cumsum(new) - 1
        rank = (np.bincount(tie, rank) / np.bincount(tie))[tie]
    positive = np.bincount(own, hit, pages)
    negative = np.bincount(own, minlength=pages) - positive
    total = np.bincount(own, rank * hit, pages)
    good = (positive > 0) & (negative > 0)
    if not good.any():
        return float("nan"), 0
    area = (total[good] - positive[good] * (positive[good] - 1) / 2) / (positive[good] * negative[good])
    return float(area.mean()), int(good.sum())


def places(value: np.ndarray, there: np.ndarray) -> np.ndarray:
    """[R, N] int64: the place of each of a list's values [R, N], the highest first, ties in their order; what is not
    there [R, N] bool stands at the end.
    """
    order = np.argsort(np.where(there, -value, np.inf), axis=1, kind="stable")
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), axis=1)
    return out


def log_loss(logit: np.ndarray, label: np.ndarray) -> float:
    """Mean of -log of the chance given to what happened, for logits [R] and labels [R] bool."""
    return float(np.logaddexp(0, np.where(label, -logit, logit)).mean()) if len(logit) else float("nan")


def discounted_gain(score: np.ndarray, label: np.ndarray, mask: np.ndarray, *, depth: int) -> float:
    """The mean NDCG at `depth` over pages with a positive: score [P, N]; label, mask [P, N] bool. Ties keep order."""
    width = min(depth, score.shape[1])
    discount = 1 / np.log2(np.arange(2, width + 2))
    order = np.argsort(np.where(mask, -score, np.inf), axis=1, kind="stable")[:, :width]
    gain = np.take_along_axis(label & mask, order, axis=1) @ discount
    most = np.append(0, discount.cumsum())[np.minimum((label & mask).sum(1), width)]
    good = most > 0
    return float((gain[good] / most[good]).mean()) if good.any() else float("nan")
