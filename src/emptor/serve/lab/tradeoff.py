"""A chart of what variety costs: mean score against ILD, as coordinates for the template that draws it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 250
"""Of the drawing, whose text has 12 of these units: it scales with its box."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 346, 18, 206
_ROOM = 0.08
"""Of the span, beside the outermost points."""


@dataclass(frozen=True)
class Point:
    """A page: label (a rule's balance, or which page it is), mean score, ILD."""

    label: str
    score: float
    ild: float


@dataclass(frozen=True)
class Dot:
    """Where a point is drawn. anchor: on which side its label stands, as SVG names it."""

    x: float
    y: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Curve:
    """The pages of a rule, from balance 0 to 1. line: points of a polyline."""

    name: str
    line: str
    dots: tuple[Dot, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Tradeoff:
    """The drawing. x_ticks, y_ticks: (place, text). words: what it shows, for who cannot see it."""

    curves: tuple[Curve, ...]
    was: Dot
    now: Dot
    same: bool
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    words: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM

    @classmethod
    def of(cls, curves: Mapping[str, Sequence[Point]], was: Point, now: Point, *, first: int) -> Tradeoff:
        """
        Args: curves: rule -> its pages. was, now: the page before re-ranking, and after. first: products of a page.
        """
        every = [was, now, *(point for own in curves.values() for point in own)]
        x, y = (
            _Axis.over([own.score for own in every], _LEFT, _RIGHT),
            _Axis.over([o.ild for o in every], _BOTTOM, _TOP),
        )
        middle = (_LEFT + _RIGHT) / 2

        def dot(own: Point) -> Dot:
            place = x(own.score)
            return Dot(place, y(own.ild), own.label, "end" if place > middle else "start")

        drawn = []
        for name, points in curves.items():
            dots = tuple(dot(own) for own in points)
            drawn.append(Curve(name, " ".join(f"{own.x},{own.y}" for own in dots), dots, tuple(points)))
        same = math.isclose(was.score, now.score, abs_tol=1e-9) and math.isclose(was.ild, now.ild, abs_tol=1e-9)
        words = _words(curves, was, now, first=first, same=same)
        return cls(tuple(drawn), dot(was), dot(now), same, x.ticks("+"), y.ticks(""), words)


def _words(curves: Mapping[str, Sequence[Point]], was: Point, now: Point, *, first: int, same: bool) -> str:
    page = f"mean score {_signed(was.score)}, ILD {was.ild:.3f}"
    parts = [f"The first {first} as the list came: {page}"]
    parts.append("the same now" if same else f"now: {_signed(now.score)} and {now.ild:.3f}")
    for name, points in curves.items():
        if points:
            ends = [f"{_signed(own.score)} and {own.ild:.3f} at balance {own.label}" for own in (points[0], points[-1])]
            parts.append(f"{name} goes from {ends[0]} to {ends[1]}")
    return f"{'; '.join(parts)}. All points are in the table."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


@dataclass(frozen=True)
class _Axis:
    """From values to places."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> _Axis:
        low, high = min(values), max(values)
        room = _ROOM * (high - low) or 0.05
        return cls(low - room, high + room, start, end)

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, sign: str) -> tuple[tuple[float, str], ...]:
        """Round numbers, about four."""
        rough = (self.high - self.low) / 4
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * own for own in (1, 2, 5, 10) if size * own >= rough)
        digits = max(-math.floor(math.log10(step)), 0)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        values = [at * step for at in range(first, last + 1)]
        return tuple((self(own), f"{own:{sign if own else ''}.{digits}f}".replace("-", "−")) for own in values)
