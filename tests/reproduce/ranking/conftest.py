"""One small world for the tests of reproductions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from emptor.market.config import WorldConfig
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.market import Log, load, log_of

CONFIG = WorldConfig.of(
    "study", seed=3, products=300, users=400, queries=300, days=5, catalogue={"pictures": False}, demand={"visits": 0.5}
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study") / "shop"


@pytest.fixture(scope="session")
def log(folder: Path) -> Log:
    return log_of(folder, CONFIG)


@pytest.fixture(scope="session")
def data(folder: Path, log: Log) -> RankingData:
    torch.set_num_threads(1)
    return load(folder, CONFIG)
