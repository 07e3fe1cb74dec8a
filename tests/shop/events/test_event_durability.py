"""Killed at any moment, the log opens again and holds every acknowledged event exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from fsync import MARK, Call, run_traced

from emptor.shop.events import EventLog, export_events, import_events

INGEST_KILLS, IMPORT_KILLS, LEAST_ROLL_UP_KILLS = 24, 8, 20

INGEST = """
import os, sys, threading
from pathlib import Path
from emptor.shop.events import EventLog

log = EventLog(Path(sys.argv[1]))

def ingest(thread):
    number = 0
    while True:
        ids = [f"{sys.argv[2]}-{thread}-{number}-{i}" for i in range(3)]
        acks = log.append([{"event_id": id, "action": "click", "user_id": "u"} for id in ids])
        assert [ack.status for ack in acks] == ["stored"] * 3
        os.write(1, "".join(id + "\\n" for id in ids).encode())  # acknowledged
        number += 1

for thread in range(3):
    threading.Thread(target=ingest, args=(thread,), daemon=True).start()
while True:
    log.rollup(step_rows=40)
"""


def held(shop: Path) -> Counter[str]:
    with EventLog(shop) as log:
        frame = log.read().collect()
        assert log.count() == frame.height
    return Counter(frame["event_id"].to_list())


def ingest_until_killed(shop: Path, name: str, seconds: float) -> list[str]:
    """Ids that were acknowledged before the kill."""
    child = subprocess.Popen([sys.executable, "-c", INGEST, str(shop), name], stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    timer = threading.Timer(seconds, os.kill, (child.pid, signal.SIGKILL))
    timer.start()
    rest = child.stdout.read()
    assert child.wait(30) == -signal.SIGKILL
    return (first + rest).decode().splitlines()


def test_killed_while_ingesting_and_rolling_up(tmp_path: Path) -> None:
    def one_shop(number: int) -> int:
        shop = tmp_path / f"shop{number}"
        shop.mkdir()
        rng = random.Random(number)
        acknowledged: set[str] = set()
        for kill in range(INGEST_KILLS // 2):
            acknowledged.update(ingest_until_killed(shop, f"run{kill}", rng.uniform(0, 0.12)))
            there = held(shop)
            assert there.keys() >= acknowledged
            assert set(there.values()) == {1}
        with EventLog(shop) as log:
            log.rollup()
        assert held(shop) == there
        assert not list((shop / "logs").glob("*/.*"))
        return len(acknowledged)

    with ThreadPoolExecutor(2) as pool:
        assert min(pool.map(one_shop, range(2))) > INGEST_KILLS * 10


ROLL_UP = (
    MARK
    + """
import sys
from pathlib import Path
import pyarrow as pa
from emptor.shop.events import EventLog

shop, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log = EventLog(shop)
ids = [f"{name}-{i}" for i in range(count)]
times = [1_735_689_600_000_000 + i % 2 * 86_400_000_000 for i in range(count)]
log.append_columns(pa.table({"event_id": ids, "action": ["click"] * count, "user_id": ["u"] * count, "time": times}))
for id in ids:
    mark(id)
