"""A shop with a log, pictures and a trained re-ranker, made once and copied for tests that change it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from emptor.rerank.recipe import train_reranker
from emptor.shop import picturing
from emptor.shop.importer import republish
from emptor.shop.shop import Shop
from tests.rank.test_train import fill
from tests.rerank.traced import QUICK, SETTINGS, traces_of


@pytest.fixture(scope="session")
def reranked_path(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; do not write to it."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("rerank") / "shop"))
    settings = path / "shop.toml"
    settings.write_text(settings.read_text().partition("[cascade.default]")[0] + SETTINGS)
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picturing, "LEAST", 4)  # the golden pictures are four
        with Shop.open(path) as shop:
            fill(shop)
            republish(shop)
            train_reranker(shop, [traces_of(shop)], options=QUICK)
    return path


@pytest.fixture
def own(reranked_path: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy to change at will."""
    with Shop.open(Path(shutil.copytree(reranked_path, tmp_path / "shop"))) as shop:
        yield shop
