"""Comparisons of cascades that the shop keeps, as the lab shows them: read with bounds, told where they cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emptor.shop.experiments import kept

SHOWN = 30
MAX_BYTES = 1_000_000
LABELS = {
    "clicks": "Clicks per user",
    "carts": "Carts per user",
    "orders": "Orders per user",
    "gmv": "GMV per user",
    "views": "Pages per user",
    "pages_per_visit": "Pages per visit",
    "return_rate": "Return rate",
    "click_rate": "Click rate",
}
"""In the order in which they are shown; a measure that is not among them is left out."""
_SHARES = ("return_rate", "click_rate")
_LESS_IS_BETTER = ("return_rate",)

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Name = Annotated[str, Field(max_length=500)]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Row(_Read):
    measure: _Name
    a: _Number
    b: _Number
    difference: _Number
    low: _Number
    high: _Number
    p_holm: _Number | None = None


class _Pair(_Read):
    a: _Name = ""
    b: _Name = ""


class Stored(_Read):
    """A comparison as `emptor market ab` writes it; what it has beside these keys is not looked at."""

    kind: Literal["market comparison"]
    a: _Name
    b: _Name
    at: _Name = ""
    seconds: float | None = Field(None, ge=0, allow_inf_nan=False)
    stands_for: _Pair = _Pair()
    hashes: _Pair = _Pair()
    market: _Name = ""
    world: _Name = ""
    first_day: int = Field(0, ge=0, le=10**6)
    days: int = Field(ge=1, le=10**6)
    users: int = Field(ge=1, le=10**10)
    held_out: bool = False
    seed: int = 0
    rows: tuple[_Row, ...] = Field(max_length=100)
    notes: tuple[Annotated[str, Field(max_length=5_000)], ...] = Field((), max_length=100)
    command: Annotated[str, Field(max_length=5_000)] | None = None


@dataclass(frozen=True)
class Span:
    """An interval on the chart, 0 to 100 from left to right, its middle at 50: no difference."""

    low: float
    high: float
    point: float


@dataclass(frozen=True)
class Measure:
    """One row. verdict: "gain" or "loss" where the whole interval lies on that side, else "open"."""

    label: str
    a: str
    b: str
    difference: str
    interval: str
    verdict: str
    span: Span | None


@dataclass(frozen=True)
class Experiment:
    """A comparison. orders: what it says of them, the measure that decides, see Measure.verdict; scale: the chart's
    end, such as `20%`.
    """

    file: str
    stored: Stored
    measures: tuple[Measure, ...]
    orders: str
    scale: str


@dataclass(frozen=True)
class Unreadable:
    """A file that is no comparison, and why."""

    file: str
    why: str


@dataclass(frozen=True)
class Experiments:
    """What the folder holds, the newest first; more: files that are not shown."""

    found: tuple[Experiment, ...]
    unreadable: tuple[Unreadable, ...]
    more: int


def read_experiments(shop: Path) -> Experiments:
    """The newest comparisons of a shop. Never raises for what the files hold."""
    files = kept(shop)
    read = [_read(file) for file in files[:SHOWN]]
    return Experiments(
        tuple(own for own in read if isinstance(own, Experiment)),
        tuple(own for own in read if isinstance(own, Unreadable)),
        max(len(files) - SHOWN, 0),
    )


def _read(file: Path) -> Experiment | Unreadable:
    try:
        if not file.is_file():  # a pipe would be waited for
            return Unreadable(file.name, "it is no file")
        with file.open("rb") as content:
            text = content.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            return Unreadable(file.name, f"it has more than {MAX_BYTES:,} bytes")
        return _shown(file.name, Stored.model_validate(orjson.loads(text)))
    except OSError as error:
        return Unreadable(file.name, f"it cannot be read: {error.strerror}")
    except orjson.JSONDecodeError as error:
        return Unreadable(file.name, f"it is no JSON: {error}")
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "it"
        return Unreadable(file.name, f"it is no comparison of `emptor market ab`: {place}: {fault['msg']}")


def _shown(name: str, stored: Stored) -> Experiment:
    by_name = {row.measure: row for row in stored.rows}
    rows = [by_name[own] for own in LABELS if own in by_name]
    ends = [abs(end / row.a) for row in rows if row.a > 0 for end in (row.low, row.high)]
    scale = next((own for own in (0.05, 0.1, 0.2, 0.3, 0.5) if max(ends, default=0.0) <= own), 1.0)
    measures = tuple(_measure(row, scale) for row in rows)
    orders = next((_verdict(row) for row in rows if row.measure == "orders"), "open")
    return Experiment(name, stored, measures, orders, f"{scale:.0%}")


def _measure(row: _Row, scale: float) -> Measure:
    share = row.measure in _SHARES
    figure = _percent if share else _plain
    change = _points if share else _plain
    difference = change(row.difference, sign=True)
    interval = f"{change(row.low, sign=True)} to {change(row.high, sign=True)}"
    if share:
        difference, interval = f"{difference} points", f"{interval} points"
    span = None
    if row.a > 0:
        difference += f" ({_percent(row.difference / row.a, sign=True, digits=1)})"
        low, high, point = (
            50 + 50 * min(max(own / row.a / scale, -1.0), 1.0) for own in (row.low, row.high, row.difference)
        )
        span = Span(round(low, 2), round(high, 2), round(point, 2))
    return Measure(LABELS[row.measure], figure(row.a), figure(row.b), difference, interval, _verdict(row), span)


def _verdict(row: _Row) -> str:
    """Where an interval lies as a whole. One that touches 0 is open."""
    less = row.measure in _LESS_IS_BETTER
    if row.low > 0:
        return "loss" if less else "gain"
    if row.high < 0:
        return "gain" if less else "loss"
    return "open"


def _plain(value: float, *, sign: bool = False) -> str:
    """Four digits that matter."""
    digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 4
    return _minus(f"{value:{'+' if sign and value else ''},.{digits}f}")


def _points(share: float, *, sign: bool = False) -> str:
    """A difference of two shares in percentage points."""
    return _minus(f"{100 * share:{'+' if sign and share else ''},.2f}")


def _percent(value: float, *, sign: bool = False, digits: int = 2) -> str:
    return _minus(f"{value:{'+' if sign and value else ''},.{digits}%}")


def _minus(text: str) -> str:
    return text.replace("-", "−")
