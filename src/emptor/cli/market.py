"""`emptor market ...`: a simulated marketplace for a shop."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from emptor.cli.common import ShopFolder, count, out
from emptor.errors import EmptorError

app = typer.Typer(
    name="market",
    help="A simulated marketplace: make one, let its users shop, look at it, and compare two cascades on it.",
    no_args_is_help=True,
)


@app.command()
def new(
    shop: ShopFolder,
    preset: Annotated[str, typer.Option(help="tiny, demo, study or large.")] = "demo",
    seed: Annotated[int, typer.Option(help="Another seed, another world.", min=0)] = 0,
    config: Annotated[
        Path | None, typer.Option(help="JSON with knobs that differ from the preset's.", exists=True, dir_okay=False)
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away an earlier market here, with its log.")
    ] = False,
) -> None:
    """Make a world and a shop that sells in it."""
    from emptor.market.config import WorldConfig
    from emptor.market.making import new_market
    from emptor.market.reading import read_changes

    world, result = new_market(shop, WorldConfig.of(preset, seed=seed, **read_changes(config)), replace=replace)
    out.print(
        f"{shop}: [bold]{result.products:,} products[/], {result.pictures:,} pictures, "
        f"{count(len(world.users), 'user')}, {len(world.queries):,} queries; world {world.config.hash}"
    )
    out.print(f"Next: [bold]emptor market run {shop} --days 3[/]")


@app.command()
def adopt(
    shop: ShopFolder,
    copy: Annotated[Path, typer.Argument(metavar="COPY", help="Folder of the copy in which they shop; made here.")],
    users: Annotated[int, typer.Option(help="How many shop there.", min=10, max=5_000_000)] = 20_000,
    queries: Annotated[int, typer.Option(help="Different queries, about.", min=50, max=2_000_000)] = 10_000,
    seed: Annotated[int, typer.Option(help="Other users with other tastes.", min=0)] = 0,
    config: Annotated[
        Path | None, typer.Option(help="JSON with knobs that differ from the defaults.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Copy SHOP without its log and let simulated users shop the copy. SHOP itself stays as it is."""
    from emptor.market.config import WorldConfig
    from emptor.market.making import adopt as give
    from emptor.market.reading import read_changes
    from emptor.market.real import lacks

    changes = {"users": users, "queries": queries, **read_changes(config)}
    world = give(shop, copy, WorldConfig.read({"seed": seed, "stock": "catalogue", **changes}))
    products = world.products
    out.print(
        f"{copy}: {count(len(products), 'product')} ({products.pictured.mean():.0%} with a picture), "
        f"{len(world.taxonomy)} {'category' if len(world.taxonomy) == 1 else 'categories'}, "
        f"{count(len(world.users), 'user')}, {len(world.queries):,} queries; world {world.config.hash}"
    )
    for told in lacks(world):
        out.print(f"[yellow]{told}[/]")
    out.print(f"Next: [bold]emptor market run {copy} --days 3[/]")


@app.command()
def run(
    shop: ShopFolder,
    days: Annotated[int, typer.Option(help="Simulated days.", min=1, max=90)] = 7,
    cascade: Annotated[str, typer.Option(help="Cascade that answers, as in shop.toml.")] = "default",
) -> None:
    """Let the market's users shop; what they do is in the shop's own log."""
    from emptor.market.running import expected, run_market
    from emptor.market.store import load_config

    views, size = expected(load_config(shop), days)
    out.print(f"About {views:,} page views and {size / 1e6:,.0f} MB of log are to come.")
    ran = run_market(shop, days=days, cascade=cascade)
    totals = ran.tally.totals()
    out.print(
        f"{count(ran.days, 'day')}: [bold]{ran.views:,} page views[/] ({ran.views / max(ran.seconds, 1e-9):,.0f}/s), "
        f"{totals['clicks']:,.0f} clicks, {totals['orders']:,.0f} orders, {ran.events:,} events"
    )


@app.command()
def report(
    shop: ShopFolder,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page with charts.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write all figures as JSON.")] = None,
) -> None:
    """Hold a market's log beside public ones, and say where it is off."""
    from emptor.market.report.report import report_market

    files = _writable(html, json)
    found = report_market(shop, command=shlex.join(["emptor", *sys.argv[1:]]))
    found.print(out)
    for file, text in zip(files, (found.to_html, found.to_json), strict=True):
        _write(file, text)


@app.command()
def ab(
    shop: ShopFolder,
    a: Annotated[str, typer.Option(metavar="CASCADE", help="The cascade that is, as in shop.toml.")],
    b: Annotated[str, typer.Option(metavar="CASCADE", help="The cascade that may be.")],
    users: Annotated[int | None, typer.Option(help="How many take part, drawn at random; all by default.", min=1)] = (
        None
    ),
    days: Annotated[int, typer.Option(help="Simulated days, from the market's next one on.", min=1, max=90)] = 3,
    held_out: Annotated[bool, typer.Option("--held-out", help="Only users that are kept from training.")] = False,
    seed: Annotated[int, typer.Option(help="Of the draw of users and the resampling.", min=0)] = 0,
    json: Annotated[Path | None, typer.Option(help="Write the comparison as JSON.")] = None,
) -> None:
    """Compare two cascades on the same users and days. Nothing of it is logged.

    The result is kept in `SHOP/experiments/`, and `/lab/experiments` of `emptor serve` shows it.
    """
    from emptor.market.report.ab import compare_cascades, keep_comparison

    (file,) = _writable(json)
    command = shlex.join(["emptor", *sys.argv[1:]])
    found = compare_cascades(shop, a, b, users=users, days=days, held_out=held_out, seed=seed, command=command)
    found.print(out)
    kept = keep_comparison(shop, found)
    out.print(f"Kept in {escape(str(kept))}", soft_wrap=True)
    _write(file, found.to_json)


def _writable(*files: Path | None) -> tuple[Path | None, ...]:
    """The files, before any long work; a folder that is not there ends it here."""
    for file in files:
        if file is not None and not file.resolve().parent.is_dir():
            raise EmptorError(f"there is no folder {file.parent} to write {file.name} into")
    return files


def _write(file: Path | None, text: Callable[[], str]) -> None:
    if file is not None:
        file.write_text(text(), encoding="utf-8")
        out.print(f"Written to {escape(str(file))}")
