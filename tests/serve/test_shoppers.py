"""Shopping as a user of the log: who may, what changes, what is stored, and what a cookie cannot do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from emptor.serve import create_app
from emptor.serve.persona import Avatar, persona
from emptor.serve.visit import SESSION, SHOPPER, VIEWED
from emptor.shop.shop import Shop
from tests.acting import PASTS, PERSONAL, act, acted
from tests.serve.conftest import running

ONLY_ALLOWED = "\n[serve]\nshoppers = true\n"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def known(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server over the golden shop with a past and a cascade that knows it; each test begins without cookies."""
    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("acted") / "shop"))
    with running(acted(path, PERSONAL)) as client:
        yield client


@pytest.fixture(autouse=True)
def nobody_yet(request: pytest.FixtureRequest) -> None:
    if "known" in request.fixturenames:
        request.getfixturevalue("known").cookies.clear()


def choose(client: TestClient, user: str) -> None:
    answer = client.post("/shoppers/choose", data={"user": user}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def listed(html: str) -> list[str]:
    return re.findall(r'data-product="([^"]+)"', html)


def test_it_is_off_unless_the_shop_says_so(client: TestClient) -> None:
    for ask in (client.get, client.post):
        assert ask("/shoppers" if ask == client.get else "/shoppers/choose", headers=HTML).status_code == 404
    home = client.get("/", headers={"cookie": f"{SHOPPER}=ANNA7Q"}).text
    assert "/shoppers" not in home and "shoppers.css" not in home


def test_whoever_starts_the_server_decides_first(shop_path: Path) -> None:
    assert not create_app(acted(shop_path, PERSONAL), with_shoppers=False).state.service.with_shoppers
    assert create_app(shop_path).state.service.with_shoppers


def test_shoppers_are_shown_as_cards(known: TestClient) -> None:
    page = known.get("/shoppers", headers=HTML)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    names = re.findall(r"<h2>Shopper (\w+)</h2>", page.text)
    assert names == ["ANNA7Q", "BORIS2", "CARLA9"]
    anna = page.text.partition("Shopper ANNA7Q")[2].partition("</li>\n    <li")[0]
    for told in ("3 visits, 1 order", "Women", "Aurelle", "red", "$40.00", "/v1/images/P04?size=64"):
        assert told in anna
    assert re.findall(r"<h2>Shopper (\w+)", known.get("/shoppers?id=bo").text) == ["BORIS2"]
    assert "No shopper’s id begins with “XX”" in known.get("/shoppers?id=XX").text
    assert "nobody on this page" in known.get("/shoppers?offset=48").text
    assert known.get("/shoppers?offset=x&id=%00%3Cb%3E").status_code == 200


def test_pages_of_shoppers(shop_path: Path) -> None:
    with Shop.open(shop_path) as shop:
        act(shop, {f"user-{number:03}": [("click", "P00")] for number in range(50)})
    file = shop_path / "shop.toml"
    file.write_text(file.read_text() + ONLY_ALLOWED)
    with running(shop_path) as client:
        seen: list[str] = []
        url: str | None = "/shoppers?id=user"
        for _ in range(3):
            assert url is not None
            page = client.get(url).text
            seen += re.findall(r'name="user" value="([^"]+)"', page)
            url = next(iter(re.findall(r'<a href="([^"]+)" rel="next"', page.replace("&amp;", "&"))), None)
        assert seen == [f"user-{number:03}" for number in range(50)] and url is None


def test_a_shop_without_history_says_so(shop_path: Path) -> None:
    file = shop_path / "shop.toml"
    file.write_text(file.read_text() + ONLY_ALLOWED)
    with running(shop_path) as client:
        assert "Nobody has a history here yet" in client.get("/shoppers").text
        assert client.post("/shoppers/choose", data={"user": "ANNA7Q"}).status_code == 400


def test_a_cascade_that_asks_nobody_is_told(shop_path: Path) -> None:
    with running(acted(shop_path, ONLY_ALLOWED)) as client:
        choose(client, "ANNA7Q")
        home = client.get("/").text
        assert "shows everybody the same" in home and "Picked for you" not in home


def test_choosing_changes_home_and_search_until_one_stops(known: TestClient) -> None:
    plain_home, plain = known.get("/").text, listed(known.get("/?q=striped").text)
    assert "Picked for you" not in plain_home and "Shop as …" in plain_home
    choose(known, "ANNA7Q")
    home = known.get("/").text
    picked = home.partition("Picked for you")[2].partition("</section>")[0]
    assert {product[:2] for product in listed(picked)[:5]} == {"P0"}, "dresses"
    assert "You see the shop as <strong>ANNA7Q</strong> does" in home and "/shoppers/stop" in home
    assert listed(known.get("/?q=striped").text) != plain
    assert "Shopping as ANNA7Q" in known.get("/shoppers").text
    stopped = known.post("/shoppers/stop", follow_redirects=False)
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/")
    assert "Picked for you" not in known.get("/").text and listed(known.get("/?q=striped").text) == plain


def test_a_new_shopper_is_a_new_visit(known: TestClient) -> None:
    known.get("/product/P30")
    session = known.cookies[SESSION]
    assert VIEWED in known.cookies
    choose(known, "BORIS2")
    assert known.cookies[SESSION] != session and VIEWED not in known.cookies
    answer = known.post("/shoppers/choose", data={"user": "ANNA7Q"}, follow_redirects=False)
    cookie = next(own for own in answer.headers.get_list("set-cookie") if own.startswith(SHOPPER))
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower()


def test_events_carry_the_shopper(known: TestClient) -> None:
    choose(known, "BORIS2")
    page = known.get("/?q=mug").text
    request_id = re.findall(r'data-request="([0-9a-f]{32})"', page)[0]
    first = listed(page)[0]
    # what the page's script sends names no user: the server knows whose page it was
    event = {"action": "click", "session_id": known.cookies[SESSION], "request_id": request_id, "product_id": first}
    assert known.post("/v1/events", json={**event, "event_id": "scripted"}).json()["stored"] == 1
    known.get(f"/product/{first}?from={request_id}&at=0")
    token = "0" * 32
    known.post("/basket/add", data={"product": first, "token": token})
    seen = re.findall(r'name="seen" value="(\w+)"', known.get("/basket").text)[0]
    known.post("/basket/buy", data={"seen": seen})
    log = known.app.state.service.shop.events.read()  # type: ignore[attr-defined]
    stored = log.filter(pl.col("session_id") == known.cookies[SESSION]).select("action", "user_id").collect()
    assert sorted(stored["action"]) == ["add_to_cart", "click", "click", "purchase"]
    assert set(stored["user_id"]) == {"BORIS2"}


def test_what_a_cookie_says_is_not_believed(known: TestClient) -> None:
    for told in ("nobody", "%00", "ANNA7Q%2F..", "x" * 5_000, "<script>", "ANNA7Q ANNA7Q"):
        home = known.get("/", headers={"cookie": f"{SHOPPER}={told}"})
        assert home.status_code == 200 and "You see the shop as" not in home.text
    assert "You see the shop as" in known.get("/", headers={"cookie": f"{SHOPPER}=ANNA7Q"}).text


def test_forms_of_other_sites_and_unknown_users_are_refused(known: TestClient) -> None:
    for path in ("/shoppers/choose", "/shoppers/stop"):
        assert known.post(path, data={"user": "ANNA7Q"}, headers={"origin": "https://evil.example"}).status_code == 403
    for form in ({}, {"user": ""}, {"user": "nobody"}, {"user": "ANNA7Q\0"}):
        assert known.post("/shoppers/choose", data=form).status_code == 400
    answer = known.post("/shoppers/choose", data={"user": "ANNA7Q", "next": "//evil.example"}, follow_redirects=False)
    assert answer.headers["location"] == "/"
    assert known.get("/shoppers/choose", headers=HTML).status_code == 405


def test_names_of_users_are_text(shop_path: Path) -> None:
    user = '<b>"x"&\'|é'
    with Shop.open(shop_path) as shop:
        act(shop, {user: [("click", "P00"), ("click", "odd/1 &?#")]})
    file = shop_path / "shop.toml"
    file.write_text(file.read_text() + ONLY_ALLOWED)
    with running(shop_path) as client:
        page = client.get("/shoppers").text
        assert "<b>" not in page and "<script>alert" not in page and "&lt;b&gt;" in page
        choose(client, user)
        assert "You see the shop as" in client.get("/").text


def test_a_face_follows_from_the_id() -> None:
    assert persona("ANNA7Q") == persona("ANNA7Q") and persona("CBYEDE3FF").name == "CBYE"
    assert persona("--").name == "?"
    assert len({Avatar.of(f"u{number}") for number in range(300)}) > 290
    assert all(user for user in PASTS)
