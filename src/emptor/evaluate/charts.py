"""The report's charts: drawn with Altair, rendered to SVG by vl-convert, without network or browser.

Text from data is only ever data to the chart library, never a field name or an expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from emptor.evaluate.lines import shorten
from emptor.evaluate.svg import inline_svg

INK, SOFT, LINE, BRAND, SECOND = "#17211d", "#5d6a64", "#e3e8e5", "#1f5f4a", "#c07a2c"
SERIES = (BRAND, SECOND)
ON_PAGE, BELOW = BRAND, "#a9cbbd"
LOST = ("#a33a2a", "#cf6f45", "#dd9a5b", "#e8bd7a", "#efd6a3")
"""From the first stage to the last."""
WIDTH = 400
"""Pixels, at which text has the size it is given; a page may scale the picture."""
_LABEL = 22
"""Letters of a label."""


@dataclass(frozen=True)
class Point:
    """A mean with its interval, beside the mean of a random order; `series`: which cascade."""

    label: str
    series: int
    mean: float | None
    low: float | None
    high: float | None
    random: float | None


@dataclass(frozen=True)
class Bar:
    """One bar of shares that sum to 1, in the order in which they are drawn; `mark`: a share to mark, or None."""

    label: str
    shares: tuple[float, ...]
    mark: float | None = None


@dataclass(frozen=True)
class Bin:
    """How many queries of each series lie between two values."""

    low: float
    high: float
    counts: tuple[int, ...]


def interval_chart(points: Sequence[Point], *, label: str) -> Markup:
    """Dots with 95% intervals, one row per label and one line per series within it; random orders as grey ticks."""
    names = _distinct([point.label for point in points])
    rows = [{**vars(point), "label": names[point.label], "series": str(point.series)} for point in points]
    series = sorted({row["series"] for row in rows})
    y = alt.Y(
        "label:N", sort=None, title=None, axis=_labels(names), scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2)
    )
    offset = alt.YOffset("series:N", sort=None, scale=alt.Scale(domain=series))
    colour = alt.Color("series:N", scale=alt.Scale(domain=["0", "1"], range=list(SERIES)), legend=None)
    shape = alt.Shape("series:N", scale=alt.Scale(domain=["0", "1"], range=["circle", "diamond"]), legend=None)
    x = alt.X("mean:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=_ticks())
    base = alt.Chart(alt.Data(values=rows)).encode(y=y, yOffset=offset)
    random = base.mark_tick(thickness=2, height=13, color=SOFT, opacity=0.75).encode(x=alt.X("random:Q", title=None))
    interval = base.mark_rule(strokeWidth=2.5, opacity=0.45).encode(
        x=alt.X("low:Q", title=None), x2="high:Q", color=colour
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=x, color=colour, shape=shape)
    step = 34 if len(series) == 1 else 46
    return _drawn(alt.layer(random, interval, dots), height=step * len(names) + 28, label=label)


def share_chart(bars: Sequence[Bar], *, colours: Sequence[str], label: str) -> Markup:
    """Stacked horizontal bars of shares, the wider parts with their percentage."""
    names = _distinct([bar.label for bar in bars])
    parts: list[dict[str, Any]] = []
    for bar in bars:
        start = 0.0
        for share, colour in zip(bar.shares, colours, strict=True):
            text = f"{share:.0%}" if share >= 0.095 else ""
            place = {"start": start, "end": start + share, "middle": start + share / 2}
            parts.append({"label": names[bar.label], "colour": colour, "text": text, "ink": _ink(colour), **place})
            start += share
    marks = [{"label": names[bar.label], "mark": bar.mark} for bar in bars if bar.mark is not None]
    y = alt.Y("label:N", sort=None, title=None, axis=_labels(names))
    x = alt.X("start:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=_ticks(format="%"))
    base = alt.Chart(alt.Data(values=parts)).encode(y=y)
    filled = base.mark_bar(height=20, stroke="white", strokeWidth=1).encode(
        x=x, x2="end:Q", color=alt.Color("colour:N", scale=None)
    )
    text = base.mark_text(fontSize=11.5).encode(
        x=alt.X("middle:Q", title=None), text="text:N", color=alt.Color("ink:N", scale=None)
    )
    mark = alt.Chart(alt.Data(values=marks)).mark_point(
        shape="triangle-down", size=45, filled=True, color=INK, opacity=1, yOffset=-14
    )
    layers = [filled, text] + ([mark.encode(y=y, x=alt.X("mark:Q", title=None))] if marks else [])
    return _drawn(alt.layer(*layers), height=36 * len(names) + 28, label=label)


def histogram(bins: Sequence[Bin], *, label: str, x_title: str, signed: bool = False) -> Markup:
    """Columns of queries per bin, the series side by side; `signed`: one series, coloured by which side of 0 it is."""
    rows = []
    for own in bins:
        width = (own.high - own.low) / len(own.counts)
        for series, count in enumerate(own.counts):
            start = own.low + series * width
            colour = (BRAND if own.low >= 0 else SECOND) if signed else SERIES[series]
            rows.append({"start": start, "end": start + width, "count": count, "zero": 0, "colour": colour})
    domain = [min(own.low for own in bins), max(own.high for own in bins)]
    most = max(max(own.counts) for own in bins)
    bars = alt.Chart(alt.Data(values=rows)).mark_rect(stroke="white", strokeWidth=1)
    chart = bars.encode(
        x=alt.X("start:Q", title=x_title, scale=alt.Scale(domain=domain, nice=False), axis=_ticks(grid=False)),
        x2="end:Q",
        y=alt.Y("count:Q", title="queries", axis=_ticks(tickCount=min(most, 5), format=",d")),
        y2="zero:Q",
        color=alt.Color("colour:N", scale=None),
    )
    return _drawn(chart, height=200, label=label)


def _labels(names: dict[str, str]) -> alt.Axis:
    """An axis of names with room for them in the page's font, which may be wider than the one measured here."""
    room = 10 + min(150, 7.2 * max(map(len, names.values())))
    return alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=150, minExtent=room, maxExtent=room)


def _ticks(**options: Any) -> alt.Axis:
    return alt.Axis(**{"ticks": False, "domain": False, "tickCount": 5, "labelPadding": 6, **options})


def _drawn(chart: Any, *, height: int, label: str) -> Markup:
    chart = chart.properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding"), padding=2
    )
    chart = chart.configure(background="transparent").configure_view(stroke=None)
    chart = chart.configure_axis(
        labelFontSize=12, labelColor=INK, titleFontSize=12, titleFontWeight="normal", titleColor=SOFT, gridColor=LINE
    )
    return inline_svg(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]), label=label)


def _distinct(labels: Sequence[str]) -> dict[str, str]:
    """Label -> what is drawn: short, without control characters, and still different from all others."""
    drawn: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        short = wanted = shorten(label, _LABEL) or "(blank)"
        number = 1
        while short in drawn.values():
            number += 1
            short = f"{wanted} ({number})"
        drawn[label] = short
    return drawn


def _ink(colour: str) -> str:
    """White or ink, whichever can be read on a colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 135 else INK
