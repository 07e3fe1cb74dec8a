"""Latency of /v1/search over HTTP, beside the bare engine call and an empty route, in one run.

    python benchmarks/latency.py [--sizes 50000 1000000] [--json docs/results/latency.json]

1,000 candidates and facets for every request; queries are distinct, so nothing is answered from memory. One server
process. Bounds: p50 at most 4 ms above bare call + empty route; p50 at the larger size at most five times that at the
smaller; eight clients at 1.5 times the rate of one or more, without an error.
"""

from __future__ import annotations

import argparse
import http.client
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import client
import numpy as np
import orjson
import tantivy
from generated import queries, write_csv

from emptor.engine import Engine
from emptor.evaluate.report import environment
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

ROUNDS = 15

EMPTY = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/empty")
async def empty():
    return {}
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--shops", type=Path, help="folder with shop-SIZE folders of an earlier run")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in args.sizes:
            shop = (args.shops or Path(folder)) / f"shop-{size}"
            if not (shop / "manifest.json").exists():
                file = write_csv(Path(folder) / f"{size}.csv", size)
                with Shop.create(shop) as target:
                    import_catalogue(target, file)
                file.unlink()
            rows.append(measure(shop, size, args.requests))
    if len(rows) > 1:
        small, large = rows[0], rows[-1]
        print(f"p50 at {large['products']:,} / at {small['products']:,}: x{large['p50_ms'] / small['p50_ms']:.2f}")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        command = shlex.join(["python", "benchmarks/latency.py", "--json", str(args.json)])
        content = {"command": command, "env": environment(), "rows": rows}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def measure(shop: Path, size: int, count: int) -> dict:
    """All figures of one shop; peers and server are measured by turns, so that a slow moment hits them all."""
    asked = queries(count * 3 + 800, seed=2)
    bare = bare_call(shop, asked[:count])
    with Engine.open(shop) as engine:
        candidates = [engine.search(query).total for query in asked[:50]]
    with (
        served([sys.executable, "-c", EMPTY], "/empty") as peer,
        served(serve_command(shop), "/readyz") as server,
    ):
        urls = [search_url(query) for query in asked]
        ask(server, urls[-800:-600])  # warm
        ask(peer, ["/empty"] * 200)
        empty, search = [], []
        for start in range(0, count, 100):
            empty += ask(peer, ["/empty"] * 100)
            search += ask(server, urls[start : start + 100])
        one, eight = [], []
        part = count // ROUNDS
        for start in range(count, count + ROUNDS * part, part):  # by turns too: a slow moment hits both
            one.append(rate(server, urls[start : start + part], clients=1))
            eight.append(rate(server, urls[start + count : start + count + part], clients=8))
    result = {
        "products": size,
        "median_candidates": float(np.median(candidates)),
        "bare_call_p50_ms": pct(bare, 50),
        "empty_route_p50_ms": pct(empty, 50),
        "p50_ms": pct(search, 50),
        "p95_ms": pct(search, 95),
        "p99_ms": pct(search, 99),
        "above_sum_ms": pct(search, 50) - pct(bare, 50) - pct(empty, 50),
        "rate_1_client": float(np.median(one)),
        "rate_8_clients": float(np.median(eight)),
        "speedup_8_clients": float(np.median(np.array(eight) / np.array(one))),
        "speedup_rounds": [round(b / a, 2) for a, b in zip(one, eight, strict=True)],
    }
    print("\n".join(f"  {name:<22}{value}" for name, value in result.items()), flush=True)
    return result


def bare_call(shop: Path, asked: list[str]) -> list[float]:
    """Seconds of nothing but the engine's search for 1,000 documents by any word in any field."""
    with Engine.open(shop) as engine:
        view = engine.view
        searcher, schema = view.searcher, view.index.schema
        built = []
        for query in asked:
            terms = [term for word in view.analyser.query_words(query) for term, _ in word.terms]
            parts = [
                (tantivy.Occur.Should, tantivy.Query.term_query(schema, field, term, "freq"))
                for term in terms
                for field in ("title", "brand", "category", "attributes", "description")
            ]
            built.append(tantivy.Query.boolean_query(parts))
        times = []
        for query in built:
            start = time.perf_counter()
            searcher.search(query, 1000, count=False)
            times.append(time.perf_counter() - start)
    return times


def serve_command(shop: Path) -> list[str]:
    return [str(Path(sys.executable).with_name("emptor")), "serve", str(shop), "--port"]


def search_url(query: str) -> str:
    return "/v1/search?k=20&q=" + urllib.parse.quote(query)


@dataclass(frozen=True)
class Started:
    """A server that answers. ready_s: seconds from its start until then."""

    port: int
    pid: int
    ready_s: float


@contextmanager
def started(command: list[str], ready: str, *, within_s: float = 120.0) -> Iterator[Started]:
    """Run a server on a free port until the block ends; the port goes behind the command."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.monotonic()
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL)
    try:
        while time.monotonic() < start + within_s and process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", ready)
                if connection.getresponse().status == 200:
                    break
            except OSError:
                pass
            time.sleep(0.2)
        else:
            raise SystemExit(f"{shlex.join(command)} did not get ready")
        yield Started(port, process.pid, time.monotonic() - start)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def served(command: list[str], ready: str) -> Iterator[int]:
    """The port of such a server."""
    with started(command, ready) as server:
        yield server.port


def ask(port: int, urls: list[str], *, clients: int = 1) -> list[float]:
    """Seconds of each request, with some clients side by side; an answer other than 200 ends the run."""
    times: list[float] = []

    def take(answer: client.Answer) -> None:
        if answer.status != 200:
            raise SystemExit(f"{answer.path}: {answer.content[:200]!r}")
        times.append(answer.seconds)

    client.ask(port, urls, clients=clients, take=take)
    return times


def rate(port: int, urls: list[str], *, clients: int) -> float:
    """Requests per second with some clients side by side."""
    start = time.perf_counter()
    ask(port, urls, clients=clients)
    return len(urls) / (time.perf_counter() - start)


def pct(times: list[float], percent: float) -> float:
    return float(np.percentile(times, percent) * 1000)


if __name__ == "__main__":
    main()
