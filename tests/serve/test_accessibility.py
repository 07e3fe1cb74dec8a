"""Every kind of page before axe-core, wide and narrow, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serve.axe import assert_accessible, focus_stops
from tests.serve.conftest import browsing

Site = tuple[str, Path]


def at(path: str) -> Callable[[Any, str], None]:
    return lambda page, url: page.goto(url + path)


def fill_basket(page: Any, url: str) -> None:
    for product in ("P30", "odd-7"):
        page.goto(f"{url}/product/{product}")
        page.get_by_role("button", name="Add to basket", exact=True).click()
        page.locator("#said.on").wait_for()
    page.goto(f"{url}/basket?note=added")


def buy(page: Any, url: str) -> None:
    fill_basket(page, url)
    page.get_by_role("button", name="Buy", exact=True).click()
    page.wait_for_url("**/thanks")


def suggestions(page: Any, url: str) -> None:
    page.goto(url)
    page.locator("#q").press_sequentially("mug")
    page.get_by_role("option").first.wait_for()
    page.locator("#q").press("ArrowDown")


def open_filters(page: Any, url: str) -> None:
    page.goto(f"{url}/?q=dress&filter=brand%3AAurelle")
    if page.locator(".show-filters").is_visible():
        page.locator(".show-filters").click()


def just_added(page: Any, url: str) -> None:
    page.goto(f"{url}/?q=lamp")
    page.locator(".add").first.click()
    page.locator("#said.on").wait_for()


PAGES: dict[str, Callable[[Any, str], None]] = {
    "home": at("/"),
    "search": at("/?q=mug&filter=brand%3AKilnhaus&filter=price%3A5..50"),
    "filters": open_filters,
    "suggestions": suggestions,
    "empty": at("/?q=xylophonequartz"),
    "meant": at("/?q=sneakrs"),
    "product": at("/product/P00"),
    "no price": at("/product/odd-4"),
    "out of stock": at("/product/P37"),
    "just added": just_added,
    "empty basket": at("/basket"),
    "basket": fill_basket,
    "thanks": buy,
    "error": at("/?filter=colour&q=mug"),
    "not found": at("/nothing"),
    "docs": at("/docs"),
}
"""How to get to each page: called with a browser's page and the shop's address."""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_grave(browser: Any, site: Site, name: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 844}, reduced_motion="reduce") as context:
        page = context.new_page()
        PAGES[name](page, site[0])
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["home", "search", "product", "basket", "thanks", "error"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Any, site: Site, name: str, width: int) -> None:
    with browsing(browser, width, reduced_motion="reduce") if name != "error" else browser.new_context() as page:
        page = page if name != "error" else page.new_page()
        PAGES[name](page, site[0])
        page.goto(page.url.split("?note")[0])  # the focus begins at the top
        stops = focus_stops(page)
        assert 'class="skip"' in stops[0] and 'class="name"' in stops[1]
        wanted = page.locator("main a:visible, main button:visible:enabled, main summary:visible").count()
        reached = sum("<a" in own or "<button" in own or "<summary" in own for own in stops)
        assert reached >= wanted, f"{reached} of {wanted}"


def test_the_skip_links_lead_past_header_and_filters(page: Any, site: Site) -> None:
    page.goto(f"{site[0]}/?q=dress")
    page.keyboard.press("Tab")
    assert page.get_by_text("Skip to content").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip filters"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.card').dataset.position") == "0"


def test_what_happens_is_said(page: Any, site: Site) -> None:
    page.goto(f"{site[0]}/?q=mug")
    assert "results" in page.get_by_role("status").first.inner_text()
    page.locator(".add").first.click()
    page.locator("#said.on").wait_for()
    assert page.locator("#said").get_attribute("role") == "status" and "Added:" in page.locator("#said").inner_text()
