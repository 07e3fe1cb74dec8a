"""`emptor market ...`: a simulated marketplace for a shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emptor.cli.common import ShopFolder, count, out

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
) -> None:
    """Make a world and a shop that sells in it."""
    from emptor.market.config import WorldConfig
    from emptor.market.making import new_market
    from emptor.market.reading import read_changes

    world, result = new_market(shop, WorldConfig.of(preset, seed=seed, **read_changes(config)))
    out.print(
        f"{shop}: [bold]{result.products:,} products[/], {result.pictures:,} pictures, "
        f"{count(len(world.users), 'user')}, {len(world.queries):,} queries; world {world.config.hash}"
    )
    out.print(f"Next: [bold]emptor market run {shop} --days 3[/]")


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
