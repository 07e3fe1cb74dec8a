"""A catalogue, a query log and forms written by an enemy: no text becomes markup, and no name reaches a file."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson
import pytest
from starlette.testclient import TestClient

from emptor.merchandise import read_rules
from emptor.serve.basket import new_token
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop
from tests.golden import picture
from tests.serve.conftest import running

BROWSER = {"accept": "text/html"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PRODUCT = "x'\"><xss-id onload=a()> {{1337*1337}}/../..\\#?&"
PERCENT = "%2e%2e%2f%25<xss-percent>"
RTL = "\u202egnp.exe\u2066\u200f"


def attack(place: str) -> str:
    """Text that wants out of an element, out of either sort of quotes, into a script or through a template."""
    return (
        f"mug {place} <script>xss()</script><img src=x onerror=xss()>'\"><xss-{place} onload=xss() style=a:b>"
        f"</a></title></textarea><svg/onload=xss()>&lt;script&gt;xss()&lt;/script&gt; {{{{1337*1337}}}} "
        f"${{1337*1337}} {{% raw %}} javascript:xss() \x00 {RTL} `"
    )


def hostile_products() -> list[dict[str, Any]]:
    rows = []
    images = [
        "javascript:xss()//.png",
        "JaVaScRiPt:xss()",
        " javascript:xss()",
        "data:text/html,<xss-image>",
        "//evil/x",
    ]
    images += ["vbscript:xss()", "https://a.example/'\"><xss-image onerror=x>.png", "../outside.png", "/etc/passwd"]
    for number, image in enumerate(images):
        rows.append(
            {
                "product_id": f"{PRODUCT}{number}",
                "title": attack("title"),
                "description": attack("description"),
                "category": [attack("department"), attack("category")],
                "brand": attack("brand"),
                "attributes": {attack("name")[:200]: [attack("value")], "color": ["'\"><xss-color>", "javascript:x"]},
                "price": 3 + number,
                "image": image,
                "seller_id": "<xss-seller>",
            }
        )
    rows.append({"product_id": "untitled<xss-untitled>", "price": 1, "brand": RTL, "category": "javascript:xss()/<b>"})
    rows.append({"product_id": PERCENT, "title": "mug", "price": 1})
    rows.append({"product_id": "good", "title": "good mug", "price": 2, "image": "good.png"})
    return rows


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server over the hostile catalogue; the folder above its pictures holds one that is not the shop's."""
    base = tmp_path_factory.mktemp("hostile")
    (base / "images").mkdir()
    (base / "images" / "good.png").write_bytes(picture((1, 2, 3)))
    (base / "outside.png").write_bytes(picture((9, 9, 9)))
    (base / "catalogue.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in hostile_products()))
    with Shop.create(base / "shop", name="<xss-shop>'\"") as shop:
        import_catalogue(shop, base / "catalogue.jsonl", images=base / "images")
    with running(base / "shop") as client:
        yield client


class Page(HTMLParser):
    """The elements of a page as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def check(client: TestClient, path: str, status: int = 200) -> str:
    """A page in which nothing but the templates' own elements stands."""
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status, (path, answer.text[:300])
    text = answer.text
    assert "1787569" not in text, "a template in the data was run"
    assert "\x00" not in text
    for tag, attributes in Page(text).elements:
        assert not tag.startswith("xss"), (path, tag)
        if tag == "script":
            assert (attributes["src"] or "").startswith("/static/"), (path, attributes)
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in ("style", "srcdoc", "xlink:href"), (path, tag, attributes)
            if name in ("href", "src", "action", "formaction", "poster", "srcset", "data", "content"):
                place = re.sub(r"[\x00-\x20]", "", value or "").lower()
                assert not re.match(r"(javascript|vbscript|data|file):", place), (path, tag, value)
            if tag == "img" and name == "src":
                assert (value or "").startswith(("/v1/images/", "https://")), (path, value)
            if name in ("href", "action", "formaction"):
                assert re.match(r"[/#?](?!/)", value or ""), (path, tag, value)  # nothing here leads elsewhere
    return text


def ids(client: TestClient) -> list[str]:
    return [hit["product_id"] for hit in client.get("/v1/search?k=50").json()["results"]]


# -- markup ---------------------------------------------------------------------------------------------------------


def test_the_catalogue_is_as_hostile_as_it_was_meant(hostile: TestClient) -> None:
    assert len(ids(hostile)) == len(hostile_products())
    product = hostile.get(f"/v1/products/{quote(PRODUCT + '0', safe='')}").json()
    for place, value in (
        ("title", product["title"]),
        ("brand", product["brand"]),
        ("category", product["category"][1]),
    ):
        assert f"'\"><xss-{place} onload=xss() style=a:b>" in value and "{{1337*1337}}" in value, value
        assert "\x00" not in value
    assert any("<xss-name" in name for name in product["attributes"])
    assert product["product_id"] == PRODUCT + "0" and product["image_url"] is None


def test_no_product_becomes_markup_in_the_shop(hostile: TestClient) -> None:
    text = check(hostile, "/")
    assert "&lt;xss-shop&gt;" in text and "&lt;xss-title" in text, "the pages show what they are tested for"
    for path in ("/?q=mug", "/?sort=newest", "/?q=mugg", "/?q=xss", "/docs", "/basket"):
        check(hostile, path)
    for product_id in ids(hostile):
        if product_id != PERCENT:  # the test client decodes a path twice
            check(hostile, f"/product/{quote(product_id, safe='')}")
    check(hostile, "/")  # with what was looked at lately
    status, text = raw(hostile, "GET", f"/product/{quote(PERCENT, safe='')}".encode())
    assert status == 200 and "<xss" not in text
    hostile.cookies.clear()


def test_no_filter_link_leads_elsewhere_or_becomes_markup(hostile: TestClient) -> None:
    facets = hostile.get("/v1/search?q=mug").json()["facets"]
    filters = [value["filter"] for facet in facets for value in facet["values"]]
    assert any("xss-brand" in own for own in filters) and any("xss-name" in own for own in filters)
    for own in filters:
        text = check(hostile, "/?" + urlencode({"q": "mug", "filter": own}))
        assert "No product passes" not in text, own
        check(hostile, "/lab?" + urlencode({"q": "mug", "filter": own}))


@pytest.mark.parametrize("q", [attack("query"), "javascript:xss()", RTL, "<xss-q>", "'\"><xss-q>", "{{1337*1337}}"])
def test_no_query_becomes_markup(hostile: TestClient, q: str) -> None:
    sent = urlencode({"q": q, "filter": "brand:<xss-filter>'\""})
    for path in (f"/?{urlencode({'q': q})}", f"/?{sent}", f"/lab?{sent}", f"/lab/judge?{urlencode({'q': q})}"):
        check(hostile, path)
    check(hostile, f"/?{urlencode({'filter': q})}", 400)
    check(hostile, f"/{quote(q.replace(chr(0), ''), safe='')}", 404)
    check(hostile, f"/product/{quote(q, safe='')}", 404)
    check(hostile, f"/lab?{urlencode({'q': 'mug', 'cascade': q})}", 400)
    check(hostile, f"/lab/compare?{urlencode({'q': 'mug', 'against': q})}", 400)


def test_no_basket_becomes_markup(hostile: TestClient) -> None:
    for product_id in ids(hostile):
        data = {"product": product_id, "token": new_token()}
        answer = hostile.post("/basket/add", data=data, headers=BROWSER, follow_redirects=False)
        assert answer.status_code == 303, answer.text[:300]
    text = check(hostile, "/basket")
    assert "&lt;xss-title" in text
    seen = html.unescape(re.search(r'name="seen" value="([^"]*)"', text)[1])  # type: ignore[index]
    hostile.post("/basket/buy", data={"seen": seen}, headers=BROWSER, follow_redirects=False)
    assert "&lt;xss-title" in check(hostile, "/thanks")
    for name in ("product", "pick", "from", "at", "quantity", "token"):
        answer = hostile.post("/basket/add", data={name: "<xss-form>'\""}, headers=BROWSER)
        assert answer.status_code in (400, 404) and "<xss" not in answer.text
    hostile.cookies.clear()


def test_nothing_becomes_markup_in_the_lab(hostile: TestClient) -> None:
    product, q = PRODUCT + "0", attack("query")[:200]
    category = hostile.get(f"/v1/products/{quote(product, safe='')}").json()["category"]
    escaped = "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in category)
    told = {"author": "<xss-author>'\"{{1337*1337}}", "note": attack("note")[:400]}
    for rule in (
        {"kind": "pin", "query": q, "product_id": product, "position": "1"},
        {"kind": "pin", "query": "mug", "product_id": product, "position": "1"},
        {"kind": "boost", "query": "mug", "filter": "attr.color:'\"><xss-color>"},
        {"kind": "bury", "category": escaped, "product_id": product},
        {"kind": "block", "query": "<xss-only>", "product_id": "good"},
        {"kind": "synonym", "words": "mug, <xss-word>, 'onload"},
    ):
        answer = hostile.post("/lab/rules", content=urlencode({**rule, **told}), headers=FORM, follow_redirects=False)
        assert answer.status_code == 303, answer.text
    for text in (q, "mug"):
        grade = urlencode({"q": text, "product_id": product, "grade": "2"})
        answer = hostile.post("/lab/judge", content=grade, headers=FORM, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        hostile.get("/v1/search", params={"q": text})
        asked = {"q": text, "product": product, "against": "default"}
        for page in ("", "/channels", "/compare", "/judge", "/rules"):
            html = check(hostile, f"/lab{page}?{urlencode(asked)}")
            assert "&lt;xss-" in html, page
    for other in (*ids(hostile), "<xss-nobody>", "../../etc/passwd"):
        check(hostile, f"/lab?{urlencode({'q': 'mug', 'product': other})}")
    hostile.get("/v1/search", params={"q": "qzwx<xssqqnothing>'\""})
    hostile.app.state.service._traces.close()  # type: ignore[attr-defined]
    for page in ("/queries", "/queries?only=zero", "/stages", "/evaluation", "/rules"):
        text = check(hostile, f"/lab{page}")
    assert "&lt;xss-author&gt;" in text and "&lt;xss-word&gt;" in text
    assert "&lt;xssqqnothing&gt;" in check(hostile, "/lab/queries?only=zero")
    rules = read_rules(hostile.app.state.service.shop.path)  # type: ignore[attr-defined]
    hostile.post("/lab/rules", content=urlencode({"end": rules.every[0].id, **told}), headers=FORM)
    check(hostile, "/lab/rules")
    hostile.cookies.clear()


def test_no_picture_is_taken_from_elsewhere(hostile: TestClient) -> None:
    urls = {hit["product_id"]: hit["image_url"] for hit in hostile.get("/v1/search?k=50").json()["results"]}
    assert urls.pop("good") == "/v1/images/good?size=256"
    assert {url for url in urls.values() if url is not None} == {"https://a.example/'\"><xss-image onerror=x>.png"}
    for product_id in urls:
        assert hostile.get(f"/v1/images/{quote(product_id, safe='')}").status_code == 404


# -- numbers -------------------------------------------------------------------------------------------------------

DIGITS = "9" * 5_000
"""More than Python reads as a number."""


def test_numbers_without_end_are_refused(hostile: TestClient) -> None:
    for path, fields in (
        ("/lab/rules", {"kind": "pin", "query": "mug", "product_id": "good", "position": DIGITS}),
        ("/lab/rules", {"kind": "boost", "query": "mug", "product_id": "good", "factor": DIGITS}),
        ("/lab/judge", {"q": "mug", "product_id": "good", "grade": DIGITS}),
        ("/basket/add", {"product": "good", "quantity": DIGITS, "token": new_token()}),
    ):
        answer = hostile.post(path, content=urlencode(fields), headers=FORM, follow_redirects=False)
        assert answer.status_code == 400 and len(answer.json()["error"]) < 300, (path, answer.text[:300])
    for path in ("/v1/search?k=", "/v1/search?offset=", "/v1/suggest?k=", "/v1/images/good?size=", "/?filter=price:"):
        assert hostile.get(path + DIGITS).status_code == 400, path
    assert hostile.get(f"/?q=mug&offset={DIGITS}").status_code == 200
    answer = hostile.post("/v1/events", content=f'{{"action":"click","user_id":"u","x":{DIGITS}}}')
    assert answer.status_code == 400
    for announced, status in ((DIGITS, 413), ("²".encode("latin-1"), 422)):
        answer = hostile.post("/v1/events", content=b"{}", headers={"content-length": announced})
        assert answer.status_code == status, answer.text


# -- files ------------------------------------------------------------------------------------------------------------

SECRET = "the-text-of-another-file"
NAMES = [
    "../secret.txt",
    "../../secret.txt",
    "../shop.toml",
    "shop.toml",
    "../../../../../../../../../../etc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "..\\..\\secret.txt",
    "C:\\Windows\\win.ini",
    "secret.txt\x00.png",
    "\x00",
    "....//....//secret.txt",
    "%2e%2e/%2e%2e/secret.txt",
    "..%2f..%2fsecret.txt",
    "..%5c..%5csecret.txt",
    "%252e%252e%252fsecret.txt",
    "..;/secret.txt",
    "file:///etc/passwd",
    "~/.ssh/id_rsa",
    "CON",
    ".",
    "..",
]


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder with a hash of its content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.blake2b(path.read_bytes()).hexdigest() for path in files}


def raw(client: TestClient, method: str, path: bytes, query: bytes = b"") -> tuple[int, str]:
    """What a server hands to the application for a path as it came over the wire, with its dots and escapes."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path.decode("latin-1")), "raw_path": path, "query_string": query, "root_path": "",
        "headers": [(b"host", b"testserver")], "client": ("127.0.0.1", 1), "server": ("testserver", 80), "state": {},
    }  # fmt: skip
    got: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        got.append(message)

    async def call() -> None:
        await client.app(scope, receive, send)  # type: ignore[arg-type]

    assert client.portal is not None
    client.portal.call(call)
    body = b"".join(message.get("body", b"") for message in got)
    return got[0]["status"], body.decode("utf-8", "replace")


def spelt(name: str) -> list[bytes]:
    """A name in a path: as it is (where a server would let it through), escaped, and escaped twice."""
    once = quote(name, safe="")
    dots = once.replace(".", "%2e")
    plain = [quote(name, safe="/.%\\:;~").encode()]
    return [*plain, once.encode(), dots.encode(), dots.replace("%2F", "/").encode(), quote(dots, safe="").encode()]


@pytest.fixture
def guarded(shop_path: Path) -> Iterator[TestClient]:
    """A server whose shop lies beside files that nobody may see or change."""
    (shop_path.parent / "secret.txt").write_text(SECRET)
    (shop_path.parent / "beside").mkdir()
    (shop_path.parent / "beside" / "secret.txt").write_text(SECRET)
    with running(shop_path) as client:
        yield client


def outside(client: TestClient) -> dict[str, str]:
    return {name: digest for name, digest in listing(_shop(client).parent).items() if not name.startswith("shop/")}


def inside(client: TestClient) -> set[str]:
    return set(listing(_shop(client)))


def _shop(client: TestClient) -> Path:
    return client.app.state.service.shop.path  # type: ignore[attr-defined]


def assert_shut(status: int, text: str, what: object, allowed: tuple[int, ...] = (400, 404)) -> None:
    assert status in allowed, (what, status, text[:200])
    assert SECRET not in text and "root:" not in text and 'name = "Golden"' not in text, what


PATHS = ("/v1/products/", "/v1/images/", "/v1/explain/", "/product/", "/static/", "/static/../", "/lab/", "/")


def test_no_path_reaches_a_file(guarded: TestClient) -> None:
    before, own = outside(guarded), inside(guarded)
    for start in PATHS:
        for name in NAMES:
            for path in spelt(name):
                status, text = raw(guarded, "GET", start.encode() + path)
                at_home = start in ("/", "/static/../", "/lab/") and name in (".", "..")
                assert_shut(status, text, (start, path), (200, 400, 404) if at_home else (400, 404))
    assert outside(guarded) == before
    assert {name for name in inside(guarded) - own if not name.startswith("traces/")} == set()


def test_no_parameter_reaches_a_file(guarded: TestClient) -> None:
    before = outside(guarded)
    for name in NAMES:
        for path, parameter in (
            ("/v1/search", "cascade"),
            ("/v1/search", "filter"),
            ("/v1/search", "sort"),
            ("/v1/recommend", "cascade"),
            ("/v1/recommend", "product_id"),
            ("/v1/images/P00", "size"),
            ("/v1/images/P00", "name"),
            ("/lab", "cascade"),
            ("/lab/compare", "against"),
        ):
            answer = guarded.get(
                path, params={"q": "mug", parameter: name} if path != "/v1/images/P00" else {parameter: name}
            )
            blank = not name.strip("\x00")  # counts as left out in the lab
            assert_shut(answer.status_code, answer.text, (path, name), (200, 400, 404) if blank else (400, 404))
        for path, parameter in (
            ("/v1/search", "q"),
            ("/v1/search", "user_id"),
            ("/v1/suggest", "q"),
            ("/", "q"),
            ("/lab", "product"),
        ):
            answer = guarded.get(path, params={"q": "mug", parameter: name})
            assert_shut(answer.status_code, answer.text, (path, name), (200,))
    assert outside(guarded) == before


def test_no_form_and_no_event_reaches_a_file(guarded: TestClient) -> None:
    before, own = outside(guarded), inside(guarded)
    for name in NAMES:
        for path, fields in (
            ("/lab/rules", {"kind": "pin", "query": "mug", "product_id": name, "position": "1"}),
            ("/lab/rules", {"kind": name, "query": "mug", "product_id": "P00"}),
            ("/lab/rules", {"kind": "boost", "query": "mug", "filter": name}),
            ("/lab/rules", {"kind": "block", "query": "mug", "filter": f"brand:{name}"}),
            ("/lab/rules", {"kind": "block", "category": name, "product_id": "P00"}),
            ("/lab/rules", {"end": name}),
            ("/lab/judge", {"q": "mug", "product_id": name, "grade": "1"}),
            ("/lab/judge", {"q": "mug", "product_id": "P00", "grade": name}),
            ("/basket/add", {"product": name, "token": new_token()}),
            ("/basket/add", {"product": "P00", "token": name}),
        ):
            answer = guarded.post(path, content=urlencode(fields), headers=FORM, follow_redirects=False)
            ignored = name == "\x00" and "category" in fields  # blank: a rule for every category
            assert_shut(answer.status_code, answer.text, (path, fields), (303,) if ignored else (400, 404))
        for path, fields in (
            ("/lab/judge", {"q": f"a {name}", "product_id": "P00", "grade": "1"}),
            (
                "/lab/rules",
                {
                    "kind": "block",
                    "query": f"a {name}",
                    "product_id": "P00",
                    "author": name,
                    "note": name,
                    "back": name,
                },
            ),
        ):
            answer = guarded.post(path, content=urlencode(fields), headers=FORM, follow_redirects=False)
            assert_shut(answer.status_code, answer.text, (path, fields), (303,))
            assert answer.headers["location"].startswith("/lab"), answer.headers["location"]
        guarded.cookies.clear()
        event = dict.fromkeys(("event_id", "user_id", "session_id", "request_id", "product_id", "cascade"), name)
        answer = guarded.post("/v1/events", json={"action": "click", **event})
        assert_shut(answer.status_code, answer.text, event, (422,) if "\x00" in name else (200,))
        for cookie in ("emptor_session", "emptor_basket", "emptor_viewed", "emptor_bought", "emptor_author"):
            answer = guarded.get("/", headers={"cookie": f"{cookie}={quote(name)}"})
            assert_shut(answer.status_code, answer.text, (cookie, name), (200,))
    guarded.app.state.service._traces.close()  # type: ignore[attr-defined]
    assert outside(guarded) == before
    new = inside(guarded) - own
    meant = re.compile(r"(rules\.(json|lock)|judgements\.(csv|lock)|logs/[\w./=-]+|events[./][\w./=-]+)")
    assert {name for name in new if not meant.fullmatch(name)} == set()
    assert not [name for name in new if "secret" in name or "passwd" in name or ".." in name]
