"""What the commands share: the console and the options that several of them take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console()

ShopFolder = Annotated[Path, typer.Argument(metavar="SHOP", help="Folder of the shop.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait while another process writes to the shop.", min=0)]


def count(number: int, noun: str) -> str:
    """`1 update`, `2,000 updates`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
