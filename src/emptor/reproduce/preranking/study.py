"""Pre-rankers beside each other over seeds: HCCP, what it is made of, the opponents that might win, and plain cuts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from emptor.learn.report import Report
from emptor.learn.reproduce import reproduce
from emptor.reproduce.method import DataSet
from emptor.reproduce.preranking.data import PrerankData
from emptor.reproduce.preranking.prerankers import ENTRIES, figures, fitted, valued
from emptor.reproduce.tuning import Choice, made_of

METHOD = "hccp"
CUTS: Mapping[str, Callable[[PrerankData, int], np.ndarray]] = {
    "cut": lambda data, seed: np.nan_to_num(data.tested.before, neginf=-1e9),
    "random": lambda data, seed: np.random.default_rng(seed).random(data.tested.mask.shape),
    "ranker": lambda data, seed: data.tested.ranker,
    "truth": lambda data, seed: data.tested.truth,
}
"""No networks: the cut that was there, any cut, the ranker over everything (too dear), and what nothing can be better
than.
"""
MODELS = (*ENTRIES, *CUTS)
"""The method first."""
PAIRS = (
    *((METHOD, other) for other in MODELS if other not in (METHOD, "truth", "random")),
    ("weak_negatives", "exposed"),
    ("infonce", "exposed"),
)
"""What is tested against what."""
TESTED = ("true best kept@30", "true best kept@30, tail", "clicks of the page@30")
"""Metrics that pairs are tested by."""
CAUSES = {
    "only what was asked for": tuple(
        (METHOD, other) for other in ("exposed", "weak_negatives", "distilled", "listwise", "infonce", "cut")
    ),
}
"""What learning from the whole stream gains should go where no kind of product is hidden from who learns from pages."""


def study(
    data: DataSet[PrerankData],
    arm: str,
    choices: Mapping[str, Choice],
    *,
    seeds: Sequence[int],
    models: Sequence[str] = MODELS,
    folder: Path,
    dataset: str,
    command: str,
) -> Report:
    """Train every network on an arm of a data set and let it cut, over seeds; goes on where it was cut off.

    Args:
        choices: model -> what tuning chose. folder: see `learn.reproduce.reproduce`.
    """
    kept = lru_cache(maxsize=1)(data.arms[arm])  # seeds come one after the other, all models of each

    def measure(name: str) -> Callable[[int], Mapping[str, ArrayLike]]:
        def own(seed: int) -> Mapping[str, ArrayLike]:
            data = kept(seed)
            if name in CUTS:
                return figures(CUTS[name](data, seed), data)
            net = fitted(name, data, choices[_whose(name)], seed=seed)
            return {**figures(valued(net, data), data), "weights": sum(own.numel() for own in net.parameters())}

        return own

    ordered = [name for name in MODELS if name in models]
    return reproduce(
        [(name, measure(name)) for name in ordered],
        seeds=seeds,
        folder=folder,
        method=METHOD,
        dataset=dataset,
        command=command,
        pairs=[pair for pair in PAIRS if set(pair) <= set(ordered)],
        tested=TESTED,
        made_of={
            name: made_of(
                None if name in CUTS else choices[_whose(name)], f"{data.size} {ENTRIES.get(name, '')}".strip()
            )
            for name in ordered
        },
    )


def settings_of(name: str) -> str | None:
    """Whose settings a model takes; None of what is no network."""
    return None if name in CUTS else _whose(name)


def _whose(network: str) -> str:
    return ENTRIES[network].settings_of or network
