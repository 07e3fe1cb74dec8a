"""A server over a copy of the golden shop: in the test's own process, or one of its own and a browser before it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from emptor.serve import create_app
from tests.serve.test_process import served

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; a test that asks for it is skipped where it, or playwright, is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium was found on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=60_000)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server in a process of its own: (its address, its shop's folder)."""
    shop = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("browsed") / "shop"))
    with served(shop) as (url, _):
        yield url, shop


@contextmanager
def browsing(browser: Any, width: int = 1280, **options: Any) -> Iterator[Any]:
    """A page so many pixels wide; an error of a script, or of the page's security policy, fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 900 if width > 600 else 844}, **options)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert not errors


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page on a laptop, see `browsing`."""
    with browsing(browser) as page:
        yield page
