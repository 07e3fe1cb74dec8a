"""Events per second that the event log acknowledges, beside the disk's own floor in the same run.

    python benchmarks/event_log.py [--seconds 3] [--json docs/results/event_log.json]

The floor is a file that grows by one page and an fdatasync, again and again: what one client appending single
events cannot beat. Clients are threads of one process. Each kind of row runs in a new shop.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emptor.evaluate.report import environment
from emptor.shop.events import EventLog, export_events, import_events

EVENT = {
    "request_id": "4246c73e-e2d0-4088-a817-74564b2d457b",
    "user_id": "127c9afc-01c9-4084-912f-f318569f96c7",
    "session_id": "94cb50fb-c3af-4a69-91d9-cdd9e86d6297",
    "scenario": "search",
    "query": "futon frames full size without mattress",
    "action": "impression",
    "product_id": "B07CVR21VN",
    "position": 3,
    "price": 19.99,
    "cascade": "9f2c1c5c",
    "explored": False,
    "propensity": 1.0,
}
HISTORY = 250_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each row")
    parser.add_argument("--folder", type=Path, help="where the shops lie meanwhile; its disk counts")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def tell(name: str, rate: float) -> None:
        floor_rate = rows[0]["per_second"] if rows else rate
        rows.append({"what": name, "per_second": round(rate), "over_floor": round(rate / floor_rate, 2)})
        print(f"| {name:<44} | {rate:>10,.0f} | {rate / floor_rate:>8.2f} |", flush=True)

    print(f"| {'what':<44} | {'per second':>10} | {'x floor':>8} |\n|{'-' * 46}|{'-' * 12}|{'-' * 10}|")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        tell("floor: page and fdatasync", floor(Path(folder), options.seconds))
        for clients in (1, 8, 32):
            tell(f"{clients} clients, single events", appending(options.seconds, clients, 1, folder))
        for clients in (1, 8):
            tell(f"{clients} clients, 100 events at a time", appending(options.seconds, clients, 100, folder))
        history(Path(folder), tell)
        tell("floor again", floor(Path(folder), options.seconds))
    if options.json:
        result = {"command": shlex.join(["python", *sys.argv]), "env": environment(), "rows": rows}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2) + "\n")


def floor(folder: Path, seconds: float) -> float:
    """Pages written and made durable per second."""
    count, start = 0, time.perf_counter()
    with (folder / "floor").open("wb", buffering=0) as file:
        while time.perf_counter() < start + seconds:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
    return count / (time.perf_counter() - start)


def appending(seconds: float, clients: int, batch: int, folder: str) -> float:
    """Events per second acknowledged to all clients together."""
    counts = [0] * clients
    with tempfile.TemporaryDirectory(dir=folder) as shop, EventLog(Path(shop)) as log:
        log.append([EVENT])
        start = time.perf_counter()

        def client(number: int) -> None:
            while time.perf_counter() < start + seconds:
                assert all(ack.status == "stored" for ack in log.append([EVENT] * batch))
                counts[number] += batch

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - start
        assert log.count() == sum(counts) + 1
    return sum(counts) / elapsed


def history(folder: Path, tell: Callable[[str, float], None]) -> None:
    """Import, repeat, roll-up, read and export of a file of UBI events and one of Emptor's own."""
    ubi, own = folder / "events.ubi.jsonl", folder / "events.jsonl"
    start_us = 1_735_689_600_000
    with ubi.open("w") as ubi_file, own.open("w") as own_file:
        for i in range(HISTORY):
            seconds, millis = divmod(start_us + i * 8_000, 1_000)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03}Z"
            document = {
                "application": "shop", "action_name": "impression", "query_id": f"q{i // 20}",
                "session_id": f"s{i // 90}", "client_id": f"c{i % 5_000}", "timestamp": stamp,
                "user_query": "futon frames", "message_type": None, "message": None,
                "event_attributes": {"object": {"object_id": f"B{i % 9_000}"}, "position": {"ordinal": i % 20}},
            }  # fmt: skip
            ubi_file.write(json.dumps(document) + "\n")
            own_file.write(json.dumps({**EVENT, "time": stamp, "event_id": f"e{i}"}) + "\n")

    def timed(name: str, work: Callable[[], Any], count: int = HISTORY) -> None:
        start = time.perf_counter()
        work()
        tell(name, count / (time.perf_counter() - start))

    for kind, path in (("own JSONL", own), ("UBI", ubi)):
        (folder / kind).mkdir()
        with EventLog(folder / kind) as log:

            def load(log: EventLog = log, path: Path = path) -> None:
                import_events(log, path, quarantine=lambda *fault: print(fault))

            timed(f"import, {kind}", load)
            timed(f"import again (all repeats), {kind}", load)
            pending = log.pending()
            timed("roll-up of what is left", log.rollup, pending)
            assert log.count() == HISTORY
            timed("read everything", lambda log=log: log.read().collect())
            out = folder / f"{kind}.ubi.jsonl"
            timed(f"export, {kind}", lambda log=log, out=out: export_events(log, out))


if __name__ == "__main__":
    main()
