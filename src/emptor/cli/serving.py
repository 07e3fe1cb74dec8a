"""`emptor serve` and `demo`: a shop opened to browsers."""

from __future__ import annotations

import logging
import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from emptor.cli.common import ShopFolder, out

log = logging.getLogger(__name__)


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
    shoppers: Annotated[
        bool | None,
        typer.Option(
            "--shoppers/--no-shoppers",
            help="Let visitors shop as one of the users in the log; by default as shop.toml says.",
        ),
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
        with_shoppers=shoppers,
        painter=painter_of(shop),
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
            painter=painter_of(folder),
            on_ready=_say_open,
        )


class LazyPainter:
    """Draws a simulated market's pictures larger than its shop has them. The world that knows what they show is made
    in a thread of its own once the first is asked for, so that serving starts quickly.

    Args:
        make: makes what draws, see `emptor.market.gallery.Painter`.
    """

    PATIENCE_S = 1.0
    """So long the first pictures wait for the world; a small one is there by then."""

    def __init__(self, make: Callable[[], Callable[[str, int], bytes | None]]) -> None:
        self._make = make
        self._painter: Callable[[str, int], bytes | None] | None = None
        self._lock = threading.Lock()
        self._begun = False
        self._done = threading.Event()

    def __call__(self, product_id: str, size: int) -> bytes | None:
        """A JPEG of size x size pixels; None where there is none, or while the world is being made."""
        with self._lock:
            is_first, self._begun = not self._begun, True
        if is_first:
            threading.Thread(target=self._prepare, name="emptor-painter", daemon=True).start()
            self._done.wait(self.PATIENCE_S)
        painter = self._painter
        return None if painter is None else painter(product_id, size)

    def _prepare(self) -> None:
        try:
            self._painter = self._make()
        except Exception as error:  # the shop is served with the pictures it has
            log.warning("larger pictures cannot be drawn: %s", error)
        finally:
            self._done.set()


def painter_of(shop: Path) -> LazyPainter | None:
    """What draws the larger pictures of a shop that sells in a simulated market; None for any other shop."""
    from emptor.market.store import folder_of, load_config

    if not (folder_of(shop) / "world.json").exists():
        return None

    def make() -> Callable[[str, int], bytes | None]:
        from emptor.market.gallery import Painter
        from emptor.market.world.products import make_products
        from emptor.market.world.world import HORIZON

        config = load_config(shop)
        if config.stock != "invented":  # a real catalogue, whose pictures nobody here could draw
            return lambda product_id, size: None
        return Painter(config, make_products(config, until=HORIZON))

    return LazyPainter(make)


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
