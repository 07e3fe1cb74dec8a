"""A shop.toml that cannot be read while the shop is served: told once, shown to whoever watches, and served on."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import orjson
import pytest
from starlette.testclient import TestClient

from tests.serve.conftest import running
from tests.serve.test_publish import until


def warning(client: TestClient) -> str:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    return answer.json().get("warning") or ""


def lines(log: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in log.records if "could not be refreshed" in record.getMessage()]


def test_a_broken_shop_toml_is_told_once_a_change_and_shown_until_it_is_mended(
    shop_path: Path, own_client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    settings = shop_path / "shop.toml"
    good = settings.read_text()
    assert "warning" not in own_client.get("/readyz").json()
    settings.write_text(good + "[serch]\n")
    until(lambda: "did you mean search?" in warning(own_client), seconds=10)
    time.sleep(0.8)
    (told,) = lines(caplog)
    assert told.exc_info in (None, False) or not told.exc_info[0]
    assert own_client.get("/v1/search?q=mug").json()["results"]
    settings.write_text(good + "[serch ]\n\n")
    until(lambda: len(lines(caplog)) == 2, seconds=10)
    settings.write_text(good)
    until(lambda: not warning(own_client), seconds=10)
    assert len(lines(caplog)) == 2


def test_a_manifest_that_cannot_be_read_is_told_once(
    shop_path: Path, own_client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = (shop_path / "manifest.json").read_bytes()
    (shop_path / "manifest.json").write_bytes(b"{broken")
    until(lambda: "is damaged" in warning(own_client), seconds=10)
    time.sleep(0.8)
    assert len(lines(caplog)) == 1
    (shop_path / "manifest.json").write_bytes(manifest)
    until(lambda: not warning(own_client), seconds=10)


def test_a_cascade_that_cannot_run_is_shown_until_it_is_mended(shop_path: Path, own_client: TestClient) -> None:
    settings = shop_path / "shop.toml"
    good = settings.read_text()
    settings.write_text(good + '[cascade.wrong]\nstages = [{ stage = "retrive", method = "hybrid" }]\n')
    until(lambda: "retrive" in warning(own_client), seconds=10)
    time.sleep(0.6)
    assert "retrive" in warning(own_client)
    settings.write_text(good)
    until(lambda: not warning(own_client), seconds=10)


def test_rules_that_are_left_out_are_shown_until_they_are_mended(
    shop_path: Path, own_client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    at = "2026-05-01T09:00:00+00:00"
    pin = {"kind": "pin", "query": "mug", "product_id": "P00", "at": at}
    good = {**pin, "id": "good", "position": 0}
    rules = [{**pin, "id": f"bad{number}"} for number in range(5)] + [good, {**good, "id": "far", "product_id": "gone"}]
    file = shop_path / "rules.json"
    file.write_bytes(orjson.dumps({"format": 1, "rules": rules}))
    until(lambda: "'bad0'" in warning(own_client), seconds=10)
    told = warning(own_client)
    assert "'bad2'" in told and "'bad3'" not in told and "and 2 more rules are left out" in told
    assert own_client.get("/v1/search?q=mug").json()["results"][0]["product_id"] == "P00"
    page = own_client.get("/lab/rules").text
    assert all(f"bad{number}" in page for number in range(5)) and "a pin needs a position" in page
    until(lambda: any("no product 'gone'" in own.getMessage() for own in caplog.records), seconds=10)
    file.write_bytes(b"{")
    until(lambda: "damaged" in warning(own_client), seconds=10)
    assert own_client.get("/v1/search?q=mug").json()["results"][0]["product_id"] == "P00"
    assert "damaged" in own_client.get("/lab/rules").text
    file.write_bytes(orjson.dumps({"format": 1, "rules": [good]}))
    until(lambda: not warning(own_client), seconds=10)
    assert "Not in force" not in own_client.get("/lab/rules").text


def test_a_server_starts_with_rules_that_cannot_be_read(shop_path: Path) -> None:
    (shop_path / "rules.json").write_bytes(b"{")
    with running(shop_path) as client:
        assert "no rule is in force" in warning(client) and client.get("/v1/search?q=mug").json()["results"]
