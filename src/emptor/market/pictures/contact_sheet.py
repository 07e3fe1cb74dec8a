"""A contact sheet: every category of the starter market in several styles, colours and patterns on one page."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.palette import companions
from emptor.market.pictures.draw import Sitter, draw
from emptor.market.streams import stream

_INK = (70, 72, 84)
_MARGIN = 96


def contact_sheet(*, seed: int = 0, columns: int = 6, cell: int = 104, panels: int = 2) -> Image.Image:
    """One row per category in `panels` side by side: the styles in turn, colours and patterns by `seed`."""
    rows = -(-len(CATEGORIES) // panels)
    width = _MARGIN + columns * cell
    sheet = Image.new("RGB", (panels * width, rows * cell), (255, 255, 255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, category in enumerate(CATEGORIES):
        x, y = number // rows * width, number % rows * cell
        pen.text((x + 10, y + cell / 2), category.name, fill=_INK, font=font, anchor="lm")
        for column in range(columns):
            sheet.paste(_sample(category, column, seed, cell), (x + _MARGIN + column * cell, y))
    return sheet


def _sample(category: Category, column: int, seed: int, cell: int) -> Image.Image:
    """The style of a column; every second picture is plain."""
    rng = stream(seed, "contact sheet", (category.key, column))
    color = category.colors[(column * 2 + int(rng.integers(2))) % len(category.colors)]
    sitter = Sitter(
        drawing=category.drawing,
        style=category.styles[column % len(category.styles)],
        color=color,
        second=str(rng.choice(companions(color))),
        pattern=category.patterns[(column + 1) // 2 % len(category.patterns) if column % 2 else 0],
        material=str(rng.choice(category.materials)),
        caption=f"{category.noun.title()} of the Day\nAda Lark",
    )
    return draw(sitter, size=2 * cell, chance=rng).reduce(2)


def write_contact_sheet(path: Path, *, seed: int = 0, columns: int = 6, cell: int = 104) -> None:
    """Write the contact sheet as a PNG (palette of 256 colours, which keeps it small)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet(seed=seed, columns=columns, cell=cell)
    sheet.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
