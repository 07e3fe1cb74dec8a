"""The data sets of a reproduction by name: how a seed's is loaded, which seeds report, and which one tunes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emptor.errors import EmptorError
from emptor.learn.seeds import numpy_rng
from emptor.rank.examples import Examples
from emptor.reproduce.method import DataSet
from emptor.reproduce.ranking import beauty, market, movielens
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.public import narrowed

ONCE: Mapping[str, Any] = {"batch": 2_048, "epochs": 1, "patience": 1}
"""A log of millions is read once."""
AGAIN: Mapping[str, Any] = {"batch": 1_024, "epochs": 5, "patience": 5}
"""Small sets are read five times, and the best of the five by the validation stays."""
LEARNT = 5
"""Candidates of a page that is learnt from or validated by, in public sets; those that are tested have all."""
TUNED_BY = 20_000
"""Users of the market that settings are chosen on: fewer, as six tries of thirteen models are many."""
TUNED_ON = 30_000
"""Pages of a public set that settings are chosen on, at most, and a third of it to choose by."""


def dataset(name: str, *, work: Path, data: Path | None = None, users: int | None = None) -> DataSet[RankingData]:
    """A data set of NAMES.

    Args:
        work: where catalogues are kept. data: folder of a public set's files. users: of a market, for a quick
            look.
    Raises: EmptorError for an unknown name, and a public set without its folder.
    """
    if name == "market":
        return DataSet(
            arms={arm: _of_market(work, arm, users or market.USERS) for arm in market.ARMS},
            seeds=(101, 102, 103, 104, 105),
            to_tune=_of_market(work, "as it is", users or TUNED_BY),
            tuning=11,
            training=ONCE,
            has_truth=True,
            size=f"{users or market.USERS} users",
            tuning_size=f"{users or TUNED_BY} users",
        )
    if name not in PUBLIC:
        raise EmptorError(f"--dataset: unknown {name!r}; known are {', '.join(NAMES)}")
    if data is None:
        raise EmptorError(f"--data: give the folder with the files of {name}, which are not part of this package")
    load = PUBLIC[name]

    def of(seed: int) -> RankingData:
        whole, rng = load(data, seed=seed), numpy_rng(seed, "narrowed")
        # both alike, or how sure a model is of clicks would say nothing of when to stop
        learnt, validated = (narrowed(part, LEARNT, rng=rng) for part in (whole.learnt, whole.validated))
        return replace(whole, learnt=learnt, validated=validated)

    def fewer(seed: int) -> RankingData:
        whole, rng = of(seed), numpy_rng(seed, "to tune")
        return replace(
            whole,
            learnt=_some(whole.learnt, TUNED_ON, rng),
            validated=_some(whole.validated, TUNED_ON // 3, rng),
        )

    return DataSet({"all": of}, seeds=(1, 2, 3, 4, 5), to_tune=fewer, tuning=0, training=AGAIN)


PUBLIC = {"movielens": movielens.load, "beauty": beauty.load}
NAMES = ("market", *PUBLIC)


def _some(pages: Examples, most: int, rng: np.random.Generator) -> Examples:
    return pages if len(pages) <= most else pages.take(np.sort(rng.choice(len(pages), most, replace=False)))


def _of_market(work: Path, arm: str, users: int) -> Callable[[int], RankingData]:
    def load(seed: int) -> RankingData:
        config = market.config_of(seed, arm, users=users)
        return market.load(work / f"market-{seed}", config, perfect=arm == market.PERFECT)

    return load
