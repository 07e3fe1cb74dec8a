"""What the comparisons share: seeds, intervals over seeds, verdicts, and the file of results."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import torch

from benchmarks.rounding import rounded
from emptor.evaluate.report import environment
from emptor.learn.compare import over_seeds
from emptor.market.config import VERSION, WorldConfig

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "market_pairs.json"
REPORTING = (101, 102, 103, 104, 105, 106, 107, 108)
"""Seeds of the worlds that results are from."""
TUNING = (11, 12, 13)
"""Seeds of the worlds on which code was tried and anything was chosen. No result is from them."""

Measured = Mapping[str, float]
"""Named differences that one world shows."""


@dataclass(frozen=True)
class Run:
    """What a script was asked for. `scale` shrinks worlds for a quick look, whose results are not kept."""

    seeds: tuple[int, ...]
    quick: bool
    command: str

    def sized(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


def started(name: str, *, seeds: int) -> Run:
    """Read a script's command line. seeds: how many unless told otherwise."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.market_pairs.{name}")
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--quick", action="store_true", help="a small tuning world, to see that all runs; nothing kept")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen = TUNING[:1] if arguments.quick else REPORTING[: arguments.seeds]
    command = f"python -m benchmarks.market_pairs.{name}" + ("" if arguments.quick else f" --seeds {len(chosen)}")
    return Run(chosen, arguments.quick, command)


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Mean and 95% interval (Student's t) over worlds; no interval for one."""
    own = over_seeds(values)
    ci95 = None if own.low is None or own.high is None else [own.low, own.high]
    return {"mean": own.mean, "ci95": ci95, "per_seed": list(map(float, values)), "n": own.n}


def verdict(on: dict[str, Any], off: dict[str, Any], gap: dict[str, Any]) -> str:
    """What a pair of worlds says of a claimed gain, by rule. gap: on less off, paired by seed."""
    if on["ci95"] is None:
        return "one world: no verdict"
    wins, stays = on["ci95"][0] > 0, off["ci95"][0] > 0
    if wins and gap["ci95"][0] > 0:
        return "shown: wins with the cause, and " + ("less" if stays else "not") + " without it"
    if wins and stays:
        return "not shown: wins without the cause as well"
    if wins:
        return "wins with the cause; that it wins less without it is within noise"
    if on["ci95"][1] < 0:
        return "loses with the cause on"
    if gap["ci95"][0] > 0:
        return "not shown: with the cause on, the gain is within noise; that the cause adds to it is not"
    return "not shown: with the cause on, no difference beyond noise"


def pair(
    name: str,
    *,
    claim: str,
    cause: str,
    headline: str,
    on: Sequence[Measured],
    off: Sequence[Measured],
    worlds: Mapping[str, Sequence[WorldConfig]],
    run: Run,
    note: str,
    levels: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A row of the results. on, off: what each seed's world showed, in the order of the seeds."""
    measures = {
        own: {
            "on": summary([world[own] for world in on]),
            "off": summary([world[own] for world in off]),
            "on_less_off": summary([a[own] - b[own] for a, b in zip(on, off, strict=True)]),
        }
        for own in on[0]
    }
    for own in measures.values():
        own["verdict"] = verdict(own["on"], own["off"], own["on_less_off"])
    head = measures[headline]
    return {
        "name": name,
        "claim": claim,
        "cause": cause,
        "measure": headline,
        **head,
        "all": measures,
        "levels": levels or {},
        "worlds": {side: [own.hash for own in configs] for side, configs in worlds.items()},
        "seeds": {"reporting": list(run.seeds), "tuning": list(TUNING)},
        "command": run.command,
        "note": note,
    }


def keep(run: Run, section: str, content: dict[str, Any]) -> None:
    """Print a result and, unless the run is a quick one, merge it into the file. Rows of `pairs` go by name."""
    print(orjson.dumps(rounded(content), option=orjson.OPT_INDENT_2).decode(), flush=True)
    if run.quick:
        return
    whole: dict[str, Any] = orjson.loads(RESULTS.read_bytes()) if RESULTS.exists() else {}
    whole |= {
        "command": "python -m benchmarks.market_pairs.everything",
        "env": {**environment(), "torch": version("torch"), "scipy": version("scipy")},
        "market": VERSION,
        "interval": "95%, Student's t over worlds; verdicts by the rule of benchmarks/market_pairs/common.py",
    }
    if section == "pairs":
        others = [row for row in whole.get("pairs", []) if row["name"] != content["name"]]
        whole["pairs"] = sorted([*others, content], key=lambda row: row["name"])
    else:
        whole[section] = content
    RESULTS.write_bytes(orjson.dumps(rounded(whole), option=orjson.OPT_INDENT_2) + b"\n")


def told(what: str, work: Callable[[], Any]) -> Any:
    """Do some work, and say how long it took."""
    start = time.perf_counter()
    result = work()
    print(f"# {what}: {time.perf_counter() - start:.0f} s", flush=True)
    return result
