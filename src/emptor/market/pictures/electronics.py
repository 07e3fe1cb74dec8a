"""Headphones, phones, cameras, laptops, speakers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from emptor.market.knowledge.palette import COLORS, Rgb, brightness, darker, lighter, mixed
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, flipped, mirrored, path, polygon, rounded

_DARK: Rgb = (38, 39, 46)


def headphones(canvas: Canvas, look: Look) -> None:
    """Styles: over-ear, on-ear, earbuds, gaming."""
    if look.style == "earbuds":
        for bud in (path("M 30 18 Q 20 16 18 26 Q 18 35 26 36 L 27 54 Q 30 56 33 54 L 34 30 Q 35 20 30 18 Z"),):
            for part in (bud, flipped(bud)):
                look.cover(canvas, part, shade="ball")
        for x in (19.6, 80.4):
            canvas.fill(ellipse(x, 26, 2.6, 5), _DARK)
        case = rounded(27, 60, 73, 92, 13)
        look.cover(canvas, case, shade="tube")
        canvas.crease(path("M 27 71 L 73 71"), width=1.2, strength=0.5)
        canvas.fill(ellipse(50, 77, 1.3), COLORS["mint"], edge=0.2)
        return
    wide = 4.4 if look.style == "on-ear" else 6
    cushion = darker(look.main, 0.55) if brightness(look.main) > 0.3 else lighter(look.main, 0.16)
    band = path("M 21 60 C 14 -2 86 -2 79 60")
    canvas.tube(band, look.main, wide)
    canvas.stroke(path("M 30 31 C 38 17 62 17 70 31"), cushion, wide * 0.7)
    for x in (21, 79):
        canvas.tube(path(f"M {x} 44 L {x} 58"), COLORS["silver"], 2.6)
    big = 1.0 if look.style != "on-ear" else 0.82
    for x in (22, 78):
        inward = 1 if x < 50 else -1
        canvas.fill(
            rounded(x + inward * 7 - 5, 68 - 15 * big, x + inward * 7 + 5, 68 + 15 * big, 5),
            cushion,
            shade="tube",
        )
        cup = rounded(x - 8, 68 - 17 * big, x + 8, 68 + 17 * big, 8)
        canvas.cast(cup, dx=0.8 * inward)
        look.cover(canvas, cup, shade="round")
        canvas.fill(rounded(x - 4.5, 68 - 11 * big, x + 4.5, 68 + 11 * big, 4.5), look.trim, shade="ball", edge=0.25)
    if look.style == "gaming":
        canvas.tube(path("M 20 82 Q 24 95 44 91"), _DARK, 2)
        canvas.fill(ellipse(46, 90.6, 4.4, 2.8), _DARK, shade="ball")


def _wallpaper(look: Look, *, wide: float) -> Image.Image:
    """A square picture for a screen `wide` times as wide as high: an evening sky, two ridges, a round sun."""
    size = 96
    top, low = np.array(mixed(look.trim, COLORS["navy"], 0.45)), np.array(lighter(COLORS["coral"], 0.25))
    if look.chance.random() < 0.5:
        low = np.array(lighter(COLORS["turquoise"], 0.2))
    t = np.linspace(0, 1, size)[:, None, None]
    sky = np.broadcast_to(top * (1 - t) + low * t, (size, size, 3)).copy()
    x = np.arange(size)
    y = np.arange(size)[:, None]
    for level, color in (
        (62, mixed(look.main, COLORS["purple"], 0.5)),
        (76, mixed(look.main, COLORS["navy"], 0.7)),
    ):
        ridge = level + 8 * np.sin(x / (9 + level / 9) + float(look.chance.uniform(0, 6))) + 3 * np.sin(x / 5)
        sky[y > ridge] = color
    cx, cy, r = look.chance.uniform([20, 18, 6], [76, 36, 12])
    sky[((x - cx) * wide) ** 2 + (y - cy) ** 2 < r**2] = (255, 240, 206)
    return Image.fromarray(sky.astype(np.uint8))


def phone(canvas: Canvas, look: Look) -> None:
    """Styles: smartphone, foldable, rugged."""
    metal = darker(look.main, 0.18)
    if look.style == "foldable":
        for x0, x1 in ((13, 50), (50, 87)):
            canvas.fill(rounded(x0, 16, x1, 86, 5), metal, shade="round")
        canvas.fill(rounded(14.6, 18, 85.4, 84, 4), _DARK, edge=0)
        canvas.lay_picture(_wallpaper(look, wide=1.1), rounded(16, 19.4, 84, 82.6, 3))
        canvas.crease(path("M 50 19 L 50 83"), width=5, strength=0.3)
        canvas.fill(rounded(47.6, 15, 52.4, 19, 1), metal, edge=0.3)
        canvas.fill(path("M 16 19.4 L 44 19.4 L 24 82.6 L 16 82.6 Z"), (255, 255, 255), opacity=0.08, edge=0)
        return
    radius = 7 if look.style == "smartphone" else 4
    look.cover(canvas, rounded(42, 9, 82, 88, radius), shade="glass")
    block = rounded(62.5, 12, 79, 33, 5)
    canvas.cast(block, dx=0.4, dy=0.6)
    canvas.fill(block, lighter(look.main, 0.12), shade="down", edge=0.3)
    for x, y in ((67, 17.6), (67, 27.4), (74.4, 22.5)):
        canvas.fill(ellipse(x, y, 3.5), _DARK, shade="ball")
        canvas.fill(ellipse(x, y, 1.6), (70, 84, 120), shade="ball", edge=0)
    if look.style == "rugged":
        canvas.fill(rounded(79, 40, 83.4, 60, 2), _DARK, shade="round")
    canvas.cast(rounded(18, 12, 58, 92, radius), dx=1.6, dy=0.6, strength=0.4)
    canvas.fill(
        rounded(18, 12, 58, 92, radius),
        metal,
        shade="metal" if look.material == "metal" else "round",
        edge=0.35,
    )
    canvas.fill(rounded(19.2, 13.2, 56.8, 90.8, radius - 1), _DARK, edge=0)
    if look.style == "rugged":
        for x in (16.4, 59.6):
            for y in (11, 79):
                canvas.fill(rounded(x - 2.4, y, x + 2.4, y + 14, 2.2), look.main, shade="round", edge=0.35)
    canvas.lay_picture(_wallpaper(look, wide=0.5), rounded(20.6, 14.8, 55.4, 89.2, radius - 2))
    canvas.fill(rounded(34, 17, 42, 19.6, 1.3), (16, 16, 20), edge=0)
    for i in range(4):
        canvas.fill(rounded(22.6 + 8.2 * i, 80, 28.8 + 8.2 * i, 86.2, 1.8), (255, 255, 255), opacity=0.72, edge=0)
    for y in (28, 31.4):
        canvas.stroke(
            path(f"M {31 if y < 30 else 34} {y} L {45 if y < 30 else 42} {y}"),
            (255, 255, 255),
            1.6,
            opacity=0.85,
        )


def camera(canvas: Canvas, look: Look) -> None:
    """Styles: mirrorless, dslr, instant, compact."""
    if look.style == "instant":
        canvas.fill(rounded(34, 70, 66, 93, 1), COLORS["white"], edge=0.2)
        canvas.lay_picture(_wallpaper(look, wide=1.4), rounded(37, 70, 63, 88, 0.5))
        look.cover(canvas, mirrored("M 50 16 L 26 16 Q 16 18 15 32 L 12 68 Q 12 77 22 77 L 50 77"), shade="cloth")
        canvas.fill(rounded(20, 70, 80, 74, 2), _DARK)
        canvas.fill(rounded(64, 22, 78, 33, 2.5), (230, 236, 240), shade="glass")
        canvas.fill(rounded(40, 21, 54, 30, 2), _DARK, shade="glass")
        for i, color in enumerate(("red", "orange", "yellow", "green", "blue")):
            canvas.fill(
                polygon(
                    (47 + i * 1.4 - 2, 62),
                    (48.4 + i * 1.4 - 2, 62),
                    (48.4 + i * 1.4 - 2, 70),
                    (47 + i * 1.4 - 2, 70),
                ),
                COLORS[color],
                edge=0,
            )
        canvas.fill(ellipse(25, 27, 4), COLORS["coral"], shade="ball")
        centre, radius = (50, 48), 16.0
    else:
        if look.style == "dslr":
            canvas.fill(mirrored("M 50 17 L 41 17 L 36 31 L 50 31"), darker(look.main, 0.1), shade="down")
            canvas.fill(rounded(41.5, 13, 58.5, 18, 1), _DARK)
        elif look.style == "mirrorless":
            canvas.fill(mirrored("M 50 22 L 40 22 L 37 31 L 50 31"), COLORS["silver"], shade="metal")
        top = COLORS["silver"] if look.style != "dslr" else look.main
        canvas.fill(rounded(70, 22, 81, 32, 2), darker(top, 0.2), shade="metal")
        canvas.fill(rounded(17, 24, 27, 32, 2), darker(top, 0.3), shade="metal")
        canvas.fill(rounded(10, 29, 90, 78, 7), top, shade="down")
        look.cover(canvas, rounded(10, 39, 90, 71 if look.style != "dslr" else 78, 3), shade="cloth")
        if look.style == "dslr":
            canvas.fill(
                path("M 10 36 Q 10 29 17 29 L 25 29 Q 28 50 25 78 L 17 78 Q 10 78 10 72 Z"),
                darker(look.main, 0.25),
                shade="round",
            )
        canvas.fill(rounded(72, 32.4, 84, 37, 1.4), (236, 236, 226), shade="glass")
        canvas.fill(ellipse(31, 35, 1.6), COLORS["red"], edge=0.2)
        centre, radius = (51, 55), 20.0 if look.style != "compact" else 15.0
    _lens(canvas, *centre, radius)


def _lens(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.cast(ellipse(x, y, radius), dx=1, dy=2, strength=0.4)
    for part, color, surface in (
        (1.0, COLORS["silver"], "metal"),
        (0.92, (50, 51, 58), "ball"),
        (0.74, (24, 24, 30), None),
        (0.6, (44, 50, 84), "ball"),
        (0.34, (20, 20, 40), None),
    ):
        canvas.fill(ellipse(x, y, radius * part), color, shade=surface, edge=0.25)
    canvas.fill(ellipse(x - radius * 0.22, y - radius * 0.24, radius * 0.16), (214, 224, 255), opacity=0.85, edge=0)
    canvas.fill(ellipse(x + radius * 0.2, y + radius * 0.24, radius * 0.08), (190, 150, 230), opacity=0.6, edge=0)


def laptop(canvas: Canvas, look: Look) -> None:
    """Styles: ultrabook, gaming, convertible, chromebook."""
    look.cover(canvas, rounded(18, 17, 82, 66, 3.5), shade="down")
    canvas.fill(rounded(19.4, 18.4, 80.6, 65, 2.6), _DARK, edge=0)
    canvas.lay_picture(_wallpaper(look, wide=1.37), rounded(21.4, 20.6, 78.6, 62.4, 1))
    if look.style == "chromebook":
        for turn, color in enumerate(("red", "yellow", "green", "blue")):
            wedge = ellipse(50, 40, 9, start=90 * turn - 45, end=90 * turn + 45)
            canvas.fill(np.concatenate([[[50.0, 40.0]], wedge]), COLORS[color], edge=0)
        canvas.fill(ellipse(50, 40, 3.8), COLORS["white"], edge=0)
    elif look.style == "convertible":
        canvas.fill(ellipse(50, 41, 6.5), COLORS["coral"], edge=0)
        canvas.stroke(path("M 30 50 Q 38 26 48 38 Q 58 52 68 32"), COLORS["white"], 1.6)
        canvas.tube(path("M 66 34 L 86 12"), COLORS["silver"], 2.4)
    else:
        canvas.fill(rounded(27, 57.4, 73, 61, 1.6), (255, 255, 255), opacity=0.4, edge=0)
        for i in range(7):
            dot = (COLORS["coral"], COLORS["mint"], COLORS["yellow"])[i % 3]
            canvas.fill(ellipse(32 + i * 6, 59.2, 1.2), dot, edge=0)
    canvas.fill(path("M 21.4 20.6 L 46 20.6 L 30 62.4 L 21.4 62.4 Z"), (255, 255, 255), opacity=0.08, edge=0)
    deck = polygon((18, 66), (82, 66), (92, 81), (8, 81))
    look.cover(canvas, deck, shade="down")
    keys = {"gaming": (34, 32, 44), "chromebook": (214, 218, 224)}.get(look.style, (56, 58, 66))
    canvas.fill(polygon((20.5, 67.4), (79.5, 67.4), (84, 74.4), (16, 74.4)), keys, edge=0.1)
    for row in range(3):
        y = 68.7 + row * 2.1
        spread = 29 + row * 1.5
        for i in range(14):
            x = 50 - spread + (i + 0.5) * spread / 7
            ink = lighter(keys, 0.22)
            if look.style == "gaming":
                ink = mixed(COLORS["turquoise"], COLORS["purple"], i / 13)
            canvas.fill(
                polygon((x - 1.5, y - 0.7), (x + 1.5, y - 0.7), (x + 1.6, y + 0.7), (x - 1.6, y + 0.7)),
                ink,
                edge=0,
            )
    canvas.fill(polygon((40, 75.4), (60, 75.4), (61, 80), (39, 80)), darker(look.main, 0.1), edge=0.3)
    canvas.fill(path("M 8 81 L 92 81 Q 92 84.4 87 84.6 L 13 84.6 Q 8 84.4 8 81 Z"), darker(look.main, 0.22), edge=0.2)


def speaker(canvas: Canvas, look: Look) -> None:
    """Styles: portable, bookshelf, smart, party."""
    if look.style == "bookshelf":
        look.cover(canvas, rounded(29, 8, 71, 92, 3), shade="cloth")
        for y, r in ((29, 9.5), (64, 16)):
            _cone(canvas, 50, y, r)
        return
    if look.style == "smart":
        look.cover(canvas, mirrored("M 50 22 Q 26 22 22 46 Q 18 76 34 88 L 50 90"), shade="ball")
        _mesh(canvas, (28, 44, 72, 84), 3.4)
        canvas.fill(ellipse(50, 31, 18, 7), darker(look.main, 0.35), edge=0.3)
        canvas.stroke(ellipse(50, 31, 16, 6), COLORS["turquoise"], 1.4, closed=True)
        return
    if look.style == "party":
        look.cover(canvas, mirrored("M 50 8 L 34 8 Q 29 8 28 14 L 25 86 Q 25 92 31 92 L 50 92"), shade="cloth")
        canvas.fill(rounded(40, 5, 60, 10, 2), _DARK)
        for y in (32, 68):
            canvas.fill(
                ellipse(50, y, 18.5),
                mixed(COLORS["turquoise"], COLORS["purple"], 0 if y < 50 else 1),
                edge=0.1,
            )
            _cone(canvas, 50, y, 16.6)
        return
    canvas.tube(path("M 18 40 Q 10 28 22 26"), look.trim, 2.4)
    look.cover(canvas, rounded(12, 34, 88, 74, 18), shade="tube")
    _mesh(canvas, (22, 40, 78, 70), 3.2)
    for x in (15.6, 84.4):
        canvas.fill(ellipse(x, 54, 4.2, 15.5), _DARK, shade="ball")
        canvas.fill(ellipse(x, 54, 2.2, 9), lighter(_DARK, 0.25), edge=0.3)
    canvas.fill(rounded(40, 48, 60, 60, 2), look.trim, edge=0.2)
    canvas.stroke(path("M 45 54 L 55 54"), look.ink, 1.6)


def _mesh(canvas: Canvas, box: tuple[float, float, float, float], step: float) -> None:
    x0, y0, x1, y1 = box
    for y in np.arange(y0, y1, step):
        for x in np.arange(x0, x1, step):
            canvas.crease(np.array([[x, y], [x + 0.9, y]]), width=1.1, strength=0.42)


def _cone(canvas: Canvas, x: float, y: float, radius: float) -> None:
    for part, color, surface in (
        (1.0, COLORS["silver"], "metal"),
        (0.9, _DARK, "ball"),
        (0.7, (62, 64, 72), "ball"),
        (0.3, _DARK, "ball"),
    ):
        canvas.fill(ellipse(x, y, radius * part), color, shade=surface, edge=0.3)
