"""A determinantal point process over a list: the set whose products are good and span the most room, found greedily.

Shapes: B lists, N products, K numbers that say how alike two products are, W products of a window.
"""

from __future__ import annotations

import numpy as np

from emptor.errors import EmptorError
from emptor.rerank.mmr import cosines, first_of_best, inputs, of_lists, order_of, take
from emptor.rerank.scores import standardised

_GONE = 1e-9
"""What is left of a product's own length, squared, below which it adds nothing to those chosen."""


def dpp(
    score: np.ndarray,
    alike: np.ndarray,
    there: np.ndarray,
    *,
    balance: float | np.ndarray = 0.5,
    depth: int,
    window: int | None = None,
    sharp: int = 1,
) -> np.ndarray:
    """Greedy maximum of det(L) over sets, L = diag(q) S diag(q), by a Cholesky factor that grows with each choice.

    q = exp(a * z) with z the score standardised over its list and a = b / (2 (1 - b)), so that the balance b weighs fit
    against room: the next product is the one with the highest b * z + (1 - b) * log(its own part of S). With 1 the
    order is the score's, with 0 only room counts. S = ((1 + cosine) / 2) ** sharp, which is 0 for
    opposites: of bare cosines the square would count, and opposites be as bad as copies. The sharper, the more copies
    alone count; powers of S are likenesses still, in which no set has less than no room. A product of which nothing is
    known (a vector of 0) is as alike to all others as one at a right angle is.

    What has no part of its own left (a copy of what is chosen) is never better than what has; where nothing has, the
    score decides. O(B * depth * N * (K + depth)); a list's order does not depend on the others of its batch.

    Args:
        score [B, N]: the higher, the better. alike [B, N, K]: vectors, of any length. there [B, N] bool: False is
            padding. balance: one for all lists, or [B], such as one that follows each user. depth: how many are chosen;
            the others follow as they came. window: each is to differ from the W - 1 before it and no more, for long
            lists; none: from all.
    Returns: [B, N] int64: places of the input in their new order, equal ones as they came, padding at the end.
    Raises: EmptorError for shapes that disagree, for scores that are no numbers, for a balance beyond 0 to 1.
    Source: Chen, Zhang and Zhou, Fast Greedy MAP Inference for Determinantal Point Process to Improve Recommendation
        Diversity (NeurIPS 2018).

    Example:
        >>> like = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
        >>> dpp(np.array([[0.9, 0.8, 0.1]]), like, np.ones((1, 3), bool), depth=3).tolist()
        [[0, 2, 1]]
    """
    values, vectors = inputs(score, alike, there, depth=depth, sharp=sharp)
    if window is not None and window < 2:
        raise EmptorError(f"window: {window}, expected from 2 products on, or none for the whole list")
    share = of_lists("balance", balance, len(values))
    fit = standardised(values, there)
    depth = min(depth, there.shape[1])
    left, place = there.copy(), np.full(there.shape, there.shape[1])
    own = np.ones(there.shape)
    factor = _Factor(there.shape, depth if window is None else min(window, depth))
    for step in range(depth):
        adds = left & ((own > _GONE) | (share == 1))
        gain = np.where(adds, share * fit + (1 - share) * np.log(np.maximum(own, _GONE)), -np.inf)
        chosen = first_of_best(np.where(adds.any(1, keepdims=True), gain, np.where(left, fit, -np.inf)))
        take(chosen, left, place, step)
        own = factor.add(((1 + cosines(vectors, chosen)) / 2) ** sharp, chosen, own)
        if factor.full and window is not None:
            own = factor.drop()
    return order_of(place, there)


class _Factor:
    """Rows of the Cholesky factors of B matrices S, carried on to all N products: [B, rows, N].

    The squares of a product's column sum up to what those chosen explain of it; 1 less that is its own part.
    """

    def __init__(self, shape: tuple[int, int], rows: int) -> None:
        self._rows = np.zeros((shape[0], rows, shape[1]))
        self._chosen: list[np.ndarray] = []
        self._lists = np.arange(shape[0])

    @property
    def full(self) -> bool:
        return len(self._chosen) == self._rows.shape[1]

    def add(self, like: np.ndarray, chosen: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Their own parts [B, N] once products [B] are chosen, out of those before; like [B, N]: their columns of S.

        What has no part of its own adds a row of 0.
        """
        at = len(self._chosen)
        before = self._rows[:, :at]
        said = before[self._lists, :, chosen][:, None] @ before
        length = np.sqrt(own[self._lists, chosen])
        adds = own[self._lists, chosen] > _GONE
        row = (like - said[:, 0]) * np.where(adds, 1 / np.where(adds, length, 1), 0)[:, None]
        row[self._lists, chosen] = np.where(adds, length, 0)
        self._rows[:, at] = row
        self._chosen.append(chosen)
        return np.maximum(own - row**2, 0)

    def drop(self) -> np.ndarray:
        """Their own parts [B, N] once the product that was chosen first is forgotten.

        Rows are turned, in pairs of the first and another, until the first is 0 at all products that remain chosen: it
        holds what only the forgotten one explained then. One that was its copy takes its place by the same turn.
        """
        for at in range(1, len(self._chosen)):
            first, other = self._rows[:, 0].copy(), self._rows[:, at]
            of_first, of_other = (part[self._lists, self._chosen[at]] for part in (first, other))
            length = np.hypot(of_first, of_other)
            turned = length**2 > _GONE
            cosine = np.where(turned, of_other / np.where(turned, length, 1), 1)[:, None]
            sine = np.where(turned, of_first / np.where(turned, length, 1), 0)[:, None]
            self._rows[:, 0] = cosine * first - sine * other
            self._rows[:, at] = sine * first + cosine * other
        self._rows[:, :-1] = self._rows[:, 1:].copy()
        del self._chosen[0]
        rows = self._rows[:, : len(self._chosen)]
        return np.maximum(1 - np.einsum("brn,brn->bn", rows, rows), 0)
