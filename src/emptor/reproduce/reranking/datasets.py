"""The data sets of a reproduction by name: how a seed's is loaded, which seeds report, and which one tunes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError
from emptor.reproduce.method import DataSet
from emptor.reproduce.names import METHODS
from emptor.reproduce.reranking import market, public
from emptor.reproduce.reranking.data import RerankData
from emptor.reproduce.reranking.rerankers import FRONT, NETWORKS, RULES, WITHOUT
from emptor.reproduce.reranking.tuning import PURCHASES, SIZES, Options, grid

TRAINING: Mapping[str, Any] = {"batch": 128, "epochs": 2, "patience": 2}
"""The better of the two epochs by the validation stays."""
TRAINING_OF: Mapping[str, Mapping[str, Any]] = {
    "movielens": {"batch": 128, "epochs": 3, "patience": 3},
    "letor": {"batch": 16, "epochs": 20, "patience": 5},
}
"""Small sets are read more often."""
TRIED: Mapping[str, Options] = {"movielens": SIZES, "letor": PURCHASES}
TUNING = 11
_PLAIN = ("pointwise", "prm", "setrank", "dlcm", "ranker", "random", "mmr", "dpp")
"""Models that need nothing but features."""
ONLY = {
    "movielens": tuple(
        own
        for own in (*NETWORKS, *WITHOUT["armmt"], *WITHOUT["podmmi"], *RULES, "ranker", "random", *FRONT)
        if own not in ("podmmi_no_queries", "mmr by sight")
    ),
    "letor": _PLAIN,
}
"""Nothing is truth there, nobody types a query on MovieLens, and documents have neither text nor picture nor user."""


def dataset(name: str, *, work: Path, data: Path | None = None, users: int | None = None) -> DataSet[RerankData]:
    """A data set of NAMES.

    Args: work: where catalogues are kept. data: folder of a public set's files. users: of a market, for a quick look.
    Raises: EmptorError for an unknown name, and a public set without its folder.
    """
    if name == "market":
        return _market(work, users or market.USERS)
    if name not in PUBLIC:
        raise EmptorError(f"--dataset: unknown {name!r}; known are {', '.join(METHODS['armmt'])}")
    if data is None:
        raise EmptorError(f"--data: give the folder with the files of {name}, which are not part of this package")
    load, folder = PUBLIC[name], data

    def of(seed: int) -> RerankData:
        return load(folder, seed=seed)

    return DataSet(
        {"all": of},
        seeds=(1, 2, 3, 4, 5),
        to_tune=of,
        tuning=TUNING,
        training=TRAINING_OF[name],
        only=ONLY[name],
        grid=partial(grid, own=TRIED[name]),
    )


PUBLIC = {"movielens": public.load_movielens, "letor": public.load_letor}


def _market(work: Path, users: int) -> DataSet[RerankData]:
    size = f"{users} users, {market.PRODUCTS} products, {market.DAYS} days"
    return DataSet(
        arms={arm: _of_market(work, arm, users) for arm in market.ARMS},
        seeds=(101, 102, 103, 104, 105),
        to_tune=_of_market(work, next(iter(market.ARMS)), users),
        tuning=TUNING,
        training=TRAINING,
        has_truth=True,
        size=size,
        tuning_size=size,
    )


def _of_market(work: Path, arm: str, users: int) -> Callable[[int], RerankData]:
    def load(seed: int) -> RerankData:
        config = market.config_of(seed, arm, users=users)
        # what users make of neighbours changes nothing in a catalogue: both arms have one shop
        return market.load(work / f"reranking-{seed}-{config.products}", config)

    return load
