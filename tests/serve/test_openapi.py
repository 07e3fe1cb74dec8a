"""The server does what its OpenAPI document says, on whatever the document makes a client send.

EMPTOR_FUZZ_EXAMPLES=5000 draws so many cases for each operation, other ones each time.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from schemathesis.checks import not_a_server_error
from starlette.testclient import TestClient

from emptor.retrieve.suggest import _KIND_WEIGHT
from emptor.serve import create_app
from emptor.shop.events.validate import CHECKS
from emptor.shop.filters import MAX_FILTERS
from emptor.shop.schema import EVENT, MAX_ID
from tests.serve.openapi_cases import Cases, methods

DRAWN = int(os.environ.get("EMPTOR_FUZZ_EXAMPLES", "0"))
OPERATIONS = [
    "GET /v1/search",
    "GET /v1/recommend",
    "GET /v1/suggest",
    "GET /v1/products/{product_id}",
    "GET /v1/explain/{request_id}",
    "GET /v1/images/{product_id}",
    "POST /v1/events",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
]


@pytest.fixture(scope="module")
def cases(client: TestClient) -> Cases:
    return Cases(client)


def test_the_document_is_valid_and_has_these_operations(cases: Cases) -> None:
    cases.schema.validate()
    assert sorted(cases.operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_answers_are_as_documented(cases: Cases, label: str) -> None:
    if DRAWN:
        tally = cases.run(label, examples=DRAWN, seed=random.randrange(2**32))
    else:
        tally = cases.run(label, examples=100, boundaries=60)
    assert not tally.failures, "\n\n".join([str(dict(tally.failures)), *tally.told])
    assert max(tally.statuses) < 500 and tally.statuses[200], tally.statuses


def test_what_is_not_documented_is_refused(cases: Cases, client: TestClient) -> None:
    sent = list(methods(cases.document))
    assert len(sent) > 70
    for method, path in sent:
        answer = client.request(method, path.replace("{product_id}", "P00").replace("{request_id}", "x"))
        assert answer.status_code == 405, (method, path)
        known = [label.partition(" ")[0] for label in cases.operations if label.endswith(f" {path}")]
        assert answer.headers["allow"].split(", ") == known, (method, path)
        if method != "HEAD":
            assert method in answer.json()["error"]


def test_every_operation_tells_what_it_says_while_the_shop_is_not_open(golden_path: Path) -> None:
    """As it says, too, when it is overloaded: the same answer, made at the same place."""
    app = create_app(golden_path)
    waiting = TestClient(app)  # without its lifespan: nothing opens the shop
    cases = Cases(waiting)
    for label, operation in cases.operations.items():
        event = {"body": {"action": "click", "user_id": "u"}} if label == "POST /v1/events" else {}
        case = operation.Case(path_parameters={"product_id": "P00", "request_id": "x"}, **event)
        answer = cases.send(case)
        assert answer.status_code == (200 if label in ("GET /healthz", "GET /metrics") else 503), label
        case.validate_response(answer, excluded_checks=[not_a_server_error])
        assert answer.status_code == 200 or answer.headers["retry-after"] == "1"
    app.state.service.stop()


def test_an_event_s_fields_are_those_that_are_stored(cases: Cases) -> None:
    documented = cases.document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    taken = {*CHECKS, "client_time"}
    assert set(documented["oneOf"][0]["properties"]) == taken == {*EVENT.names, "extra"} - {"time"}


def test_what_the_document_once_left_out(cases: Cases, client: TestClient) -> None:
    schemas, paths = cases.document["components"]["schemas"], cases.document["paths"]
    assert set(schemas["SuggestionAnswer"]["properties"]["kind"]["enum"]) == set(_KIND_WEIGHT)
    parameters = {own["name"]: own for own in paths["/v1/search"]["get"]["parameters"]}
    assert parameters["filter"]["schema"]["maxItems"] == MAX_FILTERS
    assert parameters["user_id"]["schema"] == {"type": "string", "maxLength": MAX_ID}, "an address has no null"
    assert all(own["allowEmptyValue"] for own in parameters.values())
    assert client.get("/v1/search", params={"filter": ["brand:A"] * (MAX_FILTERS + 1)}).status_code == 400
    for path, operations in paths.items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                assert "content" in answer or status == "304", f"{path} {status}: nothing said of its body"
                assert "Retry-After" in answer.get("headers", {}) or status != "503", path
    answer = client.post("/v1/events", json={"action": "click"})
    assert answer.status_code == 422 and "error" in answer.json()
    assert "error" in schemas["NoneStoredAnswer"]["required"]
