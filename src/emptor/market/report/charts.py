"""The market report's charts: drawn like those of an evaluation, rendered to SVG without network or browser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from emptor.evaluate.charts import BRAND, INK, LINE, SECOND, SOFT, WIDTH
from emptor.evaluate.svg import inline_svg

RANGE = "#cfe0d8"
"""What public figures span."""
_SIDE = 8.0
"""Times above and below the middle of a range that the overview reaches; what is further stands at its end."""


@dataclass(frozen=True)
class Beside:
    """A figure in shares of the middle of its public range: value, low and high, all above 0."""

    label: str
    value: float
    low: float
    high: float
    inside: bool


def overview(rows: Sequence[Beside], *, label: str) -> Markup:
    """Per figure the public range as a bar and the market as a dot, on a scale of times the middle of the range."""
    clamp = lambda value: min(max(value, 1 / _SIDE), _SIDE)  # noqa: E731
    drawn = [
        {
            "label": own.label,
            "value": clamp(own.value),
            # a range that is one number is still a mark that one sees
            "low": clamp(min(own.low, own.low / 1.012)),
            "high": clamp(max(own.high, own.high * 1.012)),
            "colour": BRAND if own.inside else SECOND,
            "shape": "circle" if own.inside else "diamond",
        }
        for own in rows
    ]
    scale = alt.Scale(type="log", base=2, domain=[1 / _SIDE, _SIDE], nice=False)
    axis = _axis(
        values=[1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8],
        labelExpr="datum.value < 1 ? '1/' + format(1 / datum.value, 'd') : format(datum.value, 'd') + '×'",
        labelOverlap=False,
    )
    y = alt.Y(
        "label:N", sort=None, title=None, axis=_axis(labelLimit=165, minExtent=165, maxExtent=170, labelPadding=8)
    )
    base = alt.Chart(alt.Data(values=drawn)).encode(y=y)
    spans = base.mark_bar(height=12, color=RANGE).encode(
        x=alt.X("low:Q", title=None, scale=scale, axis=axis), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=75, opacity=1).encode(
        x=alt.X("value:Q", title=None, scale=scale),
        color=alt.Color("colour:N", scale=None),
        shape=alt.Shape("shape:N", scale=None),
    )
    return _drawn(alt.layer(spans, dots), height=24 * len(drawn) + 28, label=label, width=430)


def position_chart(series: Sequence[tuple[str, Sequence[float | None]]], *, label: str) -> Markup:
    """Rates by position, one line each, in the order of `SERIES_OF_POSITIONS`; position 0 is drawn as 1."""
    rows = [
        {"series": name, "position": at + 1, "rate": rate}
        for name, rates in series
        for at, rate in enumerate(rates)
        if rate is not None
    ]
    names = [name for name, _ in series]
    colour = alt.Color("series:N", scale=alt.Scale(domain=names, range=list(POSITIONS)), legend=None)
    chart = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "position:Q",
            title="position on the page",
            scale=alt.Scale(domain=[1, 20], nice=False),
            axis=_axis(values=[1, 5, 10, 15, 20], grid=False),
        ),
        y=alt.Y("rate:Q", title=None, scale=alt.Scale(zero=True), axis=_axis(format=".0%")),
        color=colour,
    )
    lines = chart.mark_line(strokeWidth=2.2)
    dots = chart.mark_point(filled=True, size=26, opacity=1)
    return _drawn(alt.layer(lines, dots), height=240, label=label)


POSITIONS = (BRAND, SECOND)


def rank_chart(
    points: Sequence[Sequence[int]], line: tuple[float, float, int] | None, *, x_title: str, y_title: str, label: str
) -> Markup:
    """Counts by rank on logarithmic scales, with a fitted line (slope, intercept, last rank) where there is one."""
    rows: list[dict[str, float]] = [{"x": rank, "y": count} for rank, count in points if rank > 0 and count > 0]
    ends: list[dict[str, float]] = []
    if line is not None:
        slope, intercept, last = line
        ends = [{"x": rank, "y": math.exp(intercept) * rank**slope} for rank in (1, last)]
    # a line may begin above the highest count
    right, top = (max(row[name] for row in [*rows, *ends]) for name in ("x", "y"))
    x = alt.X("x:Q", title=x_title, scale=_log(right), axis=_tens(right))
    y = alt.Y("y:Q", title=y_title, scale=_log(top), axis=_tens(top))
    layers: list[Any] = []
    if ends:
        layers.append(alt.Chart(alt.Data(values=ends)).mark_line(color=SECOND, strokeWidth=2).encode(x=x, y=y))
    layers.append(
        alt.Chart(alt.Data(values=rows)).mark_point(filled=True, size=24, opacity=1, color=BRAND).encode(x=x, y=y)
    )
    return _drawn(alt.layer(*layers), height=240, label=label)


def column_chart(columns: Sequence[tuple[str, int]], *, x_title: str, y_title: str, label: str) -> Markup:
    """A column for each (name, count), in the order given."""
    rows = [{"x": name, "y": count} for name, count in columns]
    chart = alt.Chart(alt.Data(values=rows)).mark_bar(color=BRAND)
    chart = chart.encode(
        x=alt.X("x:N", sort=None, title=x_title, axis=_axis(labelAngle=0, grid=False)),
        y=alt.Y("y:Q", title=y_title, axis=_axis(format="~s")),
    )
    return _drawn(chart, height=240, label=label)


def _log(most: float) -> alt.Scale:
    return alt.Scale(type="log", domain=[1, max(most, 10)], nice=False)


def _tens(most: float) -> alt.Axis:
    values = [10**power for power in range(12) if 10**power <= max(most, 10)]
    return _axis(values=values, format="~s", labelOverlap=False)


def _axis(**options: Any) -> alt.Axis:
    count = {} if "values" in options else {"tickCount": 5}
    return alt.Axis(**{"ticks": False, "domain": False, "labelPadding": 6, **count, **options})


def _drawn(chart: Any, *, height: int, label: str, width: int = WIDTH) -> Markup:
    chart = chart.properties(
        width=width, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding"), padding=2
    )
    chart = chart.configure(background="transparent").configure_view(stroke=None)
    chart = chart.configure_axis(
        labelFontSize=12, labelColor=INK, titleFontSize=12, titleFontWeight="normal", titleColor=SOFT, gridColor=LINE
    )
    return inline_svg(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]), label=label)
