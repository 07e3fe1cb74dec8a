"""What benchmarks/off_policy.py found, over worlds and targets: errors, coverage, ranks, and the figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import vl_convert
from scipy.stats import spearmanr

METHODS = {
    "ips": "IPS",
    "snips": "SNIPS",
    "dr": "doubly robust",
    "examination": "by examination",
    "direct": "the ranker's opinion",
    "agreeing": "agreeing places",
}
FULL = 0.99
"""Share of a target's places that the log could have shown, from which it counts as supported."""
_KINDS = ("the log could have shown all of it", "some of it the log never shows")
_INK, _SOFT, _LINE, _FULL, _PART = "#17211d", "#5d6a64", "#e3e8e5", "#1f5f4a", "#c07a2c"


TRUTHS = ("same requests", "closed loop")


def summary(worlds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """truth -> outcome -> method -> its figures over all worlds and targets, and those of supported targets apart."""
    return {
        truth: {
            outcome: {method: _method(worlds, outcome, method, truth) for method in METHODS}
            for outcome in ("clicked", "bought")
        }
        for truth in TRUTHS
    }


def _method(worlds: Sequence[dict[str, Any]], outcome: str, method: str, truth: str) -> dict[str, Any]:
    rows = [_row(target, outcome, method, truth) for world in worlds for target in world["targets"]]
    ranks = []
    for world in worlds:
        own = [_row(target, outcome, method, truth) for target in world["targets"]]
        known = [row for row in own if np.isfinite(row["value"])]
        if len(known) > 2:
            ranks.append(float(spearmanr([row["value"] for row in known], [row["truth"] for row in known])[0]))
    full = [row for row in rows if row["support"] >= FULL]
    return {
        "all": _figures(rows),
        "supported": _figures(full),
        "unsupported": _figures([row for row in rows if row["support"] < FULL]),
        "rank_correlation": ranks,
    }


def _row(target: dict[str, Any], outcome: str, method: str, truth: str) -> dict[str, float]:
    (own,) = (found for found in target["estimates"][outcome] if found["method"] == method)
    true = target[truth][outcome]
    return {
        "value": own["value"],
        "low": own["ci95"][0],
        "high": own["ci95"][1],
        "ess": own["ess"] or float("nan"),
        "support": own["support"],
        "truth": true["value"],
        "truth_low": true["ci95"][0],
        "truth_high": true["ci95"][1],
    }


def _figures(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Of n estimates: mean error and mean absolute error in shares of the truth, half the width of the interval, how
    many intervals hold the truth, and how many would if the truth's own luck is counted in.
    """
    known = [row for row in rows if np.isfinite(row["value"])]
    if not known:
        return {"n": len(rows), "known": 0}
    at = {name: np.array([row[name] for row in known]) for name in known[0]}
    error = at["value"] - at["truth"]
    side = np.where(error > 0, at["value"] - at["low"], at["high"] - at["value"])
    luck = np.where(error > 0, at["truth_high"] - at["truth"], at["truth"] - at["truth_low"])
    return {
        "n": len(rows),
        "known": len(known),
        "error": float((error / at["truth"]).mean()),
        "absolute_error": float((np.abs(error) / at["truth"]).mean()),
        "half_width": float(((at["high"] - at["low"]) / 2 / at["truth"]).mean()),
        "holds_truth": float(((at["low"] <= at["truth"]) & (at["truth"] <= at["high"])).mean()),
        "holds_truth_luck_counted": float((np.abs(error) <= np.hypot(side, luck)).mean()),
        "ess": float(np.nanmean(at["ess"])) if np.isfinite(at["ess"]).any() else None,
    }


def chart(worlds: Sequence[dict[str, Any]]) -> str:
    """Estimates of clicks a page beside the closed loop's, a panel each method, and the curve of examination; SVG."""
    rows = [
        {
            "method": method,
            "kind": _KINDS[row["support"] < FULL],
            **{name: row[name] for name in ("value", "low", "high", "truth")},
        }
        for world in worlds
        for target in world["targets"]
        for method in METHODS
        for row in [_row(target, "clicked", method, "closed loop")]
        if np.isfinite(row["value"])
    ]
    ends = [min(row["truth"] for row in rows) * 0.9, max(row["truth"] for row in rows) * 1.1]
    least, most = (pick(row["value"] for row in rows) for pick in (min, max))
    tall = [min(least * 0.9, ends[0]), max(most * 1.1, ends[1])]
    panels = [
        _panel([row for row in rows if row["method"] == own], label, ends, tall) for own, label in METHODS.items()
    ]
    grid = [alt.hconcat(*panels[at : at + 3]) for at in (0, 3)]
    whole = alt.vconcat(*grid, _curve(worlds[0]["curve"]))
    whole = whole.configure(background="white").configure_view(stroke=None)
    whole = whole.configure_axis(
        labelFontSize=11,
        labelColor=_INK,
        titleFontSize=11,
        titleFontWeight="normal",
        titleColor=_SOFT,
        gridColor=_LINE,
        domain=False,
        tickColor=_LINE,
    ).configure_legend(orient="bottom", title=None, labelFontSize=11, labelLimit=300)
    return str(vl_convert.vegalite_to_svg(whole.to_dict(), allowed_base_urls=[]))


def _panel(rows: Sequence[dict[str, Any]], label: str, ends: list[float], tall: list[float]) -> Any:
    scale = alt.Scale(domain=ends, nice=False, zero=False)
    high = alt.Scale(domain=tall, nice=False, zero=False)
    diagonal = alt.Chart(alt.Data(values=[{"x": own, "y": own} for own in ends])).mark_line(
        color=_SOFT, strokeDash=[3, 3], strokeWidth=1
    )
    x = alt.X("truth:Q", title="closed loop, clicks a page", scale=scale, axis=alt.Axis(tickCount=5))
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(_KINDS), range=[_FULL, _PART]),
    )
    base = alt.Chart(alt.Data(values=list(rows)))
    bars = base.mark_rule(clip=True, strokeWidth=1.5, opacity=0.45).encode(
        x=x, y=alt.Y("low:Q", title="estimate", scale=high), y2="high:Q", color=colour
    )
    dots = base.mark_point(clip=True, filled=True, size=35, opacity=1).encode(
        x=x, y=alt.Y("value:Q", title="estimate", scale=high, axis=alt.Axis(tickCount=5)), color=colour
    )
    line = diagonal.encode(x=alt.X("x:Q", title="closed loop, clicks a page", scale=scale), y=alt.Y("y:Q", scale=high))
    title = alt.TitleParams(label, anchor="start", fontSize=12, color=_INK)
    return alt.layer(line, bars, dots).properties(width=190, height=190, title=title)


