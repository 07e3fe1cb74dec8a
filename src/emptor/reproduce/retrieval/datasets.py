"""The data sets of a reproduction by name: how a seed's is loaded, which seeds report, and which one tunes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError
from emptor.reproduce.method import DataSet
from emptor.reproduce.names import METHODS
from emptor.reproduce.retrieval import fashion, homedepot, market
from emptor.reproduce.retrieval.data import RetrievalData

TRAINING: Mapping[str, Any] = {"batch": 1_024, "epochs": 5, "second": 1, "patience": 8}
"""The best of the five epochs by the validation stays."""


def dataset(name: str, *, work: Path, data: Path | None = None, users: int | None = None) -> DataSet[RetrievalData]:
    """A data set of NAMES.

    Args:
        work: where catalogues are kept. data: folder of a public set's files. users: of a market, for a quick look.
    Raises: EmptorError for an unknown name, and a public set without its folder.
    """
    if name == "market":
        size = f"{users or market.USERS} users, {market.PRODUCTS} products, {market.DAYS} days"
        return DataSet(
            arms={arm: _of_market(work, arm, users or market.USERS) for arm in market.ARMS},
            seeds=(101, 102, 103, 104, 105),
            to_tune=_of_market(work, "as it is", users or market.USERS),
            tuning=11,
            training=TRAINING,
            size=size,
            tuning_size=size,
        )
    if name in PUBLIC:
        if data is None:
            raise EmptorError(f"--data: give the folder with the files of {name}, which are not part of this package")
        load, only = PUBLIC[name]
        of = partial(_of_public, load, data, work)
        return DataSet({"all": of}, seeds=(1, 2, 3, 4, 5), to_tune=of, tuning=0, training=TRAINING, only=only)
    raise EmptorError(f"--dataset: unknown {name!r}; known are {', '.join(METHODS['smar'])}")


PUBLIC = {
    "fashion": (fashion.load, ()),
    "homedepot": (homedepot.load, ("text_only", "text_only_wide", "words", "text_only and words")),
}


def _of_public(load: Callable[..., RetrievalData], data: Path, work: Path, seed: int) -> RetrievalData:
    return load(data, work=work, seed=seed)


def _of_market(work: Path, arm: str, users: int) -> Callable[[int], RetrievalData]:
    def load(seed: int) -> RetrievalData:
        config = market.config_of(seed, arm, users=users)
        # the name follows from all that makes the world; an arm with the same world has the same shop
        return market.load(work / f"retrieval-{config.hash}", config, perfect=arm == market.PERFECT)

    return load
