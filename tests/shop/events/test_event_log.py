"""The event log in daily use: many threads, repeats, roll-ups, and disks that fail."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from emptor.errors import EmptorError, ShopBusy
from emptor.shop.events import EventLog, database, reading
from emptor.shop.events.forgetting import KEEP_US

DAY = 86_400_000_000


def click(event_id: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "action": "click", "user_id": "u", **fields}


def history(count: int, *, days: int = 1, prefix: str = "h") -> pa.Table:
    start = datetime(2025, 3, 1, tzinfo=UTC)
    micros = int(start.timestamp() * 1_000_000)
    return pa.table(
        {
            "event_id": [f"{prefix}{i}" for i in range(count)],
            "action": ["impression"] * count,
            "session_id": ["s"] * count,
            "time": pa.array([micros + i % days * DAY + i for i in range(count)], pa.timestamp("us", "UTC")),
            "position": list(range(count)),
        }
    )


def ids(log: EventLog) -> list[str]:
    return log.read().sort("seq").collect()["event_id"].to_list()


def test_answers_stand_in_the_order_of_the_events(log: EventLog) -> None:
    events: list[Any] = [click("a"), {"action": "?"}, click("b"), click("a"), click(None), "junk"]
    acks = log.append(events)
    assert [ack.status for ack in acks] == [
        "stored", "rejected", "stored", "duplicate", "stored", "rejected",
    ]  # fmt: skip
    assert acks[1].error is not None and "action" in acks[1].error
    assert ids(log) == ["a", "b", acks[4].event_id]
    assert log.append([]) == []


def test_everything_comes_back_as_it_went_in(log: EventLog) -> None:
    event = click(
        "e", request_id="r", session_id="s", scenario="search", query="é\x00👟", product_id="p", position=3,
        price=9.5, quantity=2, cascade="c", explored=True, propensity=0.25, colour="red",
        timestamp="2025-01-02T03:04:05.000006Z",
    )  # fmt: skip
    log.append([event, click("f", explored=False)])
    before = log.read().collect()
    assert log.rollup() == 2
    after = log.read().collect()
    assert before.equals(after)
    assert before.columns == reading.STORED.names
    row = after.row(0, named=True)
    assert row["client_time"] == datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert {name: row[name] for name in event if name in row and name not in ("timestamp", "colour")} == {
        name: value for name, value in event.items() if name not in ("timestamp", "colour")
    }
    assert row["extra"] == '{"colour":"red"}'
    assert after["explored"].to_list() == [True, False]


def test_repeats_stay_harmless_after_roll_up_and_reopening(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append([click("a"), click("b")])
        log.rollup()
        assert [ack.status for ack in log.append([click("a"), click("c")])] == ["duplicate", "stored"]
    with EventLog(tmp_path) as log:
        assert [ack.status for ack in log.append([click("b"), click("c")])] == ["duplicate", "duplicate"]
        assert ids(log) == ["a", "b", "c"]
        assert log.count() == 3
        assert log.pending() == 1


def test_ids_are_forgotten_thirty_days_after_the_roll_up(log: EventLog) -> None:
    log.append([click("old")])
    log.rollup()
    log.append([click("pending")])
    now = time.time_ns() // 1_000
    assert log.forget_ids() == 0
    assert log.forget_ids(now + KEEP_US - DAY) == 0
    assert log.forget_ids(now + KEEP_US + DAY) == 1
    assert [ack.status for ack in log.append([click("old"), click("pending")])] == ["stored", "duplicate"]
    assert log.count() == 3


def test_files_are_cut_by_day_and_step(log: EventLog, tmp_path: Path) -> None:
    log.append_columns(history(10, days=3))
    told: list[int] = []
    assert log.rollup(step_rows=4, on_progress=told.append) == 10
    assert told == [4, 4, 2]
    names = sorted(str(path.relative_to(tmp_path / "logs")) for path in (tmp_path / "logs").glob("*/*"))
    assert names[0] == "date=2025-03-01/events-000000000001-000000000004.parquet"
    assert {name.split("/")[0] for name in names} == {f"date=2025-03-0{day}" for day in (1, 2, 3)}
    assert pl.concat([frame_of(table) for table in log.batches()])["position"].to_list() == list(range(10))
    assert log.rollup() == 0


def frame_of(table: pa.Table) -> pl.DataFrame:
    return reading.frame_of(table)


def test_reading_since_a_moment(log: EventLog) -> None:
    log.append_columns(history(30, days=5))
    start = int(datetime(2025, 3, 4, tzinfo=UTC).timestamp() * 1_000_000)
    for _ in range(2):  # from the database, then from the files
        assert log.read(since=start).collect().height == 12
        assert log.read(since=start + 2 * DAY).collect().height == 0
        log.rollup()


def test_young_events_are_kept(log: EventLog) -> None:
    log.append_columns(history(5))
    log.append([click("now")])
    log.append_columns(history(5, prefix="late"))
    assert log.rollup(keep_seconds=60) == 5  # what arrived behind a young event waits with it
    assert log.pending() == 6


def test_reading_during_a_roll_up_shows_each_event_once(log: EventLog) -> None:
    log.append_columns(history(1_500, days=5))
    worker = threading.Thread(target=log.rollup, kwargs={"step_rows": 100})
    worker.start()
    while worker.is_alive():
        frame = log.read().collect()
        assert frame.height == frame["event_id"].n_unique() == 1_500
    assert log.pending() == 0


def test_many_threads_share_one_log(log: EventLog) -> None:
    def work(thread: int) -> list[str | None]:
        return [log.append([click(f"{thread}-{i}"), click("same")])[0].event_id for i in range(20)]

    with ThreadPoolExecutor(16) as pool:
        acknowledged = [event_id for result in pool.map(work, range(16)) for event_id in result]
    assert sorted([*acknowledged, "same"]) == sorted(ids(log))  # type: ignore[type-var]
    assert log.read().collect()["seq"].sort().to_list() == list(range(1, 322))


def test_two_processes_share_one_shop(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from emptor.shop.events import EventLog
with EventLog(Path(sys.argv[1])) as log:
    for i in range(50):
        log.append([{"event_id": f"{sys.argv[2]}-{i}", "action": "click", "user_id": "u"}])
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    children = [subprocess.Popen([*command, name]) for name in "ab"]
    assert [child.wait(30) for child in children] == [0, 0]
    with EventLog(tmp_path) as log:
        assert sorted(ids(log)) == sorted(f"{name}-{i}" for name in "ab" for i in range(50))


def test_an_object_that_nobody_closes_does_not_stop_the_program(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from emptor.shop.events import EventLog
log = EventLog(Path({str(tmp_path)!r}))
print(log.append([{{"event_id": "a", "action": "click", "user_id": "u"}}])[0].status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr, done.returncode) == ("stored\n", "", 0)
    assert not (tmp_path / "events.sqlite-wal").exists()  # closed in order


def test_closing_finishes_what_waits_and_refuses_the_rest(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    outcomes: list[str] = []

    def work(thread: int) -> None:
        for i in range(1_000):
            try:
                outcomes.append(log.append([click(f"{thread}-{i}")])[0].status)
            except EmptorError:
                outcomes.append("closed")
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    log.close()
    log.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert outcomes.count("closed") == 8
    with EventLog(tmp_path) as again:
        assert again.count() == outcomes.count("stored")
    with pytest.raises(EmptorError, match="closed"):
        log.append([click()])
    with pytest.raises(EmptorError, match="closed"):
        again.rollup() or again.forget_ids()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_is_told_to_open_the_log_itself(log: EventLog) -> None:
    log.append([click("a")])
    child = os.fork()
    if child == 0:
        try:
            log.append([click("b")])
        except EmptorError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_locked_database_is_an_error_for_everyone_who_waits(tmp_path: Path) -> None:
    with EventLog(tmp_path, busy_seconds=0.2) as log:
        log.append([click("a")])
        other = sqlite3.connect(tmp_path / "events.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(log.append, [click(f"w{i}")]) for i in range(4)]
            for answer in answers:
                with pytest.raises(ShopBusy, match="another process"):
                    answer.result(10)
        assert ids(log) == ["a"]  # reading goes on meanwhile
        other.execute("ROLLBACK")
        other.close()
        assert log.append([click("b")])[0].status == "stored"


def test_a_full_disk_is_an_error_and_costs_nothing_that_was_stored(log: EventLog) -> None:
    log.append([click("a")])
    pages = log._writer.change(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    log._writer.change(lambda connection: connection.execute(f"PRAGMA max_page_count={pages + 2}").fetchone())
    with pytest.raises(EmptorError, match="disk is full"):
        log.append([click(f"b{i}", note="x" * 10_000) for i in range(100)])
    assert ids(log) == ["a"]
    assert log.append([click("b0")])[0].status == "stored"


def test_a_file_size_limit_is_an_error_not_a_dead_process(tmp_path: Path) -> None:
    code = f"""
