"""A contact sheet: every category in several styles, colours and patterns on one page, with hidden looks if asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.palette import companions
from emptor.market.pictures.draw import Sitter, draw
from emptor.market.pictures.hidden_style import DIMENSIONS
from emptor.market.streams import stream

_INK = (70, 72, 84)
_MARGIN = 96


def contact_sheet(
    *, seed: int = 0, columns: int = 6, cell: int = 104, panels: int = 2, looks: bool = False
) -> Image.Image:
    """One row per category in `panels` side by side: the styles in turn, colours and patterns by `seed`.

    `looks`: each product twice, first as it is drawn without a hidden look, then with one.
    """
    rows = -(-len(CATEGORIES) // panels)
    width = _MARGIN + columns * cell
    sheet = Image.new("RGB", (panels * width, rows * cell), (255, 255, 255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(min(14, cell // 5))
    for number, category in enumerate(CATEGORIES):
        x, y = number // rows * width, number % rows * cell
        pen.text((x + 10, y + cell / 2), category.name.replace(" ", "\n"), fill=_INK, font=font, anchor="lm")
        for column in range(columns):
            picture = _sample(category, column // 2, seed, cell, look=column % 2 == 1) if looks else None
            sheet.paste(picture or _sample(category, column, seed, cell), (x + _MARGIN + column * cell, y))
    return sheet


def _sample(category: Category, number: int, seed: int, cell: int, *, look: bool = False) -> Image.Image:
    """The style of a number; every second picture is plain."""
    rng = stream(seed, "contact sheet", (category.key, number))
    color = category.colors[(number * 2 + int(rng.integers(2))) % len(category.colors)]
    sitter = Sitter(
        drawing=category.drawing,
        style=category.styles[number % len(category.styles)],
        color=color,
        second=str(rng.choice(companions(color))),
        pattern=category.patterns[(number + 1) // 2 % len(category.patterns) if number % 2 else 0],
        material=str(rng.choice(category.materials)),
        caption=f"{category.noun.title()} of the Day\nAda Lark",
    )
    if look:
        hidden = stream(seed, "contact sheet look", (category.key, number)).standard_normal(DIMENSIONS)
        sitter = replace(sitter, look=tuple(hidden.tolist()))
    return draw(sitter, size=2 * cell, chance=rng).reduce(2)


def write_contact_sheet(
    path: Path, *, seed: int = 0, columns: int = 6, cell: int = 104, looks: bool = False, inks: int = 256
) -> None:
    """Write the contact sheet as a PNG with a palette of `inks` colours, which keeps it small."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet(seed=seed, columns=columns, cell=cell, looks=looks)
    sheet.quantize(inks, dither=Image.Dither.NONE).save(path, optimize=True)
