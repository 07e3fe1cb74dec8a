"""A report in the terminal."""

from __future__ import annotations

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emptor.evaluate.lines import counted, shorten
from emptor.evaluate.report import FLOOR, JUDGED_FLOOR, POLICIES, Figure, Report

_KINDS_SHOWN = 12
_QUERIES_SHOWN = 8


def print_report(report: Report, console: Console) -> None:
    """Everything a reader needs to judge the figures, means first, single queries last."""
    names = [result.name for result in report.results]
    judgements = report.judgements
    console.print()
    console.print(Text("Evaluation of ").append(" against ".join(names), style="bold"))
    _say(
        console,
        "Judgements",
        f"{judgements.frame.height:,} of {counted(judgements.queries.height, 'query', 'queries')}"
        + (f", from {judgements.path}" if judgements.path else "")
        + f"; catalogue of {counted(report.catalogue_size, 'product')}",
    )
    _say(console, "Unjudged", POLICIES[report.unjudged])
    console.print()
    console.print(_means(report))
    for metric in report.metrics:
        _say(console, metric.name, metric.definition(judgements))
    _say(console, "95% interval", f"bootstrap over queries, {report.resamples:,} resamples, seed {report.seed}")
    _say(console, "random", FLOOR)
    if report.unjudged == "removed":
        _say(console, "shuffled", JUDGED_FLOOR)
    _say(console, "n", "queries for which the metric is defined")
    console.print()
    if report.tests:
        console.print(_tests(report, names))
        _say(
            console,
            "p",
            f"paired randomisation test, {report.flips:,} sign flips, two-sided; p Holm is corrected for "
            f"{len(report.tests)} metrics; wins are queries on which {names[0]} is better",
        )
        console.print()
    if judgements.has_kinds:
        console.print(_kinds(report))
    if report.losses:
        console.print(_losses(report))
        _say(console, "lost", report.losses[0].definition)
        _say(console, "at best", "share that the best order would have on the page")
        console.print()
    console.print(_queries(report, f"Worst queries of {names[0]}", report.worst_queries(_QUERIES_SHOWN)))
    losses = report.largest_losses(_QUERIES_SHOWN)
    if not losses.is_empty():
        console.print(_queries(report, f"Where {names[0]} loses most against {names[1]}", losses))
    for note in report.notes:
        console.print(Text("! ", style="yellow").append(shorten(note, 500)))


def _say(console: Console, label: str, text: str) -> None:
    console.print(Text(f"{label}: ", style="bold").append(shorten(text, 500), style="not bold"))


def _table(title: str) -> Table:
    """A table narrow enough for 80 columns."""
    return Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    small = 0 < abs(value) < 0.00005
    return f"{value:{'+' if sign else ''}{'.0e' if small else '.4f'}}"


def _interval(low: float | None, high: float | None, *, sign: bool = False) -> str:
    if low is None or high is None:
        return "–"
    return f"{_number(low, sign=sign)}, {_number(high, sign=sign)}"


def _means(report: Report) -> Table:
    table = _table("Means over queries")
    table.add_column("metric", style="bold", no_wrap=True)
    _add_columns(table, report)
    for metric in report.metrics:
        found = [figure for figure in report.figures if figure.summary.metric == metric]
        _add_rows(table, report, metric.name, [figure for figure in found if figure.summary.kind is None])
    return table


def _kinds(report: Report) -> Table:
    """The leading metric for the kinds that have most queries."""
    metric = report.leading
    table = _table(f"{metric.name} by kind of query")
    table.add_column("kind", style="bold", overflow="fold")
    _add_columns(table, report)
    by_kind: dict[str, list[Figure]] = {}
    for figure in report.figures:
        if figure.summary.kind is not None and figure.summary.metric == metric:
            by_kind.setdefault(figure.summary.kind, []).append(figure)
    ordered = sorted(by_kind, key=lambda kind: (-by_kind[kind][0].summary.n, kind))
    for kind in ordered[:_KINDS_SHOWN]:
        _add_rows(table, report, shorten(kind, 40), by_kind[kind])
    if len(ordered) > _KINDS_SHOWN:
        table.caption = f"and {len(ordered) - _KINDS_SHOWN:,} kinds with fewer queries"
    return table


