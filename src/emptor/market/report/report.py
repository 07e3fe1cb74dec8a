"""A market's report: its log in figures, beside public ones, for a terminal, a page and a program."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich.console import Console

from emptor.errors import EmptorError
from emptor.evaluate.report import environment
from emptor.market.config import VERSION, WorldConfig
from emptor.market.report.figures import Figure, figures
from emptor.market.report.measures import STEPS, Measured, measure, on_sale
from emptor.market.report.skew import Fit, spaced
from emptor.market.store import load_config
from emptor.progress import step
from emptor.shop.shop import Shop

_POINTS = 80
"""Of a curve that is drawn."""


@dataclass(frozen=True)
class MarketReport:
    """What `emptor market report` found. shop: its name."""

    shop: str
    config: WorldConfig
    measured: Measured
    figures: tuple[Figure, ...]
    command: str | None = None

    @property
    def notes(self) -> list[str]:
        """What a reader must know before comparing."""
        size, notes = self.measured.size, []
        if size["days"] < 28:
            notes.append(
                f"the log has {size['days']} days, public ones have 9 to 180: figures marked † change as a log grows"
            )
        if self.measured.values["return_rate"] is None:
            notes.append("no order is old enough for a return rate; let the market run for a week and more")
        if size["events"] < 100_000:
            notes.append(f"{size['events']:,} events are few: exponents and rare things are uncertain")
        return notes

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON.

        figures: name, group, label, form (percent: 0 to 1; number; seconds), definition, grows, value, public (low,
        high, sources) or null, verdict, off (shares of the nearer end). positions: place by place. curves: [rank,
        count] pairs, for sessions [pages, sessions], for users [actions, users with as many and more].
        """
        measured = self.measured
        return {
            "kind": "market report",
            "market": VERSION,
            "world": self.config.hash,
            "seed": self.config.seed,
            "shop": self.shop,
            "config": self.config.model_dump(),
            "log": {
                **measured.size,
                "first": measured.first.isoformat() if measured.first else None,
                "last": measured.last.isoformat() if measured.last else None,
            },
            "figures": [_entry(own) for own in self.figures],
            "positions": [
                {**asdict(own), "on_screen": own.on_screen, "per_list": own.per_list} for own in measured.positions
            ],
            "curves": {
                "item_clicks": _ranked(measured.item_clicks),
                "query_counts": _ranked(measured.query_counts),
                "user_actions": _at_least(measured.user_actions),
                "session_pages": _counted(measured.session_pages),
            },
            "fits": {"item_clicks": _line(measured.item_fit), "query_counts": _line(measured.query_fit)},
            "notes": self.notes,
            "env": environment(),
            "command": self.command,
        }

    def to_json(self) -> str:
        """The report as JSON text."""
        return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2).decode()

    def to_html(self) -> str:
        """The report as one self-contained HTML page with charts."""
        from emptor.market.report.page import market_page

        return market_page(self.to_dict())

    def print(self, console: Console | None = None) -> None:
        """Show the report in a terminal."""
        from emptor.market.report.console import print_report

        print_report(self, console or Console())


def report_market(shop_path: Path, *, command: str | None = None) -> MarketReport:
    """Read a market's log and hold it beside public ones. Nothing but the shop's own log and catalogue is read.

    Raises: EmptorError where the shop sells in no market, or nobody has shopped there yet.
    """
    config = load_config(shop_path)
    with Shop.open(shop_path) as shop, step("Reading the log", total=STEPS) as bar:
        measured = measure(shop.events, on_sale(shop.view()), on_step=bar.advance)
    if not measured.size["events"]:
        raise EmptorError(f"nobody has shopped in {shop_path} yet; run `emptor market run {shop_path} --days 3`")
    return MarketReport(shop.options.name or shop_path.name, config, measured, tuple(figures(measured)), command)


def _entry(own: Figure) -> dict[str, Any]:
    known = {"low": own.low, "high": own.high, "sources": [asdict(one) for one in own.sources]}
    return {
        "name": own.name,
        **asdict(own.meaning),
        "value": own.value,
        "public": known if own.sources else None,
        "verdict": own.verdict,
        "off": own.off,
    }


def _line(own: Fit | None) -> dict[str, Any] | None:
    return None if own is None else asdict(own)


def _ranked(counts: np.ndarray) -> list[list[int]]:
    ranks = spaced(len(counts), _POINTS)
    return [[int(rank), int(count)] for rank, count in zip(ranks, counts[ranks - 1], strict=True)]


def _at_least(counts: np.ndarray) -> list[list[int]]:
    """[n, how many have n and more], for n up to 20 and then even on the logarithmic scale."""
    if not len(counts):
        return []
    steps = np.unique(np.concatenate([np.arange(1, 21), [50, 100], spaced(int(counts[0]), _POINTS)]))
    return [[int(least), int((counts >= least).sum())] for least in steps if least <= counts[0]]


def _counted(counts: np.ndarray) -> list[list[int]]:
    values, sizes = np.unique(counts.astype(np.int64), return_counts=True)
    return [[int(value), int(size)] for value, size in zip(values, sizes, strict=True)]
