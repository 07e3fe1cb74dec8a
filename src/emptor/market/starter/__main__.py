"""`python -m emptor.market.starter`: write the starter market, or its contact sheet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from emptor.errors import EmptorError
from emptor.market.pictures.contact_sheet import write_contact_sheet
from emptor.market.starter.write import write_starter


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to write catalogue, pictures, judgements, events.")
    ] = None,
    products: Annotated[int, typer.Option(help="How many products.")] = 3000,
    seed: Annotated[int, typer.Option(help="Another seed gives another market.")] = 0,
    picture_size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 256,
    contact_sheet: Annotated[Path | None, typer.Option(help="Write a PNG of every category to this file.")] = None,
) -> None:
    """Write the starter market to FOLDER, or a contact sheet of its pictures to a file."""
    if folder is None and contact_sheet is None:
        raise typer.BadParameter("name a folder to write the market to, or a file with --contact-sheet")
    try:
        if contact_sheet is not None:
            write_contact_sheet(contact_sheet, seed=seed)
            typer.echo(contact_sheet)
        if folder is not None:
            files = write_starter(folder, products=products, seed=seed, picture_size=picture_size)
            typer.echo(f"{files.catalogue}\n{files.images}\n{files.judgements}\n{files.events}")
    except EmptorError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    typer.run(main)