log.rollup(step_rows=count * 2 // 3)
mark("rolled up")
"""
)


def test_killed_at_every_call_of_a_roll_up(tmp_path: Path) -> None:
    def one_shop(first: int) -> int:
        """Killed at call first, first + 2, ... until a run comes to its end; returns the number of kills."""
        shop = tmp_path / f"shop{first}"
        shop.mkdir()
        acknowledged: set[str] = set()
        kills = 0
        while True:
            command = [sys.executable, "-c", ROLL_UP, str(shop), f"run{kills}", "3"]
            calls = run_traced(command, kill_at=first + 2 * kills)
            acknowledged.update(path for name, path in calls if name == "mark" and path != "rolled up")
            there = held(shop)
            assert there.keys() >= acknowledged
            assert max(there.values(), default=1) == 1
            if ("mark", "rolled up") in calls:
                break
            kills += 1
        with EventLog(shop) as log:
            log.rollup()
            assert log.pending() == 0
        assert held(shop) == there
        return kills

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(one_shop, [1, 2])) >= LEAST_ROLL_UP_KILLS


IMPORT = """
import sys
from pathlib import Path
from emptor.shop.events import EventLog, import_events, importing

importing.ROLL_UP_ROWS = 15
with EventLog(Path(sys.argv[1])) as log:
    import_events(log, Path(sys.argv[2]), quarantine=print, batch_rows=5)
"""


def test_killed_while_importing_and_run_again(tmp_path: Path) -> None:
    rng = random.Random(11)
    documents = [
        {"action_name": "click", "client_id": f"u{i % 7}", "timestamp": f"2025-01-0{1 + i % 3}T00:00:00Z"}
        for i in range(45)
    ]  # many are identical, and all of them count
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))

    def one_shop(at: int) -> bool:
        shop = tmp_path / f"shop{at}"
        shop.mkdir()
        before = run_traced([sys.executable, "-c", IMPORT, str(shop), str(path)], kill_at=at)
        with EventLog(shop) as log:
            counts = import_events(log, path, quarantine=pytest.fail)
            assert counts.stored + counts.duplicate == len(documents)
            export_events(log, shop / "out.ubi.jsonl")
        assert list(map(json.loads, (shop / "out.ubi.jsonl").open())) == documents
        return len(before) < at

    moments = rng.sample(range(2, 40), IMPORT_KILLS)
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(one_shop, moments))  # every one of them was killed on the way


def wal_syncs(calls: list[Call]) -> int:
    return sum(name in ("fsync", "fdatasync") and path.endswith("/events.sqlite-wal") for name, path in calls)


def test_nothing_is_acknowledged_before_it_is_on_the_disk(tmp_path: Path) -> None:
    code = f"""{MARK}
from pathlib import Path
from emptor.shop.events import EventLog
log = EventLog(Path({str(tmp_path)!r}))
mark("ack")
for i in range(25):
    log.append([{{"action": "click", "user_id": "u"}}])
    mark("ack")
"""
    calls = run_traced(code)
    assert ("fsync", str(tmp_path)) in calls[: calls.index(("mark", "ack"))]  # the new database's name
    acks = [at for at, (name, _) in enumerate(calls) if name == "mark"]
    between = [wal_syncs(calls[start:end]) for start, end in pairwise(acks)]
    assert len(between) == 25
    assert min(between) >= 1


def test_clients_that_wait_share_a_sync(tmp_path: Path) -> None:
    code = f"""{MARK}
import threading
from pathlib import Path
from emptor.shop.events import EventLog
log = EventLog(Path({str(tmp_path)!r}))
ready = threading.Barrier(16)
def work():
    ready.wait()
    for i in range(25):
        log.append([{{"action": "click", "user_id": "u"}}])
        mark("ack")
threads = [threading.Thread(target=work) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    calls = run_traced(code)
    assert calls.count(("mark", "ack")) == 400
    assert 25 <= wal_syncs(calls) < 400 / 2
    for at, call in enumerate(calls):  # an event is in one of the commits before it: at most 16 share one
        if call == ("mark", "ack"):
            assert calls[: at + 1].count(call) <= 16 * wal_syncs(calls[:at])


def test_a_roll_up_deletes_nothing_before_its_files_are_on_the_disk(tmp_path: Path) -> None:
    calls = run_traced([sys.executable, "-c", ROLL_UP, str(tmp_path), "run", "6"])
    logs = tmp_path / "logs"
    calls = calls[calls.index(("mark", "run-5")) :]
    assert calls.index(("fsync", str(tmp_path))) < calls.index(("fsync", str(logs)))  # logs/, then date=*/ in it
    renames = [at for at, (name, path) in enumerate(calls) if name == "rename" and path.endswith(".parquet")]
    assert len(renames) == 4  # two steps of two days each
    deletes = [at for at, call in enumerate(calls) if wal_syncs([call])]
    for at in renames:
        file = Path(calls[at][1])
        assert calls[at - 1] == ("fsync", str(file.with_name(f".{file.name}.tmp")))
        assert calls[at + 1] == ("fsync", str(file.parent))
    assert renames[1] + 1 < deletes[0] < renames[2]  # one delete closes each step
    assert renames[3] + 1 < deletes[1]


def test_the_trace_sees_what_happens_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    code = f"""{MARK}
import os
fd = os.open({str(file)!r}, os.O_CREAT | os.O_WRONLY)
os.write(fd, b"x")
mark("written")
os.fsync(fd)
os.fdatasync(fd)
os.replace({str(file)!r}, {str(file)!r} + "2")
"""
    expected = [("mark", "written"), ("fsync", str(file)), ("fdatasync", str(file)), ("rename", f"{file}2")]
    assert run_traced(code) == expected
    assert run_traced(code, kill_at=2) == expected[:2]
