"""The report as a page: one HTML file with tables and charts, without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from emptor.errors import EmptorError
from emptor.evaluate import charts
from emptor.evaluate.lines import counted, shorten
from emptor.evaluate.page_rows import (
    Entry,
    Query,
    difference_bins,
    figures_by_kind,
    largest_losses,
    leading_metric,
    losses_by_kind,
    query_values,
    value_bins,
    worst_queries,
)

_NEEDED = (
    "judgements",
    "catalogue_size",
    "cascades",
    "metrics",
    "by_kind",
    "tests",
    "statistics",
    "notes",
    "per_query",
)


def report_page(report: Entry) -> str:
    """The page of a report, given as `Report.to_dict` makes it or as it was stored.

    Every figure of a table stands in a `<data value>` with all its digits. Text from the report is escaped wherever it
    stands, in the charts too.

    Raises: EmptorError for JSON that is no evaluation report.
    """
    missing = [key for key in _NEEDED if key not in report]
    if report.get("kind") != "evaluation" or missing:
        what = f"it lacks {missing[0]}" if missing else f"it says {str(report.get('kind'))[:60]!r}"
        raise EmptorError(f"expected an evaluation report as `emptor evaluate --json` writes it, but {what}")
    leading, queries = leading_metric(report), query_values(report)
    kinds, kinds_left = figures_by_kind(report)
    cascades = report["cascades"]
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            cascades=cascades,
            leading=leading,
            quality=[name for name in _definitions(report) if not name.startswith("judged@")],
            figures={(figure["cascade"], figure["metric"]): figure for figure in report["metrics"]},
            tests={test["metric"]: test for test in report["tests"]},
            definitions=_definitions(report),
            is_removed=report["unjudged"] == "removed",
            metrics_chart=_metrics_chart(report),
            kinds=kinds,
            kinds_left=kinds_left,
            kinds_chart=_kinds_chart(kinds, leading, cascades) if kinds else None,
            losses=[_losses(own) for own in report.get("losses", ())],
            queries=queries,
            spread=value_bins(queries, len(cascades)),
            spread_chart=_spread_chart(queries, leading, cascades),
            differences=_differences(queries, leading, cascades) if len(cascades) > 1 else None,
            worst=worst_queries(queries),
            behind=largest_losses(queries) if len(cascades) > 1 else [],
            colours=charts.SERIES,
            soft=charts.SOFT,
            ink=charts.INK,
        )
    )


def _definitions(report: Entry) -> dict[str, str]:
    return {figure["metric"]: figure["definition"] for figure in report["metrics"]}


def _points(label: str, figures: Sequence[Entry], cascades: Sequence[str]) -> list[charts.Point]:
    points = []
    for figure in figures:
        low, high = figure["ci95"] or (None, None)
        series = cascades.index(figure["cascade"])
        points.append(charts.Point(label, series, figure["mean"], low, high, figure["random"]))
    return points


def _metrics_chart(report: Entry) -> Markup:
    points = [
        point
        for metric in _definitions(report)
        for point in _points(metric, [own for own in report["metrics"] if own["metric"] == metric], report["cascades"])
    ]
    return charts.interval_chart(points, label=f"Mean of each metric with its 95% interval. {_told(points, report)}")


def _kinds_chart(kinds: dict[str, list[Entry]], leading: str, cascades: Sequence[str]) -> Markup:
    points = [point for kind, figures in kinds.items() for point in _points(kind, figures, cascades)]
    told = _told(points, {"cascades": cascades})
    return charts.interval_chart(points, label=f"Mean {leading} by kind of query with its 95% interval. {told}")


def _told(points: Sequence[charts.Point], report: Entry) -> str:
    """A chart's numbers for those who hear it."""
    parts = []
    for point in points:
        of = f" of {report['cascades'][point.series]}" if len(report["cascades"]) > 1 else ""
        parts.append(f"{shorten(point.label, 40)}{of}: {number(point.mean)}, random {number(point.random)}")
    return "; ".join(parts) + "."


def _losses(losses: Entry) -> dict[str, Any]:
    """What the template needs of one cascade's losses: rows, a chart and its colours, best outcome first."""
    rows, left = losses_by_kind(losses)
    outcomes = list(losses["outcomes"])
    lost = [charts.LOST[min(at, len(charts.LOST) - 1)] for at in range(len(outcomes) - 2)]
    colours = dict(zip(outcomes, [*lost, charts.BELOW, charts.ON_PAGE], strict=True))
    drawn = outcomes[::-1]
    bars = [
        charts.Bar(
            _kind(counts), tuple(counts["shares"][own] for own in drawn), mark=counts["at_best"] / counts["relevant"]
        )
        for counts in rows
        if counts["relevant"]
    ]
    told = (
        "; ".join(f"{name} {percent(share)}" for name, share in zip(drawn, bars[0].shares, strict=True)) if bars else ""
    )
    label = f"Relevant products of {losses['cascade']} by where they are lost, by kind of query. All queries: {told}."
    chart = charts.share_chart(bars, colours=[colours[own] for own in drawn], label=label) if bars else None
    return {"own": losses, "rows": rows, "left": left, "drawn": drawn, "colours": colours, "chart": chart}


def _kind(counts: Entry) -> str:
    return "all queries" if counts["kind"] is None else str(counts["kind"])


def _spread_chart(queries: Sequence[Query], leading: str, cascades: Sequence[str]) -> Markup | None:
    if not queries:
        return None
    bins = value_bins(queries, len(cascades))
    label = f"Number of queries by their {leading}, in tenths, of {' and '.join(cascades)}."
    return charts.histogram(bins, label=label, x_title=leading)


def _differences(queries: Sequence[Query], leading: str, cascades: Sequence[str]) -> dict[str, Any]:
    bins, ties = difference_bins(queries)
    better = sum(own.counts[0] for own in bins if own.low >= 0)
    label = (
        f"Queries by the difference in {leading}, {cascades[0]} minus {cascades[1]}: {better:,} better, "
        f"{len(queries) - better - ties:,} worse, {ties:,} alike and not drawn."
    )
    title = f"difference in {leading}"
    chart = charts.histogram(bins, label=label, x_title=title, signed=True) if bins else None
    return {"bins": bins, "ties": ties, "chart": chart}


def number(value: float | None) -> str:
    """Four decimals, as in the terminal."""
    if value is None:
        return "–"
    text = f"{value:.0e}" if 0 < abs(value) < 0.00005 else f"{value:.4f}"
    return text.replace("-", "−", 1)


def signed(value: float | None) -> str:
    """The same, a gain with its plus."""
    return ("+" if value is not None and value > 0 else "") + number(value)


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def count(value: int) -> str:
    return f"{value:,}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "signed": signed, "percent": percent, "short": shorten}
    environment.filters |= {"count": count, "counted": counted}
    environment.globals["kind_of"] = _kind
    return environment
