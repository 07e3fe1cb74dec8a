"""Means with their intervals as a standalone SVG, drawn without network or browser."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import vl_convert

_INK, _LINE, _COLOUR = "#17211d", "#e3e8e5", "#1f5f4a"


def interval_chart(
    rows: Sequence[tuple[str, str, float, tuple[float, float] | None, Sequence[float]]],
) -> str:
    """Rows of (metric, model, mean, 95% interval, value per seed): one panel per metric, one line per model.

    The mean is a dot, its interval a bar, each seed a small tick. Text from data is only ever data to the library.
    """
    panels = []
    for metric in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == metric]
        means = [
            {"model": model, "mean": mean, "low": (ci95 or (mean, mean))[0], "high": (ci95 or (mean, mean))[1]}
            for _, model, mean, ci95, _ in own
        ]
        seeds = [{"model": model, "value": value} for _, model, _, _, values in own for value in values]
        y = alt.Y("model:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=220))
        scale = alt.Scale(zero=False)
        base = alt.Chart(alt.Data(values=means)).encode(y=y)
        ticks = alt.Chart(alt.Data(values=seeds)).mark_tick(color=_COLOUR, opacity=0.4, height=10, thickness=1.5)
        dots = base.mark_point(filled=True, size=70, opacity=1, color=_COLOUR)
        bars = base.mark_rule(strokeWidth=2.5, opacity=0.5, color=_COLOUR)
        layers = [
            ticks.encode(y=y, x=alt.X("value:Q", title=None, scale=scale)),
            bars.encode(x=alt.X("low:Q", title=None, scale=scale), x2="high:Q"),
            dots.encode(x=alt.X("mean:Q", title=None, scale=scale)),
        ]
        title = alt.TitleParams(metric, anchor="start", fontSize=13, color=_INK)
        panels.append(alt.layer(*layers).properties(width=400, height=26 * len(own), title=title))
    chart = alt.vconcat(*panels).resolve_scale(x="independent", y="independent")
    chart = chart.configure(background="white").configure_view(stroke=None)
    chart = chart.configure_axis(labelFontSize=12, labelColor=_INK, gridColor=_LINE, domain=False, tickColor=_LINE)
    return str(vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]))
