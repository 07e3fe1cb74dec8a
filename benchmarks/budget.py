"""The budget of a search from end to end: latency, what deadlines cut off, and memory, of the whole trained cascade.

    python benchmarks/budget.py [--sizes 20000 1000000] [--work FOLDER] [--json docs/results/budget.json]

A market's users shop; retrieval (words and `smar`), pre-ranking (`hccp`), ranking (`dnn_crosses`) and re-ranking
(`armmt`, then `dpp`) are trained on their log, put together as in the demo, and served by `emptor serve`. Queries of
the log, each once, are asked over HTTP, one at a time and then by the clock; every other one by a user with a history,
the rest by nobody known. At sizes in `--publish` a new generation is published and taken up meanwhile. The budget: an
answer within 200 ms, and no stage left out.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import client
import numpy as np
import orjson
import polars as pl
from budget_shop import FULL, PICTURED, shop_of, world_of
from latency import pct, serve_command, started
from loop_arms import without_work
from rounding import rounded

from emptor.evaluate.report import environment
from emptor.serve.traces import read_traces
from emptor.shop.config import read_options
from emptor.shop.shop import Shop

DEADLINE_MS = 200.0
WARM = 200
CONNECTIONS = 32
PUBLISH_RATE = 5.0
"""Searches a second while a generation is published and taken up."""
READY_S = 1_800.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=1_200, help="one at a time, and again by the clock")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second by the clock")
    parser.add_argument(
        "--publish", type=int, nargs="*", default=[], help="sizes at which a generation is published, too"
    )
    parser.add_argument("--work", type=Path, help="folder where shops are kept, and taken from in a later run")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        rows = []
        for size in args.sizes:
            print(f"{size:,} products", flush=True)
            shop, steps = shop_of(work, size)
            row = measured(shop, args.requests, args.rate, publishing=size in args.publish)
            rows.append({"products": size, **about(size), "steps": steps, **row})
    if args.json is not None:
        command = shlex.join(["python", "benchmarks/budget.py", *without_work(sys.argv[1:])])
        content = {"command": command, "env": environment(), "deadline_ms": DEADLINE_MS, "rows": rounded(rows)}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def about(size: int) -> dict[str, Any]:
    return {"users": world_of(size)["users"], "pictures": size <= PICTURED}


@dataclass
class Answers:
    """What came back. seconds, late [n]: of each answer, and by how much it was sent late; cut: stage -> answers in
    which it was cut off.
    """

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    degraded: int = 0
    cut: dict[str, int] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)

    def take(self, answer: client.Answer) -> None:
        if answer.status == 503:
            self.refused += 1
            return
        if answer.status != 200:
            raise SystemExit(f"{answer.path}: {answer.content[:300]!r}")
        page = orjson.loads(answer.content[answer.content.index(b"\r\n\r\n") + 4 :])
        self.seconds.append(answer.seconds)
        self.ids.append(page["request_id"])
        self.known.append("user_id=" in answer.path)
        stages = {own["stage"] for own in page["degraded"]}
        self.degraded += bool(stages)
        for own in stages:
            self.cut[own] = self.cut.get(own, 0) + 1

    def figures(self) -> dict[str, Any]:
        if not self.seconds:
            return {"requests": self.refused, "refused": 1.0}
        times, known = np.array(self.seconds), np.array(self.known)
        asked = len(times) + self.refused
        return {
            "requests": asked,
            **{f"p{own}_ms": pct(self.seconds, own) for own in (50, 95, 99)},
            "worst_ms": pct(self.seconds, 100),
            "p50_ms_with_history": pct(times[known].tolist(), 50) if known.any() else None,
            "p50_ms_without": pct(times[~known].tolist(), 50) if (~known).any() else None,
            "degraded": self.degraded / len(times),
            "cut": {own: count / len(times) for own, count in sorted(self.cut.items())},
            "over_deadline": float((times > DEADLINE_MS / 1e3).mean()),
            "refused": self.refused / asked,
        }


def measured(shop: Path, count: int, rate: float, *, publishing: bool) -> dict[str, Any]:
    """All figures of one shop that is made and trained."""
    urls = asked(shop, WARM + 2 * count)
    if len(urls) < WARM + 2 * count:
        raise SystemExit(f"{shop}: {len(urls)} different queries in the log, {WARM + 2 * count} are asked for")
    with started(serve_command(shop), "/readyz", within_s=READY_S) as server:
        row: dict[str, Any] = {"ready_s": server.ready_s, "ready_cpu_s": cpu_s(server.pid)}
        row["memory"] = {"ready": memory(server.pid)}
        client.ask(server.port, urls[:WARM], take=lambda answer: None)
        print("  measuring", flush=True)
        alone, steady = Answers(), Answers()
        client.ask(server.port, urls[WARM : WARM + count], take=alone.take)
        by_clock = urls[WARM + count : WARM + 2 * count]
        late = client.send_by_clock(server.port, by_clock, rate=rate, connections=CONNECTIONS, take=steady.take)
        row["memory"]["asked"] = memory(server.pid)
        row |= {"alone": alone.figures(), "steady": {**steady.figures(), "rate": rate, "late_p99_ms": pct(late, 99)}}
        if publishing:
            row["publishing"] = published(shop, server.port, server.pid, urls)
        print("  measured", flush=True)
    row["stages"] = stages(shop, alone)
    print_row(row)
    return row


def asked(shop: Path, most: int) -> list[str]:
    """Searches by the queries of the log, each once; every other one by a user who has acted, the rest by nobody."""
    with Shop.open(shop) as target:
        events = target.events.read()
        queries = events.filter(pl.col("query").is_not_null()).select("query").unique().collect()["query"].sort()
        acted = events.filter((pl.col("action") == "click") & pl.col("user_id").is_not_null())
        users = acted.select("user_id").collect()["user_id"].sort()
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(queries))[:most]
    who = rng.integers(0, len(users), most)
    return [
        "/v1/search?k=20&q="
        + urllib.parse.quote(queries[int(query)])
        + (f"&user_id={urllib.parse.quote(users[int(user)])}" if at % 2 else f"&session_id=s{at}")
        for at, (query, user) in enumerate(zip(chosen, who, strict=False))
    ]


def memory(pid: int) -> dict[str, float]:
    """MiB of a process: resident, of which it has for itself (the rest are pages of files), and the most there was."""
    names = {"VmRSS": "resident_mib", "RssAnon": "own_mib", "VmHWM": "peak_mib"}
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in names:
            found[names[name]] = int(value.split()[0]) / 2**10
    return found


def cpu_s(pid: int) -> float:
    """Seconds that a process has had of processors."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def published(shop: Path, port: int, pid: int, urls: list[str]) -> dict[str, Any]:
    """A generation is published beside the server and taken up by it; searches go on."""
    before, answers, start = generation(port), Answers(), time.perf_counter()
    command = [sys.executable, "-m", "emptor", "publish", str(shop)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    published_s = taken_up_s = None
    at = 0
    while taken_up_s is None:
        if process.poll():
            raise SystemExit(f"`{shlex.join(command)}` ended with status {process.poll()}")
        if time.perf_counter() - start > READY_S:
            raise SystemExit(f"`{shlex.join(command)}`: nothing was taken up in {READY_S:.0f} s")
        part = [urls[own % len(urls)] for own in range(at, at + int(2 * PUBLISH_RATE))]
        client.send_by_clock(port, part, rate=PUBLISH_RATE, connections=CONNECTIONS, take=answers.take)
        at += len(part)
        if published_s is None and process.poll() is not None:
            published_s = time.perf_counter() - start
        if generation(port) != before:
            taken_up_s = time.perf_counter() - start
    process.wait()
    after = Answers()
    part = [urls[own % len(urls)] for own in range(at, at + int(10 * PUBLISH_RATE))]
    client.send_by_clock(port, part, rate=PUBLISH_RATE, connections=CONNECTIONS, take=after.take)
    return {
        "rate": PUBLISH_RATE,
        "published_s": published_s,
        "taken_up_s": taken_up_s,
        "meanwhile": answers.figures(),
        "afterwards": after.figures(),
        "memory": memory(pid),
    }


def generation(port: int) -> float:
    """The generation that a server serves."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("emptor_generation "))


def stages(shop: Path, alone: Answers) -> list[dict[str, Any]]:
    """What each stage took, by the traces of what was asked one at a time; the rest is what no stage took: facets,
    writing the answer, HTTP.
    """
    traces = (
        read_traces(shop).filter(pl.col("request_id").is_in(alone.ids)).select("request_id", "place", "stage", "ms")
    )
    found = traces.collect()
    budgets = {own.stage: own.budget_ms for own in read_options(shop / "shop.toml").cascade[FULL].stages}
    rows = []
    for (_, stage), own in found.group_by("place", "stage", maintain_order=False):
        times = (own["ms"] / 1e3).to_list()
        rows.append((own["place"][0], {"stage": stage, "budget_ms": budgets[stage], **_spread(times)}))
    spent = dict(found.group_by("request_id").agg(pl.col("ms").sum()).iter_rows())
    pairs = zip(alone.ids, alone.seconds, strict=True)
    rest = [seconds - spent[request_id] / 1e3 for request_id, seconds in pairs if request_id in spent]
    ordered = [own for _, own in sorted(rows, key=lambda pair: pair[0])]
    return [*ordered, {"stage": "the rest", "budget_ms": None, **_spread(rest)}]


def _spread(times: list[float]) -> dict[str, float]:
    return {"p50_ms": pct(times, 50), "p95_ms": pct(times, 95), "p99_ms": pct(times, 99), "traced": len(times)}


def print_row(row: dict[str, Any]) -> None:
    print(f"  ready after {row['ready_s']:.0f} s, {row['ready_cpu_s']:.0f} s of a core; {row['memory']}")
    for name in ("alone", "steady", "publishing"):
        if name in row:
            print(f"  {name}: {row[name]}")
    for own in row["stages"]:
        print(f"  {own}")


if __name__ == "__main__":
    main()
