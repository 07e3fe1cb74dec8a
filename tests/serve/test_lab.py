"""The lab: what its pages say, what they change, and whom they refuse."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from emptor.evaluate import read_judgements
from emptor.merchandise import read_rules
from emptor.serve import create_app
from emptor.serve.lab.asked import LabAsked
from emptor.serve.lab.channels import channels
from emptor.serve.lab.querylog import read_queries
from emptor.serve.traces import read_traces
from emptor.shop.promotion import promote
from emptor.shop.shop import Shop
from tests.serve.conftest import running

PAGES = ("", "/channels", "/compare", "/judge", "/rules", "/queries", "/stages", "/evaluation", "/experiments")
FORM = {"content-type": "application/x-www-form-urlencoded"}


def get(client: TestClient, path: str, **parameters: Any) -> str:
    answer = client.get(f"/lab{path}", params=parameters)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


def post(client: TestClient, path: str, **fields: Any) -> Any:
    return client.post(f"/lab{path}", content=urlencode(fields), headers=FORM, follow_redirects=False)


def shop_of(client: TestClient) -> Path:
    return client.app.state.service.shop.path  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_a_shop_that_nobody_used(client: TestClient, path: str) -> None:
    html = get(client, path)
    assert html.count("<h1>") == 1 and 'aria-current="page"' in html


def test_the_waterfall_tells_stages_places_and_where_a_product_was_lost(own_client: TestClient) -> None:
    html = get(own_client, "", q="red mug", filter="brand:Kilnhaus", product="P00")
    assert "retrieve" in html and "hybrid" in html and "kept" in html
    assert "the filter brand:Kilnhaus excludes it" in html
    html = get(own_client, "", q="red mug", product="P30")
    assert "Found at" in html and "on the page, at" in html
    assert "The shop has no such product." in get(own_client, "", q="mug", product="<b>")


def test_lost_products_are_told_why(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write('[cascade.short]\nstages = [{ stage = "retrieve", method = "hybrid", depth = 3 }]\n')
    with running(shop_path) as client:
        told = lambda query, product: get(client, "", q=query, product=product, cascade="short")  # noqa: E731
        assert "Not found: none of the query&#39;s words is in it (“copper”, “pipe”)." in told("copper pipe", "P00")
        assert "it lacks “red”, “striped”, and 3 products that match better" in told("red striped mug", "P31")
        assert "every word is in it, but 3 products match better (it would score" in told("mug", "P37")
        assert "equal scores go by product_id" in told("mug", "P37")
        assert "3 products are more popular" in get(client, "", filter="in_stock:true", product="P33", cascade="short")


def test_what_the_lab_asks_is_nobodys_behaviour(own_client: TestClient) -> None:
    get(own_client, "", q="only in the lab")
    own_client.get("/v1/search?q=in+the+shop")
    own_client.app.state.service._traces.close()  # type: ignore[attr-defined]
    queries = read_traces(shop_of(own_client)).collect()["query"].to_list()
    assert queries == ["in the shop"]


def test_rules_are_written_seen_and_ended(own_client: TestClient) -> None:
    answer = post(own_client, "/rules", kind="pin", query="mug", product_id="P00", position=1, author="Ann", note="why")
    assert answer.status_code == 303 and answer.headers["location"] == "/lab/rules"
    first = own_client.get("/v1/search?q=mug").json()["results"][0]
    assert first["product_id"] == "P00"
    html = get(own_client, "/rules")
    assert "P00 at 1 for “mug”" in html and "why" in html and 'value="Ann"' in html, "the author is remembered"
    assert "pin P00 at 1" in get(own_client, "", q="mug")
    (rule,) = read_rules(shop_of(own_client)).moving
    assert post(own_client, "/rules", end=rule.id, back="/lab?q=mug").headers["location"] == "/lab?q=mug"
    assert own_client.get("/v1/search?q=mug").json()["results"][0]["product_id"] != "P00"
    assert "Ended rules" in get(own_client, "/rules")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "pin", "query": "mug", "product_id": "none", "position": 1}, "is not in the shop"),
        ({"kind": "block", "filter": "brand:None"}, "no product of the shop passes"),
        ({"kind": "block", "product_id": "P00", "category": "Nowhere"}, "has no category"),
        ({"kind": "synonym", "words": "alone"}, "expected `word, other word`"),
        ({"kind": "pin", "query": "mug", "product_id": "P00", "position": "x"}, "position"),
        ({"kind": "pin", "query": "mug", "product_id": "P00", "position": "0"}, "position"),
        ({"kind": "boost", "query": "mug", "product_id": "P00", "factor": "nan"}, "factor"),
        ({}, "kind"),
        ({"end": "none"}, "no rule"),
    ],
)
def test_a_rule_that_does_not_fit_is_told(own_client: TestClient, fields: dict[str, Any], sentence: str) -> None:
    answer = post(own_client, "/rules", **fields)
    assert answer.status_code == 400 and sentence in answer.json()["error"]
    assert not read_rules(shop_of(own_client)).every


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/lab/../..//x", "/lab/\\evil", "/", "x"])
def test_a_form_leads_back_to_the_lab_only(own_client: TestClient, back: str) -> None:
    answer = post(own_client, "/rules", kind="block", product_id="P00", back=back)
    assert answer.status_code == 303 and answer.headers["location"] in ("/lab/rules",)


def test_unknown_parameters_are_refused(client: TestClient) -> None:
    answer = client.get("/lab/compare?q=mug&b=popular")
    assert answer.status_code == 400 and "unknown parameter 'b'; known here: q, filter" in answer.json()["error"]


def test_grades_become_a_judgements_file(own_client: TestClient) -> None:
    for product_id, grade in (("P30", 3), ("P31", 1), ("P30", 2)):
        assert post(own_client, "/judge", q="mug", product_id=product_id, grade=grade).status_code == 303
    html = get(own_client, "/judge", q="mug")
    told = own_client.post(
        "/lab/judge",
        content=urlencode({"q": "mug", "product_id": "P30", "grade": 2}),
        headers={**FORM, "accept": "application/json"},
    )
    assert told.json() == {"so_far": "2 products of 1 query"}
    assert 'data-grade="2"' in html and 'data-grade="1"' in html and "2 products of 1 query" in html
    judged = read_judgements(shop_of(own_client) / "judgements.csv")
    assert judged.frame.select("query", "product_id", "grade").sort("product_id").rows() == [
        ("mug", "P30", 2.0),
        ("mug", "P31", 1.0),
    ]
    for fields in ({"grade": 9}, {"grade": "x"}, {"product_id": "none", "grade": 1}, {"q": " ", "grade": 1}):
        answer = post(own_client, "/judge", **{"q": "mug", "product_id": "P30", **fields})
        assert answer.status_code == 400, fields
    assert post(own_client, "/judge", q='a "quoted",\nline', product_id="P30", grade=1).status_code == 303
    assert read_judgements(shop_of(own_client) / "judgements.csv").fault_count == 0


def test_queries_and_stages_come_from_the_log(own_client: TestClient) -> None:
    for query in ("mug", "Mug", "zzzz", "dress"):
        page = own_client.get("/v1/search", params={"q": query, "session_id": "s"}).json()
    click = {"action": "click", "session_id": "s", "request_id": page["request_id"], "product_id": "P00"}
    assert own_client.post("/v1/events", json=click).json()["stored"] == 1
    own_client.app.state.service._traces.close()  # type: ignore[attr-defined]
    html = get(own_client, "/queries")
    assert "<b>4</b> searches" in html and "25.0%" in html and html.count('href="/lab?q=') == 3
    only = get(own_client, "/queries", only="zero")
    assert "zzzz" in only and "dress" not in only
    stages = get(own_client, "/stages")
    assert "hybrid" in stages and "None: every stage ran as declared" in stages


def test_parts_of_an_older_trace_log_are_read_too(own_client: TestClient) -> None:
    own_client.get("/v1/search?q=mug")
    own_client.app.state.service._traces.close()  # type: ignore[attr-defined]
    (part,) = (shop_of(own_client) / "logs").glob("date=*/traces-*.parquet")
    pl.read_parquet(part).drop("kept").write_parquet(part.with_name("traces-0-old.parquet"))
    assert read_traces(shop_of(own_client)).collect().height == 2
    get(own_client, "/queries")


def test_channels_are_told_apart_by_what_each_found_alone(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write(
            '[cascade.both]\nstages = [{ stage = "retrieve", method = "hybrid", depth = 30, '
            "options = { channels = { lexical = 1.0, popular = 0.5 } } }]\n"
            '[cascade.sold]\nstages = [{ stage = "retrieve", method = "popular", depth = 5 }]\n'
        )
    with running(shop_path) as client:
        engine = client.app.state.service.engine  # type: ignore[attr-defined]
        own = channels(engine, LabAsked(q="red mug", cascade="both"))
        assert own is not None and {found.name for found in own.found} == {"lexical", "popular"}
        by_words = next(found for found in own.found if found.name == "lexical")
        by_sales = next(found for found in own.found if found.name == "popular")
        assert by_words.count + by_sales.count - own.several == own.kept
        assert by_words.count_alone + by_sales.count_alone + own.several == own.kept and by_sales.count_alone > 0
        assert [hit.place for hit in by_words.first] == list(range(len(by_words.first)))
        assert all("popular" not in hit.others for hit in by_words.alone)
        assert {hit.others for hit in by_words.first} <= {(), ("popular",)}
        html = get(client, "/channels", q="red mug", cascade="both")
        assert "alone" in html and "lexical" in html and f"{by_words.count} found" in html
        one = channels(engine, LabAsked(q="red mug"))
        assert one is not None and [found.count_alone for found in one.found] == [one.kept]
        assert "nothing to compare" in get(client, "/channels", q="red mug")
        # what is popular is no search by words, and a search for nothing finds nothing
        assert [own.name for own in channels(engine, LabAsked(q="mug", cascade="sold")).found] == ["popular"]  # type: ignore[union-attr]
        nothing = get(client, "/channels", q="mug", filter="brand:Nobody")
        assert "Nothing was found" in nothing


def test_two_cascades_side_by_side_and_promotions(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write('[cascade.popular]\nstages = [{ stage = "retrieve", method = "popular", depth = 9 }]\n')
    with running(shop_path) as client:
        html = get(client, "/compare", q="mug", against="popular")
        assert "only here" in html and "of the first 10 in both" in html and "the same list" not in html
        assert "Both cascades returned the same list." in get(client, "/compare", q="mug", against="default")
        assert client.get("/lab/compare?q=mug&against=none").status_code == 400
        chosen = get(client, "/compare", q="mug")
        assert '<option value="popular" selected' in chosen and "only here" in chosen
        assert "only here" in get(client, "/compare", q="mug", cascade="popular")
        assert "of the first 10" not in get(client, "/compare")
        with Shop.open(shop_path) as shop:
            promote(shop, "popular", author="Ann", figures={"ndcg@10": [0.5, None]})
        end = time.monotonic() + 5
        while client.get("/v1/search?q=mug").json()["total"] != 9:
            assert time.monotonic() < end
            time.sleep(0.05)
        html = get(client, "/evaluation")
        assert "promoted" in html and "0.5000, –" in html and "Ann" in html


def test_other_sites_and_other_names_are_refused(own_client: TestClient, shop_path: Path) -> None:
    draft = urlencode({"kind": "block", "product_id": "P00"})
    for origin in ("https://evil.example", "null"):
        answer = own_client.post("/lab/rules", content=draft, headers={**FORM, "origin": origin})
        assert answer.status_code == 403
    assert own_client.post("/lab/rules", json={"kind": "block"}).status_code == 400
    assert own_client.get("/lab", headers={"host": "evil.example"}).status_code == 403
    assert own_client.get("/lab", headers={"host": "[::1]:80"}).status_code == 200
    assert not read_rules(shop_of(own_client)).every


def test_a_server_without_lab_has_none(shop_path: Path) -> None:
    with TestClient(create_app(shop_path, with_lab=False)) as client:
        assert client.get("/lab").status_code == 404


def test_titles_are_escaped_everywhere(own_client: TestClient) -> None:
    for path in ("", "/judge", "/compare"):
        html = get(own_client, path, q="teapot", against="default", product="odd/1 &?#")
        assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; teapot" in get(own_client, "", q="teapot")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PAGES),
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["q", "filter", "cascade", "against", "product", "only", "x"]),
            st.text(max_size=30) | st.sampled_from(["default", "brand:A", "price:1..2", "P00", "mug", "\x00"]),
        ),
        max_size=5,
    ),
)
def test_whatever_is_asked_the_lab_never_fails(client: TestClient, path: str, pairs: list[tuple[str, str]]) -> None:
    sent = [(name, value.encode("utf-8", "replace").decode()) for name, value in pairs]
    answer = client.get(f"/lab{path}", params=sent)
    assert answer.status_code in (200, 400), answer.text[:300]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/rules", "/judge"]),
    fields=st.dictionaries(
        st.sampled_from(
            ["kind", "query", "category", "product_id", "filter", "position", "factor", "words", "q", "grade"]
        ),
        st.text(max_size=20) | st.sampled_from(["pin", "block", "synonym", "P00", "1", "²", "brand:Kilnhaus", "mug"]),
        max_size=8,
    ),
)
def test_whatever_is_sent_the_lab_never_fails(client: TestClient, path: str, fields: dict[str, str]) -> None:
    body = urlencode({name: value.encode("utf-8", "replace").decode() for name, value in fields.items()})
    answer = client.post(f"/lab{path}", content=body, headers=FORM, follow_redirects=False)
    assert answer.status_code in (303, 400), answer.text[:300]
    for rule in read_rules(shop_of(client)).every:
        if rule.active:
            assert post(client, "/rules", end=rule.id).status_code == 303


def test_a_torn_judgement_is_cut_off_and_a_file_of_others_is_left_alone(own_client: TestClient) -> None:
    file = shop_of(own_client) / "judgements.csv"
    file.write_bytes(b"")
    assert post(own_client, "/judge", q="mug", product_id="P30", grade=3).status_code == 303
    file.write_bytes(file.read_bytes() + b'mug,"P3')
    assert post(own_client, "/judge", q="mug", product_id="P31", grade=2).status_code == 303
    judged = read_judgements(file)
    assert judged.frame["product_id"].to_list() == ["P30", "P31"] and judged.fault_count == 0
    file.write_text("query,product_id,grade\nmug,P30,1\n")
    answer = post(own_client, "/judge", q="mug", product_id="P31", grade=2)
    assert answer.status_code == 400 and "other columns" in answer.json()["error"]
    file.write_bytes("query,product_id,grade,author,at\nm\xfcg,P30,1,,\n".encode("latin-1"))
    assert own_client.get("/lab/judge?q=mug").status_code == 200


def test_through_a_proxy_the_lab_of_a_loopback_server_is_shut(own_client: TestClient) -> None:
    for name in ("x-forwarded-for", "forwarded", "via"):
        assert own_client.get("/lab", headers={name: "203.0.113.9"}).status_code == 403


def test_explanations_for_everybody_name_no_author(own_client: TestClient) -> None:
    post(own_client, "/rules", kind="pin", query="mug", product_id="P00", position=1, author="Secret", note="Secret")
    page = own_client.get("/v1/search?q=mug").json()
    assert "Secret" not in own_client.get(f"/v1/explain/{page['request_id']}").text


def test_an_error_in_the_lab_stays_in_the_lab(own_client: TestClient) -> None:
    answer = own_client.get("/lab?q=mug&filter=colour:red", headers={"accept": "text/html"})
    assert answer.status_code == 400 and "That did not work" in answer.text and "/lab/rules" in answer.text
    answer = post(own_client, "/rules", kind="synonym", query="mac book", words="mac book => macbook")
    assert answer.status_code == 400 and "without =&gt;" not in answer.text and "without =>" in answer.json()["error"]


def test_an_error_in_the_form_of_a_rule_keeps_what_was_typed(own_client: TestClient) -> None:
    fields = {"kind": "boost", "query": "red mug", "product_id": "nobody", "factor": "7.5", "note": "why not"}
    answer = own_client.post(
        "/lab/rules",
        content=urlencode({**fields, "author": "Ann", "back": "/lab?q=red+mug"}),
        headers={**FORM, "accept": "text/html"},
    )
    assert answer.status_code == 400 and "is not in the shop" in answer.text and "Store the rule" in answer.text
    for value in ("red mug", "nobody", "7.5", "why not", "Ann", "/lab?q=red+mug"):
        assert f'value="{value}"' in answer.text, value
    assert 'value="boost" checked' in answer.text and answer.text.count(" checked") == 1
    assert not read_rules(shop_of(own_client)).every


def test_rules_are_listed_with_titles(own_client: TestClient) -> None:
    post(own_client, "/rules", kind="block", product_id="P41")
    post(own_client, "/rules", kind="block", product_id="odd-4")
    own_client.app.state.service.shop.update([{"product_id": "odd-4", "delete": True}])  # type: ignore[attr-defined]
    own_client.app.state.service.engine.refresh()  # type: ignore[attr-defined]
    html = get(own_client, "/rules")
    assert "Kilnhaus Blue plain desk lamp" in html and "not in the shop now" in html


def test_the_author_of_grades_is_remembered(own_client: TestClient) -> None:
    assert "Type a query" in get(own_client, "/judge")
    answer = post(own_client, "/judge", q="mug", pick="3:P30", author="Bea", back="/lab/judge?q=mug&cascade=default")
    assert answer.status_code == 303 and answer.headers["location"] == "/lab/judge?q=mug&cascade=default"
    html = get(own_client, "/judge", q="mug")
    assert 'value="Bea"' in html and "1 of " in html and "counts as irrelevant" in html
    assert post(own_client, "/judge", q="mug", pick="", author="Cleo").status_code == 303
    assert 'value="Cleo"' in get(own_client, "/judge", q="mug")
    rows = (shop_of(own_client) / "judgements.csv").read_text().splitlines()
    assert len(rows) == 2 and ",Bea," in rows[1], "the button that keeps the name grades nothing"
    assert 'value="Cleo"' in get(own_client, "/rules")


def test_following_an_unknown_product_says_so(own_client: TestClient) -> None:
    for address in ("?follow=nobody", "?product=nobody", "?q=mug&follow=nobody"):
        assert "The shop has no such product: <code>nobody</code>" in own_client.get(f"/lab{address}").text
    assert "no such product" not in own_client.get("/lab?q=mug&follow=P30").text


def test_the_waterfall_begins_with_the_query(own_client: TestClient) -> None:
    (shop_of(own_client) / "synonyms.txt").write_text("trainer => sneakers\n")
    own_client.app.state.service.engine.refresh()  # type: ignore[attr-defined]
    html = get(own_client, "", q="the trainers lampp 12 oz")
    assert html.index('id="query"') < html.index('id="stages"')
    for told in ("or sneaker", "×1 synonym", "×0.8 correction", "quantity", "need not match", "Any word was enough"):
        assert told in html, told


def test_what_is_blocked_is_told_in_the_waterfall(own_client: TestClient) -> None:
    post(own_client, "/rules", kind="block", filter="attr.color:red")
    html = get(own_client, "", q="mug", product="P30")
    assert "2 blocked</span> by the rule: block attr.color:red" in html
    assert "Blocked by the rule: block attr.color:red" in html


def test_queries_under_filters_and_clicks_of_before(own_client: TestClient) -> None:
    log = shop_of(own_client)
    own_client.get("/v1/search?q=mug")
    own_client.get("/v1/search?q=Mug&filter=brand:Kilnhaus&filter=price:..20")
    imported = [
        {"action": "click", "user_id": "u", "query": query, "product_id": "P30", "request_id": f"old-{at}"}
        for at, query in enumerate([" MUG", "mug", "long gone"])
    ]
    own_client.app.state.service.shop.events.append(imported)  # type: ignore[attr-defined]
    own_client.app.state.service._traces.close()  # type: ignore[attr-defined]
    rows = read_queries(log, own_client.app.state.service.shop.events).queries  # type: ignore[attr-defined]
    told = {(own["query"].lower(), tuple(own["filters"])): (own["asked"], own["earlier"]) for own in rows}
    assert told == {
        ("mug", ()): (1, 2),
        ("mug", ("brand:Kilnhaus", "price:..20")): (1, 0),
        ("long gone", ()): (0, 1),
    }
    html = get(own_client, "/queries")
    assert "/lab?q=Mug&amp;filter=brand%3AKilnhaus&amp;filter=price%3A..20" in html and "long gone" in html


def test_imported_clicks_are_listed_before_anybody_searched(own_client: TestClient) -> None:
    event = {"action": "click", "user_id": "u", "query": "old query", "product_id": "P30"}
    own_client.app.state.service.shop.events.append([event])  # type: ignore[attr-defined]
    assert "old query" in get(own_client, "/queries")


def test_after_a_promotion_the_first_default_can_be_compared_and_judged(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write('[cascade.popular]\nstages = [{ stage = "retrieve", method = "popular", depth = 9 }]\n')
    with Shop.open(shop_path) as shop:
        promote(shop, "popular")
    with running(shop_path) as client:
        html = get(client, "/compare", q="mug", against="initial")
        assert '<option value="initial" selected' in html and "only here" in html and "three places higher" in html
        assert 'data-product="P30"' in get(client, "/judge", q="mug", cascade="initial")