import resource
from pathlib import Path
from emptor.errors import EmptorError
from emptor.shop.events import EventLog
log = EventLog(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
stored = 0
try:
    for i in range(1_000):
        log.append([{{"event_id": str(i), "action": "click", "user_id": "u", "note": "x" * 5_000}}])
        stored += 1
except EmptorError as error:
    print(stored, str(error))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.append([{{"event_id": "last", "action": "click", "user_id": "u"}}])[0].status, log.count())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    first, second = done.stdout.splitlines()
    stored, sentence = first.split(" ", 1)
    assert int(stored) > 0
    assert "disk" in sentence
    assert second == f"stored {int(stored) + 1}"


def test_a_read_only_database_is_told(tmp_path: Path, log: EventLog) -> None:
    connection = sqlite3.connect(f"file:{tmp_path / 'events.sqlite'}?mode=ro", uri=True)
    with pytest.raises(EmptorError, match="read-only"), database.explained(tmp_path):
        connection.execute("INSERT INTO ids VALUES ('a', 1)")
    connection.close()


@pytest.mark.parametrize("content", [b"no database at all " * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_database_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "events.sqlite").write_bytes(content)
    with pytest.raises(EmptorError, match=r"events\.sqlite"):
        EventLog(tmp_path)


def test_damage_that_shows_later_is_told(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append([click(f"e{i}", note="x" * 500) for i in range(200)])
    with (tmp_path / "events.sqlite").open("r+b") as file:
        file.seek(20 * 4096)  # behind the roots of the tables
        file.write(b"\xff" * 40_960)
    with EventLog(tmp_path) as log:
        for work in (lambda: log.read().collect(), lambda: list(log.batches()), log.rollup):
            with pytest.raises(EmptorError, match="damaged"):
                work()


def test_no_folder_and_newer_format(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="no such folder"):
        EventLog(tmp_path / "none")
    EventLog(tmp_path).close()
    with sqlite3.connect(tmp_path / "events.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(EmptorError, match="upgrade"):
        EventLog(tmp_path)


def test_a_lost_database_goes_on_behind_its_files(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.append([click("a"), click("b")])
        log.rollup()
    (tmp_path / "events.sqlite").unlink()
    with EventLog(tmp_path) as log:
        assert log.count() == 2
        log.append([click("c")])
        log.rollup()
        assert ids(log) == ["a", "b", "c"]


def test_an_older_copy_of_the_database_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with EventLog(tmp_path) as log:
        log.append([click("a")])
    shutil.copy(tmp_path / "events.sqlite", copy)
    with EventLog(tmp_path) as log:
        log.append([click("b")])
        log.rollup()
    shutil.copy(copy, tmp_path / "events.sqlite")
    with pytest.raises(EmptorError, match="older"):
        EventLog(tmp_path)
    with sqlite3.connect(tmp_path / "events.sqlite") as connection:  # it went on before anybody noticed
        connection.execute("UPDATE events SET seq = 7")
    connection.close()
    with EventLog(tmp_path) as log, pytest.raises(EmptorError, match="older copy"):
        log.rollup()
    assert len(list((tmp_path / "logs").glob("*/*.parquet"))) == 1


def test_only_one_roll_up_at_a_time(log: EventLog) -> None:
    log.append_columns(history(10))
    errors: list[str] = []

    def second(_: int) -> None:
        with pytest.raises(ShopBusy) as caught:
            log.rollup()
        errors.append(str(caught.value))

    log.rollup(step_rows=10, on_progress=second)
    assert len(errors) == 1
    assert str(os.getpid()) in errors[0]


def test_a_bad_row_of_a_table_is_named(log: EventLog) -> None:
    table = pa.table({"action": ["click", "CLICK"], "user_id": ["u", "u"], "time": [1_735_689_600] * 2})
    with pytest.raises(EmptorError, match=r"row 1 of 2.*action"):
        log.append_columns(table)
    assert log.append_columns(table.slice(0, 1)) == 1
