"""The rankers of a comparison: each fitted with what tuning chose for it, and judged on the same pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from emptor.learn.fit import Fitted
from emptor.learn.seeds import seeded
from emptor.rank.examples import Examples
from emptor.rank.models import build, size
from emptor.rank.names import TREES
from emptor.rank.quality import auc, discounted_gain, grouped_auc
from emptor.rank.scale import Scale
from emptor.rank.train import Trainee, TrainOptions, fit_ranker, scored
from emptor.rank.trees import TreeOptions, Trees
from emptor.rank.trees_fit import fit_trees
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.tuning import Choice
from emptor.shop.features import Described

_ASKED_AGAIN = 10_000
"""Tested pages that are scored a second time, with other histories."""
_CUTS = (0, 1, 3, 10)
"""Behaviours that are left of a long history: is a tail user served worse for knowing less of him, or for being another
kind of user?"""


@dataclass(frozen=True)
class Judged:
    """A fitted model, its figures on the test and the validation. "weights": beside embeddings, or how many trees."""

    net: nn.Module
    figures: dict[str, float]
    validated: dict[str, float]


def judge(model: str, data: RankingData, choice: Choice, *, seed: int, thorough: bool = True) -> Judged:
    """Fit a model of `rank.names` and judge it.

    Args:
        thorough: also with the histories of other users, and with long ones cut; else on the validation alone.
    """
    scale = data.learnt.scale(seed=seed)
    fitted = _fitted(model, data, choice, scale, seed)
    net = fitted.net.net
    if not thorough:
        return Judged(net, {}, fitted.metrics)
    logits = scored(net, data.tested, scale)
    found = figures(logits, data.tested, data.groups)
    again = data.tested.take(np.random.default_rng(seed).permutation(len(data.tested))[:_ASKED_AGAIN])
    swapped = replace(again, asked=with_histories_of(again.asked, np.random.default_rng(seed).permutation(len(again))))
    base, other = (_click_gauc(scored(net, own, scale), own) for own in (again, swapped))
    found["GAUC lost with others' histories"] = base - other
    long = again.take(np.flatnonzero((again.asked.action > 0).sum(1) > max(_CUTS)))
    for cut in _CUTS:
        short = replace(long, asked=cut_to(long.asked, cut))
        found[f"GAUC, long histories cut to {cut}"] = _click_gauc(scored(net, short, scale), short)
    found["GAUC, long histories whole"] = _click_gauc(scored(net, long, scale), long)
    found["weights"] = sum(net.counts.values()) if isinstance(net, Trees) else size(net)
    return Judged(net, found, fitted.metrics)


def _fitted(model: str, data: RankingData, choice: Choice, scale: Scale, seed: int) -> Fitted[Trainee]:
    if model == TREES:
        own = TreeOptions.read(choice.network)
        return fit_trees(data.inputs, data.learnt, data.validated, scale, options=own, seed=seed)
    with seeded(seed, "weights"):
        net = build(model, data.inputs, **choice.network)
    options = TrainOptions(seed=seed, **choice.training)
    return fit_ranker(net, data.learnt, data.validated, scale, options=options)


def figures(logits: np.ndarray, examples: Examples, groups: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Quality of logits [R, N, 2] on examples: GAUC and NDCG by request, AUC over all."""
    there, became = examples.mask, examples.outcomes
    page = np.nonzero(there)[0]
    click, purchase = (logits[there][:, task] for task in (0, 1))
    clicked, bought = became.clicked[there], became.bought[there]
    found = {
        "GAUC": grouped_auc(click, clicked, page)[0],
        "AUC": auc(click, clicked),
        "NDCG@10": discounted_gain(logits[..., 0], became.clicked, there, depth=10),
    }
    for name, chosen in groups.items():
        mine = chosen[page]
        found[f"GAUC, {name}"] = grouped_auc(click[mine], clicked[mine], page[mine])[0]
    if 0 < bought.sum() < len(bought):
        found["purchase AUC"] = auc(purchase, bought)
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def _click_gauc(logits: np.ndarray, examples: Examples) -> float:
    there = examples.mask
    return grouped_auc(logits[there][:, 0], examples.outcomes.clicked[there], np.nonzero(there)[0])[0]


def with_histories_of(asked: Described, places: np.ndarray) -> Described:
    """Requests with the histories of the ones at places [R]: what a network makes of the wrong user."""
    return replace(asked, past=asked.past[places], action=asked.action[places], gap=asked.gap[places])


def cut_to(asked: Described, length: int) -> Described:
    """Requests that know only the newest `length` behaviours."""
    old = np.arange(asked.action.shape[1]) >= length
    return replace(asked, action=np.where(old, 0, asked.action), gap=np.where(old, 0, asked.gap))
