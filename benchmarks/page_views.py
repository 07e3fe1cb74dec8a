"""Page views under load: while a generation is published and a cascade promoted, and at twice the capacity.

    python benchmarks/page_views.py [--shop demo-shop] [--views 10000] [--json docs/results/page_views.json]

Phase 1: 16 clients open search pages (HTML and JSON) until the views are done, while a new generation is published and
a cascade promoted and rolled back, again and again. No request may fail, and no page may mix two states: each JSON page
says which cascade made it and lists only products of the generation that was live.
Phase 2: the capacity is the rate that 16 closed-loop clients reach; then requests are sent at twice that rate by the
clock, whatever comes back. Answers that are given must keep the deadline of shop.toml's [serve] and [cascade]; the rest
must be 503 with Retry-After.
"""

from __future__ import annotations

import argparse
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import client
import numpy as np
import orjson
from latency import serve_command, served

from emptor.demo import make_demo
from emptor.evaluate.report import environment
from emptor.shop.importer import import_catalogue
from emptor.shop.promotion import promote, rollback
from emptor.shop.shop import Shop

CLIENTS = 16
PAUSE_S = 2.0
QUERIES = [
    "mug",
    "red dress",
    "striped shirt",
    "lamp",
    "running shoes",
    "blue bag",
    "12 oz mug",
    "watch",
    "toy",
    "sofa",
]
CHALLENGER = """
[cascade.challenger]
stages = [{ stage = "retrieve", method = "hybrid", depth = 500, options = { channels = { lexical = 1.0 } } }]
"""
MARK = "zeppelin"
"""A word of the products that each published generation adds: what a page lists of it tells the generation."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, help="a shop to copy; by default a demo shop is made")
    parser.add_argument("--views", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        if args.shop is not None:
            shutil.copytree(args.shop, shop)
        else:
            from rich.console import Console

            make_demo(shop, products=3_200, days=1, console=Console(quiet=True))
        with (shop / "shop.toml").open("a") as file:
            file.write(CHALLENGER)
        with served(serve_command(shop), "/readyz") as port:
            changes = while_things_change(shop, port, args.views)
            overload = at_twice_the_capacity(port)
    rows = {"changing": changes, "overload": overload}
    for name, own in rows.items():
        print(name, *(f"\n  {key:<28}{value}" for key, value in own.items()), sep="")
    if args.json is not None:
        command = shlex.join(
            ["python", "benchmarks/page_views.py", "--views", str(args.views), "--json", str(args.json)]
        )
        content = {"command": command, "env": environment(), **rows}
        args.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


def while_things_change(shop: Path, port: int, views: int) -> dict[str, Any]:
    """Phase 1; see above."""
    answers: list[client.Answer] = []
    with changing(shop) as changes:
        client.ask(port, map(address, range(views)), clients=CLIENTS, take=answers.append)
    pages = [orjson.loads(own.content.partition(b"\r\n\r\n")[2]) for own in answers if own.path.startswith("/v1/")]
    times = np.array([answer.seconds for answer in answers]) * 1000
    return {
        "page_views": len(answers),
        "clients": CLIENTS,
        "failed": sum(answer.status != 200 for answer in answers),
        "mixed": sum(map(is_mixed, pages)),
        **changes,
        "cascades_seen": len({page["cascade"] for page in pages}),
        "editions_seen": len({title for page in pages for title in editions(page)}),
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "worst_ms": float(times.max()),
    }


@contextmanager
def changing(shop: Path) -> Iterator[dict[str, int]]:
    """Publish and promote in a process of its own, as people do; the counts are there when the block has ended."""
    counts: dict[str, int] = {}
    command = [sys.executable, __file__, "--change", str(shop)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield counts
        counts.update(orjson.loads(process.communicate(b"stop")[0]))


def change(shop_path: Path) -> None:
    """Publish generations and promote cascades until something comes in; prints the counts as JSON."""
    published = promoted = 0
    file = shop_path / "more.jsonl"
    with Shop.open(shop_path) as shop:
        while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
            rows = [{"product_id": f"{MARK}-{at}", "title": f"{MARK} edition{published:04}"} for at in range(20)]
            file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
            import_catalogue(shop, file)
            published += 1
            promote(shop, "challenger")
            time.sleep(PAUSE_S)
            rollback(shop)
            promoted += 2
    counts = {"generations_published": published, "promotions_and_rollbacks": promoted}
    print(orjson.dumps(counts).decode())


def is_mixed(page: dict[str, Any]) -> bool:
    """Whether a page lists the marked products of two generations: every import gives all of them a new title."""
    return len(editions(page)) > 1


def editions(page: dict[str, Any]) -> set[str]:
    """Titles of the marked products on a page."""
    return {hit["title"] for hit in page["results"] if (hit["title"] or "").startswith(MARK)}


def address(number: int) -> str:
    """Every other view is a page, the rest are JSON; each fourth JSON view asks for the marked products."""
    query = QUERIES[number % len(QUERIES)].replace(" ", "+")
    if number % 2 == 0:
        return f"/?q={query}"
    return f"/v1/search?k=20&q={MARK if number % 8 == 1 else query}"


def at_twice_the_capacity(port: int) -> dict[str, Any]:
    """Phase 2; see above."""
    count = 3_000
    start = time.perf_counter()
    client.ask(port, map(search, range(count)), clients=CLIENTS, take=lambda answer: None)
    capacity = count / (time.perf_counter() - start)
    command = [sys.executable, __file__, "--blast", str(port), str(2 * capacity), "10"]
    return {
        "capacity_per_s": capacity,
        **orjson.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout),
    }


def search(number: int) -> str:
    """A search that nothing has in memory."""
    return f"/v1/search?k=20&q={QUERIES[number % len(QUERIES)].replace(' ', '+')}+{number}"


def blast(port: int, rate: float, seconds: float) -> None:
    """Send requests by the clock; prints counts as JSON. A process of its own."""
    answers: list[client.Answer] = []
    paths = [search(1_000_000 + number) for number in range(int(rate * seconds))]
    late = client.send_by_clock(port, paths, rate=rate, connections=300, take=answers.append)
    given = np.array([own.seconds for own in answers if own.status == 200]) * 1000
    refused = [own for own in answers if own.status == 503]
    counts = {
        "sent_per_s": rate,
        "sent": len(paths),
        "sent_late_p99_ms": float(np.percentile(late, 99)) * 1000,
        "answered": len(given),
        "refused_503": len(refused),
        "refused_with_retry_after": sum(b"retry-after" in own.content for own in refused),
        "other": len(paths) - len(given) - len(refused),
        "answered_p50_ms": float(np.percentile(given, 50)),
        "answered_p99_ms": float(np.percentile(given, 99)),
        "answered_worst_ms": float(given.max()),
        "refused_p99_ms": float(np.percentile([own.seconds * 1000 for own in refused] or [0.0], 99)),
    }
    print(orjson.dumps(counts).decode())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--change"]:
        change(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--blast"]:
        blast(int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
    else:
        main()
