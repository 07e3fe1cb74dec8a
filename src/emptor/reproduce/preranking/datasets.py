"""The data sets of a reproduction by name: how a seed's is loaded, which seeds report, and which one tunes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError
from emptor.reproduce.method import DataSet
from emptor.reproduce.names import METHODS
from emptor.reproduce.preranking import market
from emptor.reproduce.preranking.data import PrerankData

TRAINING: Mapping[str, Any] = {"batch": 256, "epochs": 3, "patience": 3}
"""The best of the three epochs by the validation stays."""


def dataset(name: str, *, work: Path, data: Path | None = None, users: int | None = None) -> DataSet[PrerankData]:
    """A data set of NAMES.

    Args: work: where catalogues are kept. data: not needed. users: of a market, for a quick look.
    Raises: EmptorError for an unknown name.
    """
    if name != "market":
        raise EmptorError(f"--dataset: unknown {name!r}; known are {', '.join(METHODS['hccp'])}")
    size = f"{users or market.USERS} users, {market.PRODUCTS} products, {market.DAYS} days"
    first = next(iter(market.ARMS))
    return DataSet(
        arms={arm: _of_market(work, arm, users or market.USERS) for arm in market.ARMS},
        seeds=(101, 102, 103, 104, 105),
        to_tune=_of_market(work, first, users or market.USERS),
        tuning=11,
        training=TRAINING,
        size=size,
        tuning_size=size,
    )


def _of_market(work: Path, arm: str, users: int) -> Callable[[int], PrerankData]:
    def load(seed: int) -> PrerankData:
        config = market.config_of(seed, arm, users=users)
        # what is asked for changes nothing in a catalogue: both arms have one shop
        return market.load(work / f"preranking-{seed}-{config.products}", config)

    return load
