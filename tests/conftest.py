"""Fixtures that every test can share; the golden shop is made once and copied for tests that change it."""

from __future__ import annotations

import os

# consoles are made on import and take their width then: lines must not break where a folder's name is long
os.environ["COLUMNS"] = "250"
# each core has a process of its own: threads of small matrix products would only wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from emptor.engine import Engine
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop
from tests.golden import write_catalogue

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where there is none."""
    if not DATA.is_dir():
        pytest.skip("the real data sets are not on this machine (../shared/data)")
    return DATA


@pytest.fixture(scope="session")
def golden_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden shop's folder; do not write to it."""
    base = tmp_path_factory.mktemp("golden")
    catalogue, images = write_catalogue(base / "source")
    with Shop.create(base / "shop", name="Golden") as shop:
        import_catalogue(shop, catalogue, images=images)
    return base / "shop"


@pytest.fixture
def shop_path(golden_path: Path, tmp_path: Path) -> Path:
    """A copy of the golden shop to change at will."""
    return Path(shutil.copytree(golden_path, tmp_path / "shop"))


@pytest.fixture
def shop(shop_path: Path) -> Iterator[Shop]:
    with Shop.open(shop_path) as shop:
        yield shop


@pytest.fixture(scope="session")
def golden(golden_path: Path) -> Iterator[Engine]:
    """An engine over the golden shop, shared: only ask it."""
    with Engine.open(golden_path) as engine:
        yield engine


@pytest.fixture
def engine(shop_path: Path) -> Iterator[Engine]:
    """An engine over a copy of the golden shop."""
    with Engine.open(shop_path) as engine:
        yield engine
