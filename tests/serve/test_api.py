"""Every route of the API, and what it says to bad requests."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from starlette.testclient import TestClient

ODD = "odd/1 &?#"


def get(client: TestClient, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def error(client: TestClient, path: str, status: int, **parameters: Any) -> str:
    answer = client.get(path, params=parameters)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


def ids(page: dict[str, Any]) -> list[str]:
    return [hit["product_id"] for hit in page["results"]]


def test_a_search_answers_in_the_documented_shape(client: TestClient) -> None:
    page = get(client, "/v1/search", q="red dress", k=3)
    assert set(page) == {
        "request_id", "query", "total", "total_is_capped", "results", "facets", "degraded", "did_you_mean",
        "cascade", "explored",
    }  # fmt: skip
    assert page["query"] == "red dress" and page["degraded"] == [] and page["explored"] is False
    first = page["results"][0]
    assert first == {
        "product_id": "P00",
        "title": "Aurelle Red plain dress",
        "price": 40.0,
        "currency": "USD",
        "brand": "Aurelle",
        "category": ["Women", "Dresses"],
        "image_url": "/v1/images/P00?size=256",
        "in_stock": True,
        "score": first["score"],
        "position": 0,
        "propensity": 1.0,
    }
    assert [hit["position"] for hit in page["results"]] == [0, 1, 2]
    assert first["score"] > page["results"][2]["score"] > 0
    facets = {facet["field"]: facet["values"] for facet in page["facets"]}
    assert {"category", "brand", "price", "attr.color"} <= set(facets)
    assert set(facets["brand"][0]) == {"value", "filter", "count", "active"}


def test_pages_are_slices_of_one_list(client: TestClient) -> None:
    whole = get(client, "/v1/search", q="mug", k=40)
    parts: list[str] = []
    for offset in range(0, 40, 7):
        page = get(client, "/v1/search", q="mug", k=7, offset=offset)
        assert page["total"] == whole["total"]
        assert [hit["position"] for hit in page["results"]] == list(range(offset, offset + len(page["results"])))
        parts += ids(page)
    assert parts[: len(whole["results"])] == ids(whole) and len(set(parts)) == len(parts) == whole["total"]


def test_filters_repeat_and_facets_offer_filters_that_work(client: TestClient) -> None:
    page = get(client, "/v1/search", q="shirt", filter=["brand:Northpine", "attr.color:red|blue", "price:..28"])
    assert ids(page) and all(hit["brand"] == "Northpine" and hit["price"] <= 28 for hit in page["results"])
    open_page = get(client, "/v1/search", q="shirt", k=100)
    for facet in open_page["facets"]:
        for value in facet["values"]:
            narrowed = get(client, "/v1/search", q="shirt", k=100, filter=value["filter"])
            assert narrowed["total"] == value["count"], value
            own = next(f for f in narrowed["facets"] if f["field"] == facet["field"])
            assert value["filter"] in [v["filter"] for v in own["values"] if v["active"]]


def test_sorts_reorder_the_list(client: TestClient) -> None:
    prices = [hit["price"] for hit in get(client, "/v1/search", q="shirt", sort="price_asc", k=50)["results"]]
    known = [price for price in prices if price is not None]
    assert known == sorted(known) and prices[: len(known)] == known
    down = [hit["price"] for hit in get(client, "/v1/search", q="shirt", sort="price_desc", k=50)["results"]]
    assert [price for price in down if price is not None] == known[::-1]


def test_blank_parameters_count_as_left_out_and_a_blank_query_browses(client: TestClient) -> None:
    page = get(client, "/v1/search", q="", k="", offset="", user_id="", sort="", filter="", cascade="")
    assert page["total"] > 50 and len(page["results"]) == 20
    narrowed = get(client, "/v1/search", filter="category:Home")
    assert narrowed["results"] and all(hit["category"][0] == "Home" for hit in narrowed["results"])


def test_facets_can_be_left_out(client: TestClient) -> None:
    assert get(client, "/v1/search", q="mug", facets="false")["facets"] == []


def test_a_misspelt_query_says_what_was_meant(client: TestClient) -> None:
    assert get(client, "/v1/search", q="sneakrs")["did_you_mean"] == "sneakers"


def test_recommendations_are_similar_products_or_a_home_page(client: TestClient) -> None:
    similar = get(client, "/v1/recommend", product_id="P00", k=5)
    assert similar["query"] is None and len(similar["results"]) == 5
    assert "P00" not in ids(similar) and similar["results"][0]["category"] == ["Women", "Dresses"]
    assert len(get(client, "/v1/recommend", user_id="u1", k=7)["results"]) == 7
    assert "'nobody'" in error(client, "/v1/recommend", 404, product_id="nobody")


def test_products_are_found_by_any_id(client: TestClient) -> None:
    product = get(client, "/v1/products/P00")
    assert product["attributes"]["color"] == ["red"] and product["description"].startswith("A plain dress")
    assert product["listed_at"] == "2026-01-10T00:00:00Z" and product["image_url"].startswith("/v1/images/P00")
    assert "image_file" not in product
    assert get(client, f"/v1/products/{quote(ODD, safe='')}")["product_id"] == ODD
    for missing in ("nobody", "..%2F..%2Fetc%2Fpasswd", "%00", "a/../b"):
        assert "is not in the shop" in error(client, f"/v1/products/{missing}", 404)


def test_pictures_come_in_sizes_with_a_tag(client: TestClient) -> None:
    for size in (64, 256, 512):
        answer = client.get(f"/v1/images/P00?size={size}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
        assert "max-age" in answer.headers["cache-control"]
        assert max(Image.open(io.BytesIO(answer.content)).size) == min(size, 160)
        again = client.get(f"/v1/images/P00?size={size}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304 and again.content == b""
    assert "has no picture" in error(client, "/v1/images/P07", 404)
    assert "is not in the shop" in error(client, "/v1/images/nobody", 404)
    assert "size" in error(client, "/v1/images/P00", 400, size=100)


def test_suggestions_complete_words(client: TestClient) -> None:
    suggestions = get(client, "/v1/suggest", q="sne")["suggestions"]
    assert {"text": "Sneakers", "kind": "category"} in suggestions
    assert len(get(client, "/v1/suggest", q="s", k=2)["suggestions"]) == 2
    assert get(client, "/v1/suggest", q="")["suggestions"] == []


def test_a_request_can_be_explained(client: TestClient) -> None:
    page = get(client, "/v1/search", q="copper pipe", k=4, session_id="s1", filter="brand:Forge & Co")
    told = get(client, f"/v1/explain/{page['request_id']}")
    assert told["query"] == "copper pipe" and told["session_id"] == "s1" and told["cascade_hash"] == page["cascade"]
    assert told["page"] == ids(page) and told["stages"][0]["products"][:4] == ids(page)
    assert told["filters"] == ["brand:Forge & Co"]
    assert "'unknown'" in error(client, "/v1/explain/unknown", 404)


@pytest.mark.parametrize(
    ("path", "parameters", "words"),
    [
        ("/v1/search", {"q": "x", "qq": 1}, ["'qq'", "known here", "session_id"]),
        ("/v1/search", {"k": "many"}, ["parameter k", "'many'", "integer"]),
        ("/v1/search", {"k": 0}, ["parameter k", "'0'", "greater than or equal to 1"]),
        ("/v1/search", {"k": 20, "offset": 990}, ["k=20", "offset=990", "1000"]),
        ("/v1/search", {"k": "9" * 5000}, ["parameter k"]),
        ("/v1/search", {"sort": "best"}, ["sort", "'best'", "'price_asc'"]),
        ("/v1/search", {"filter": "colour"}, ["'colour'", "brand:NAME"]),
        ("/v1/search", {"filter": "price:9..1"}, ["price:LOW..HIGH"]),
        ("/v1/search", {"filter": ["brand:a"] * 21}, ["21 filters", "at most 20"]),
        ("/v1/search", {"cascade": "nope"}, ["'nope'", "default"]),
        ("/v1/search", {"q": "x" * 2001}, ["parameter q", "2000"]),
        ("/v1/search", {"user_id": "u" * 257}, ["user_id", "256"]),
        ("/v1/search", {"facets": "perhaps"}, ["facets", "'perhaps'"]),
        ("/v1/suggest", {"k": 1000}, ["parameter k", "50"]),
        ("/v1/recommend", {"q": "x"}, ["'q'", "product_id"]),
    ],
)  # fmt: skip
def test_a_bad_request_is_told_in_one_sentence(
    client: TestClient, path: str, parameters: dict[str, Any], words: list[str]
) -> None:
    sentence = error(client, path, 400, **parameters)
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and len(sentence) < 400


def test_odd_queries_are_answered(client: TestClient) -> None:
    for query in ("mug\x00\x01lamp", "🦊", "東京", "x" * 2000, '") OR title:*', "a " * 900, "\x7f", "%", "\\"):
        page = get(client, "/v1/search", q=query)
        assert page["query"] is None or not any(ord(letter) < 32 for letter in page["query"])
    assert "odd-5" in ids(get(client, "/v1/search", q="🦊 fox"))


def test_unknown_paths_and_methods(client: TestClient) -> None:
    assert "'/v1/nothing'" in error(client, "/v1/nothing", 404)
    answer = client.post("/v1/search")
    assert answer.status_code == 405 and "'POST'" in answer.json()["error"] and answer.headers["allow"] == "GET"


def test_health_readiness_and_metrics(client: TestClient) -> None:
    assert get(client, "/healthz") == {"status": "ok"}
    ready = get(client, "/readyz")
    assert ready["ready"] is True and ready["generation"] == 1 and ready["products"] > 50
    get(client, "/v1/search", q="lamp")
    client.get("/v1/products/nobody")
    text = client.get("/metrics").text
    assert 'emptor_requests_total{route="/v1/search",status="200"}' in text
    assert 'emptor_requests_total{route="/v1/products/{product_id:path}",status="404"}' in text
    assert 'emptor_stage_seconds_count{method="hybrid",stage="retrieve"}' in text
    assert 'emptor_request_seconds_bucket{le="0.005",route="/v1/search"}' in text
    assert f"emptor_products {ready['products']}.0" in text and "emptor_generation 1.0" in text


def test_openapi_describes_every_route_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    document = get(client, "/openapi.json")
    assert set(document["paths"]) == {
        "/v1/search", "/v1/recommend", "/v1/suggest", "/v1/products/{product_id}", "/v1/images/{product_id}",
        "/v1/events", "/v1/explain/{request_id}", "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
    search = document["paths"]["/v1/search"]["get"]
    assert {own["name"] for own in search["parameters"]} >= {"q", "k", "offset", "filter", "sort", "facets"}
    shape = search["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    page = get(client, "/v1/search", q="dress")
    assert set(document["components"]["schemas"][shape]["properties"]) == set(page)
    assert "422" not in search["responses"] and "ValidationError" not in str(document)
    docs = client.get("/docs")
    assert docs.status_code == 200 and "/v1/explain/{request_id}" in docs.text
    assert "http://" not in docs.text and "https://" not in docs.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/search?q=mug",
        "/v1/products/P30",
        "/v1/images/P30",
        "/healthz",
        "/metrics",
        "/",
        "/product/P30",
        "/lab",
        "/docs",
        "/v1/nothing",
    ],
)
def test_what_answers_get_answers_head(client: TestClient, path: str) -> None:
    whole, head = client.get(path), client.head(path)
    assert head.status_code == whole.status_code and head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


def test_head_of_what_takes_post_is_told(client: TestClient) -> None:
    assert client.head("/v1/events").status_code == 405


def test_a_product_gives_the_address_of_its_picture_and_not_where_it_came_from(client: TestClient) -> None:
    product = get(client, "/v1/products/P30")
    assert "image" not in product and product["image_url"] == "/v1/images/P30?size=256"
    assert get(client, "/v1/products/P37")["image_url"] is None


def test_explain_says_how_the_query_was_read(client: TestClient) -> None:
    page = get(client, "/v1/search", q="sneekers 12 oz")
    told = get(client, f"/v1/explain/{page['request_id']}")
    words = told["reading"]["words"]
    assert [own["kind"] for own in words] == ["word", "quantity"]
    assert words[0]["alternatives"][0]["why"] == "correction" and told["reading"]["relaxed"]
    assert told["stages"][0]["blocked"] == [] and list(told).index("reading") < list(told).index("stages")
