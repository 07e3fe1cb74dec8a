"""Events over HTTP: acknowledged one by one, harmless to repeat, completed with what the server knows."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest
from starlette.testclient import TestClient

from emptor.shop.shop import Shop


def test_one_event_or_an_array_is_answered_item_by_item(client: TestClient) -> None:
    one = client.post("/v1/events", json={"action": "click", "user_id": "u1", "event_id": "api-1"})
    assert one.status_code == 200
    assert one.json()["events"] == [{"event_id": "api-1", "status": "stored", "error": None}]
    many = client.post(
        "/v1/events",
        json=[
            {"action": "click", "user_id": "u1", "event_id": "api-1"},
            {"action": "click", "session_id": "s1"},
            {"action": "click"},
            {"user_id": "u1"},
            7,
        ],
    )
    assert many.status_code == 200
    answers = many.json()["events"]
    assert [answer["status"] for answer in answers] == ["duplicate", "stored", "rejected", "rejected", "rejected"]
    assert (many.json()["stored"], many.json()["duplicate"], many.json()["rejected"]) == (1, 1, 3)
    assert "user_id" in answers[2]["error"] and "action" in answers[3]["error"] and answers[1]["event_id"]


def test_422_when_nothing_could_be_stored(client: TestClient) -> None:
    answer = client.post("/v1/events", json=[{"action": "click"}, {}])
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("none of 2 events could be stored; the first: event field user_id")
    assert [event["status"] for event in answer.json()["events"]] == ["rejected", "rejected"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b'"text"', 400, "a text"),
        (b"null", 400, "null"),
        (b"[" * 100_000, 400, "not JSON"),
        (orjson.dumps([{"action": "click", "user_id": "u"}] * 1001), 400, "1001 events"),
        (b" " * (1024 * 1024 + 1), 413, "1,048,576 bytes"),
    ],
)  # fmt: skip
def test_a_bad_body_is_told_in_one_sentence(client: TestClient, body: bytes, status: int, words: str) -> None:
    answer = client.post("/v1/events", content=body)
    assert answer.status_code == status and words in answer.json()["error"]


def test_a_body_without_length_is_bounded_too(client: TestClient) -> None:
    answer = client.post("/v1/events", content=(b"[" + b" " * 65_536 for _ in range(40)))
    assert answer.status_code == 413


def test_events_are_completed_from_the_request_they_name(shop_path: Path, own_client: TestClient) -> None:
    page = own_client.get("/v1/search", params={"q": "mug", "k": 3, "offset": 2}).json()
    shown = page["results"][1]
    own_client.post(
        "/v1/events",
        json=[
            {
                "action": "click",
                "session_id": "s",
                "request_id": page["request_id"],
                "product_id": shown["product_id"],
                "event_id": "a",
            },
            {
                "action": "click",
                "session_id": "s",
                "request_id": page["request_id"],
                "product_id": shown["product_id"],
                "event_id": "b",
                "position": 9,
                "query": "own",
            },
            {
                "action": "click",
                "session_id": "s",
                "request_id": "somebody else's",
                "product_id": "P00",
                "event_id": "c",
            },
        ],
    )
    with Shop.open(shop_path) as shop:
        stored = {row["event_id"]: row for row in shop.events.read().collect().to_dicts()}
    assert stored["a"]["query"] == "mug" and stored["a"]["scenario"] == "search"
    assert stored["a"]["cascade"] == page["cascade"] and stored["a"]["explored"] is False
    assert stored["a"]["position"] == shown["position"] == 3 and stored["a"]["propensity"] == 1.0
    assert stored["b"]["position"] == 9 and stored["b"]["query"] == "own"
    assert stored["c"]["query"] is None and stored["c"]["propensity"] is None


def test_what_is_acknowledged_is_in_the_log(shop_path: Path, own_client: TestClient) -> None:
    sent = [{"action": "purchase", "user_id": f"u{n}", "event_id": f"e{n}", "quantity": n} for n in range(1, 1001)]
    assert own_client.post("/v1/events", json=sent).json()["stored"] == 1000
    assert own_client.post("/v1/events", json=sent).json()["duplicate"] == 1000
    with Shop.open(shop_path) as shop:
        log = shop.events.read().filter(pl.col("action") == "purchase").collect()
    assert log.height == 1000 and log["quantity"].sum() == sum(range(1, 1001))
