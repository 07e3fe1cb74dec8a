"""The pages in a real browser: suggestions by keyboard, events, and no horizontal scrolling on a phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emptor.shop.shop import Shop


def test_suggestions_by_keyboard(page: Any, site: tuple[str, Path]) -> None:
    page.goto(site[0])
    box = page.get_by_role("combobox", name="Search")
    box.press_sequentially("sne")
    page.locator("#suggestions[data-typed=sne]").wait_for()
    options = page.get_by_role("option")
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    assert options.first.get_attribute("aria-selected") == "true"
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    assert box.input_value() == "Sneakers"
    box.press("ArrowUp")
    assert box.input_value() == "sne"
    box.press("ArrowDown")
    box.press("Escape")
    assert box.input_value() == "sne" and page.locator("#suggestions").is_hidden()
    box.press("ArrowDown")
    options.first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/?q=Sneakers")
    assert page.locator(".card").count() >= 8


def test_a_late_answer_does_not_move_what_is_being_chosen(page: Any, site: tuple[str, Path]) -> None:
    """A slow answer for more letters arrives after the arrow key: the choice stands, and Escape keeps the list shut."""
    held: list[Any] = []
    page.route("**/v1/suggest*q=sn*", lambda route: held.append(route))
    page.goto(site[0])
    box = page.get_by_role("combobox", name="Search")
    box.press("s")
    page.locator("#suggestions[data-typed=s]").wait_for()
    box.press("n")
    wait_until(page, lambda: held)
    box.press("ArrowDown")
    held.pop().continue_()
    page.wait_for_timeout(200)
    assert page.get_by_role("option").first.get_attribute("aria-selected") == "true"
    box.press("ArrowUp")
    box.press("e")
    wait_until(page, lambda: held)
    box.press("Escape")
    held.pop().continue_()
    page.wait_for_timeout(200)
    assert page.locator("#suggestions").is_hidden()


def wait_until(page: Any, holds: Callable[[], object], *, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        page.wait_for_timeout(20)


def test_what_is_seen_and_clicked_reaches_the_event_log(page: Any, site: tuple[str, Path]) -> None:
    url, shop_path = site
    page.goto(f"{url}/?q=desk+lamp")
    request_id = page.locator(".grid").get_attribute("data-request")
    page.wait_for_timeout(300)
    page.locator(".card a").nth(1).click()
    page.wait_for_url("**/product/**")
    with Shop.open(shop_path) as shop:
        end = time.monotonic() + 10
        while True:
            events = [row for row in shop.events.read().collect().to_dicts() if row["request_id"] == request_id]
            if any(row["action"] == "click" for row in events):
                break
            assert time.monotonic() < end, events
            time.sleep(0.1)
    click = next(row for row in events if row["action"] == "click")
    assert click["position"] == 1 and click["query"] == "desk lamp" and click["propensity"] == 1.0
    assert click["session_id"] and click["cascade"] and click["client_time"] and click["price"]
    seen = [row for row in events if row["action"] == "impression"]
    assert len(seen) >= 4 and len({row["position"] for row in seen}) == len(seen)


def test_sorting_filtering_and_folding(page: Any, site: tuple[str, Path]) -> None:
    page.goto(f"{site[0]}/?q=mug")
    page.get_by_label("Sort").select_option("price_desc")
    page.wait_for_url("**sort=price_desc**")
    page.locator(".group a", has_text="Kilnhaus").click()
    page.wait_for_url("**filter=brand**")
    assert "sort=price_desc" in page.url
    assert set(page.locator(".card .brand").all_inner_texts()) == {"Kilnhaus"}
    page.get_by_label("Remove filter Kilnhaus").click()
    page.wait_for_url(lambda url: "filter" not in url)


@pytest.mark.parametrize(
    "path", ["/", "/?q=dress&filter=brand%3AAurelle", "/product/P00", "/docs", "/?q=qqqq", "/x", "/basket"]
)
def test_pages_fit_a_phone(browser: Any, site: tuple[str, Path], path: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as phone:
        page = phone.new_page()
        page.goto(site[0] + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if path.startswith("/?q=dress"):
            assert page.get_by_role("navigation", name="Filters").is_hidden()
            page.locator(".show-filters").click()
            assert page.get_by_role("navigation", name="Filters").is_visible()


def test_without_scripts_the_shop_works(browser: Any, site: tuple[str, Path]) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site[0])
        page.locator("#q").fill("copper pipe")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url("**q=copper+pipe")
        page.locator("#sort").select_option("price_desc")
        page.locator(".sort button").click()
        page.wait_for_url("**sort=price_desc**")
        page.locator(".card a").first.click()
        assert "copper pipe" in page.locator("h1").inner_text()


def test_a_picture_that_does_not_load_gives_way_to_the_tile(page: Any, site: tuple[str, Path]) -> None:
    page.route("**/v1/images/**", lambda route: route.fulfill(status=200, content_type="image/jpeg", body=b"no"))
    page.goto(f"{site[0]}/?q=dress")
    page.locator(".card").first.locator("img").wait_for(state="detached")
    assert page.locator(".initial").first.is_visible()
