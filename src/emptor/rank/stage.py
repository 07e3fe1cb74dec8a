"""The ranking stage as the cascade calls it.

Method "affinity" is the hand-made baseline: where retrieval put a product, moved by how well it suits the user. It has
two numbers and learns neither; a trained ranker that does not beat it is not worth its training.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from emptor.cascade import Candidates, Methods, Requests, Stage
from emptor.rank.names import NAMES
from emptor.rank.options import options_of
from emptor.shop.config import StageOptions
from emptor.shop.taste import Taste
from emptor.shop.view import View

_DEEPEST = 20_000
_BY_PLACE = -np.log2(np.arange(1.0, _DEEPEST + 1))
"""What a place is worth, from the first on; one table, so that no length of a list changes a rounding."""


class AffinityOptions(BaseModel):
    """Options of the affinity method. weight: how far an affinity moves a product; 0 leaves the order alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float = Field(0.5, ge=0, le=10, allow_inf_nan=False)


class AffinityRanking:
    """score = -log2(place from 1) + weight * standardised affinity.

    The affinity (see `shop.taste`) is standardised over the list, so that the weight means the same for every query: a
    standard deviation above the list's mean divides a product's place by 2 ** weight (1.41 at 0.5). What retrieval's
    scores mean differs from cascade to cascade, so its places count.

    A list stays as it is, scores included, for a user without history, and where the page will be in another order
    than by relevance: the list must keep the newest or the cheapest then. Column: `affinity`, 0 for those without.
    """

    name = "rank"

    def __init__(self, view: View, *, taste: Taste, options: AffinityOptions) -> None:
        self._view, self._taste, self._options = view, taste, options

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        history = self._taste.history
        own = (history.places(requests.user_id) >= 0) & (requests.sort == "relevance")
        affinity = np.zeros(candidates.product.shape, np.float32)
        if own.any() and candidates.width:
            width = int(candidates.mask[own].sum(1).max())
            affinity[own, :width] = self._taste.affinity(requests.user_id[own], candidates.product[own, :width])
            affinity = np.where(candidates.mask, affinity, np.float32(0))
        moved = _BY_PLACE[: candidates.width] + self._options.weight * _standardised(affinity, candidates.mask)
        score = np.where(own[:, None] & candidates.mask, moved, candidates.score)
        return candidates.ranked(score.astype(np.float32), order=self._view.order, affinity=affinity)


def _standardised(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Values [B, N] minus the mean of their list, in its standard deviations; 0 where all are the same. float64.

    Summed one after the other and without the padding: a longer list in the batch changes nothing.
    """
    size = len(values)
    owner, place = np.nonzero(mask)
    own = values[owner, place].astype(np.float64)
    count = np.maximum(mask.sum(1), 1)
    mean = np.bincount(owner, own, size) / count
    deviation = np.sqrt(np.bincount(owner, (own - mean[owner]) ** 2, size) / count)
    answer = np.zeros(values.shape)
    answer[owner, place] = (own - mean[owner]) / np.where(deviation > 1e-6, deviation, np.inf)[owner]
    return answer


def methods(taste: Taste, trained: Callable[[str], Callable[[View, StageOptions], Stage]] | None = None) -> Methods:
    """The ranking methods a cascade may name, over what is known of users.

    Args:
        trained: model of `rank.models` -> what makes its stage; none where models cannot be loaded.
    """

    def affinity(view: View, options: StageOptions) -> Stage:
        return AffinityRanking(view, taste=taste, options=options_of(AffinityOptions, options))

    learnt = {name: trained(name) for name in NAMES} if trained else {}
    return {"rank": {"affinity": affinity, **learnt}}
