"""Two cascades of a shop on the same users and days of its market, without leaving a trace in its log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emptor.assembly import INITIAL
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate.exposure import Exposure, exposures
from emptor.evaluate.lines import shorten
from emptor.evaluate.report import environment
from emptor.evaluate.statistics import FLIPS, holm
from emptor.market.cascaded import CascadePolicy
from emptor.market.config import VERSION, WorldConfig
from emptor.market.experiment import RESAMPLES, Row, chosen_users, compare_arms, run_arm
from emptor.market.loop import Tally
from emptor.market.making import open_world
from emptor.market.running import expected
from emptor.market.store import load_config, load_state
from emptor.market.world.world import HORIZON, World
from emptor.progress import step
from emptor.shop.experiments import keep

LABELS = {
    "clicks": "clicks",
    "carts": "carts",
    "orders": "orders",
    "gmv": "dollars ordered",
    "views": "pages",
    "pages_per_visit": "pages per visit",
    "return_rate": "orders sent back",
    "click_rate": "click rate",
}
"""Measures of `experiment.compare_arms`; all but the last three are per user."""


@dataclass(frozen=True)
class Compared:
    """What `emptor market ab` found.

    Attributes:
        a, b: names of the cascades. first_day, days: of the market.
        users: who took part. kept: whether only of those that are kept from training.
        rows: a, b and b - a per measure. p_holm: of each row, None where it has no p.
        totals: of each arm, sums over users. exposure: how evenly either showed the products on sale.
        at: when it began, ISO 8601; seconds: how long it took.
        stands_for: cascades of shop.toml that a and b were then ("default" may be any); hashes: exactly which.
    """

    a: str
    b: str
    config: WorldConfig
    first_day: int
    days: int
    users: int
    kept: bool
    seed: int
    rows: tuple[Row, ...]
    p_holm: tuple[float | None, ...]
    totals: tuple[dict[str, float], dict[str, float]]
    exposure: tuple[Exposure, Exposure]
    notes: tuple[str, ...]
    command: str | None = None
    at: str = ""
    stands_for: tuple[str, str] = ("", "")
    hashes: tuple[str, str] = ("", "")
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values, ready for JSON. Each row: the fields of `experiment.Row`, and relative (the
        difference in shares of a), ci95 and p_holm.
        """
        return {
            "kind": "market comparison",
            "market": VERSION,
            "world": self.config.hash,
            "world_seed": self.config.seed,
            "at": self.at,
            "seconds": round(self.seconds, 1),
            "a": self.a,
            "b": self.b,
            "stands_for": {"a": self.stands_for[0], "b": self.stands_for[1]},
            "hashes": {"a": self.hashes[0], "b": self.hashes[1]},
            "first_day": self.first_day,
            "days": self.days,
            "users": self.users,
            "held_out": self.kept,
            "seed": self.seed,
            "rows": [
                {**asdict(row), "relative": row.relative, "ci95": [row.low, row.high], "p_holm": corrected}
                for row, corrected in zip(self.rows, self.p_holm, strict=True)
            ],
            "totals": {"a": self.totals[0], "b": self.totals[1]},
            "exposure": {name: own._asdict() for name, own in zip("ab", self.exposure, strict=True)},
            "statistics": {
                "difference": "b - a, means over users; both arms meet the same visits and chances",
                "ci95": f"percentile bootstrap over users, {RESAMPLES} resamples",
                "p": f"random reversals of the users' differences, {FLIPS} times, two-sided; none for a rate",
                "p_holm": "Holm's correction over the measures that have a p",
            },
            "notes": list(self.notes),
            "env": environment(),
            "command": self.command,
        }

    def to_json(self) -> str:
        """The comparison as JSON text."""
        return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2).decode()

    def print(self, console: Console | None = None) -> None:
        """Show the comparison in a terminal."""
        _print(self, console or Console())


def compare_cascades(
    shop_path: Path,
    a: str,
    b: str,
    *,
    days: int = 3,
    users: int | None = None,
    held_out: bool = False,
    seed: int = 0,
    command: str | None = None,
) -> Compared:
    """Let the same users shop the coming days under either cascade.

    The catalogue stays as it is now and nothing is logged or remembered: the market's own next day is untouched. Within
    an arm, a cascade knows of its users what they did in that arm.

    Args:
        days: from the market's next day on. users: how many, drawn at random; all unless given.
        held_out: only users that are kept from training, so that no arm is judged on whom it has learned from.
        seed: of the draw of users and of the resampling, not of the world.
    Raises: EmptorError where there is no market, no such cascade, or the world's days are over.
    """
    config = load_config(shop_path)
    state = load_state(shop_path, config)
    if state.day + days > HORIZON:
        raise EmptorError(
            f"a world has {HORIZON} days, and {state.day} are over; ask for at most {HORIZON - state.day}"
        )
    at, start = datetime.now(UTC), time.perf_counter()
    with Engine.open(shop_path) as engine:
        hashes = engine.cascade(a).hash, engine.cascade(b).hash
        stands_for = _stands_for(engine, a), _stands_for(engine, b)
        with step("Making the world"):
            world = open_world(engine.shop, config)
            _ = world.reading
        chosen = chosen_users(world, users, held_out=held_out, seed=seed)
        count = int(chosen.sum())
        if not count:
            raise EmptorError("nobody can take part: no user of this world is kept from training; leave --held-out out")
        notes = _notes(stands_for, users, count, held_out)

        def arm(name: str, label: str) -> Tally:
            views = round(expected(config, days)[0] * count / config.users)
            with step(f"{label}: {shorten(name, 30)}", total=views) as bar:
                return _arm(world, engine, name, state.day, days, chosen, state.satisfaction, bar.advance)

        first, second = arm(a, "a"), arm(b, "b")
    rows = tuple(compare_arms(first, second, users=chosen, seed=seed))
    products = world.products
    on_sale = products.alive(state.day)  # the shop's catalogue stays what it is, whatever is listed meanwhile
    return Compared(
        a,
        b,
        config,
        state.day,
        days,
        count,
        held_out,
        seed,
        rows,
        corrected(rows),
        (first.totals(), second.totals()),
        exposures(first.impressions[on_sale], second.impressions[on_sale]),
        tuple(notes),
        command,
        at.isoformat(timespec="seconds"),
        stands_for,
        hashes,
        time.perf_counter() - start,
    )


