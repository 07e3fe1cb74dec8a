"""Books with a printed cover."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emptor.market.knowledge.palette import COLORS, Rgb, brightness, darker, mixed
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, path, polygon, rounded


def book(canvas: Canvas, look: Look) -> None:
    """Styles: hardcover, paperback. `look.caption` holds the title and, on a second line, the author."""
    pages = (246, 240, 226)
    spine = darker(look.main, 0.3)
    thick = 6 if look.style == "hardcover" else 4
    canvas.fill(polygon((76, 12), (76 + thick, 15), (76 + thick, 91), (76, 90)), pages, edge=0.3)
    for i in range(1, thick):
        canvas.crease(np.array([[76 + i, 14.4 + i * 0.4], [76 + i, 90]]), width=0.6, strength=0.25)
    if look.style == "hardcover":
        canvas.fill(polygon((22, 90), (76, 90), (76 + thick, 93), (28, 93)), spine, edge=0.2)
        canvas.fill(polygon((76, 89), (76 + thick, 92), (76 + thick, 93.4), (76, 91)), spine, edge=0.1)
    look.cover(canvas, polygon((20, 9), (77, 9), (77, 91), (20, 91)), shade="down")
    canvas.fill(polygon((20, 9), (25, 9), (25, 91), (20, 91)), spine, opacity=0.55, edge=0)
    canvas.crease(path("M 26.4 9 L 26.4 91"), width=1.4, strength=0.5, light=True)
    _cover_art(canvas, look)
    title, _, author = look.caption.partition("\n")
    on_label = look.pattern != "plain"
    if on_label:
        canvas.fill(rounded(30, 14, 73, 46, 1), COLORS["cream"], edge=0.15)
    ink = (40, 38, 48) if on_label or brightness(look.main) > 0.5 else (252, 248, 238)
    canvas.lay_picture(_lettering(title, author, ink), rounded(30, 14, 73, 46, 0))


def _cover_art(canvas: Canvas, look: Look) -> None:
    bright = COLORS["yellow"] if look.color not in ("yellow", "mustard") else COLORS["coral"]
    match int(look.chance.integers(5)):
        case 0:
            canvas.fill(ellipse(61, 54, 7), bright, edge=0)
            canvas.fill(path("M 26 91 L 40 58 L 50 74 L 58 62 L 77 91 Z"), look.trim, edge=0.1)
            canvas.fill(path("M 26 91 L 52 70 L 77 84 L 77 91 Z"), darker(look.trim, 0.3), edge=0.1)
        case 1:
            for i, color in enumerate((look.trim, bright, look.pale)):
                canvas.stroke(ellipse(51, 84, 22 - 6.5 * i, start=180, end=360), color, 4, caps=False)
        case 2:
            canvas.fill(path("M 51 84 Q 36 74 40 54 Q 51 60 51 84 Z"), look.trim, edge=0.1)
            canvas.fill(path("M 51 84 Q 66 74 62 54 Q 51 60 51 84 Z"), mixed(look.trim, bright, 0.4), edge=0.1)
            canvas.fill(path("M 51 84 Q 44 66 51 50 Q 58 66 51 84 Z"), bright, edge=0.1)
        case 3:
            for radius, color in ((17, look.trim), (11.5, look.main), (6.5, bright)):
                canvas.fill(ellipse(51, 66, radius), color, edge=0)
        case _:
            for i in range(3):
                canvas.fill(
                    polygon(
                        (32 + 13 * i, 86),
                        (32 + 13 * i, 60 - 6 * (i % 2)),
                        (43 + 13 * i, 60 - 6 * (i % 2)),
                        (43 + 13 * i, 86),
                    ),
                    (look.trim, bright, look.pale)[i],
                    edge=0.1,
                )


def _lettering(title: str, author: str, ink: Rgb) -> Image.Image:
    """The words on a cover as RGBA, clear between the letters: title in up to three lines, author."""
    width, height = 258, 192
    image = Image.new("RGBA", (width, height), (*ink, 0))
    draw = ImageDraw.Draw(image)
    lines: list[str] = []
    for word in title.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and len(joined) <= 12:
            lines[-1] = joined
        else:
            lines.append(word)
    lines = lines[:3]
    size = min(44, int(400 / max(len(line) for line in [*lines, "x"])))
    for i, line in enumerate(lines):
        draw.text((width / 2, 12 + i * (size + 6)), line, fill=(*ink, 255), font=_font(size), anchor="ma")
    draw.text((width / 2, height - 30), author[:20], fill=(*ink, 190), font=_font(20), anchor="ma")
    return image


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
