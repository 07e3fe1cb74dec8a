"""From the first letter to the purchase in a real browser, and what the event log knows of it afterwards."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from emptor.shop.shop import Shop
from tests.serve.conftest import browsing

Site = tuple[str, Path]


def logged(shop_path: Path, session: str, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The events of a session by action, as soon as all that are wanted are there."""
    end = time.monotonic() + 10
    with Shop.open(shop_path) as shop:
        while True:
            rows = [row for row in shop.events.read().collect().to_dicts() if row["session_id"] == session]
            if wanted <= {row["action"] for row in rows}:
                by_action: dict[str, dict[str, Any]] = {}
                for row in rows:
                    if row["action"] in wanted:
                        assert row["action"] not in by_action, f"two of {row['action']}"
                        by_action[row["action"]] = row
                return by_action
            assert time.monotonic() < end, [row["action"] for row in rows]
            time.sleep(0.1)


def session_of(page: Any) -> str:
    return next(own["value"] for own in page.context.cookies() if own["name"] == "emptor_session")


def check(site: Site, page: Any, request_id: str, product_id: str, position: int, quantity: int) -> None:
    """Click, cart and purchase say where the product was found."""
    events = logged(site[1], session_of(page), {"click", "add_to_cart", "purchase"})
    for action, event in events.items():
        assert event["request_id"] == request_id and event["position"] == position, (action, event)
        assert event["product_id"] == product_id and event["query"], (action, event)
        assert event["propensity"] == 1.0 and event["cascade"], (action, event)
    for action in ("add_to_cart", "purchase"):
        assert events[action]["quantity"] == quantity and events[action]["price"] > 0
    times = [events[action]["time"] for action in ("click", "add_to_cart", "purchase")]
    assert times == sorted(times)


@pytest.mark.parametrize("width", [1280, 390])
def test_from_typing_to_buying(browser: Any, site: Site, width: int) -> None:
    with browsing(browser, width) as page:
        page.goto(site[0])
        box = page.get_by_role("combobox", name="Search")
        box.press_sequentially("sneak")
        page.get_by_role("option").first.click()
        page.wait_for_url("**/?q=*")
        if width < 600:
            page.locator(".show-filters").click()
        page.get_by_role("navigation", name="Filters").get_by_role("link", name="striped").click()
        page.wait_for_url("**filter=attr.pattern**")
        request_id = page.locator(".grid").get_attribute("data-request")
        card = page.locator(".card", has=page.locator(".add")).nth(1)
        product_id, position = card.get_attribute("data-product"), int(card.get_attribute("data-position"))
        card.locator("a").click()
        page.wait_for_url("**/product/**")
        page.get_by_label("Quantity").fill("2")
        page.get_by_role("button", name="Add to basket", exact=True).dblclick()
        page.get_by_role("link", name="View basket").click()
        page.wait_for_url("**/basket")
        assert page.locator(".quantity").inner_text().split() == ["Quantity", "2"], "a double click adds once"
        page.get_by_role("button", name="One more").click()
        page.wait_for_url("**/basket#line-1")
        page.get_by_role("button", name="Buy", exact=True).click()
        page.wait_for_url("**/thanks")
        assert page.get_by_role("heading", name="Thank you").is_visible()
        assert page.locator("[data-count]").is_hidden()
        events = logged(site[1], session_of(page), {"click", "add_to_cart", "purchase"})
        assert events["purchase"]["quantity"] == 3 and events["add_to_cart"]["quantity"] == 2
        for event in events.values():
            assert (event["request_id"], event["position"]) == (request_id, position)
            assert event["product_id"] == product_id and event["query"] and event["propensity"] == 1.0


