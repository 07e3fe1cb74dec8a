"""`emptor serve` and `demo`: a shop opened to browsers."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

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

    run(
        shop,
        host=host,
        port=port,
        with_lab=lab,
        on_ready=_say_open,
    )


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo shop is made.")] = Path("demo-shop"),
    products: Annotated[int, typer.Option(help="Size of the catalogue.", min=100, max=100_000)] = 3_200,
    seed: Annotated[int, typer.Option(help="Another seed, another catalogue.")] = 0,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the shop at the end.")] = True,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Make a shop out of nothing: a drawn catalogue, imported, judged and served."""
    from emptor.demo import make_demo

    make_demo(folder, products=products, seed=seed, console=out)
    if not serve:
        out.print(f"Next: [bold]emptor serve {shlex.quote(str(folder))}[/]")
    else:
        from emptor.serve import serve as run

        run(
            folder,
            port=port,
            on_ready=_say_open,
        )


def _say_open(url: str, has_lab: bool) -> None:
    lab = f", its lab at [bold]{url}/lab[/]" if has_lab else ""
    out.print(f"The shop is open at [bold]{url}[/]{lab}  (Ctrl-C ends it)")
