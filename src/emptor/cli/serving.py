"""`emptor serve` and `demo`: a shop opened to browsers."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from emptor.cli.common import ShopFolder, out


def serve(
    shop: ShopFolder,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other than loopback opens the shop to the network.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    lab: Annotated[
        bool | None,
        typer.Option("--lab/--no-lab", help="The lab at /lab, where rules are edited; by default on loopback only."),
    ] = None,
) -> None:
    """Serve the shop: its pages, the lab and the HTTP API."""
    from emptor.serve import serve as run

    _say_warming_up(shop)
    run(
        shop,
        host=host,
        port=port,
        with_lab=lab,
        on_ready=_say_open,
    )


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo shop is made.")] = Path("demo-shop"),
    products: Annotated[int, typer.Option(help="Size of the catalogue.", min=500, max=200_000)] = 20_000,
    days: Annotated[int, typer.Option(help="Simulated days in which users shop.", min=0, max=60)] = 3,
    seed: Annotated[int, typer.Option(help="Another seed, another market.", min=0)] = 0,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the shop at the end.")] = True,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Make a shop out of nothing: a simulated market whose users have shopped for some days, measured and served."""
    from emptor.demo import make_demo

    make_demo(folder, products=products, days=days, seed=seed, console=out)
    if not serve:
        out.print(f"Next: [bold]emptor serve {shlex.quote(str(folder))}[/]")
    else:
        from emptor.serve import serve as run

        _say_warming_up(folder)
        run(
            folder,
            port=port,
            on_ready=_say_open,
        )


def _say_open(url: str, has_lab: bool) -> None:
    # each address ends its line: terminals take a mark that follows for a part of the link
    out.print(f"The shop is open at [bold]{url}[/]")
    if has_lab:
        out.print(f"Its lab is at [bold]{url}/lab[/]")
    out.print("Ctrl-C ends it.")


def _say_warming_up(shop: Path) -> None:
    """A big shop takes its time; silence would look like an error. Nothing is said of a shop that is not there."""
    if (shop / "shop.toml").is_file():
        out.print(f"Opening {escape(str(shop))} and warming up ...")
