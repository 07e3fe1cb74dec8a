"""A tiny market's lists, made once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emptor.reproduce.reranking import market
from emptor.reproduce.reranking.data import RerankData

SIZES = {
    "PRODUCTS": 1_000,
    "DAYS": 5,
    "FIRST": 1,
    "TESTED": 2,
    "LIST": 24,
    "PAGE": 8,
    "_LEARNT_FROM": 400,
    "_VALIDATED_ON": 150,
    "_BUYING": 150,
    "_OTHERS": 350,
}
USERS = 1_200
ON, OFF = market.ARMS


@pytest.fixture(scope="package")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SIZES.items():
            patch.setattr(market, name, value)
        yield


@pytest.fixture(scope="package")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reranking")


@pytest.fixture(scope="package")
def data(small: None, work: Path) -> RerankData:
    return market.load(work / "reranking-3-1000", market.config_of(3, ON, users=USERS))


@pytest.fixture(scope="package")
def other(data: RerankData, work: Path) -> RerankData:
    return market.load(work / "reranking-3-1000", market.config_of(3, OFF, users=USERS))
