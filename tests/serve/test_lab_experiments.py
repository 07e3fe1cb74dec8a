"""The lab's page of experiments: comparisons as they were measured, damaged files told, and a training watched."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from emptor.errors import EmptorError, ShopBusy
from emptor.serve.lab.experiments import MAX_BYTES, SHOWN, read_experiments
from emptor.serve.lab.training import watch
from emptor.shop.experiments import keep, kept
from emptor.shop.training import (
    NAME,
    StageTraining,
    Step,
    Training,
    being_the_one,
    is_running,
    read_training,
    write_training,
)
from tests.serve.axe import assert_accessible
from tests.serve.conftest import browsing, running
from tests.serve.test_process import served
from tests.serve.test_publish import until

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)


def row(measure: str, a: float, b: float, low: float, high: float) -> dict[str, Any]:
    return {"measure": measure, "a": a, "b": b, "difference": b - a, "low": low, "high": high, "p_holm": None}


def comparison(**changes: Any) -> bytes:
    rows = [
        row("clicks", 4.0, 4.4, 0.2, 0.6),
        row("carts", 0.2, 0.2, -0.02, 0.02),
        row("orders", 0.1, 0.05, -0.08, -0.02),
        row("gmv", 11.5, 11.5, -3.0, 3.0),
        row("return_rate", 0.2, 0.3, 0.01, 0.19),
        row("click_rate", 0.0, 0.01, 0.005, 0.015),
    ]
    content = {
        "kind": "market comparison",
        "a": "default",
        "b": "trained",
        "at": AT.isoformat(),
        "seconds": 12.5,
        "stands_for": {"a": "plain", "b": "trained"},
        "hashes": {"a": "aaaa1111", "b": "bbbb2222"},
        "world": "w0r1d",
        "first_day": 3,
        "days": 28,
        "users": 1_978,
        "held_out": True,
        "rows": rows,
        "notes": ["something to know"],
        "command": "emptor market ab demo --a default --b trained",
    }
    return orjson.dumps({**content, **changes})


def page(client: TestClient) -> str:
    answer = client.get("/lab/experiments")
    assert answer.status_code == 200
    return answer.text


def test_a_comparison_is_shown_with_all_that_it_rests_on(shop_path: Path, own_client: TestClient) -> None:
    assert "None yet" in page(own_client)
    file = keep(shop_path, "default", "trained", comparison(), at=AT)
    assert file.name == "20260501T090000Z-default-trained.json"
    html = page(own_client)
    for told in ("1,978", "kept from training", "28</b> days from day 4", "aaaa1111", "bbbb2222", "then plain of"):
        assert told in html, told
    for told in ("Fewer orders", "+0.4000 (+10.0%)", "−0.0500 (−50.0%)", "+10.00 points (+50.0%)", "12 s", "w0r1d"):
        assert told in html, told
    assert "Something to know." in html and "None yet" not in html
    assert "</span> default (plain)</h3>" in html and "trained (" not in html, "which one was the default"


def test_verdicts_follow_intervals_and_fewer_returns_are_a_gain(shop_path: Path) -> None:
    keep(shop_path, "a", "b", comparison(), at=AT)
    (found,) = read_experiments(shop_path).found
    assert found.orders == "loss"
    verdicts = {own.label: own.verdict for own in found.measures}
    assert verdicts == {
        "Clicks per user": "gain",
        "Carts per user": "open",
        "Orders per user": "loss",
        "GMV per user": "open",
        "Return rate": "loss",
        "Click rate": "gain",
    }
    spans = {own.label: own.span for own in found.measures}
    assert found.scale == "100%" and spans["Click rate"] is None, "of nothing there are no shares"
    orders = spans["Orders per user"]
    assert orders is not None and (orders.low, orders.point, orders.high) == (10.0, 25.0, 40.0)


def test_files_are_read_with_bounds_and_faults_are_told(shop_path: Path, own_client: TestClient) -> None:
    folder = shop_path / "experiments"
    folder.mkdir()
    bad = {
        "1-broken": b"{",
        "2-other": b'{"kind": "market report"}',
        "3-list": b"[1, 2]",
        "4-nan": comparison(rows=[{**row("orders", 1, 1, 0, 0), "low": "much"}]),
        "5-big": b" " * (MAX_BYTES + 1),
        "6-many": comparison(users=0),
        "7-bytes": b"\xff\xfe",
    }
    for name, content in bad.items():
        (folder / f"{name}.json").write_bytes(content)
    (folder / "8-folder.json").mkdir()
    os.mkfifo(folder / "9-pipe.json")
    (folder / "notes.txt").write_text("no comparison")
    evil = "<script>alert(1)</script>"
    keep(shop_path, evil, "../../b", comparison(a=evil, b="<b>", notes=[evil], command=evil), at=AT)
    assert all(own.parent == folder for own in kept(shop_path)), "a name of a cascade is no path"
    html = page(own_client)
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html and "<b></h3>" not in html
    for name in [*bad, "8-folder", "9-pipe"]:
        assert f"{name}.json</code>: " in html, name
    assert f"more than {MAX_BYTES:,} bytes" in html and "notes.txt" not in html


def test_only_the_newest_are_read(shop_path: Path) -> None:
    for _ in range(SHOWN + 3):
        keep(shop_path, "a", "b", comparison(), at=AT)
    found = read_experiments(shop_path)
    assert len(found.found) == SHOWN and found.more == 3
    assert len({own.file for own in found.found}) == SHOWN, "one of the same second does not replace another"


def training(**changes: Any) -> Training:
    steps = (
        Step(name="train", state="done", told="Well fitted.", seconds=31.0),
        Step(name="compare", state="running", began_at=datetime.now(UTC).isoformat()),
        Step(name="promote"),
    )
    stage = StageTraining(stage="rank", model="dnn", cascade="trained", steps=steps)
    return Training(started_at=AT.isoformat(), stages=(stage.model_copy(update=changes),))


def test_a_training_is_told_while_it_runs_when_it_is_cut_off_and_how_it_ended(
    shop_path: Path, own_client: TestClient
) -> None:
    assert watch(shop_path) is None and own_client.get("/lab/experiments/training").text == ""
    with being_the_one(shop_path):
        write_training(shop_path, training())
        (shop_path / NAME / "progress.json").write_text('{"label": "b", "done": 3, "total": 4, "note": "day 2"}')
        html = page(own_client)
        assert "data-poll" in html and "Running" in html and "75 %" in html and "day 2" in html
        part = own_client.get("/lab/experiments/training").text
        assert "75 %" in part and "<html" not in part
        with pytest.raises(ShopBusy), being_the_one(shop_path):
            pass
    html = page(own_client)
    assert "Cut off" in html and "data-poll" not in html and "75 %" not in html
    why = "It does not pass the gate: ndcg@10 is 0.200, and must be at least 0.300."
    ended = training(outcome="kept", why=why, experiment="x.json").model_copy(update={"ended_at": AT.isoformat()})
    write_training(shop_path, ended)
    html = page(own_client)
    assert "Over" in html and "Not promoted" in html and why in html and 'href="#x.json"' in html
    write_training(shop_path, ended.model_copy(update={"stages": training(outcome="failed", why="<i>").stages}))
    assert "Failed" in page(own_client) and "&lt;i&gt;" in page(own_client)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": 2}', b" " * 1_000_001, b'{"started_at": 1}'])
def test_a_status_that_cannot_be_read_is_told(shop_path: Path, own_client: TestClient, content: bytes) -> None:
    (shop_path / NAME).mkdir()
    (shop_path / NAME / "status.json").write_bytes(content)
    with pytest.raises(EmptorError, match="remove it"):
        read_training(shop_path)
    assert "cannot be read" in page(own_client)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"label": 1, "done": "x", "total": 2, "note": ""}', '{"total": 1e400}']
)
def test_a_progress_that_cannot_be_read_is_no_fault(shop_path: Path, content: str) -> None:
    with being_the_one(shop_path):
        write_training(shop_path, training())
        (shop_path / NAME / "progress.json").write_text(content)
        watched = watch(shop_path)
    assert watched is not None and watched.state == "running" and watched.progress is None
    assert not is_running(shop_path)


def test_the_page_is_there_on_a_shop_whose_other_cascade_is_off(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write('[cascade.later]\nstages = [{ stage = "retrieve", method = "to-come" }]\n')
    with running(shop_path) as client:
        assert "to-come" in page(client) and "later" in page(client)


@pytest.fixture(scope="module")
def watched(browser: Any, golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server over a shop with experiments, one of which is damaged: (its address, its shop's folder)."""
    shop = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("watched") / "shop"))
    keep(shop, "default", "trained", comparison(), at=AT)
    (shop / "experiments" / "0.json").write_bytes(b"{")
    with served(shop) as (url, _):
        yield url, shop


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible_and_fits(browser: Any, watched: tuple[str, Path], width: int) -> None:
    url, shop = watched
    with being_the_one(shop), browsing(browser, width) as page:
        write_training(shop, training())
        page.goto(f"{url}/lab/experiments")
        page.locator(".trial summary").click()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        figure = page.locator(".trial .change").first.bounding_box()
        assert figure["x"] >= 0 and figure["x"] + figure["width"] <= width, "no figure has to be scrolled to"


def test_the_page_follows_a_training_to_its_end(browser: Any, watched: tuple[str, Path]) -> None:
    url, shop = watched
    with browsing(browser) as page:
        with being_the_one(shop):
            write_training(shop, training())
            page.goto(f"{url}/lab/experiments")
            page.get_by_text("Well fitted.").wait_for()
            (shop / NAME / "progress.json").write_text('{"label": "Users", "done": 1, "total": 2, "note": ""}')
            page.get_by_text("50 %").wait_for(timeout=10_000)
            write_training(shop, training(outcome="promoted").model_copy(update={"ended_at": AT.isoformat()}))
        page.get_by_text("became the default cascade").wait_for(timeout=10_000)
        assert page.locator("[data-poll]").count() == 0
        time.sleep(0.1)
    until(lambda: not is_running(shop), seconds=5)