def _curve(curve: dict[str, Any]) -> Any:
    rows = [
        {"place": at + 1, **{name: curve[name][at] for name in ("value", "low", "high", "smooth", "looked")}}
        for at in range(len(curve["value"]))
    ]
    base = alt.Chart(alt.Data(values=rows))
    x = alt.X("place:Q", title="place", scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickMinStep=1))
    y = "beside the first place"
    layers = [
        base.mark_rule(strokeWidth=1.5, opacity=0.45, color=_FULL).encode(x=x, y=alt.Y("low:Q", title=y), y2="high:Q"),
        base.mark_point(filled=True, size=35, opacity=1, color=_FULL).encode(x=x, y=alt.Y("value:Q", title=y)),
        base.mark_line(color=_FULL, strokeWidth=1.5).encode(x=x, y=alt.Y("smooth:Q", title=y)),
        base.mark_line(color=_PART, strokeDash=[4, 3], strokeWidth=1.5).encode(x=x, y=alt.Y("looked:Q", title=y)),
    ]
    title = alt.TitleParams(
        "What a place is worth: clicks on explored pages (green), and what was looked at (dashed)",
        anchor="start",
        fontSize=12,
        color=_INK,
    )
    return alt.layer(*layers).properties(width=640, height=170, title=title)
