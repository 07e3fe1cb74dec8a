"""The trace log: complete, deterministic in what it keeps, and never in a request's way."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from starlette.testclient import TestClient

from emptor.cascade import Degraded, StageTrace, Trace
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.serve import read_traces
from emptor.serve.served import Served
from emptor.serve.traces import Choice, TraceLog, count_traces, erase_traces, trace_files
from emptor.serve.warmup import Asked, stored_requests
from emptor.shop.config import LogOptions
from emptor.shop.events import Selection
from tests.serve.conftest import running


def request(seed: int, query: str | None = "mug") -> dict[str, object]:
    return {
        "request_id": f"r{seed}",
        "query": query,
        "user_id": None,
        "session_id": "s",
        "scenario": "search",
        "product_id": None,
        "filters": ["brand:A"],
        "now": 1_790_000_000_000_000 + seed,
        "k": 2,
        "offset": 0,
        "seed": seed,
        "cascade": "default",
    }


def trace(seed: int, first: np.ndarray, second: np.ndarray) -> Trace:
    stages = tuple(
        StageTrace(
            name, method, 1.5, 50.0, rows, np.linspace(1, 0, len(rows), dtype=np.float32),
            {"lexical": np.full(len(rows), number, np.float32)},
        )
        for number, (name, method, rows) in enumerate([("retrieve", "hybrid", first), ("rank", "rule", second)])
    )  # fmt: skip
    return Trace(request(seed), "abc", stages, (Degraded("rank", "late", None),), False)


SERVED = Served("search", "mug", "abc", False, 0, ["P00", "P01"], [1.0, 0.5])


def write(path: Path, golden: Engine, made: list[Trace], **options: float) -> pl.DataFrame:
    log = TraceLog(path, LogOptions.model_validate(options))
    for own in made:
        log.put(own, golden.view, SERVED)
    log.close()
    return read_traces(path).sort("time", "place").collect()


def test_a_trace_comes_back_as_it_was(tmp_path: Path, golden: Engine) -> None:
    first, second = np.arange(58)[::-1].copy(), np.array([40, 3])
    frame = write(tmp_path, golden, [trace(1, first, second), trace(2, second, second)], whole_stream=0.0)
    rows = frame.to_dicts()
    assert [(row["request_id"], row["stage"], row["place"]) for row in rows] == [
        ("r1", "retrieve", 0), ("r1", "rank", 1), ("r2", "retrieve", 0), ("r2", "rank", 1),
    ]  # fmt: skip
    ids = golden.view.product_ids
    assert rows[0]["product_ids"] == ids(first) and rows[1]["product_ids"] == ids(second)
    assert rows[0]["scores"][0] == 1.0 and len(rows[0]["scores"]) == 58
    assert rows[1]["columns"] == {"lexical": [1.0, 1.0]}
    assert rows[0]["dropped_ids"] == [] and rows[0]["dropped_rate"] == 1.0
    assert len(rows[1]["dropped_ids"]) == 50 and rows[1]["dropped_rate"] == 50 / 56
    assert set(rows[1]["dropped_ids"]) < set(ids(first)) - set(ids(second))
    assert rows[0]["shown_ids"] is None and rows[1]["shown_ids"] == ["P00", "P01"]
    assert rows[1]["shown_propensities"] == [1.0, 0.5] and rows[0]["filters"] == ["brand:A"]
    assert rows[0]["degraded"] == '[{"stage":"rank","reason":"late","fallback":null}]'


def test_the_traces_of_a_user_are_erased_and_all_others_stay_as_they_are(tmp_path: Path, golden: Engine) -> None:
    made = [trace(seed, np.arange(9), np.array([1])) for seed in range(1, 7)]
    for own, user in zip(made, ["ann", None, "bob", "ann", "ann", None], strict=True):
        own.request["user_id"] = user
    made[4].request["now"] += 86_400_000_000  # a part of its own
    before = write(tmp_path, golden, made)
    noon = 1_790_000_000_000_000 + 3
    assert count_traces(tmp_path, Selection("ann")) == 3 and count_traces(tmp_path, Selection("nobody")) == 0
    assert count_traces(tmp_path, Selection("ann", since=noon)) == 2
    assert erase_traces(tmp_path, Selection("ann", until=noon)) == 1
    assert read_traces(tmp_path).collect()["request_id"].unique().sort().to_list() == ["r2", "r3", "r4", "r5", "r6"]
    assert erase_traces(tmp_path, Selection("ann")) == 2 and erase_traces(tmp_path, Selection("ann")) == 0
    stay = before.filter(pl.col("user_id").ne_missing("ann"))
    assert read_traces(tmp_path).sort("time", "place").collect().equals(stay) and stay.height == 6
    (part,) = trace_files(tmp_path)
    assert [path.name for path in part.parent.iterdir()] == [part.name]
    part.write_bytes(b"rubbish")
    assert count_traces(tmp_path, Selection("bob")) == 0
    with pytest.raises(EmptorError, match=r"traces-.*cannot be read"):
        erase_traces(tmp_path, Selection("bob"))


def test_a_whole_stream_keeps_every_dropped_candidate(tmp_path: Path, golden: Engine) -> None:
    frame = write(tmp_path, golden, [trace(1, np.arange(58), np.array([1]))], whole_stream=1.0)
    assert frame["whole"].all() and len(frame["dropped_ids"][1]) == 57 and frame["dropped_rate"][1] == 1.0


def test_what_is_logged_is_decided_by_the_seed(tmp_path: Path, golden: Engine) -> None:
    made = [trace(seed, np.arange(3), np.array([1])) for seed in range(400)]
    some = write(tmp_path / "a", golden, made, traces=0.3, whole_stream=0.2)
    again = write(tmp_path / "b", golden, made, traces=0.3, whole_stream=0.2)
    assert some.equals(again)
    kept = some["request_id"].n_unique()
    assert 80 < kept < 160 and 5 < some.filter("whole")["request_id"].n_unique() < kept / 2
    assert Choice.of(7, LogOptions(traces=0.0)).logged is False
    assert Choice.of(-1, LogOptions()).logged is True


def test_parts_are_written_by_count_and_by_time_and_by_day(tmp_path: Path, golden: Engine) -> None:
    log = TraceLog(tmp_path, LogOptions(), part=3, part_s=0.2)
    for seed in range(4):
        log.put(trace(seed, np.arange(2), np.arange(1)), golden.view, SERVED)
    end = time.monotonic() + 5
    while len(trace_files(tmp_path)) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    log.close()
    assert read_traces(tmp_path).select("request_id").unique().collect().height == 4
    assert {file.parent.name for file in trace_files(tmp_path)} == {"date=2026-09-21"}
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_full_queue_and_a_full_disk_are_counted_and_slow_nobody(
    tmp_path: Path, golden: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: dict[str, int] = {}

    def count(outcome: str, traces: int) -> None:
        counts[outcome] = counts.get(outcome, 0) + traces

    door = threading.Event()

    def broken(*args: object) -> None:
        door.wait(5)
        raise OSError("no space left on device")

    monkeypatch.setattr("emptor.serve.traces.WAITING", 5)
    log = TraceLog(tmp_path, LogOptions(), count=count, part=1)
    monkeypatch.setattr(log, "_write_part", broken)
    start = time.monotonic()
    for seed in range(20):
        log.put(trace(seed, np.arange(2), np.arange(1)), golden.view, SERVED)
    assert time.monotonic() - start < 1 and counts["dropped"] >= 14
    door.set()
    log.close()
    assert counts["failed"] + counts["dropped"] == 20


def test_a_server_logs_its_requests_and_warms_up_with_them(shop_path: Path) -> None:
    assert read_traces(shop_path).collect().height == 0
    with running(shop_path) as client:
        page = client.get("/v1/search", params={"q": "red dress", "filter": "price:..99", "session_id": "s9"}).json()
        client.get("/v1/recommend?product_id=P00")
    frame = read_traces(shop_path).sort("time").collect()
    assert frame["query"].to_list() == ["red dress", None], "warm-up requests are not logged"
    first = frame.row(0, named=True)
    assert first["request_id"] == page["request_id"] and first["session_id"] == "s9"
    assert first["shown_ids"] == [hit["product_id"] for hit in page["results"]]
    assert stored_requests(shop_path) == [Asked("red dress", ("price:..99",)), Asked(None, (), "P00")]


def test_a_damaged_part_does_not_keep_a_shop_closed(shop_path: Path) -> None:
    folder = shop_path / "logs" / "date=2026-01-01"
    folder.mkdir(parents=True)
    (folder / "traces-1-aa.parquet").write_bytes(b"PAR1 not really")
    with running(shop_path) as client:
        assert client.get("/v1/search?q=mug").json()["results"]


def test_explored_pages_log_their_propensities(shop_path: Path) -> None:
    with (shop_path / "shop.toml").open("a") as file:
        file.write("explore = { share = 1.0, depth = 4 }\n")
    with running(shop_path) as client:
        assert isinstance(client, TestClient)
        page = client.get("/v1/search?q=mug&k=6&session_id=s1").json()
    assert page["explored"] and [hit["propensity"] for hit in page["results"]] == [0.25] * 4 + [1.0] * 2
    row = read_traces(shop_path).collect().row(0, named=True)
    assert row["explored"] and row["shown_propensities"] == [0.25] * 4 + [1.0] * 2
