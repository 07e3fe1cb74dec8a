"""Arms of closed loops: users of whom nothing was learnt shop under cascades of a shop, each cascade once."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson

from emptor.engine import Engine
from emptor.evaluate.exposure import exposures
from emptor.evaluate.report import environment
from emptor.learn.compare import over_seeds
from emptor.market.cascaded import CascadePolicy
from emptor.market.experiment import chosen_users, compare_arms, run_arm
from emptor.market.loop import Tally
from emptor.market.making import open_world
from emptor.market.store import load_config, load_state

MEASURES = ("orders", "clicks", "carts", "gmv", "pages_per_visit")
_KEPT = ("a", "b", "difference", "low", "high", "p")


class Arms:
    """The arms of one market, as `emptor market ab --held-out` runs them: the same visits and chances in each.

    A cascade that stands in several comparisons is run once.

    Args: days: from the market's next day on.
    """

    def __init__(self, shop: Path, days: int) -> None:
        config = load_config(shop)
        self._state, self._days = load_state(shop, config), days
        self._engine = Engine.open(shop)
        self._world = open_world(self._engine.shop, config)
        self._users = chosen_users(self._world, None, held_out=True)
        self._run: dict[str, Tally] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def compared(self, a: str, b: str) -> dict[str, Any]:
        """b beside a: who took part, rows by measure, and how evenly either showed the products on sale."""
        first, second = self._arm(a), self._arm(b)
        rows = {row.measure: row for row in compare_arms(first, second, users=self._users)}
        on_sale = self._world.products.alive(self._state.day)
        spread = exposures(first.impressions[on_sale], second.impressions[on_sale])
        return {
            "users": int(self._users.sum()),
            "days": self._days,
            "first_day": self._state.day,
            "rows": {
                name: {**{own: asdict(rows[name])[own] for own in _KEPT}, "relative": rows[name].relative}
                for name in MEASURES
            },
            "exposure": {name: own._asdict() for name, own in zip("ab", spread, strict=True)},
        }

    def _arm(self, name: str) -> Tally:
        if name not in self._run:
            began = time.monotonic()
            policy = CascadePolicy(self._world, self._engine, cascade=name, remembers=True)
            self._run[name] = run_arm(
                self._world,
                policy,
                start=self._state.day,
                days=self._days,
                users=self._users,
                satisfaction=self._state.satisfaction,
            )
            print(f"  {name}: {time.monotonic() - began:.0f} s", flush=True)
        return self._run[name]


def kept(file: Path, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What was measured in one market, out of a file where it stands already: a long run may be cut off between two."""
    if not file.exists():
        file.write_bytes(orjson.dumps(make(), option=orjson.OPT_SERIALIZE_NUMPY))
    found: list[dict[str, Any]] = orjson.loads(file.read_bytes())
    return found


def written(file: Path, runs: list[dict[str, Any]], by: Sequence[str], *, words: Sequence[str]) -> None:
    """Write a result file. words: of the command line that makes it again, wherever its shops were kept."""
    content = {"command": shlex.join(["python", *without_work(words)]), "env": environment(), "runs": runs}
    content["together"] = together(runs, by)
    file.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def without_work(words: Sequence[str]) -> list[str]:
    """The words of a command line without where shops are kept, which changes nothing."""
    out, skip = [], False
    for word in words:
        if not skip and word != "--work" and not word.startswith("--work="):
            out.append(word)
        skip = word == "--work"
    return out


def told(run: dict[str, Any]) -> str:
    """What a comparison found, in a line."""
    rows = run["rows"]
    return ", ".join(f"{name} {rows[name]['difference'] / rows[name]['a']:+.1%}" for name in rows if rows[name]["a"])


def together(runs: list[dict[str, Any]], by: Sequence[str] = ("model",)) -> list[dict[str, Any]]:
    """Comparisons over all markets: relative changes, weighed by how sure each is, and their interval.

    Args: by: keys of a run that say which comparison it is.
    """
    found = []
    for key in dict.fromkeys(tuple(run[name] for name in by) for run in runs):
        mine = [run for run in runs if tuple(run[name] for name in by) == key]
        about = dict(zip(by, key, strict=True))
        for name in MEASURES:
            own = [run["rows"][name] for run in mine if run["rows"][name]["a"]]
            if not own:  # nothing to have a share of
                continue
            change = np.array([row["relative"] for row in own])
            # arms that never differ would be sure beyond measure
            spread = np.array([max((row["high"] - row["low"]) / row["a"] / 2 / 1.96, 1e-9) for row in own])
            weight = spread**-2 / (spread**-2).sum()
            mean, error = float(weight @ change), float((spread**-2).sum() ** -0.5)
            found.append(
                {
                    **{**about, "measure": name, "markets": len(own), "mean": mean},
                    "ci95": [mean - 1.96 * error, mean + 1.96 * error],
                    "over_markets": _over_markets(change),
                }
            )
        for name in ("gini", "coverage", "tail"):
            spreads = [run["exposure"] for run in mine]
            change = np.array([one["b"][name] - one["a"][name] for one in spreads])
            means = {arm: float(np.mean([one[arm][name] for one in spreads])) for arm in "ab"}
            over = {"difference": float(change.mean()), "over_markets": _over_markets(change)}
            found.append({**about, "exposure": name, **means, **over})
    return found


def _over_markets(change: np.ndarray) -> list[float] | None:
    seeds = over_seeds(change)
    return None if seeds.low is None or seeds.high is None else [seeds.low, seeds.high]
