"""The shop whose budget is measured: a market of any size whose users have shopped, all four stages trained on its log.

Each step is a command that anybody could type, in a process of its own, so that its peak memory is its own. What is
there already of the same size is kept, with what it took.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from loop_shops import add, cascade, trace_all
from stages import with_stages

from emptor.demo.stages import STAGES
from emptor.market.store import folder_of
from emptor.shop.config import read_options
from emptor.shop.manifest import read_manifest
from emptor.shop.promotion import promote
from emptor.shop.shop import Shop

SEED = 80
FULL = "full"
"""The cascade of all trained stages, promoted to be the default."""
PICTURED = 100_000
"""Products above which none has a picture: a million pictures take hours to draw."""
DAYS = 3


def shop_of(work: Path, products: int) -> tuple[Path, list[dict[str, Any]]]:
    """A shop of so many products, made and trained where it is not yet; (its folder, what each step took)."""
    shop, record = work / f"shop-{products}", work / f"steps-{products}.json"
    steps: list[dict[str, Any]] = orjson.loads(record.read_bytes()) if record.exists() else []
    for name, command in _steps(shop, work, products):
        if not any(own["name"] == name for own in steps):
            steps.append({"name": name, **taken(command)})
            print(f"  {name}: {steps[-1]}", flush=True)
            record.write_bytes(orjson.dumps(steps))
    settle(shop)
    if (world := folder_of(shop)).exists():  # a shop like any other: who serves a market makes its world, too
        world.rename(work / f"world-{products}")
    return shop, steps


def world_of(products: int) -> dict[str, Any]:
    """What differs from the demo's preset: larger shops have more users for a day, and no pictures."""
    if products <= PICTURED:
        return {"products": products, "users": products, "queries": 2 * products}
    return {"products": products, "users": 40_000, "queries": 80_000, "catalogue": {"pictures": False}}


def _steps(shop: Path, work: Path, products: int) -> Iterator[tuple[str, list[str]]]:
    config = work / f"config-{products}.json"
    config.write_bytes(orjson.dumps(world_of(products)))
    own = str(shop)
    new = ["market", "new", own, "--preset", "demo", "--seed", str(SEED), "--config", str(config), "--replace"]
    yield "make", new
    yield "shop", ["market", "run", own, "--days", str(DAYS if products <= PICTURED else 1)]
    for stage in STAGES:
        command = ["train", own, "--stage", stage.stage, "--model", stage.model, "--no-next"]
        yield f"train {stage.stage}", [*command, *(part for one in stage.options for part in ("--set", one))]


def taken(command: list[str]) -> dict[str, Any]:
    """Run `emptor COMMAND`; its wall time, its processor's time, and the most memory it had at once."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "emptor", *command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"`emptor {shlex.join(command)}` ended with status {process.returncode}")
    return {
        "seconds": time.perf_counter() - start,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 2**10,
    }


def settle(shop: Path) -> None:
    """Put the cascade of all trained stages, as the demo has them, into shop.toml; make it the default."""
    if FULL not in read_options(shop / "shop.toml").cascade:
        trace_all(shop)
        add(shop, {FULL: with_stages(cascade(shop, "default"), STAGES)})
    manifest = read_manifest(shop)
    if manifest is None or manifest.cascade != FULL:
        with Shop.open(shop) as target:
            promote(target, FULL, author="benchmark")
