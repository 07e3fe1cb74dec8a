"""The market report as a page: one HTML file with tables and charts, without scripts or anything from elsewhere."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from emptor.errors import EmptorError
from emptor.evaluate import page as evaluation_page
from emptor.evaluate.lines import shorten
from emptor.market.report import charts
from emptor.market.report.words import range_text, value_text, verdict_text

Entry = dict[str, Any]
_NEEDED = ("market", "world", "seed", "log", "figures", "positions", "curves", "fits", "notes", "config", "env")
_PAGES = 12
"""Longer sessions stand in one column."""
_STEPS = (
    (1, "1"),
    (2, "2"),
    (3, "3"),
    (4, "4"),
    (5, "5–9"),
    (10, "10–19"),
    (20, "20–49"),
    (50, "50–99"),
    (100, "100+"),
)


def market_page(report: Entry) -> str:
    """The page of a report, given as `MarketReport.to_dict` makes it or as it was stored.

    Every figure of a table stands in a `<data value>` with all its digits. Text from the report is escaped.

    Raises: EmptorError for JSON that is no market report.
    """
    missing = [key for key in _NEEDED if key not in report]
    if report.get("kind") != "market report" or missing:
        what = f"it lacks {missing[0]}" if missing else f"it says {str(report.get('kind'))[:60]!r}"
        raise EmptorError(f"expected a report as `emptor market report --json` writes it, but {what}")
    figures = report["figures"]
    judged = [own for own in figures if own["verdict"] is not None]
    off = sorted((own for own in judged if own["off"] is not None), key=lambda own: -own["off"])
    by_name = {own["name"]: own for own in figures}
    return (
        _environment()
        .get_template("market.html")
        .render(
            report=report,
            groups=[(group, list(own)) for group, own in groupby(figures, key=lambda one: one["group"])],
            judged=judged,
            off=off,
            tiles=[
                by_name[name]
                for name in ("click_rate_search", "clicks_per_purchase", "items_top_20", "query_exponent")
                if name in by_name
            ],
            overview=_overview(judged),
            positions_chart=_positions(report["positions"]),
            items_chart=_ranks(report, "item_clicks", "products by rank", "clicks"),
            queries_chart=_ranks(report, "query_counts", "queries by rank", "searches"),
            users_chart=_users(report["curves"]["user_actions"]),
            sessions_chart=_sessions(report["curves"]["session_pages"]),
            sources=[own for own in figures if own["public"]],
            colours=charts.POSITIONS,
            range_colour=charts.RANGE,
        )
    )


def _overview(judged: list[Entry]) -> Markup | None:
    rows = []
    for own in judged:
        low, high, value = own["public"]["low"], own["public"]["high"], own["value"]
        middle = (low * high) ** 0.5
        if middle and value:
            rows.append(
                charts.Beside(own["label"], value / middle, low / middle, high / middle, own["verdict"] == "inside")
            )
    if not rows:
        return None
    told = "; ".join(f"{own['label']} {_verdict(own)}" for own in judged)
    return charts.overview(rows, label=f"Each figure beside its public range. {told}.")


def _positions(positions: list[Entry]) -> Markup | None:
    series = [(name, [own[key] for own in positions]) for name, key in _POSITION_SERIES]
    if not any(rate is not None for _, rates in series for rate in rates):
        return None
    told = "; ".join(
        f"position {own['position'] + 1}: {value_text(own['on_screen'], 'percent')} on the screen, "
        f"{value_text(own['per_list'], 'percent')} per list"
        for own in positions
        if own["position"] in (0, 4, 9, 19)
    )
    return charts.position_chart(series, label=f"Click rate by position. {told}.")


_POSITION_SERIES = (("per product on the screen", "on_screen"), ("per list shown", "per_list"))


def _ranks(report: Entry, name: str, x_title: str, y_title: str) -> Markup | None:
    points, fit = report["curves"][name], report["fits"][name]
    if not points:
        return None
    line = None if fit is None else (fit["slope"], fit["intercept"], fit["ranks"])
    told = f"slope {value_text(fit['slope'], 'number')}" if fit else "too few for a slope"
    label = f"{y_title.capitalize()} of {x_title}, on logarithmic scales: {points[0][1]:,} at rank 1; {told}."
    return charts.rank_chart(points, line, x_title=x_title, y_title=y_title, label=label)


def _users(points: list[list[int]]) -> Markup | None:
    """Users by actions, from [n, users with n and more]."""
    if not points:
        return None
    columns = []
    for place, (least, name) in enumerate(_STEPS):
        above = _with(points, _STEPS[place + 1][0]) if place + 1 < len(_STEPS) else 0
        columns.append((name, _with(points, least) - above))
    told = "; ".join(f"{name}: {users:,}" for name, users in columns)
    return charts.column_chart(columns, x_title="actions", y_title="users", label=f"Users by their actions. {told}.")


def _with(points: list[list[int]], least: int) -> int:
    """Users with `least` actions and more."""
    return next((users for own, users in points if own >= least), 0)


def _sessions(points: list[list[int]]) -> Markup | None:
    if not points:
        return None
    counts = {int(pages): int(sessions) for pages, sessions in points}
    columns = [(str(pages), counts.get(pages, 0)) for pages in range(1, _PAGES)]
    columns.append((f"{_PAGES}+", sum(count for pages, count in points if pages >= _PAGES)))
    told = "; ".join(f"{name}: {count:,}" for name, count in columns)
    return charts.column_chart(columns, x_title="pages", y_title="sessions", label=f"Sessions by their pages. {told}.")


def _value(own: Entry) -> str:
    return value_text(own["value"], own["form"])


def _range(own: Entry) -> str:
    public = own["public"]
    if not public:
        return "–"
    about = any(source["about"] for source in public["sources"])
    return range_text(public["low"], public["high"], own["form"], about=about)


def _verdict(own: Entry) -> str:
    return verdict_text(own["verdict"], own["off"], has_range=bool(own["public"]), has_value=own["value"] is not None)


@cache
def _environment() -> Environment:
    # the style of the evaluation's page, and this one's additions
    folders = [Path(__file__).parent / "templates", Path(evaluation_page.__file__).parent / "templates"]
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(own) for own in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "value": _value,
        "range": _range,
        "verdict": _verdict,
        "short": shorten,
        "count": lambda number: f"{number:,}",
        "source": lambda own, form: range_text(own["low"], own["high"], form, about=own["about"]),
    }
    return environment
