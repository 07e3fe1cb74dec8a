"""`emptor evaluate --off-policy`: what a shop's log says of a cascade that has not served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emptor.engine import Engine
from emptor.evaluate.lines import shorten
from emptor.evaluate.off_policy.estimators import Estimate, Outcome, difference, estimate
from emptor.evaluate.off_policy.logged import Logged, read_logged
from emptor.evaluate.off_policy.places import Curve, examination
from emptor.evaluate.off_policy.replay import replayed
from emptor.evaluate.off_policy.resampled import RESAMPLES
from emptor.evaluate.off_policy.rewards import by_place
from emptor.evaluate.report import environment

LABELS = {
    "dr": "doubly robust",
    "snips": "SNIPS",
    "ips": "IPS",
    "examination": "by examination",
    "agreeing": "agreeing places",
}
"""What is shown, the most to be trusted first; the opinion of a model of places alone is worth nothing."""
OUTCOMES: dict[Outcome, str] = {"clicked": "clicks", "bought": "orders"}
_SUPPORTED, _WORTH, _FEW = 0.95, 100, 200


@dataclass(frozen=True)
class OffPolicy:
    """Estimates of a cascade and of another on one log. estimates: outcome -> of the cascade, by method; others: of the
    other cascade. notes: why to trust them less.
    """

    cascade: str
    against: str
    pages: int
    explored: int
    left_out: dict[str, int]
    estimates: dict[Outcome, dict[str, Estimate]]
    others: dict[Outcome, dict[str, Estimate]]
    curve: Curve
    notes: tuple[str, ...]
    command: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON. `difference`: cascade - against, with its interval."""
        rows = []
        for outcome, found in self.estimates.items():
            for method, own in found.items():
                value, low, high = difference(own, self.others[outcome][method])
                rows.append(
                    {
                        **own.to_dict(),
                        "against": self.others[outcome][method].to_dict(),
                        "difference": {"value": value, "ci95": [low, high]},
                    }
                )
        return {
            "kind": "off-policy estimates",
            "cascade": self.cascade,
            "against": self.against,
            "pages": self.pages,
            "explored": self.explored,
            "left_out": self.left_out,
            "rows": rows,
            "examination": {name: own.tolist() for name, own in vars(self.curve).items()},
            "statistics": {
                "value": "outcomes on a first page, under the item-position model",
                "ci95": f"percentile bootstrap over users, {RESAMPLES} resamples",
            },
            "notes": list(self.notes),
            "env": environment(),
            "command": self.command,
        }

    def print(self, console: Console | None = None) -> None:
        """Show the estimates in a terminal."""
        console = console or Console()
        console.print()
        console.print(Text(f"{shorten(self.cascade)}, against {shorten(self.against)}", style="bold"))
        console.print(f"{self.pages:,} first pages of the log, {self.explored:,} of them explored")
        gone = "; ".join(f"{count:,} {reason}" for reason, count in self.left_out.items() if count)
        if gone:
            console.print(Text(f"Pages left out: {gone}", style="dim"))
        for outcome, name in OUTCOMES.items():
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
            table.add_column(f"{name} on a first page", no_wrap=True)
            for title in (self.cascade, self.against, "difference", "worth pages"):
                table.add_column(Text(shorten(title, 24)), justify="right", no_wrap=True)
            for method, label in LABELS.items():
                own, other = self.estimates[outcome][method], self.others[outcome][method]
                worth = "–" if own.ess is None else f"{own.ess:,.0f}"
                table.add_row(label, _told(own), _told(other), _three(*difference(own, other), sign=True), worth)
            console.print(table)
        console.print("95% intervals, from users drawn anew; docs/evaluation.md says when to trust which.", style="dim")
        for note in self.notes:
            console.print(Text("! ", style="yellow").append(note))


def judge_off_policy(
    engine: Engine, traces: pl.LazyFrame, *, cascade: str, against: str, command: str | None = None
) -> OffPolicy:
    """What the log since the last publish says of two cascades. Doubly robust is with a model of places alone.

    Args:
        traces: see `read_logged`.
    Raises: EmptorError for an unknown cascade, and a log that tells nothing.
    """
    logged = read_logged(engine, traces)
    both: list[dict[Outcome, dict[str, Estimate]]] = []
    for name in (cascade, against):
        target = replayed(engine, logged, name)
        found: dict[Outcome, dict[str, Estimate]] = {}
        for outcome in OUTCOMES:
            model = by_place(logged, outcome=outcome)
            found[outcome] = {own.method: own for own in estimate(logged, target, outcome=outcome, reward=model)}
        both.append(found)
    return OffPolicy(
        cascade,
        against,
        len(logged),
        int(logged.explored.sum()),
        dict(logged.left_out),
        both[0],
        both[1],
        examination(logged),
        tuple(_notes(logged, cascade, both[0])),
        command,
    )


def _notes(logged: Logged, cascade: str, found: dict[Outcome, dict[str, Estimate]]) -> list[str]:
    notes = []
    own = found["clicked"]["snips"]
    if own.support < _SUPPORTED:
        notes.append(
            f"{1 - own.support:.0%} of what {cascade} would show, the log could not have shown there: IPS and "
            "examination count it as nothing, SNIPS and doubly robust guess; explore deeper, or let users decide"
        )
    if own.ess is not None and own.ess < _WORTH:
        notes.append(f"the weights are worth {own.ess:.0f} pages at a place: collect more, or explore a larger share")
    for outcome, name in OUTCOMES.items():
        count = int(getattr(logged.pages, outcome).sum())
        if count < _FEW:
            notes.append(f"the log has {count:,} {name}, too few for estimates of {name} and for their intervals")
    return notes


def _told(own: Estimate) -> str:
    return _three(own.value, own.low, own.high)


def _three(value: float, low: float, high: float, *, sign: bool = False) -> str:
    if value != value:
        return "–"
    form = "+.3f" if sign else ".3f"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]".replace("-", "−")
