"""A contact sheet: every category of the starter market in several styles, colours and patterns on one
page.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from emptor.market.starter.knowledge import CATEGORIES
from emptor.market.starter.knowledge.palette import companions
from emptor.market.starter.pictures.draw import Sitter, draw
from emptor.market.starter.streams import stream

_INK = (70, 72, 84)


def contact_sheet(
    *, seed: int = 0, columns: int = 8, cell: int = 128, only: tuple[str, ...] = ()
) -> Image.Image:
    """One row per category (`only`: these drawings): the styles in turn, colours and patterns drawn by
    `seed`.
    """
    chosen = [category for category in CATEGORIES if not only or category.drawing in only]
    margin = 118
    sheet = Image.new("RGB", (margin + columns * cell, len(chosen) * cell), (255, 255, 255))
    draw_text = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for row, category in enumerate(chosen):
        y = row * cell
        draw_text.text((10, y + cell / 2), category.name, fill=_INK, font=font, anchor="lm")
        for column in range(columns):
            rng = stream(seed, "contact sheet", (category.key, column))
            color = category.colors[(column * 2 + int(rng.integers(2))) % len(category.colors)]
            sitter = Sitter(
                drawing=category.drawing,
                style=category.styles[column % len(category.styles)],
                color=color,
                second=str(rng.choice(companions(color))),
                pattern=category.patterns[column // 2 % len(category.patterns) if column % 2 else 0],
                material=str(rng.choice(category.materials)),
                caption=f"{category.noun.title()} of the Day\nA. Writer",
            )
            sheet.paste(draw(sitter, size=2 * cell, chance=rng).reduce(2), (margin + column * cell, y))
    return sheet


def write_contact_sheet(path: Path, *, seed: int = 0, columns: int = 8, cell: int = 128) -> None:
    """Write the contact sheet as a PNG (palette of 256 colours, which keeps it small)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = contact_sheet(seed=seed, columns=columns, cell=cell)
    sheet.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
