"""A market report, and a comparison of cascades, in the terminal."""

from __future__ import annotations

from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emptor.evaluate.lines import shorten
from emptor.market.report.figures import Figure, outside
from emptor.market.report.report import MarketReport
from emptor.market.report.words import range_text, value_text, verdict_text

_STYLE = {"inside": "green", "above": "red", "below": "red"}


def print_report(report: MarketReport, console: Console) -> None:
    """The figures by group, each beside the public range, and last where the market is off."""
    size = report.measured.size
    console.print()
    console.print(Text(f"The market of {shorten(report.shop)} beside public logs", style="bold"))
    console.print(
        f"World {report.config.hash}, seed {report.config.seed}, preset {report.config.preset}; "
        f"{size['events']:,} events of {size['users']:,} users on {size['pages']:,} pages, {size['days']} days"
    )
    console.print()
    console.print(_table(report.figures))
    _say(console, "~", "has figures from memory; the page (--html) and the JSON name every source")
    _say(console, "not judged", "the public figures are of web search, another kind of page")
    _say(console, "†", "changes with the length of the log")
    off = outside(report.figures)
    within = sum(own.verdict == "inside" for own in report.figures)
    console.print()
    console.print(Text(f"{within} of {within + len(off)} figures lie where public ones do. Off:", style="bold"))
    for own in off:
        console.print(f"  {own.meaning.label}: {_value(own)}, public {_range(own)}: [red]{_verdict(own)}[/]")
    for note in report.notes:
        console.print(Text("! ", style="yellow").append(note))


def _table(figures: tuple[Figure, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("figure", no_wrap=True)
    table.add_column("market", justify="right", no_wrap=True)
    table.add_column("public", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for group, own in groupby(figures, key=lambda figure: figure.meaning.group):
        table.add_row(Text(group, style="bold"))
        for figure in own:
            style = _STYLE.get(figure.verdict or "", "dim")
            label = f"  {figure.meaning.label}{' †' if figure.meaning.grows else ''}"
            table.add_row(label, _value(figure), _range(figure), Text(_verdict(figure), style=style))
    return table


def _value(figure: Figure) -> str:
    return value_text(figure.value, figure.meaning.form)


def _range(figure: Figure) -> str:
    about = any(source.about for source in figure.sources)
    return range_text(figure.low, figure.high, figure.meaning.form, about=about)


def _verdict(figure: Figure) -> str:
    return verdict_text(figure.verdict, figure.off, has_range=bool(figure.sources), has_value=figure.value is not None)


def _say(console: Console, label: str, text: str) -> None:
    console.print(Text(f"{label}: ", style="bold").append(text, style="not bold"))
