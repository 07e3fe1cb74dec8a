"""Whatever is sent, the server never fails: any answer is below 500, and an error is a sentence."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

bounded = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
names = st.sampled_from(
    ["q", "k", "offset", "user_id", "session_id", "filter", "sort", "cascade", "facets", "size", "product_id", "x"]
)
fields = st.sampled_from(["brand", "price", "category", "in_stock", "attr.color", "attr.", "", "attr.\\:"])
marks = st.text(alphabet="ab1.|:\\/ é東🦊\x00-..", max_size=12)
values = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.builds(lambda field, value: f"{field}:{value}", fields, marks),
    st.sampled_from(["", "true", "price:1..2|3..", "price:nan..inf", "price:-1e400..1e400", "dress", "P00", "64"]),
)
queries = st.lists(st.tuples(names, values), max_size=6)
paths = st.sampled_from(["/v1/search", "/v1/recommend", "/v1/suggest", "/v1/images/P00", "/", "/product/P00"])


def never_fails(client: TestClient, path: str, parameters: Any = None, **kwargs: Any) -> None:
    answer = client.get(path, params=parameters, headers={"accept": "*/*"}, **kwargs)
    assert answer.status_code < 500, (path, parameters, answer.text[:300])
    if answer.status_code >= 400:
        assert answer.json()["error"], (path, parameters)


@bounded
@given(path=paths, query=queries)
def test_any_parameters(client: TestClient, path: str, query: list[tuple[str, str]]) -> None:
    never_fails(client, path, [(name, value.encode("utf-8", "replace").decode()) for name, value in query])


@bounded
@given(path=paths, raw=st.binary(max_size=60))
def test_any_bytes_as_a_query(client: TestClient, path: str, raw: bytes) -> None:
    never_fails(client, f"{path}?{quote(raw, safe='=&+')}")


@bounded
@given(
    start=st.sampled_from(["/v1/products/", "/v1/images/", "/v1/explain/", "/product/", "/static/"]),
    raw=st.binary(max_size=40),
)
def test_any_id(client: TestClient, start: str, raw: bytes) -> None:
    never_fails(client, start + quote(raw, safe="/"))


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
event = st.dictionaries(
    st.sampled_from(["action", "user_id", "event_id", "request_id", "product_id", "position", "price", "query", "x"]),
    json | st.sampled_from(["click", "u1", "P00", 3]),
    max_size=6,
)


@bounded
@given(body=json | event | st.lists(event, max_size=5))
def test_any_event(client: TestClient, body: Any) -> None:
    import json as encoder

    answer = client.post("/v1/events", content=encoder.dumps(body))
    assert answer.status_code in (200, 400, 422), (body, answer.text[:300])


@bounded
@given(body=st.binary(max_size=200))
def test_any_body(client: TestClient, body: bytes) -> None:
    assert client.post("/v1/events", content=body).status_code in (200, 400, 422)
