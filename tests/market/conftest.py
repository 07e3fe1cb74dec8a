"""A tiny market that has been open for two days, shared by all tests of the market that only look."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emptor.market.config import WorldConfig
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.market.store import folder_of


@pytest.fixture(scope="session")
def tiny_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's folder; its world stands beside it. Do not write to either."""
    shop = tmp_path_factory.mktemp("market") / "shop"
    new_market(shop, WorldConfig.of("tiny"))
    run_market(shop, days=2)
    return shop


@pytest.fixture
def market_path(tiny_market: Path, tmp_path: Path) -> Path:
    """A copy of the tiny market to change at will, its world with it."""
    shop = tmp_path / "shop"
    shutil.copytree(folder_of(tiny_market), folder_of(shop))
    return Path(shutil.copytree(tiny_market, shop))