def tab_to(page: Any, css: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("css => document.activeElement.matches(css)", css):
            return
    raise AssertionError(f"no way to {css}")


def test_by_keyboard_alone(browser: Any, site: Site) -> None:
    with browsing(browser) as page:
        page.goto(site[0])
        tab_to(page, "#q")
        page.keyboard.type("lam")
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?q=*")
        tab_to(page, ".group a")
        page.keyboard.press("Enter")
        page.wait_for_url("**filter=**")
        request_id = page.locator(".grid").get_attribute("data-request")
        tab_to(page, ".card[data-position='2'] a")
        product_id = page.locator(".card").nth(2).get_attribute("data-product")
        page.keyboard.press("Enter")
        page.wait_for_url("**/product/**")
        tab_to(page, "#quantity")
        page.keyboard.press("ArrowUp")
        tab_to(page, ".buy button")
        page.keyboard.press("Enter")
        page.locator("#said.on").wait_for()
        tab_to(page, "#said a")
        page.keyboard.press("Enter")
        page.wait_for_url("**/basket")
        tab_to(page, ".summary button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/thanks")
        check(site, page, request_id, product_id, 2, 2)


def test_without_scripts(browser: Any, site: Site) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(site[0])
        page.locator("#q").fill("mug")
        page.get_by_role("button", name="Search").click()
        page.wait_for_url("**/?q=mug")
        page.locator(".show-filters").click()
        page.locator(".group a", has_text="Kilnhaus").click()
        page.wait_for_url("**filter=brand**")
        request_id = page.locator(".grid").get_attribute("data-request")
        product_id = page.locator(".card").nth(1).get_attribute("data-product")
        page.locator(".card a").nth(1).click()
        page.wait_for_url("**/product/**")
        page.get_by_role("button", name="Add to basket", exact=True).click()
        page.wait_for_url("**/basket?note=added")
        page.go_back()
        page.locator("[data-add] button.add, .card .add").first.click()
        page.wait_for_url("**/basket?note=added")
        assert page.locator(".item").count() == 2
        page.get_by_role("button", name="Remove").nth(1).click()
        page.wait_for_url("**/basket")
        page.get_by_role("button", name="Buy", exact=True).click()
        page.wait_for_url("**/thanks")
        session = session_of(page)
        with Shop.open(site[1]) as shop:
            rows = [row for row in shop.events.read().collect().to_dicts() if row["session_id"] == session]
        mine = {row["action"]: row for row in rows if row["product_id"] == product_id}
        assert set(mine) == {"click", "add_to_cart", "purchase"}
        for event in mine.values():
            assert (event["request_id"], event["position"]) == (request_id, 1)
            assert event["query"] == "mug" and event["propensity"] == 1.0


def test_without_scripts_coming_back_and_adding_again_counts_again(browser: Any, site: Site) -> None:
    """The way back fetches the page anew: a token out of the browser's memory has counted already."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site[0]}/product/P30")
        for count in (1, 2, 3):
            page.get_by_role("button", name="Add to basket", exact=True).click()
            page.wait_for_url("**/basket?note=added")
            assert page.locator("[data-pieces]").inner_text() == str(count)
            page.go_back()
            page.wait_for_url("**/product/P30")


def test_on_a_phone_remove_keeps_off_the_price(browser: Any, site: Site) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{site[0]}/product/odd-8")
        page.locator("#quantity").fill("99")
        page.get_by_role("button", name="Add to basket", exact=True).click()
        page.locator("#said.on").wait_for()
        page.goto(f"{site[0]}/basket")
        remove = page.get_by_role("button", name="Remove").bounding_box()
        price = page.locator(".item > .price").bounding_box()
        assert remove["x"] + remove["width"] + 8 <= price["x"] or remove["y"] >= price["y"] + price["height"]
        page.goto(f"{site[0]}/?q=mug")
        page.evaluate("scrollTo(0, 600)")
        page.wait_for_timeout(100)
        header = page.locator(".top").bounding_box()
        assert header["y"] + header["height"] < 80, "no more than the search stays over what is read"


def test_coming_back_to_a_page_and_adding_again_counts_again(page: Any, site: Site) -> None:
    page.goto(f"{site[0]}/product/P30")
    add = page.get_by_role("button", name="Add to basket", exact=True)
    count = page.locator("[data-pieces]")
    add.click()
    page.locator("#said.on").wait_for()
    page.goto(f"{site[0]}/basket")
    page.go_back()
    count.filter(has_text="1").wait_for()
    with page.expect_response("**/basket/add"):
        add.click()
    page.goto(f"{site[0]}/basket")
    assert count.inner_text() == "2"


def test_a_shop_that_cannot_be_reached_says_so(browser: Any, site: Site) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{site[0]}/?q=mug")
        page.route("**/basket/add", lambda route: route.abort())
        page.locator(".add").first.click()
        page.locator("#said.on").wait_for()
        assert "did not reach the shop" in page.locator("#said").inner_text()
        page.unroute("**/basket/add")
        page.locator(".add").first.click()
        page.locator("#said.on", has_text="Added").wait_for()
        assert page.locator("[data-pieces]").inner_text() == "1"


def test_the_first_page_comes_quickly(page: Any, site: Site) -> None:
    times = []
    for _ in range(5):
        page.goto(f"{site[0]}/?q=mug")
        times.append(page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd"))
    assert min(times) < 150
