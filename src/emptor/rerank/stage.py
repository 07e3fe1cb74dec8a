"""The re-ranking stage as the cascade calls it: the first of a list anew, by a network, by a rule, or by both in turn.

Methods "mmr" and "dpp" are rules that nothing is trained for: a network that does not beat them is not worth its
training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from emptor.cascade import Candidates, Methods, Requests, Stage
from emptor.rerank.dpp import dpp
from emptor.rerank.mmr import mmr
from emptor.rerank.names import GREEDY, NAMES
from emptor.shop.config import StageOptions
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.rerank.trained import KnownLists

Rule = Literal["none", "mmr", "dpp"]


class GreedyOptions(BaseModel):
    """Options of a rule.

    Args:
        best: how many of the list are ranked anew; those behind them stay behind, as they were. page: products that are
            to differ from each other: the list is filled page by page.
        sharp: see `mmr` and `dpp`: 1: whatever is alike counts, the higher, the more copies alone do.
        balance: what fit counts beside variety, 1: nothing else does. personal: how far a user's own variety moves it:
            who looked at many categories gets up to `personal` less, who looked at one gets as much more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    best: int = Field(50, ge=1, le=200)
    page: int = Field(20, ge=1, le=200)
    sharp: int = Field(3, ge=1, le=9)
    balance: float = Field(0.7, ge=0, le=1, allow_inf_nan=False)
    personal: float = Field(0.0, ge=0, le=1, allow_inf_nan=False)


class RerankerOptions(GreedyOptions):
    """Options of a trained re-ranker. then: the rule that follows it on its values, "none": none does, and balance,
    page and personal are not read.
    """

    best: int = Field(50, ge=1, le=60)
    then: Rule = "none"


class Reranking:
    """Ranks the first of each list anew.

    A list stays as it is where the page will be in another order than by relevance. Columns, NaN of what stayed:
    `rerank`, what the network says, or for a rule the score as it came; `place_before`, from 0.

    Args: lists: what is known of requests and products, with the network where there is one. options: of either. rule:
        what varies the page, over the network's values or over scores as they came.
    """

    name = "rerank"

    def __init__(self, view: View, lists: KnownLists, options: GreedyOptions, *, rule: Rule) -> None:
        self.options = options
        self._view, self._lists, self._rule = view, lists, rule

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        size, width = candidates.product.shape
        depth = min(self.options.best, width)
        there = candidates.mask[:, :depth] & (requests.sort == "relevance")[:, None]
        mine = there.sum(1) > 1
        there &= mine[:, None]
        value = np.full((size, depth), np.nan, np.float32)
        order = np.broadcast_to(np.arange(depth), (size, depth)).copy()
        places = np.flatnonzero(mine)
        for own in self._lists.parts(places, depth):
            read = self._lists.read(requests, candidates, own, depth)
            value[own] = np.where(there[own], read.value, np.nan)
            order[own] = by_pages(self._rule, read.value, read.alike, there[own], self.options, read.variety)
        before = _wide(np.where(there, np.arange(depth), np.nan), width)
        columns = {**candidates.columns, "rerank": _wide(value, width), "place_before": before}
        told = replace(candidates, columns=columns)
        if not len(places):
            return told
        # scores of lists that were ranked anew count their places down: what a network says of a list has no scale
        # outside it
        score = candidates.score.astype(np.float32).copy()
        place = np.broadcast_to(np.arange(width), (size, width)).copy()
        place[:, :depth] = np.where(there, np.argsort(order, axis=1, kind="stable"), place[:, :depth])
        score[mine] = (candidates.mask.sum(1, keepdims=True) - place)[mine]
        score = np.where(candidates.mask, score, candidates.score)
        return told.ranked(score.astype(np.float32), order=self._view.order)

    def known(self, product_ids: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """What rules go by, of N products: (alike [N, K], category [N], -1 where it has none); 0 and -1 of those that
        are not in the stage's view.
        """
        rows = [self._view.row(own) for own in product_ids]
        category = [-1 if row is None else int(self._view.category[row]) for row in rows]
        alike = self._lists.alike(np.array([self._view.rows if row is None else row for row in rows], np.int64))
        return alike, np.array(category, np.int64)


def by_pages(
    rule: Rule,
    value: np.ndarray,
    alike: np.ndarray,
    there: np.ndarray,
    options: GreedyOptions,
    variety: np.ndarray | None = None,
) -> np.ndarray:
    """[B, N] int64: places of the input in their new order, filled page by page: what stands on one page is to differ
    from what stands on it, and not from the pages before.

    Args:
        value [B, N]: the higher, the earlier. alike [B, N, K], there [B, N]: see `mmr`. variety [B]: of each user, 0 to
            1, see `GreedyOptions.personal`; none: of nobody.
    """
    order = np.argsort(np.where(there, -value, np.inf), axis=1, kind="stable")
    if rule == "none":
        return order
    balance: float | np.ndarray = options.balance
    if options.personal and variety is not None:
        balance = np.clip(options.balance + options.personal * (1 - 2 * variety) * there.any(1), 0, 1)
    for start in range(0, there.shape[1], options.page):
        left = order[:, start:]
        own, near, rest = (
            np.take_along_axis(column, left if column.ndim == 2 else left[..., None], axis=1)
            for column in (np.where(there, value, 0), alike, there)
        )
        if rule == "mmr":
            chosen = mmr(own, near, rest, balance=balance, depth=options.page, sharp=options.sharp)
        else:
            chosen = dpp(own, near, rest, balance=balance, depth=options.page, sharp=options.sharp)
        order[:, start:] = np.take_along_axis(left, chosen, axis=1)
    return order


def _wide(values: np.ndarray, width: int) -> np.ndarray:
    out = np.full((len(values), width), np.nan, np.float32)
    out[:, : values.shape[1]] = values
    return out


def methods(
    greedy: Callable[[str], Callable[[View, StageOptions], Stage]] | None = None,
    trained: Callable[[str], Callable[[View, StageOptions], Stage]] | None = None,
) -> Methods:
    """The re-ranking methods that a cascade may name.

    Args: greedy: rule -> what makes its stage. trained: model of `rerank.models` -> the same.
    """
    rules = {name: greedy(name) for name in GREEDY} if greedy else {}
    return {"rerank": {**rules, **({name: trained(name) for name in NAMES} if trained else {})}}
