"""`emptor serve` and `demo`: a shop opened to browsers."""

from __future__ import annotations

import logging
import shlex
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from emptor.cli.common import ShopFolder, out
from emptor.errors import EmptorError

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
    painter = painter_of(shop)
    run(
        shop,
        host=host,
        port=port,
        with_lab=lab,
        with_shoppers=shoppers,
        painter=painter,
        on_ready=_opened(painter),
    )


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo shop is made.")] = Path("demo-shop"),
    products: Annotated[int, typer.Option(help="Size of the catalogue.", min=500, max=200_000)] = 20_000,
    days: Annotated[int, typer.Option(help="Simulated days in which users shop.", min=0, max=60)] = 3,
    seed: Annotated[int, typer.Option(help="Another seed, another market.", min=0)] = 0,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the shop at the end.")] = True,
    train: Annotated[
        bool, typer.Option("--train/--no-train", help="Train the shop's models: beside the server, or before the end.")
    ] = True,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Make a shop out of nothing: a simulated market whose users have shopped for some days, measured and served.

    While it is served it trains itself: retrieval, pre-ranking, a ranker and a re-ranker from its log, each compared
    with what was there on simulated users it has never seen, and promoted if it loses no orders there and passes the
    gate of shop.toml. /lab/experiments shows how far it is.
    """
    from emptor.demo.making import make_demo

    make_demo(folder, products=products, days=days, seed=seed, console=out)
    train = train and days > 0  # nobody has shopped: there is nothing to learn
    if not serve:
        if train:
            _train_before_the_end(folder)
        out.print(f"Next: [bold]emptor serve {shlex.quote(str(folder))}[/]")
        return
    from emptor.demo.background import Background
    from emptor.serve import serve as run

    training, painter = Background(folder), painter_of(folder)

    def ready(url: str, has_lab: bool) -> None:
        _opened(painter)(url, has_lab)
        if train:
            out.print(f"It trains itself meanwhile: [bold]{url}/lab/experiments[/]")
            training.start()

    _say_warming_up(folder)
    try:
        run(folder, port=port, painter=painter, on_ready=ready)
    finally:
        training.stop()


def demo_training(shop: ShopFolder) -> None:
    """Train a demo shop beside its server: what `emptor demo` starts."""
    from emptor.demo.training import train_demo

    train_demo(shop, in_background=True)


def _train_before_the_end(folder: Path) -> None:
    from emptor.assembly import INITIAL
    from emptor.demo.training import DAYS, train_demo
    from emptor.shop.manifest import read_manifest

    training = train_demo(folder)
    for own in training.stages:
        out.print()
        for step in own.steps:
            if step.state == "waiting":  # it was decided before
                continue
            took = f" ({step.seconds:,.0f} s)" if step.seconds is not None else ""
            more = f" {escape(step.told)}" if step.told else ""
            out.print(f"[bold]{own.called}: {step.name}[/] {step.state}{took}.{more}", soft_wrap=True)
        told = {"promoted": f"{own.cascade} is the default cascade now.", "kept": f"The default stays. {own.why}"}
        out.print(told.get(own.outcome or "", f"[red]It failed:[/] {escape(own.why)}"), soft_wrap=True)
    manifest = read_manifest(folder)
    if manifest is not None and manifest.cascade != "default":
        command = f"emptor market ab {shlex.quote(str(folder))} --a {INITIAL} --b default --held-out --days {DAYS}"
        out.print(f"\nWhat all of them bring together: [bold]{escape(command)}[/]", soft_wrap=True)
    if any(own.outcome == "failed" for own in training.stages):
        raise typer.Exit(1)


class LazyPainter:
    """Draws a simulated market's pictures larger than its shop has them. The world that knows what they show is made
    in a thread of its own, once the shop is open (`begin`) or the first is asked for, so that serving starts quickly.

    Args:
        make: makes what draws, see `emptor.market.gallery.Painter`.
    """

    PATIENCE_S = 2.0
    """So long after the beginning pictures wait for the world; then the small ones are shown until it is there."""

    def __init__(self, make: Callable[[], Callable[[str, int], bytes | None]]) -> None:
        self._make = make
        self._painter: Callable[[str, int], bytes | None] | None = None
        self._lock = threading.Lock()
        self._until: float | None = None
        self._done = threading.Event()

    def begin(self) -> None:
        """Make the world, beside all else, unless that was begun before."""
        with self._lock:
            if self._until is not None:
                return
            self._until = time.monotonic() + self.PATIENCE_S
        threading.Thread(target=self._prepare, name="emptor-painter", daemon=True).start()

    def __call__(self, product_id: str, size: int) -> bytes | None:
        """A JPEG of size x size pixels; None where there is none, or while the world is being made."""
        self.begin()
        assert self._until is not None
        self._done.wait(max(self._until - time.monotonic(), 0))
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
    """What draws the larger pictures of a shop that sells in a simulated market; None for any other shop, and where the
    market has none to draw: a world of a million products takes a minute to make, and a gigabyte.
    """
    from emptor.market.store import folder_of, load_config

    if not (folder_of(shop) / "world.json").exists():
        return None
    with suppress(EmptorError):  # what is wrong with it is told when it is made
        config = load_config(shop)
        if config.stock != "invented" or not config.catalogue.pictures:  # a real one's nobody here could draw
            return None

    def make() -> Callable[[str, int], bytes | None]:
        from emptor.market.gallery import Painter
        from emptor.market.world.products import make_products
        from emptor.market.world.world import HORIZON

        config = load_config(shop)
        return Painter(config, make_products(config, until=HORIZON))

    return LazyPainter(make)


def _opened(painter: LazyPainter | None) -> Callable[[str, bool], None]:
    """What is done once the shop is open."""

    def ready(url: str, has_lab: bool) -> None:
        if painter is not None:  # who opens the shop now sees sharp pictures at once
            painter.begin()
        _say_open(url, has_lab)

    return ready


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
