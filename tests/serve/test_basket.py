"""The basket and the purchase over HTTP: what the cookie stands, what counts once, what is refused, what is logged."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from emptor.errors import EmptorError
from emptor.serve.basket import MAX_BYTES, MAX_LINES, Basket, Line, new_token
from emptor.serve.found import Found

BROWSER = {"accept": "text/html"}
FOUND = Found("0123456789abcdef" * 2, 7)
text = st.text(alphabet='aP0:|%~é\x00;" ,', max_size=60)


@pytest.fixture
def shopper(own_client: TestClient) -> Iterator[TestClient]:
    """A visitor with a session and an empty basket, who does not follow redirects."""
    own_client.follow_redirects = False
    own_client.headers["accept"] = "text/html"
    own_client.get("/?q=mug")
    yield own_client


def events(client: TestClient, action: str) -> list[dict[str, Any]]:
    log = client.app.state.service.shop.events  # type: ignore[attr-defined]
    return [row for row in log.read().collect().to_dicts() if row["action"] == action]


def field(page: str, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])  # type: ignore[index]


def add(client: TestClient, product: str, token: str | None = None, **more: Any) -> Any:
    return client.post("/basket/add", data={"product": product, "token": token or new_token(), **more})


# -- the cookie--------------------------------------------------------------------------------------------------


def test_a_basket_survives_its_cookie() -> None:
    basket = Basket().adding("odd/1 &?#|:é東", 2, new_token(), FOUND).adding("P00", 1, new_token(), None)
    assert Basket.read(basket.written()) == basket and basket.count == 3
    assert re.fullmatch(r"[\w%:.|~-]+", basket.written(), re.ASCII), "nothing that a cookie would have to quote"


@given(st.one_of(text, st.lists(text, max_size=6).map(":".join), st.text(max_size=80)))
def test_a_nonsense_cookie_is_an_empty_basket(cookie: str) -> None:
    basket = Basket.read(cookie)
    assert Basket.read(basket.written()) == basket and len(basket.lines) <= MAX_LINES


def test_a_forged_cookie_is_cut_to_what_is_allowed() -> None:
    good = Basket((Line("P00", 1, "0" * 12),)).written()
    assert Basket.read("|".join(["x", good, "P1:0:" + "0" * 12 + "::", "P2:100:" + "0" * 12 + "::"])).count == 1
    assert Basket.read("|".join(good.replace("P00", f"P{at}") for at in range(100))).count == MAX_LINES
    assert Basket.read(good + "|" + "x" * MAX_BYTES) == Basket()
    assert Basket.read(f"P00:1:{'0' * 12}:nonsense:3").lines[0].found is None


def test_a_basket_holds_so_much_and_no_more() -> None:
    basket = Basket()
    for at in range(MAX_LINES):
        basket = basket.adding(f"P{at}", 1, new_token(), FOUND)
    with pytest.raises(EmptorError, match="the basket is full"):
        basket.adding("one more", 1, new_token(), None)
    assert basket.adding("P3", 99, new_token(), None).count == MAX_LINES - 1 + 99, "of each up to 99"
    basket = Basket()
    with pytest.raises(EmptorError, match="the basket is full"):
        for at in range(MAX_LINES):
            basket = basket.adding("東" * 20 + str(at), 1, new_token(), FOUND)
    assert len(basket.written()) <= MAX_BYTES


# -- adding ------------------------------------------------------------------------------------------------------


def test_a_product_is_added_with_where_it_was_found(shopper: TestClient) -> None:
    results = shopper.get("/?q=mug").text
    request_id = re.search(r'data-request="([^"]*)"', results)[1]  # type: ignore[index]
    url = html.unescape(re.findall(r'<a href="(/product/[^"]*)"', results)[2])
    product = shopper.get(url).text
    answer = add(
        shopper, field(product, "product"), field(product, "token"), quantity="3", **{"from": request_id, "at": "2"}
    )
    assert answer.status_code == 303 and answer.headers["location"] == "/basket?note=added"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    (event,) = events(shopper, "add_to_cart")
    assert event["request_id"] == request_id and event["position"] == 2 and event["quantity"] == 3
    assert event["query"] == "mug" and event["propensity"] == 1.0 and event["cascade"]
    assert event["session_id"] == shopper.cookies["emptor_session"] and event["price"] > 0
    assert field(product, "product") == event["product_id"]
    page = shopper.get("/basket?note=added").text
    assert "Added to your basket" in page and "<span data-pieces>3</span>" in page


def test_the_button_of_a_grid_adds_and_answers_a_script(shopper: TestClient) -> None:
    results = shopper.get("/?q=mug").text
    pick = html.unescape(re.findall(r'name="pick" value="([^"]*)"', results)[1])
    form = {"from": field(results, "from"), "token": field(results, "token"), "pick": pick}
    answer = shopper.post("/basket/add", data=form, headers={"accept": "application/json"})
    assert answer.json()["count"] == 1 and answer.json()["title"]
    (event,) = events(shopper, "add_to_cart")
    assert f"{event['position']}:{event['product_id']}" == pick and event["request_id"] == form["from"]


def test_a_form_sent_twice_counts_once(shopper: TestClient) -> None:
    token = new_token()
    before = dict(shopper.cookies)
    add(shopper, "P30", token)
    add(shopper, "P30", token)
    assert Basket.read(shopper.cookies["emptor_basket"]).count == 1
    shopper.cookies.clear()  # a double click: the second request has not seen the first one's answer
    shopper.cookies.update(before)
    add(shopper, "P30", token)
    assert Basket.read(shopper.cookies["emptor_basket"]).count == 1 and len(events(shopper, "add_to_cart")) == 1
    add(shopper, "P30")
    assert Basket.read(shopper.cookies["emptor_basket"]).count == 2 and len(events(shopper, "add_to_cart")) == 2


@pytest.mark.parametrize(
    ("product", "more", "status", "sentence"),
    [
        ("P37", {}, 400, "out of stock"),
        ("odd-4", {}, 400, "price on request"),
        ("nobody", {}, 404, "not in the shop"),
        ("P30", {"quantity": "0"}, 400, "expected a whole number from 1 to 99"),
        ("P30", {"quantity": "1e3"}, 400, "expected a whole number"),
        ("P30", {"token": "mine"}, 400, "not one of the shop"),
        ("P30", {str(at): "x" for at in range(30)}, 400, "more than 20 fields"),
    ],
)
def test_what_cannot_be_added(
    shopper: TestClient, product: str, more: dict[str, str], status: int, sentence: str
) -> None:
    answer = shopper.post("/basket/add", data={"product": product, "token": new_token(), **more})
    assert answer.status_code == status and sentence in answer.text, answer.text
    assert "emptor_basket" not in shopper.cookies and not events(shopper, "add_to_cart")


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://testserver.example", "http://[", ""])
@pytest.mark.parametrize("path", ["/basket/add", "/basket/change", "/basket/buy"])
def test_forms_of_other_sites_are_refused(shopper: TestClient, path: str, origin: str) -> None:
    answer = shopper.post(path, data={"product": "P30", "token": new_token()}, headers={"origin": origin})
    assert answer.status_code == 403 and "sent from another site" in answer.text
    assert not events(shopper, "add_to_cart")


def test_the_shop_s_own_origin_is_welcome_and_a_get_changes_nothing(shopper: TestClient) -> None:
    data = {"product": "P30", "token": new_token()}
    assert shopper.post("/basket/add", data=data, headers={"origin": "http://testserver"}).status_code == 303
    assert shopper.get("/basket/add?product=P31").status_code == 405
    assert shopper.post("/basket/add", json=data).status_code == 400


# -- changing and buying -----------------------------------------------------------------------------------------


def test_quantities_change_and_lines_go(shopper: TestClient) -> None:
    add(shopper, "P30")
    add(shopper, "odd/1 &?#", quantity="2")
    page = shopper.get("/basket").text
    assert "$16.00" in page and "&lt;script&gt;alert(1)&lt;/script&gt; teapot" in page and "<script>alert" not in page
    answer = shopper.post("/basket/change", data={"product": "P30", "quantity": "4"})
    assert answer.status_code == 303 and answer.headers["location"] == "/basket#line-1"
    assert "$43.00" in shopper.get("/basket").text, "4 x 9.00 + 2 x 3.50"
    shopper.post("/basket/change", data={"product": "P30", "quantity": "0"})
    assert "$7.00" in shopper.get("/basket").text
    assert shopper.post("/basket/change", data={"product": "P30", "quantity": "-1"}).status_code == 400
    shopper.post("/basket/change", data={"product": "odd/1 &?#", "quantity": "0"})
    assert "Your basket is empty" in shopper.get("/basket").text and "emptor_basket" not in shopper.cookies


def test_a_purchase_is_one_event_a_line_and_counts_once(shopper: TestClient) -> None:
    found = {"from": FOUND.request_id, "at": "7"}
    add(shopper, "P30", quantity="2", **found)
    add(shopper, "P40")
    page = shopper.get("/basket").text
    assert "nothing is paid" in page
    before = dict(shopper.cookies)
    answer = shopper.post("/basket/buy", data={"seen": field(page, "seen")})
    assert answer.status_code == 303 and answer.headers["location"] == "/thanks"
    assert "emptor_basket" not in shopper.cookies
    thanks = shopper.get("/thanks").text
    assert "Thank you" in thanks and "$53.00" in thanks and "nothing was paid" in thanks
    again = shopper.post("/basket/buy", data={"seen": field(page, "seen")})
    assert again.headers["location"] == "/thanks"
    shopper.cookies.clear()
    shopper.cookies.update(before)
    assert shopper.post("/basket/buy", data={"seen": field(page, "seen")}).headers["location"] == "/thanks"
    bought = {row["product_id"]: row for row in events(shopper, "purchase")}
    assert len(events(shopper, "purchase")) == 2
    assert bought["P30"]["price"] == 9.0 and bought["P30"]["quantity"] == 2
    assert bought["P30"]["request_id"] == FOUND.request_id and bought["P30"]["position"] == 7
    assert bought["P40"]["request_id"] is None and bought["P40"]["session_id"] == before["emptor_session"]
    add(shopper, "P30")
    page = shopper.get("/basket").text
    shopper.post("/basket/buy", data={"seen": field(page, "seen")})
    assert len(events(shopper, "purchase")) == 3, "another purchase of the same product"


def test_nobody_buys_what_they_were_not_shown(shopper: TestClient) -> None:
    assert shopper.get("/thanks").headers["location"] == "/basket"
    assert shopper.post("/basket/buy", data={"seen": ""}).headers["location"] == "/basket?note=nothing"
    add(shopper, "P30")
    seen = field(shopper.get("/basket").text, "seen")
    add(shopper, "P40")
    answer = shopper.post("/basket/buy", data={"seen": seen})
    assert answer.headers["location"] == "/basket?note=changed" and not events(shopper, "purchase")
    assert "has changed since" in shopper.get("/basket?note=changed").text


def test_what_cannot_be_bought_stays_in_the_basket(shopper: TestClient) -> None:
    lines = [Line(own, 1, "0" * 12) for own in ("P30", "P37", "odd-4", "gone")]
    shopper.cookies.set("emptor_basket", Basket(tuple(lines)).written(), domain="testserver.local")
    page = shopper.get("/basket").text
    assert all(own in page for own in ("Out of stock", "Price on request", "No longer sold", "the rest stays"))
    shopper.post("/basket/buy", data={"seen": field(page, "seen")})
    assert [row["product_id"] for row in events(shopper, "purchase")] == ["P30"]
    page = shopper.get("/basket").text
    assert "Nothing in your basket can be bought" in page and 'name="seen"' not in page
    assert [own.product_id for own in Basket.read(shopper.cookies["emptor_basket"]).lines] == ["P37", "odd-4", "gone"]


def test_without_scripts_a_product_s_page_tells_of_the_click_once(shopper: TestClient) -> None:
    results = shopper.get("/?q=mug").text
    url = html.unescape(re.findall(r'<a href="(/product/[^"]*)"', results)[1])
    shopper.get(url)
    shopper.get(url)
    (event,) = events(shopper, "click")
    assert event["position"] == 1 and event["query"] == "mug" and event["request_id"] in url
    shopper.cookies.set("emptor_scripted", "1")
    shopper.get(html.unescape(re.findall(r'<a href="(/product/[^"]*)"', results)[2]))
    shopper.cookies.clear()
    shopper.get(html.unescape(re.findall(r'<a href="(/product/[^"]*)"', results)[3]))
    assert len(events(shopper, "click")) == 1, "a script tells itself, and a stranger with a link clicked nothing"


def test_a_form_that_counted_already_says_so(shopper: TestClient) -> None:
    token = new_token()
    assert add(shopper, "P30", token).headers["location"] == "/basket?note=added"
    assert add(shopper, "P30", token).headers["location"] == "/basket?note=once"
    assert "the same form counts once" in shopper.get("/basket?note=once").text
    assert add(shopper, "P30").headers["location"] == "/basket?note=added"


def test_without_scripts_the_way_back_fetches_a_new_form(shopper: TestClient) -> None:
    """A page out of the browser's memory has a token that counted already."""
    for path in ("/product/P30", "/?q=mug", "/"):
        assert shopper.get(path).headers["cache-control"] == "no-store"
        shopper.cookies.set("emptor_scripted", "1")
        assert shopper.get(path).headers["cache-control"] == "private, no-cache"
        shopper.cookies.delete("emptor_scripted")


def test_only_who_comes_is_a_click(shopper: TestClient) -> None:
    """A HEAD request of a link checker is nobody's visit."""
    shopper.get("/")
    request_id = shopper.get("/v1/search?q=mug").json()["request_id"]
    shopper.head(f"/product/P30?from={request_id}&at=0")
    assert events(shopper, "click") == []
    shopper.get(f"/product/P30?from={request_id}&at=0")
    assert len(events(shopper, "click")) == 1
