"""What the demo's training costs those who search meanwhile: p95 of /v1/search while it trains, beside idle.

    python benchmarks/demo_training.py [--shop demo-shop] [--json docs/results/demo_training.json]

A server over a demo shop is asked at a steady rate over two connections while the process that `emptor demo` starts
trains, compares and promotes. By turns of some seconds that process is halted and let go on (SIGSTOP, SIGCONT), so that
other work on the machine hits both sides. Bound: p95 while it trains at most 1.5 times that of idle.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import client
import numpy as np
import orjson
import polars as pl
from latency import pct, search_url, serve_command, served

from emptor.demo.background import Background
from emptor.evaluate.report import environment
from emptor.shop.shop import Shop
from emptor.shop.training import NAME, is_running, read_training

BOUND = 1.5
CONNECTIONS = 2
SETTLE_S = 0.3
"""After the process is let go on or halted, before requests count."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, help="made by `emptor demo --no-serve --no-train`; it is copied")
    parser.add_argument("--rate", type=float, default=40.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = args.shop or Path(folder) / "demo-shop"
        if args.shop is None:
            command = [sys.executable, "-m", "emptor", "demo", "--no-serve", "--no-train", "--folder", str(made)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if (made / "models").exists():
            raise SystemExit(f"{made} is trained already; make one by `emptor demo --no-serve --no-train`")
        runs = []
        for number in range(args.runs):
            shop = Path(folder) / f"run{number}"
            shutil.copytree(made, shop)
            shutil.copytree(made.with_name(f"{made.name}.world"), shop.with_name(f"{shop.name}.world"))
            runs.append(measure(shop, rate=args.rate, seconds=args.seconds))
    ratio = float(np.median([own["p95_ratio"] for own in runs]))
    print(f"p95 while it trains over idle: x{ratio:.2f}, bound x{BOUND}")
    if args.json is not None:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        command = shlex.join(["python", "benchmarks/demo_training.py", *sys.argv[1:]])
        content = {"command": command, "env": environment(), "bound": BOUND, "p95_ratio": ratio, "runs": runs}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def measure(shop: Path, *, rate: float, seconds: float) -> dict:
    """One training from its beginning to its end, by turns with idle."""
    urls = [search_url(query) for query in asked(shop)]
    turns: list[dict] = []
    with served(serve_command(shop), "/readyz") as port:
        timed(port, urls[:400], rate)  # warm
        training = Background(shop)
        begin = time.perf_counter()
        training.start()
        process = training._process
        assert process is not None
        try:
            while process.poll() is None:
                for kind in ("training", "idle"):
                    if kind == "idle":
                        halt(process, signal.SIGSTOP)
                    time.sleep(SETTLE_S)
                    part = [urls[at % len(urls)] for at in range(at_of(turns), at_of(turns) + int(rate * seconds))]
                    phase = phase_of(shop)
                    turns.append({"kind": kind, "phase": phase, "times": timed(port, part, rate)})
                    if kind == "idle":
                        halt(process, signal.SIGCONT)
        finally:
            halt(process, signal.SIGCONT)
            training.stop()
    took = time.perf_counter() - begin
    told = read_training(shop)
    assert told is not None
    # a turn of training counts only with the idle one beside it, and only where something ran
    pairs = [(a, b) for a, b in zip(turns[::2], turns[1::2], strict=False) if a["phase"] is not None]
    result = {
        "rate": rate,
        "connections": CONNECTIONS,
        "seconds": took,
        "turns": len(pairs),
        **figures(pairs),
        "phases": {name: figures([own for own in pairs if own[0]["phase"] == name]) for name in phases(pairs)},
        "p95_ms_by_turn": [[pct(a["times"], 95), pct(b["times"], 95)] for a, b in pairs],
        "training": [own.model_dump() for own in told.stages],
        "nice": 19,
    }
    for name in ("turns", "idle_p50_ms", "training_p50_ms", "idle_p95_ms", "training_p95_ms", "p95_ratio"):
        print(f"  {name:<18}{result[name]:.2f}")
    for name, own in result["phases"].items():
        print(f"  {name}: p95 {own['idle_p95_ms']:.2f} idle, {own['training_p95_ms']:.2f} meanwhile", flush=True)
    return result


def figures(pairs: list[tuple[dict, dict]]) -> dict:
    """Of all requests of both sides together."""
    busy = [own for a, _ in pairs for own in a["times"]]
    idle = [own for _, b in pairs for own in b["times"]]
    found = {
        f"{side}_p{at}_ms": pct(times, at)
        for side, times in (("idle", idle), ("training", busy))
        for at in (50, 95, 99)
    }
    return {**found, "p95_ratio": found["training_p95_ms"] / found["idle_p95_ms"], "requests": len(busy)}


def phases(pairs: list[tuple[dict, dict]]) -> list[str]:
    return list(dict.fromkeys(a["phase"] for a, _ in pairs))


def phase_of(shop: Path) -> str | None:
    """The command that runs now."""
    if not is_running(shop) or not (shop / NAME / "status.json").exists():
        return None
    training = read_training(shop)
    steps = [step for own in training.stages for step in own.steps] if training else []
    return next((step.name for step in steps if step.state == "running"), None)


def at_of(turns: list[dict]) -> int:
    """Requests sent so far: no turn repeats the queries of the one before."""
    return sum(len(own["times"]) for own in turns)


def halt(process: subprocess.Popen, number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def asked(shop: Path) -> list[str]:
    """The queries of the shop's log, each once, in a random order."""
    with Shop.open(shop) as target:
        found = target.events.read().filter(pl.col("query").is_not_null()).select("query").unique().collect()
    return found["query"].sort().sample(fraction=1.0, shuffle=True, seed=0).to_list()


def timed(port: int, urls: list[str], rate: float) -> list[float]:
    times: list[float] = []

    def take(answer: client.Answer) -> None:
        if answer.status != 200:
            raise SystemExit(f"{answer.path}: {answer.content[:200]!r}")
        times.append(answer.seconds)

    client.send_by_clock(port, urls, rate=rate, connections=CONNECTIONS, take=take)
    return times


if __name__ == "__main__":
    main()
