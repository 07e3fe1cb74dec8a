"""What is published or updated while the server runs is taken up, and no request fails meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
import pytest
from starlette.testclient import TestClient

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.shop import Shop
from tests.serve.test_process import served


def until(condition: Callable[[], bool], *, seconds: float) -> float:
    """Wait for a condition; returns the seconds it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - start


def test_publishing_under_load_fails_no_request(shop_path: Path, tmp_path: Path) -> None:
    failures: list[str] = []
    answered = [0] * 8
    done = threading.Event()
    urls = ["/v1/search?q=mug", "/v1/products/P00", "/v1/recommend?product_id=P10", "/v1/suggest?q=la", "/?q=dress"]

    def load(client: httpx.Client, own: int) -> None:
        while not done.is_set():
            answer = client.get(urls[(own + answered[own]) % len(urls)])
            if answer.status_code != 200:
                failures.append(f"{answer.status_code} {answer.text[:200]}")
            answered[own] += 1

    with served(shop_path) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
        threads = [threading.Thread(target=load, args=(client, own)) for own in range(8)]
        for thread in threads:
            thread.start()
        try:
            publish_and_look(client, shop_path, tmp_path / "more.jsonl")
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert not failures, failures[:3]
    assert min(answered) > 5


def test_what_takes_up_a_generation_gives_way_to_requests(
    own_client: TestClient, shop_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, seen = sys.getswitchinterval(), []
    refresh = Engine.refresh

    def watched(self: Engine) -> bool:
        seen.append(sys.getswitchinterval())
        if len(seen) == 1:
            raise EmptorError("it cannot be taken up")
        return refresh(self)

    monkeypatch.setattr(Engine, "refresh", watched)
    until(lambda: len(seen) > 3, seconds=10)
    monkeypatch.undo()
    assert max(seen) < 1e-4 <= usual
    until(lambda: sys.getswitchinterval() == pytest.approx(usual), seconds=10)


def publish_and_look(client: httpx.Client, shop_path: Path, file: Path) -> None:
    """Import, update and publish a few times; each time the server has to show it soon."""
    with Shop.open(shop_path) as shop:
        for number in range(3):
            rows = [{"product_id": f"new-{number}-{at}", "title": f"zeppelin {number}"} for at in range(20)]
            file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
            import_catalogue(shop, file)
            shop.update([{"product_id": "P00", "price": 100.0 + number}])
            generation = republish(shop).generation
            until(lambda wanted=generation: client.get("/readyz").json()["generation"] == wanted, seconds=10)
            found = client.get("/v1/search", params={"q": f"zeppelin {number}", "k": 100}).json()
            assert sum(hit["product_id"].startswith(f"new-{number}-") for hit in found["results"]) == 20
            assert client.get("/v1/products/P00").json()["price"] == 100.0 + number


def test_an_update_is_seen_within_a_second(shop_path: Path, own_client: TestClient) -> None:
    with Shop.open(shop_path) as shop:
        shop.update([{"product_id": "P00", "price": 1.25, "in_stock": False}, {"product_id": "P01", "delete": True}])
    seen = lambda: own_client.get("/v1/products/P00").json()["price"] == 1.25  # noqa: E731
    assert until(seen, seconds=3) < 1.5  # a second, and some for a busy machine
    assert own_client.get("/v1/products/P01").status_code == 404


def test_a_manifest_that_cannot_be_read_leaves_the_old_state_serving(shop_path: Path, own_client: TestClient) -> None:
    manifest = (shop_path / "manifest.json").read_bytes()
    (shop_path / "manifest.json").write_bytes(b"{broken")
    time.sleep(0.6)
    assert own_client.get("/readyz").status_code == 200
    assert own_client.get("/v1/search?q=mug").json()["results"]
    (shop_path / "manifest.json").write_bytes(manifest)
