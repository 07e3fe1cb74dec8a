"""`emptor forget`: events taken out of the log for good."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from emptor.cli.common import ShopFolder, Wait, count, out
from emptor.errors import EmptorError
from emptor.progress import step

if TYPE_CHECKING:
    import polars as pl

DAYS = 20
"""Days that are listed one by one."""


def forget(
    shop: ShopFolder,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Events with this user_id, and their traces.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Events at or after this, such as 2024-01-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Events before this, such as 2024-02-01T12:00:00Z.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be forgotten, and change nothing.")
    ] = False,
    wait: Wait = 0.0,
) -> None:
    """Take events out of the log for good: a log imported by mistake, or what one user did.

    An event must meet all that is given. Nothing is asked: --dry-run says beforehand what would go. Where this was
    stopped on the way, run it again.
    """
    from emptor.serve.traces import count_traces, erase_traces
    from emptor.shop.events import Selection, parse_one_time
    from emptor.shop.shop import Shop

    if user is None and since is None and until is None:
        raise EmptorError("nothing to forget: give --user ID, --from TIME, --to TIME, or several of them")
    selection = Selection(
        user,
        None if since is None else parse_one_time(since, "--from"),
        None if until is None else parse_one_time(until, "--to"),
    )
    with Shop.open(shop) as target:
        has_log = (shop / "events.sqlite").exists()
        if dry_run:
            if has_log:
                _print(target.events.matching(selection))
            else:
                out.print("The shop has no events.")
            if user is not None:
                out.print(f"Traces of {count(count_traces(shop, selection), 'request')} match.")
            out.print("Nothing was changed.")
            return
        erased = None
        with target.writing(wait_s=wait, doing="forgetting events"):
            if has_log:
                _print(target.events.matching(selection))
                with step("Forgetting", total=target.events.files()) as bar:
                    erased = target.events.erase(selection, on_progress=bar.advance)
            else:
                out.print("The shop has no events.")
            traces = erase_traces(shop, selection) if user is not None else 0
    if traces:
        out.print(f"Traces of {count(traces, 'request')} forgotten.")
    if erased is None:
        return
    out.print(f"[bold]{count(erased.events, 'event')}[/] forgotten.")
    if not erased.scrubbed:
        out.print(
            "[yellow]events.sqlite is in use, and parts of it that are free by now may still hold some[/]: "
            "run this again while nobody else writes to the shop."
        )
    if erased.events:
        out.print(
            f"What was made of them (popularity, histories of users) follows with the next [bold]emptor publish "
            f"{escape(shlex.quote(str(shop)))}[/]."
        )


def _print(matching: pl.DataFrame) -> None:
    """How many events of which kinds and days match."""
    if not matching.height:
        out.print("No event matches.")
        return
    kinds = matching.group_by("action").sum().sort("events", "action", descending=[True, False])
    days = matching["day"].unique().sort()
    span = f"on {days[0]}" if len(days) == 1 else f"on {len(days):,} days from {days[0]} to {days[-1]}"
    total = int(matching["events"].sum())
    out.print(f"{count(total, 'event')} {'matches' if total == 1 else 'match'} {span}: {_list(kinds)}.")
    if len(days) > 1:
        for day in days[:DAYS]:
            out.print(f"  [dim]{day}[/]  {_list(matching.filter(matching['day'] == day))}")
        if len(days) > DAYS:
            out.print(f"  [dim]and {len(days) - DAYS:,} more[/]")


def _list(kinds: pl.DataFrame) -> str:
    """`100,000 impression, 25,000 click`."""
    pairs = zip(kinds["action"], kinds["events"], strict=True)
    return ", ".join(f"{events:,} {escape(action)}" for action, events in pairs)
