"""Shopping as somebody in a real browser: wide and narrow, with scripts and without, by keyboard, before axe-core."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from emptor.shop.shop import Shop
from tests.acting import PERSONAL, acted
from tests.serve.axe import assert_accessible, focus_stops
from tests.serve.conftest import browsing
from tests.serve.test_process import served

Site = tuple[str, Path]


@pytest.fixture(scope="module")
def acted_site(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server in a process of its own, over the golden shop with a past."""
    shop = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("acted") / "shop"))
    with served(acted(shop, PERSONAL)) as (url, _):
        yield url, shop


def titles(page: Any) -> list[str]:
    return page.locator(".found .card .title").all_inner_texts()


def shop_as(page: Any, url: str, name: str) -> None:
    page.goto(f"{url}/")
    page.locator(".who").click()
    page.wait_for_url("**/shoppers")
    page.get_by_role("button", name=f"Shop as {name}").click()
    page.wait_for_url(f"{url}/")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scripts", [True, False])
def test_choose_a_shopper_see_the_shop_change_and_stop(
    browser: Any, acted_site: Site, width: int, scripts: bool
) -> None:
    url, shop = acted_site
    with browsing(browser, width, java_script_enabled=scripts) as page:
        page.goto(f"{url}/?q=striped")
        before = titles(page)
        shop_as(page, url, "BORIS2")
        picked = page.locator("section.picked")
        assert picked.get_by_role("heading", name="Picked for you").is_visible()
        assert set(picked.locator(".brand").all_inner_texts()[:6]) == {"Kilnhaus"}
        assert "BORIS2" in page.locator(".as").inner_text() and page.locator(".who .face").is_visible()
        page.goto(f"{url}/?q=striped")
        assert titles(page) != before
        first = page.locator(".found .card a").first
        first.click()
        page.wait_for_url("**/product/**")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with Shop.open(shop) as own:
                clicks = own.events.read().filter(pl.col("query") == "striped", pl.col("action") == "click").collect()
            if clicks.height:
                break
            time.sleep(0.1)
        assert set(clicks["user_id"]) == {"BORIS2"}
        page.get_by_role("button", name="Stop", exact=True).click()
        page.wait_for_url(f"{url}/")
        assert not page.locator(".as").count() and not picked.count()
        page.goto(f"{url}/?q=striped")
        assert titles(page) == before


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/shoppers", "/shoppers?id=nobody", "/", "/?q=striped", "/product/P00", "/basket"])
def test_axe_finds_nothing_grave_and_all_fits(browser: Any, acted_site: Site, width: int, path: str) -> None:
    url, _ = acted_site
    with browsing(browser, width) as page:
        shop_as(page, url, "ANNA7Q")
        page.goto(url + path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard_alone(browser: Any, acted_site: Site, width: int) -> None:
    url, _ = acted_site
    with browsing(browser, width) as page:
        page.goto(f"{url}/shoppers")
        stops = focus_stops(page)
        assert sum("Shop as" in own and "<button" in own for own in stops) == 3
        page.goto(f"{url}/shoppers")
        button = page.get_by_role("button", name="Shop as ANNA7Q")
        while not button.evaluate("own => own === document.activeElement"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/")
        assert "ANNA7Q" in page.locator(".as").inner_text()
        focus_stops(page)
