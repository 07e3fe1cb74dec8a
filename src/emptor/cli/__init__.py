"""The command line: `emptor COMMAND SHOP ...`, each command a thin shell over a function that a notebook can call."""

from __future__ import annotations

import platform
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from emptor.cli import market
from emptor.cli.forgetting import forget
from emptor.cli.importing import export, import_
from emptor.cli.judging import evaluate, promote, rollback
from emptor.cli.keeping import backup, check, gc, publish, rollup, update
from emptor.cli.reproducing import reproduce
from emptor.cli.searching import search
from emptor.cli.serving import demo, demo_training, serve
from emptor.cli.training import train
from emptor.errors import EmptorError

app = typer.Typer(
    name="emptor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("import")(import_)
app.add_typer(market.app, name="market")
for command in (
    export,
    check,
    publish,
    update,
    backup,
    gc,
    rollup,
    forget,
    search,
    evaluate,
    serve,
    train,
    reproduce,
    promote,
    rollback,
    demo,
):
    app.command()(command)
app.command("demo-training", hidden=True)(demo_training)


def _print_version(wanted: bool) -> None:
    if wanted:
        from emptor import __version__
        from emptor.shop.schema import FORMAT_VERSION

        typer.echo(f"emptor {__version__} (shops of format {FORMAT_VERSION}), Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """An open e-commerce search and recommendation system: import a catalogue, search it, serve it, measure it."""


def main() -> None:
    """Run the command line: an EmptorError is one sentence and status 2, Ctrl-C a sentence and status 130."""
    try:
        app(standalone_mode=True)
    except EmptorError as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except OSError as error:  # a full disk, a folder that may not be written, a path through a file
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except SystemExit as end:
        if end.code == 130:  # Typer's way of saying that Ctrl-C was pressed
            Console(stderr=True).print("stopped; what was not published is not in the shop, run the command again")
        raise
