"""Re-rankers beside each other over seeds: two methods, what they are made of, networks and rules that might win."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import spearmanr

from emptor.learn.report import Report
from emptor.learn.reproduce import reproduce
from emptor.reproduce.method import DataSet
from emptor.reproduce.reranking.data import RerankData
from emptor.reproduce.reranking.quality import figures
from emptor.reproduce.reranking.rerankers import (
    ENTRIES,
    FRONT,
    NETWORKS,
    RULES,
    WITHOUT,
    Entry,
    Fitted,
    Greedy,
    breadth,
    fitted,
    ruled,
    times,
)
from emptor.reproduce.tuning import Choice, made_of, plain

ORDERS = ("ranker", "random", "truth")
"""No networks and no rules: the order as it came, any order, and by the true attraction of each product by itself."""
_EVERY = (*NETWORKS, *RULES, *ORDERS)
TESTED = ("clicks, browsing", "clicks, buying", "orders", "click AUC", "click NDCG@10")
"""Metrics that pairs are tested by."""
LISTWISE = ("prm", "setrank", "dlcm")
CAUSES_OFF = "neighbours do not matter"


@dataclass(frozen=True)
class Comparison:
    """One method's rows. pairs: what is tested against what. causes: see `summary`."""

    method: str
    models: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    causes: Mapping[str, tuple[tuple[str, str], ...]]


def _models(method: str, *more: str) -> tuple[str, ...]:
    """The method first."""
    rest = (own for own in _EVERY if own != method)
    return (method, *WITHOUT[method], *rest, *more)


_BY_LISTS = (
    *((own, "pointwise") for own in (*LISTWISE, "podmmi")),
    ("armmt_list", "armmt"),
    *((own, "ranker") for own in ("mmr", "dpp", "personal dpp", "mmr by sight")),
    ("armmt and dpp", "armmt"),
    ("armmt and podmmi", "armmt"),
)
"""Gains that come of a look at the list, and should go where nobody minds neighbours."""
ARMMT = Comparison(
    "armmt",
    _models("armmt"),
    (
        *(("armmt", own) for own in (*NETWORKS, *WITHOUT["armmt"], "ranker", "mmr", "dpp") if own != "armmt"),
        ("mmr by sight", "mmr"),
        ("armmt_permuted", "armmt_no_personal"),
        ("armmt and dpp", "armmt"),
        ("pointwise", "ranker"),
    ),
    {CAUSES_OFF: _BY_LISTS},
)
PODMMI = Comparison(
    "podmmi",
    _models("podmmi", *FRONT),
    (
        *(("podmmi", own) for own in (*NETWORKS, *WITHOUT["podmmi"], "ranker", *RULES) if own != "podmmi"),
        ("armmt and podmmi", "armmt"),
        *((own, "pointwise") for own in LISTWISE),
    ),
    {CAUSES_OFF: _BY_LISTS},
)


def settings_of(name: str) -> str | None:
    """Whose settings a model takes; None where there are none."""
    if name in ENTRIES:
        return ENTRIES[name].settings_of or name
    rule = RULES.get(name, FRONT.get(name))
    if isinstance(rule, float):
        return "podmmi"
    return rule.over if isinstance(rule, Greedy) else None


def beside(name: str) -> str | None:
    """Whose settings a model needs as well: of what stands before it."""
    return ENTRIES[name].behind if name in ENTRIES else None


def study(
    comparison: Comparison,
    data: DataSet[RerankData],
    arm: str,
    choices: Mapping[str, Choice],
    *,
    seeds: Sequence[int],
    models: Sequence[str],
    folder: Path,
    dataset: str,
    command: str,
) -> Report:
    """Train every network on an arm of a data set and let it order, over seeds; goes on where it was cut off.

    Args:
        choices: model -> what tuning chose. folder: see `learn.reproduce.reproduce`.
    """
    kept = lru_cache(maxsize=1)(data.arms[arm])  # seeds come one after the other, all models of each

    @lru_cache(maxsize=2)  # what others stand behind or are made of is needed more than once
    def network(name: str, seed: int) -> Fitted:
        choice = choices[ENTRIES[name].settings_of or name]
        return fitted(name, kept(seed), choice, seed=seed, before=lambda own: network(own, seed))

    def measure(name: str) -> Callable[[int], Mapping[str, ArrayLike]]:
        def own(seed: int) -> Mapping[str, ArrayLike]:
            data = kept(seed)
            judged = data.tested
            if name in ORDERS:
                return figures(ordered(name, data, seed), judged)
            if name in ENTRIES:
                found = network(name, seed)
                more = {"weights": float(sum(own.numel() for own in found.net.parameters()))}
                return {**figures(found.tested, judged), **_breadth(found, data), **more}
            rule = RULES.get(name, FRONT.get(name))
            if isinstance(rule, float):
                return figures(times(network("podmmi", seed), data.scale, rule), judged)
            assert rule is not None
            if rule.over is None:
                given = [part.examples.lists.score for part in (data.validated, judged)]
            else:
                found = network(rule.over, seed)
                given = [found.validated, found.tested]
            value, chosen = ruled(rule, data, given[0], given[1])
            return {**figures(value, judged), "balance": chosen.balance, "personal": chosen.personal}

        return own

    names = _in_turn([name for name in comparison.models if name in models])
    return reproduce(
        [(name, measure(name)) for name in names],
        seeds=seeds,
        folder=folder,
        method=comparison.method,
        dataset=dataset,
        command=command,
        pairs=[pair for pair in comparison.pairs if set(pair) <= set(names)],
        tested=TESTED,
        made_of={
            name: made_of(_choice(name, choices), f"{data.size} {_spelt(name, choices)}".strip()) for name in names
        },
    )


def ordered(name: str, data: RerankData, seed: int) -> np.ndarray:
    """[R, N]: values of an order that nothing was learnt for."""
    judged = data.tested
    if name == "truth":
        assert judged.truth is not None
        return judged.truth
    if name == "random":
        return np.random.default_rng(seed).random(judged.mask.shape)
    return np.where(judged.mask, -np.arange(judged.mask.shape[1], dtype=np.float32), -np.inf)


def _breadth(found: Fitted, data: RerankData) -> dict[str, float]:
    """How far the breadth that PODM-MI reads follows what users want."""
    broad = breadth(found, data.scale)
    if broad is None or data.tested.appetite is None:
        return {}
    return {"breadth and appetite": float(spearmanr(broad, data.tested.appetite).statistic)}


def _in_turn(names: Sequence[str]) -> list[str]:
    """What is made of one network stands behind it, so that it is trained once; the method stays first."""

    def of(name: str) -> str:
        rule = RULES.get(name, FRONT.get(name))
        if isinstance(rule, float):
            return "podmmi"
        if isinstance(rule, Greedy):
            return rule.over or name
        return ENTRIES[name].behind or name if name in ENTRIES else name

    first = {name: at for at, name in reversed(list(enumerate(map(of, names))))}
    return sorted(names, key=lambda name: (first[of(name)], name != of(name)))


def _choice(name: str, choices: Mapping[str, Choice]) -> Choice | None:
    whose = settings_of(name)
    return None if whose is None else choices[whose]


def _spelt(name: str, choices: Mapping[str, Choice]) -> str:
    """What else decides a model's results: another entry, rule or network before it of the same name is another."""
    own: Entry | Greedy | float | str = ENTRIES[name] if name in ENTRIES else RULES.get(name, FRONT.get(name, ""))
    before = beside(name)
    return f"{own} {plain(choices[before]) if before else ''}".strip()