def keep_comparison(shop_path: Path, compared: Compared) -> Path:
    """Store a comparison among the shop's experiments, where the lab shows it; returns its file."""
    at = datetime.fromisoformat(compared.at)
    return keep(shop_path, compared.a, compared.b, compared.to_json().encode(), at=at)


def _stands_for(engine: Engine, name: str) -> str:
    """The cascade of shop.toml that a name means."""
    if name == "default":
        return engine.promoted
    return "default" if name == INITIAL and INITIAL not in engine.shop.options.cascade else name


def corrected(rows: tuple[Row, ...]) -> tuple[float | None, ...]:
    """Holm's correction of the p's that there are, in the order of the rows."""
    found = iter(holm([row.p for row in rows if row.p is not None]))
    return tuple(None if row.p is None else next(found) for row in rows)


def _arm(
    world: World,
    engine: Engine,
    name: str,
    start: int,
    days: int,
    users: np.ndarray,
    satisfaction: np.ndarray,
    on_views: Callable[[int], None],
) -> Tally:
    policy = CascadePolicy(world, engine, cascade=name, remembers=True)
    return run_arm(world, policy, start=start, days=days, users=users, satisfaction=satisfaction, on_views=on_views)


def _named(name: str, stands_for: str) -> str:
    """A cascade as it was asked for, and of "default" which one that was."""
    return f"{name} ({stands_for})" if name == "default" and stands_for not in ("", name) else name


def _notes(stands_for: tuple[str, str], wanted: int | None, count: int, held_out: bool) -> list[str]:
    notes = []
    whose = "users kept from training" if held_out else "users"
    if wanted is not None and wanted > count:
        notes.append(f"{wanted:,} users were asked for; the world has {count:,} {whose}, and all of them take part")
    if len(set(stands_for)) == 1:
        notes.append(
            f"both arms are the same cascade, {stands_for[0]}: every difference must be exactly 0, which tests "
            "the market itself"
        )
    return notes


def _print(compared: Compared, console: Console) -> None:
    whose = f"user{'s' * (compared.users != 1)}{' kept from training' * compared.kept}"
    console.print()
    asked = zip("ab", (compared.a, compared.b), compared.stands_for, strict=True)
    told = ", ".join(f"{arm}: {_named(shorten(own), shorten(means))}" for arm, own, means in asked)
    console.print(Text(told, style="bold"))
    console.print(
        f"World {compared.config.hash}, seed {compared.config.seed}; {compared.users:,} {whose}, {compared.days} "
        f"day{'s' * (compared.days != 1)} from day {compared.first_day + 1} on; nothing of it is in the log"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("per user", no_wrap=True)
    for name in ("a", "b", "b − a", "of a", "95% interval", "p Holm"):
        table.add_column(name, justify="right", no_wrap=True)
    for place, (row, holms) in enumerate(zip(compared.rows, compared.p_holm, strict=True)):
        sure = (row.low > 0 or row.high < 0) if holms is None else holms < 0.05
        style = ("green" if row.difference > 0 else "red") if sure and row.measure != "return_rate" else ""
        table.add_row(
            LABELS[row.measure],
            _figure(row.a),
            _figure(row.b),
            Text(_figure(row.difference, sign=True), style=style),
            "–" if row.relative is None else _minus(f"{row.relative:+.1%}" if row.relative else "0%"),
            f"{_figure(row.low, sign=True)} to {_figure(row.high, sign=True)}",
            "–" if holms is None else f"{holms:.4f}",
            end_section=place + 1 < len(compared.rows) and holms is not None and compared.p_holm[place + 1] is None,
        )
    console.print(table)
    console.print(
        "The last three are rates over all users, without a p; clicks are per product sent to the page, seen or not. "
        "Intervals are of b − a, from users drawn anew in pairs.",
        style="dim",
    )
    first, second = compared.exposure
    console.print(
        f"Exposure, a and b: {first.coverage:.1%} and {second.coverage:.1%} of the products on a page, "
        f"{first.tail:.1%} and {second.tail:.1%} of the impressions in the tail, Gini {first.gini:.3f} and "
        f"{second.gini:.3f}",
        style="dim",
    )
    for note in compared.notes:
        console.print(Text("! ", style="yellow").append(note))


def _figure(value: float, *, sign: bool = False) -> str:
    """Four digits that matter; a plain 0 only where it is exactly that."""
    if value == 0:
        return "0"
    digits = 1 if abs(value) >= 100 else 3 if abs(value) >= 1 else 4
    return _minus(f"{value:{'+' if sign else ''},.{digits}f}")


def _minus(text: str) -> str:
    return text.replace("-", "−")