def _losses(report: Report) -> Table:
    """Share of the relevant products per outcome, of all queries and of the kinds that have most of them."""
    table = _table("Where relevant products are lost")
    table.add_column("queries", style="bold", overflow="fold")
    if len(report.losses) > 1:
        table.add_column("cascade", overflow="fold")
    table.add_column("relevant", justify="right", style="dim")
    *lost, below, on_page = report.losses[0].outcomes
    for losses in report.losses[1:]:
        lost += [outcome for outcome in losses.outcomes[:-2] if outcome not in lost]
    columns = [*lost, below, on_page]
    for outcome in columns:
        first = "lost by" if outcome.startswith("lost by ") else outcome.split()[0]
        table.add_column(Text(outcome.replace(f"{first} ", f"{first}\n", 1)), justify="right")
    table.add_column("at best", justify="right", style="dim")
    by_kind = [{counts.kind: counts for counts in losses.by_kind} for losses in report.losses]
    kinds = sorted(by_kind[0], key=lambda kind: (-by_kind[0][kind].queries, kind or ""))
    if len(kinds) > _KINDS_SHOWN:
        table.caption = f"and {len(kinds) - _KINDS_SHOWN:,} kinds with fewer queries"
    for kind in [None, *kinds[:_KINDS_SHOWN]]:
        for at, losses in enumerate(report.losses):
            counts = losses.overall if kind is None else by_kind[at].get(kind)
            if counts is None:
                continue
            cells = ["" if at else "all" if kind is None else shorten(kind, 40)]
            if len(report.losses) > 1:
                cells.append(losses.cascade)
            shares = dict(zip(losses.outcomes, counts.shares or (), strict=False))
            shown = [f"{shares[outcome]:.1%}" if outcome in shares else "–" for outcome in columns]
            shown.append(f"{counts.at_best / counts.relevant:.1%}" if counts.relevant else "–")
            table.add_row(*map(Text, [*cells, f"{counts.relevant:,}", *shown]))
    return table


def _add_columns(table: Table, report: Report) -> None:
    if len(report.results) > 1:
        table.add_column("cascade", overflow="fold")
    table.add_column("mean", justify="right")
    table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("random", justify="right", style="dim")
    if report.unjudged == "removed":
        table.add_column("shuffled", justify="right", style="dim")
    table.add_column("n", justify="right", style="dim")


def _add_rows(table: Table, report: Report, label: str, figures: list[Figure]) -> None:
    """One row per cascade in the columns of `_add_columns`, the label before the first."""
    for at, figure in enumerate(figures):
        summary = figure.summary
        cells = [label if at == 0 else ""]
        if len(report.results) > 1:
            cells.append(figure.cascade)
        cells += [_number(summary.mean), _interval(summary.low, summary.high), _number(figure.random)]
        if report.unjudged == "removed":
            cells.append(_number(figure.random_judged))
        table.add_row(*map(Text, [*cells, f"{summary.n:,}"]))


def _tests(report: Report, names: list[str]) -> Table:
    table = _table(f"{names[0]} minus {names[1]}, query by query")
    table.add_column("metric", style="bold", no_wrap=True)
    for heading in ("mean", "95% interval", "p", "p Holm", "wins", "ties", "losses"):
        table.add_column(heading, justify="right", no_wrap=True)
    for test in report.tests:
        sure = test.p_holm is not None and test.p_holm < 0.05
        colour = ("green" if (test.diff or 0) > 0 else "red") if sure else ""
        cells = [_number(test.p), _number(test.p_holm)]
        cells += [str(count) for count in (test.wins, test.ties, test.losses)]
        difference = Text(_number(test.diff, sign=True), style=colour)
        table.add_row(test.metric.name, difference, _interval(test.low, test.high, sign=True), *cells)
    return table


def _queries(report: Report, title: str, rows: pl.DataFrame) -> Table:
    table = _table(f"{title}, by {report.leading.name}")
    table.add_column("query", overflow="fold")
    table.add_column("relevant", justify="right", style="dim")
    for result in report.results:
        table.add_column(Text(result.name), justify="right")
    for query, relevant, *values in rows.iter_rows():
        table.add_row(Text(shorten(query, 60)), f"{relevant:,}", *(_number(value) for value in values))
    return table
