"""Maximal marginal relevance: the next product is the one that fits best and is least like any that stands before it.

What every greedy re-ranker needs is here, too: inputs in one form, the choice among values that are equal up to
rounding, and a whole order out of what was chosen.

Shapes: B lists, N products, K numbers that say how alike two products are.
"""

from __future__ import annotations

import numpy as np

from emptor.errors import EmptorError

_SAME = 1e-9
"""Values that differ by less are equal: what rounding does in another batch must not change an order."""
_NOTHING = 1e-6
"""A vector that is shorter says nothing."""


def mmr(
    score: np.ndarray,
    alike: np.ndarray,
    there: np.ndarray,
    *,
    balance: float | np.ndarray = 0.5,
    depth: int,
    sharp: int = 1,
) -> np.ndarray:
    """Greedy: of what is left, the product with the highest balance * fit - (1 - balance) * (largest likeness to those
    chosen). With balance 1 the order is the score's, with 0 the first as it came and then whatever is least like it.

    Likeness is the cosine to the power `sharp`, 0 of one below 0: the sharper, the more copies alone count, and not
    what is a little alike, as all that fits a query is.

    The fit is the score between the lowest and the highest of its list, 0 to 1, so that it can be weighed against
    cosines whatever a score means; 0 where all are the same. A product of which nothing is known (a vector of 0) is
    taken to be unlike all others: 0. O(B * depth * N * K).

    Args:
        score [B, N]: the higher, the better. alike [B, N, K]: vectors, of any length. there [B, N] bool: False is
            padding. balance: one for all lists, or [B]. depth: how many are chosen; the others follow as they came.
        sharp: from 1.
    Returns: [B, N] int64: places of the input in their new order, equal ones as they came, padding at the end.
    Raises: EmptorError for shapes that disagree, for scores that are no numbers, and for a balance beyond 0 to 1.
    Source: Carbonell and Goldstein, The Use of MMR, Diversity-Based Reranking (SIGIR 1998).

    Example:
        >>> like = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
        >>> mmr(np.array([[0.9, 0.8, 0.1]]), like, np.ones((1, 3), bool), depth=2).tolist()
        [[0, 2, 1]]
    """
    values, vectors = inputs(score, alike, there, depth=depth, sharp=sharp)
    weight = of_lists("balance", balance, len(values))
    low = values.min(1, keepdims=True, where=there, initial=np.inf)
    span = values.max(1, keepdims=True, where=there, initial=-np.inf) - low
    fit = np.divide(values - low, span, out=np.zeros(values.shape), where=there & (span > 0))
    left, place = there.copy(), np.full(there.shape, there.shape[1])
    nearest = np.zeros(there.shape)
    for step in range(min(depth, there.shape[1])):
        chosen = first_of_best(np.where(left, weight * fit - (1 - weight) * nearest, -np.inf))
        take(chosen, left, place, step)
        like = np.maximum(cosines(vectors, chosen), 0) ** sharp
        nearest = np.maximum(nearest, like) if step else like
    return order_of(place, there)


def inputs(
    score: np.ndarray, alike: np.ndarray, there: np.ndarray, *, depth: int, sharp: int
) -> tuple[np.ndarray, np.ndarray]:
    """(scores [B, N], vectors [B, N, K] of length one or 0) in float64, 0 where nothing is.

    Raises: EmptorError for shapes that disagree, for what is no number where something is, and for no depth or power.
    """
    if alike.ndim != 3 or not score.shape == there.shape == alike.shape[:2]:
        raise EmptorError(
            f"lists: score {score.shape}, alike {alike.shape} and there {there.shape} disagree; expected [B, N], "
            "[B, N, K] and [B, N]"
        )
    if depth < 1:
        raise EmptorError(f"depth: {depth}, expected how many products are chosen, from 1")
    if sharp < 1:
        raise EmptorError(f"sharp: {sharp}, expected a whole power from 1")
    values = np.where(there, score, 0).astype(np.float64)
    vectors = np.where(there[..., None], alike, 0).astype(np.float64)
    length = np.sqrt(np.einsum("bnk,bnk->bn", vectors, vectors))
    if not (np.isfinite(values).all() and np.isfinite(length).all()):
        raise EmptorError("lists: a score or a vector is not finite; expected numbers for every product that is there")
    vectors *= np.divide(1, length, out=np.zeros(length.shape), where=length > _NOTHING)[..., None]
    return values, vectors


def of_lists(name: str, value: float | np.ndarray, lists: int) -> np.ndarray:
    """[B, 1] float64: an option that is one for all lists or has one for each.

    Raises: EmptorError for another shape, and for a value beyond 0 to 1.
    """
    found = np.asarray(value, np.float64)
    if found.shape not in ((), (lists,)):
        raise EmptorError(f"{name}: shape {found.shape}, expected one number or one for each of {lists} lists")
    if not ((found >= 0) & (found <= 1)).all():
        raise EmptorError(f"{name}: {value}, expected 0 to 1")
    return np.broadcast_to(found, (lists,))[:, None]


def first_of_best(value: np.ndarray) -> np.ndarray:
    """[B] int64: of each row of values [B, N] the first that is as high as any."""
    return (value >= value.max(1, keepdims=True) - _SAME).argmax(1)


def take(chosen: np.ndarray, left: np.ndarray, place: np.ndarray, step: int) -> None:
    """Note in `place` [B, N] that products [B] are chosen and in `left` [B, N] that they are gone, where any was."""
    some = np.flatnonzero(left.any(1))
    place[some, chosen[some]] = step
    left[some, chosen[some]] = False


def cosines(vectors: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """[B, N]: of all products and the chosen ones [B], out of vectors [B, N, K]."""
    own = vectors[np.arange(len(chosen)), chosen]
    like: np.ndarray = (vectors @ own[:, :, None])[..., 0]
    return like


def order_of(place: np.ndarray, there: np.ndarray) -> np.ndarray:
    """[B, N] int64: products by their place [B, N], those without one (N) behind as they came, then padding."""
    return np.argsort(np.where(there, place, there.shape[1] + 1), axis=1, kind="stable")
