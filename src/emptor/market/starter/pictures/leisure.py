"""Tents, balls, dumbbells, plush animals, toy cars and books."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from emptor.market.starter.knowledge.palette import COLORS, Rgb, brightness, darker, lighter, mixed
from emptor.market.starter.pictures.canvas import Canvas
from emptor.market.starter.pictures.look import Look
from emptor.market.starter.pictures.shapes import (
    ellipse,
    flipped,
    mirrored,
    moved,
    path,
    polygon,
    regular,
    rounded,
)

_DARK: Rgb = (44, 44, 52)


def tent(canvas: Canvas, look: Look) -> None:
    """Styles: dome, ridge, tunnel, tipi."""
    inside = darker(look.main, 0.62)
    for x in (4, 96):
        canvas.stroke(path(f"M {x} 84 L {50 + (x - 50) * 0.5} 46"), COLORS["cream"], 0.7)
    if look.style == "ridge":
        canvas.fill(polygon((50, 24), (78, 20), (96, 76), (86, 84)), darker(look.main, 0.28), edge=0.25)
        look.cover(canvas, polygon((50, 24), (86, 84), (12, 84)), shade="down")
        canvas.fill(polygon((50, 26), (60, 84), (38, 84)), inside, edge=0.3)
        look.cover(canvas, path("M 50 26 Q 40 50 37 84 L 28 84 Q 38 56 50 26 Z"), shade="down")
        canvas.tube(path("M 50 20 L 50 84"), COLORS["silver"], 1.2)
    elif look.style == "tunnel":
        look.cover(canvas, path("M 8 84 Q 8 40 34 36 L 78 34 Q 94 42 94 84 Z"), shade="down")
        for x in (56, 74):
            canvas.crease(path(f"M {x} 35 Q {x + 12} 50 {x + 12} 84"), width=1.8, strength=0.45)
        canvas.fill(path("M 8 84 Q 8 36 33 36 Q 57 36 58 84 Z"), look.trim, shade="down")
        canvas.fill(path("M 18 84 Q 20 46 34 46 Q 47 46 49 84 Z"), inside, edge=0.3)
        canvas.fill(rounded(70, 52, 84, 64, 3), lighter(look.main, 0.65), edge=0.25)
    elif look.style == "tipi":
        for a, b in ((46, 56), (54, 44), (50, 51)):
            canvas.stroke(path(f"M {a} 22 L {b} 6"), COLORS["tan"], 1.6)
        look.cover(canvas, path("M 50 15 L 84 86 Q 50 92 16 86 Z"), shade="round")
        canvas.fill(path("M 50 34 L 62 88 Q 50 90 38 88 Z"), inside, edge=0.3)
        look.cover(canvas, path("M 50 34 L 38 88 L 30 87.6 Q 44 66 50 34 Z"), shade="down")
        canvas.fill(polygon((50, 15), (56, 27.5), (44, 27.5)), look.trim, edge=0.2)
    else:
        look.cover(canvas, path("M 6 84 Q 14 32 50 27 Q 86 32 94 84 Z"), shade="ball")
        fly = path("M 50 27 Q 24 42 20 84 L 34 84 Q 36 50 50 27 Z")
        canvas.fill(fly, look.trim, shade="down")
        canvas.fill(path("M 50 27 Q 76 42 80 84 L 68 84 Q 66 50 50 27 Z"), look.trim, shade="down")
        canvas.fill(path("M 34 84 Q 37 52 51 48 Q 64 52 67 84 Z"), inside, edge=0.3)
        look.cover(canvas, path("M 51 48 Q 42 62 46 84 L 34 84 Q 37 52 51 48 Z"), shade="down")
    canvas.stroke(path("M 6 84.6 L 94 84.6"), darker(look.main, 0.5), 1.3)


def ball(canvas: Canvas, look: Look) -> None:
    """Styles: football, basketball, volleyball, tennis, rugby, beach."""
    round_ = ellipse(50, 50, 36)
    line = _DARK if brightness(look.main) > 0.28 else lighter(look.main, 0.75)
    if look.style == "rugby":
        look.cover(
            canvas, path("M 8 62 Q 22 22 62 24 Q 86 26 92 38 Q 82 78 42 78 Q 14 76 8 62 Z"), shade="ball"
        )
        canvas.fill(path("M 8 62 Q 13 48 22 40 Q 30 54 28 76 Q 12 72 8 62 Z"), look.trim, shade="ball")
        canvas.fill(path("M 92 38 Q 87 54 78 63 Q 68 46 72 25.6 Q 88 29 92 38 Z"), look.trim, shade="ball")
        canvas.stroke(path("M 36 54 Q 50 44 64 46"), COLORS["white"], 1.6)
        for x, y in ((40, 52), (46, 49.4), (52, 47.4), (58, 46.6)):
            canvas.stroke(path(f"M {x - 1} {y - 4} L {x + 1} {y + 4}"), COLORS["white"], 1.4)
        return
    look.cover(canvas, round_, shade=None)
    if look.style == "football":
        spots = [(50, 50, 11.5, 1.0, 0)]
        for i in range(5):
            a = np.radians(-90 + 36 + 72 * i)
            spots.append((50 + 31 * np.cos(a), 50 + 31 * np.sin(a), 10.5, 0.55, -54 + 72 * i))
        for i in range(5):
            a, b = np.radians(-90 + 72 * i), np.radians(-90 + 72 * i)
            canvas.crease(
                np.array(
                    [[50 + 11 * np.cos(a), 50 + 11 * np.sin(a)], [50 + 24 * np.cos(b), 50 + 24 * np.sin(b)]]
                ),
                width=1.4,
                strength=0.7,
            )
            for turn in (-36, 36):
                c = np.radians(-90 + 72 * i + turn * 0.62)
                canvas.crease(
                    np.array(
                        [
                            [50 + 24 * np.cos(b), 50 + 24 * np.sin(b)],
                            [50 + 30 * np.cos(c), 50 + 30 * np.sin(c)],
                        ]
                    ),
                    width=1.4,
                    strength=0.7,
                )
        for x, y, r, squash, turn in spots:
            spot = regular(0, 0, r, 5, turn=-90 if squash == 1 else 180)
            angle = np.radians(turn)
            spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            canvas.fill(moved((spot * [squash, 1]) @ spin, x, y), line, edge=0.1)
        canvas.crop(round_)
    elif look.style == "basketball":
        for d in (
            "M 14 50 L 86 50",
            "M 50 14 L 50 86",
            "M 24.5 24.5 Q 46 50 24.5 75.5",
            "M 75.5 24.5 Q 54 50 75.5 75.5",
        ):
            canvas.stroke(path(d), line, 1.7, caps=False)
    elif look.style == "volleyball":
        for turn in (0, 120, 240):
            a = np.radians(turn)
            spin = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
            panel = (path("M 50 50 Q 62 40 60 15.6 Q 78 20 85 42 Q 70 56 50 50 Z") - 50) @ spin + 50
            canvas.fill(panel, look.trim, edge=0.3)
            for d in ("M 50 50 Q 66 44 68 18", "M 50 50 Q 70 50 78 27", "M 50 50 Q 40 30 50 14"):
                canvas.crease((path(d) - 50) @ spin + 50, width=1.2, strength=0.5)
    elif look.style == "tennis":
        for d in ("M 22 28 Q 50 44 26 77", "M 78 23 Q 52 46 76 74"):
            canvas.stroke(path(d), COLORS["white"], 3, caps=False)
    else:
        for i in range(6):
            if i % 2 == 0:
                arc = ellipse(50, 50, 36, start=60 * i - 20, end=60 * i + 40)
                canvas.fill(
                    np.concatenate([[[44, 40]], arc]), look.trim if i % 4 else COLORS["yellow"], edge=0.15
                )
        canvas.fill(ellipse(44, 40, 4), COLORS["white"], edge=0.2)
    canvas.relight(round_, "ball")


def dumbbell(canvas: Canvas, look: Look) -> None:
    """Styles: hex, round, kettlebell, adjustable."""
    if look.style == "kettlebell":
        canvas.tube(path("M 34 52 C 22 8 78 8 66 52"), darker(look.main, 0.2), 9)
        look.cover(canvas, ellipse(50, 65, 27, 26), shade="ball")
        canvas.fill(rounded(32, 86, 68, 92, 2), look.dark)
        canvas.fill(ellipse(50, 65, 11), look.ink, opacity=0.9, edge=0.1)
        canvas.fill(ellipse(50, 65, 8.6), look.main, edge=0)
        return
    canvas.fill(rounded(28, 45.5, 72, 54.5, 3), COLORS["silver"], shade="tube")
    for x in range(36, 66, 2):
        canvas.crease(path(f"M {x} 46 L {x + 1.5} 54"), width=0.7, strength=0.4)
    for sign in (-1, 1):

        def block(near: float, far: float, high: float, radius: float, sign: int = sign) -> np.ndarray:
            a, b = sorted((50 + sign * near, 50 + sign * far))
            return rounded(a, 50 - high, b, 50 + high, radius)

        if look.style == "hex":
            a, b = 50 + sign * 20, 50 + sign * 43
            x0, x1 = min(a, b), max(a, b)
            head = polygon(
                (x0 + 4, 28), (x1 - 4, 28), (x1, 40), (x1, 60), (x1 - 4, 72), (x0 + 4, 72), (x0, 60), (x0, 40)
            )
            look.cover(canvas, head, shade="tube")
            for y in (40, 60):
                canvas.crease(path(f"M {x0} {y} L {x1} {y}"), width=1, strength=0.4, light=y == 40)
            canvas.fill(ellipse((x0 + x1) / 2, 50, 5.4), look.ink, opacity=0.85, edge=0)
            canvas.fill(ellipse((x0 + x1) / 2, 50, 4), look.main, edge=0)
        elif look.style == "round":
            look.cover(canvas, block(20, 38, 22, 6), shade="tube")
            canvas.fill(block(38, 43, 15, 3), COLORS["silver"], shade="tube")
            canvas.fill(block(17, 21, 15, 2), COLORS["silver"], shade="tube")
        else:
            for near, far, high in ((20, 26, 27), (26.6, 32, 24), (32.6, 37.5, 20), (38, 42, 15)):
                look.cover(canvas, block(near, far, high, 2), shade="tube")
            canvas.fill(block(42, 46, 6, 1.5), look.trim, shade="tube")


def plush(canvas: Canvas, look: Look) -> None:
    """Styles: bear, bunny, cat, elephant, penguin."""
    belly = (
        lighter(look.main, 0.55) if brightness(look.main) < 0.8 else mixed(look.main, COLORS["beige"], 0.5)
    )
    inner = COLORS["pink"] if look.color not in ("pink", "red", "coral") else COLORS["cream"]
    fur = darker(look.main, 0.04)

    def pair(points: np.ndarray, color: Rgb | None = None) -> None:
        for part in (points, flipped(points)):
            if color is None:
                look.cover(canvas, part, shade="ball")
            else:
                canvas.fill(part, color, shade="ball", edge=0.1)

    if look.style == "bunny":
        pair(path("M 42 30 Q 28 18 33 4 Q 40 -1 45 10 Q 48 20 47 30 Z"))
        pair(path("M 42 26 Q 35 16 37 8 Q 41 6 43 14 Q 45 20 44.5 26 Z"), inner)
    elif look.style == "cat":
        pair(path("M 28 32 L 27 11 Q 36 13 44 23 Z"))
        pair(path("M 31 26 L 30.5 16 Q 35 17 39 22 Z"), inner)
        canvas.tube(path("M 66 84 Q 90 82 84 60"), fur, 5.6)
    elif look.style == "bear":
        pair(ellipse(30, 19, 8.6))
        pair(ellipse(30, 19, 5), inner)
    elif look.style == "elephant":
        pair(path("M 34 24 Q 10 16 9 38 Q 12 54 32 48 Z"))
        pair(path("M 31 29 Q 16 22 14.6 38 Q 18 48 31 44 Z"), inner)
    pair(path("M 33 58 Q 18 60 17 74 Q 20 81 27 77 Q 32 70 37 66 Z"))
    look.cover(canvas, mirrored("M 50 50 Q 30 52 29 74 Q 30 91 50 92"), shade="ball")
    canvas.fill(ellipse(50, 74, 13.5, 14.5), belly, shade="ball", edge=0.08)
    feet = COLORS["orange"] if look.style == "penguin" else None
    pair(ellipse(35, 88, 10, 6.6), feet)
    if look.style != "penguin":
        pair(ellipse(34, 88.6, 5, 3.6), belly)
    head = ellipse(50, 36, 24, 20.5)
    canvas.cast(head, dx=0, dy=1.6)
    look.cover(canvas, head, shade="ball")
    if look.style == "penguin":
        canvas.fill(
            mirrored("M 50 30 Q 44 22 37 27 Q 30 40 40 50 Q 45 53 50 53"),
            COLORS["white"],
            shade="ball",
            edge=0.08,
        )
        canvas.fill(polygon((45.5, 40), (54.5, 40), (50, 46.5)), COLORS["orange"], edge=0.2)
    elif look.style == "elephant":
        canvas.fill(
            path("M 44 38 Q 43 56 36 58 Q 35 63 41 63.6 Q 53 62 56 38 Z"),
            mixed(fur, look.main, 0.5),
            shade="round",
        )
        for y in (46, 51, 56):
            canvas.crease(
                path(f"M {45 - (y - 46) * 0.3} {y} L {53.4 - (y - 46) * 0.4} {y + 0.6}"),
                width=1,
                strength=0.3,
            )
    else:
        canvas.fill(ellipse(50, 43.5, 9.5, 7.2), belly, shade="ball", edge=0.08)
        nose = (
            ellipse(50, 40, 3, 2.1) if look.style == "bear" else polygon((47.6, 39.2), (52.4, 39.2), (50, 42))
        )
        canvas.fill(nose, _DARK if look.style == "bear" else inner, edge=0.2)
        canvas.stroke(path("M 45.6 45 Q 48 48 50 44.6 Q 52 48 54.4 45"), _DARK, 0.9)
    if look.style == "cat":
        for dy in (0, 3):
            for side in (1, -1):
                canvas.stroke(
                    path(f"M {50 + side * 10} {43 + dy} L {50 + side * 20} {42 + dy * 1.6}"), _DARK, 0.5
                )
    eye = _DARK if brightness(look.main) > 0.25 or look.style == "penguin" else (250, 246, 236)
    for x in (41, 59):
        canvas.fill(ellipse(x, 34.5, 2.5, 2.9), eye, edge=0)
        canvas.fill(ellipse(x - 0.8, 33.5, 0.9), (255, 255, 255) if eye == _DARK else _DARK, edge=0)
    for x in (35, 65):
        canvas.fill(ellipse(x, 41.5, 3.4, 2.2), COLORS["pink"], opacity=0.5, edge=0)
    if look.style in ("bear", "bunny"):
        canvas.fill(mirrored("M 50 56 L 40 51.5 Q 37 57 40 62 L 50 58"), look.trim, shade="down")
        canvas.fill(ellipse(50, 57, 2.5), darker(look.trim, 0.2), edge=0.2)


def toy_car(canvas: Canvas, look: Look) -> None:
    """Styles: racer, beetle, truck, bus, fire engine."""
    glass = (188, 220, 236)
    wheels = (27, 73)
    if look.style == "bus":
        look.cover(
            canvas,
            path("M 8 34 Q 8 28 14 28 L 84 28 Q 91 28 92 36 L 93 72 Q 93 75 90 75 L 11 75 Q 8 75 8 72 Z"),
            shade="down",
        )
        for x in (14, 30, 46, 62):
            canvas.fill(rounded(x, 35, x + 13, 50, 2), glass, shade="glass")
        canvas.fill(path("M 79 35 L 87 35 Q 89 36 89.6 50 L 79 50 Z"), glass, shade="glass")
        canvas.fill(polygon((8, 56), (92.6, 56), (92.8, 60), (8, 60)), look.trim, edge=0.1)
    elif look.style in ("truck", "fire engine"):
        if look.style == "truck":
            canvas.fill(rounded(6, 28, 58, 68, 2.5), look.trim, shade="down")
            for x in (18, 32, 46):
                canvas.crease(path(f"M {x} 30 L {x} 66"), width=1.2, strength=0.3)
        else:
            look.cover(canvas, rounded(6, 40, 60, 74, 3), shade="down")
            canvas.tube(path("M 8 36 L 74 28"), COLORS["silver"], 1.8)
            canvas.tube(path("M 8 31 L 74 23"), COLORS["silver"], 1.8)
            for i in range(9):
                canvas.stroke(
                    path(f"M {11 + 7.4 * i} {35.6 - 0.9 * i} L {11 + 7.4 * i} {30.6 - 0.9 * i}"),
                    COLORS["silver"],
                    1.1,
                )
            for x in (12, 28, 44):
                canvas.fill(rounded(x, 48, x + 12, 62, 1.5), lighter(look.main, 0.5), edge=0.3)
        look.cover(
            canvas,
            path("M 60 74 L 60 36 Q 60 33 64 33 L 78 33 Q 82 33 84 38 L 89 52 Q 94 54 94 60 L 94 74 Z"),
            shade="down",
        )
        canvas.fill(path("M 68 38 L 77 38 Q 79 38 80.4 42 L 83.6 51 L 68 51 Z"), glass, shade="glass")
        canvas.fill(rounded(6, 68, 94, 76, 2), _DARK)
        if look.style == "fire engine":
            canvas.fill(rounded(68, 28, 76, 33, 2), COLORS["blue"], shade="ball")
        wheels = (24, 76)
    elif look.style == "beetle":
        canvas.fill(path("M 24 52 Q 28 25 50 25 Q 72 25 78 52 Z"), glass, shade="glass", edge=0.3)
        look.cover(
            canvas,
            path(
                "M 6 68 Q 6 54 22 51 Q 26 24 50 23 Q 72 24 80 50 Q "
                "93 53 94 68 Q 94 74 89 74 L 11 74 Q 6 74 6 68 Z"
            ),
            shade="ball",
        )
        canvas.fill(path("M 30 49 Q 33 31 47 30 L 47 49 Z"), glass, shade="glass", edge=0.3)
        canvas.fill(path("M 52 30 Q 66 31 72 49 L 52 49 Z"), glass, shade="glass", edge=0.3)
        canvas.crease(path("M 49.5 30 L 49.5 73"), width=1, strength=0.4)
        canvas.stroke(path("M 53 55 L 58 55"), COLORS["silver"], 1.6)
    else:
        look.cover(
            canvas,
            path("M 5 66 Q 6 54 22 53 Q 34 40 48 39 Q 58 40 66 52 L 86 55 Q 95 58 96 67 L 94 73 L 8 73 Z"),
            shade="down",
        )
        canvas.fill(path("M 36 52 Q 42 43 49 43 Q 56 44 60 52 Z"), glass, shade="glass", edge=0.3)
        canvas.fill(polygon((4, 44), (16, 44), (18, 48), (4, 48)), look.trim, edge=0.3)
        canvas.stroke(path("M 11 48 L 13 56"), look.trim, 2)
        canvas.fill(ellipse(49, 62, 7.4), COLORS["white"], edge=0.2)
        canvas.stroke(path("M 49 58.6 L 49 65.6"), _DARK, 1.8)
        canvas.fill(path("M 66 58 L 90 60 Q 94 62 94.6 65 L 66 63 Z"), look.trim, edge=0.1)
    canvas.fill(ellipse(91.6, 64, 2, 3), COLORS["yellow"], edge=0.25)
    for x in wheels:
        canvas.fill(ellipse(x, 76, 10.6), _DARK, shade="ball")
        canvas.fill(ellipse(x, 76, 5.6), COLORS["silver"], shade="ball", edge=0.3)
        canvas.fill(ellipse(x, 76, 2.2), look.trim, edge=0.2)


def book(canvas: Canvas, look: Look) -> None:
    """Styles: hardcover, paperback. `look.caption` is the title on the cover, its author after a line
    break.
    """
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
            canvas.fill(
                path("M 51 84 Q 66 74 62 54 Q 51 60 51 84 Z"), mixed(look.trim, bright, 0.4), edge=0.1
            )
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
    """The words on a cover as RGBA, transparent between the letters: title in up to three lines, author
    below.
    """
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
