"""The pages without scripts: what they show, where links lead, and that no text becomes markup."""

from __future__ import annotations

import html
import re
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from emptor.cascade import Degraded
from emptor.serve.html import STATIC
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop
from tests.serve.conftest import running

BROWSER = {"accept": "text/html,application/xhtml+xml"}


def page(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def links(text: str, pattern: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(pattern, text, re.DOTALL)]


def products(text: str) -> list[str]:
    return links(text, r'data-product="([^"]*)"')


def test_the_home_page_shows_departments_and_rows(client: TestClient) -> None:
    client.cookies.clear()
    text = page(client, "/")
    assert "<title>Golden</title>" in text and len(products(text)) == 22 and "Recently viewed" not in text
    tiles = links(text, r'<li><a href="([^"]*)">\s*<span class="picture')
    assert tiles[0] == "/?filter=category%3AHome" and len(tiles) == 5 and "19 products" in text
    assert "“" not in page(client, tiles[0]) and "<h1>Home</h1>" in page(client, tiles[0])
    assert "From the shop" in text and "New in" in text, "without an event nothing is popular"
    newest = products(text)[10:]
    assert newest[0] == "P57" and len(set(newest)) == 12
    page(client, "/product/odd%2F1%20%26%3F%23")
    assert products(page(client, "/"))[-1] == "odd/1 &?#" and "Recently viewed" in page(client, "/")
    client.cookies.clear()
    client.cookies.set("emptor_viewed", "%ff|nobody|P00|" + "x" * 1000)
    assert products(page(client, "/"))[-1] == "P00"
    client.cookies.clear()


def test_every_page_has_one_heading_of_the_first_level(client: TestClient) -> None:
    for path in ("/", "/?q=mug", "/?q=zzzz", "/?sort=newest", "/product/P00", "/basket", "/docs"):
        text = page(client, path)
        assert text.count("<h1") == 1 and text.count("<main") == 1, path
        assert len(re.findall(r"<title>[^<]+</title>", text)) == 1
    assert page(client, "/nothing", 404).count("<h1") == 1


def test_links_say_where_a_product_was_found(client: TestClient) -> None:
    text = page(client, "/?q=mug&offset=0")
    request_id = links(text, r'data-request="([^"]*)"')[0]
    assert f"/product/{products(text)[3]}?from={request_id}&at=3" in links(text, r'<a href="(/product/[^"]*)"')
    opened = page(client, f"/product/P30?from={request_id}&at=3")
    assert f'name="from" value="{request_id}"' in opened and 'name="at" value="3"' in opened
    for bad in (
        "from=x&at=1",
        f"from={request_id}&at=-1",
        f"from={request_id}&at=5000",
        f"from={request_id}",
        "at=%00",
    ):
        assert 'name="from"' not in page(client, f"/product/P30?{bad}").split('id="similar"')[0]


def test_a_search_shows_results_facets_and_sort(client: TestClient) -> None:
    text = page(client, "/?q=dress")
    assert 'value="dress"' in text and "“dress”" in text.replace("&#34;", '"')
    assert products(text)[0].startswith("P0") and "$40.00" in text and "Out of stock" in text
    assert 'src="/v1/images/P00?size=256"' in text
    for name in ("Category", "Brand", "Price", "Color", "Pattern"):
        assert f"<h2>{name}</h2>" in text
    assert '<option value="price_asc">Price: low to high</option>' in text


def test_facet_links_add_filters_and_chips_take_them_back(client: TestClient) -> None:
    text = page(client, "/?q=mug")
    link = next(url for url in links(text, r'<a href="([^"]*)" rel="nofollow"') if "Kilnhaus" in url)
    narrowed = page(client, link)
    assert 'class="on"' in narrowed and products(narrowed) and set(products(narrowed)) < set(products(text))
    chip = links(narrowed, r'<ul class="chips".*?<a href="([^"]*)"')[0]
    assert chip == "/?q=mug" and "Remove filter Kilnhaus" in narrowed


def test_pages_follow_one_another(client: TestClient) -> None:
    seen: list[str] = []
    url = "/?filter=in_stock%3Atrue"
    while url:
        text = page(client, url)
        seen += products(text)
        after = links(text, r'<a href="([^"]*)" rel="next"')
        url = after[0] if after else ""
    assert len(seen) == len(set(seen)) > 40
    assert 'aria-current="page">1<' in page(client, "/?filter=in_stock%3Atrue")


def test_nothing_from_the_catalogue_or_the_address_becomes_markup(client: TestClient) -> None:
    attack = "<script>alert(1)</script>"
    for path in ("/?q=teapot", "/product/odd%2F1%20%26%3F%23", f"/?q={attack}", f'/?q="><img src=x onerror=y>{attack}'):
        text = page(client, path)
        assert "<script>alert" not in text and "<img src=x" not in text
        own = re.findall(r'<script type="module" src="/static/', text)
        assert len(re.findall(r"<script", text)) == len(own) == 2, "only the page's own modules"
    assert "&lt;script&gt;alert(1)&lt;/script&gt; teapot" in page(client, "/?q=teapot")
    for path in (f"/?filter={attack}", f"/product/{attack}", f"/{attack}"):
        answer = client.get(path, headers=BROWSER)
        assert answer.status_code in (400, 404) and "<script>alert" not in answer.text


def test_headers_forbid_what_the_pages_do_not_need(client: TestClient) -> None:
    for path in ("/", "/v1/search?q=mug", "/static/shop.js", "/nothing"):
        headers = client.get(path, headers=BROWSER).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "img-src 'self' https: data:" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and "referrer-policy" in headers
    text = page(client, "/?q=mug")
    assert " style=" not in text and not re.search(r"\son[a-z]+=", text) and "http://" not in text


def test_a_visit_keeps_its_session_and_its_requests_name_it(client: TestClient) -> None:
    client.cookies.clear()
    first = client.get("/?q=lamp")
    session = client.cookies["emptor_session"]
    assert re.fullmatch(r"[0-9a-f]{32}", session) and "httponly" in first.headers["set-cookie"].lower()
    again = client.get("/?q=lamp")
    assert "set-cookie" not in again.headers and f'data-session="{session}"' in again.text
    request_id = links(again.text, r'data-request="([^"]*)"')[0]
    assert client.get(f"/v1/explain/{request_id}").json()["session_id"] == session
    client.cookies.set("emptor_session", "<b>forged")
    assert "<b>forged" not in client.get("/").text
    client.cookies.clear()


def test_a_product_page_shows_everything_and_similar_products(client: TestClient) -> None:
    text = page(client, "/product/P00")
    assert "A plain dress in red, made by Aurelle." in text and "<dt>Color</dt><dd>red</dd>" in text
    assert '<a href="/?filter=category%3AWomen%2FDresses">Dresses</a>' in text and "size=512" in text
    assert "P00" not in products(text) and len(products(text)) == 10
    assert "Price on request" in page(client, "/product/odd-4")
    assert "That is not here" in page(client, "/product/nobody", 404)


def test_meant_empty_and_wrong(client: TestClient) -> None:
    assert 'Did you mean <a href="/?q=sneakers">sneakers</a>?' in page(client, "/?q=sneakrs")
    empty = page(client, "/?q=xylophonequartz")
    assert "Nothing found for “xylophonequartz”" in empty and len(products(empty)) == 10
    filtered = page(client, "/?q=mug&filter=brand%3ANobody")
    assert "“mug”: nothing passes the filter" in filtered and "Nothing found for" not in filtered
    assert re.search(r"<h2>\d+ products without the filter</h2>", filtered) and "Remove it</a> to see them" in filtered
    both = page(client, "/?q=mug&filter=brand%3ANobody&filter=in_stock%3Atrue")
    assert "nothing passes all filters" in both and "Remove them" in both
    words = page(client, "/?q=xylophonequartz&filter=brand%3ANobody")
    assert "Nothing found for “xylophonequartz”" in words, "the words are the cause, and no filter"
    assert "No product passes this filter" in page(client, "/?filter=brand%3ANobody")
    for beyond in ("/?q=mug&offset=900", "/?offset=60", "/?offset=980"):
        assert "Back to the first page" in page(client, beyond)
    wrong = page(client, "/?filter=colour&q=mug", 400)
    assert "That did not work" in wrong and "expected brand:NAME" in wrong and 'value="mug"' in wrong


def test_a_degraded_page_says_so(shop_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(shop_path) as client:
        engine = client.app.state.service.engine  # type: ignore[attr-defined]
        pages = engine.pages

        def degraded(*args: object, **kwargs: object) -> object:
            found = pages(*args, **kwargs)
            for own in found:
                own.degraded.append(Degraded("retrieve", "it failed: OSError", "popular"))
            return found

        monkeypatch.setattr(engine, "pages", degraded)
        assert "less precise than usual" in page(client, "/?q=mug")
        answer = client.get("/v1/search?q=mug").json()
        assert answer["degraded"] == [{"stage": "retrieve", "reason": "it failed: OSError", "fallback": "popular"}]


def test_a_bug_is_answered_and_the_server_goes_on(shop_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(shop_path) as client:
        engine = client.app.state.service.engine  # type: ignore[attr-defined]
        with monkeypatch.context() as patch:
            patch.setattr(engine, "pages", lambda *args, **kwargs: 1 / 0)
            answer = client.get("/v1/search?q=mug")
            assert answer.status_code == 500 and "its log has the details" in answer.json()["error"]
            assert "ZeroDivision" not in answer.text
            assert "Something went wrong on our side" in page(client, "/?q=mug", 500)
        assert client.get("/v1/search?q=mug").status_code == 200
        assert 'emptor_requests_total{route="/v1/search",status="500"} 1.0' in client.get("/metrics").text


def test_static_files_are_kept_by_browsers_and_stay_in_their_folder(client: TestClient) -> None:
    text = page(client, "/")
    for url in links(text, r'(/static/[^"]*)"'):
        answer = client.get(url)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"], url
    for file in STATIC.iterdir():
        assert "http://" not in file.read_text().replace("http://www.w3.org/2000/svg", "")
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/none.css"):
        assert client.get(path).status_code == 404


def test_a_shop_without_prices_offers_no_order_by_price(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"product_id": "{at}", "title": "thing {at}"}}\n' for at in range(30)))
    with Shop.create(shop) as made:
        import_catalogue(made, rows)
    with running(shop) as client:
        html = page(client, "/?q=thing")
        assert 'value="newest"' in html and "price_asc" not in html and "price_desc" not in html
        client.app.state.service.shop.update([{"product_id": "3", "price": 2.0}])  # type: ignore[attr-defined]
        end = time.monotonic() + 5
        while "price_asc" not in page(client, "/?q=thing"):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_what_is_new_is_new_in_the_whole_shop(shop_path: Path) -> None:
    toml = shop_path / "shop.toml"
    toml.write_text(toml.read_text().replace("depth = 1000", "depth = 12"))
    with running(shop_path) as client:
        client.app.state.service.shop.update(  # type: ignore[attr-defined]
            [{"product_id": f"P0{at}", "in_stock": False} for at in range(5)]
        )
        html = page(client, "/")
        strip = html[html.index('id="new"') :]
        assert re.findall(r'data-product="([^"]*)"', strip)[:3] == ["P57", "P56", "P55"], "out of stock, but new"
