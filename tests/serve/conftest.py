"""A server over a copy of the golden shop, in the test's own process."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from emptor.serve import create_app


@contextmanager
def running(shop: Path) -> Iterator[TestClient]:
    """A client of a server over `shop`, once it is ready."""
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        end = time.monotonic() + 30
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < end, client.get("/readyz").text
            time.sleep(0.02)
        yield client


@pytest.fixture(scope="session")
def client(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A shared server; tests may send it requests and events, but not change its catalogue."""
    with running(Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("served") / "shop"))) as client:
        yield client


@pytest.fixture
def own_client(shop_path: Path) -> Iterator[TestClient]:
    """A server over `shop_path`, for one test alone."""
    with running(shop_path) as client:
        yield client
