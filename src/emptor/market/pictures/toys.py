"""Plush animals and toy cars."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, Rgb, brightness, darker, lighter, mixed
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, flipped, mirrored, path, polygon, rounded

_DARK: Rgb = (44, 44, 52)


def plush(canvas: Canvas, look: Look) -> None:
    """Styles: bear, bunny, cat, elephant, penguin."""
    belly = lighter(look.main, 0.55) if brightness(look.main) < 0.8 else mixed(look.main, COLORS["beige"], 0.5)
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
        nose = ellipse(50, 40, 3, 2.1) if look.style == "bear" else polygon((47.6, 39.2), (52.4, 39.2), (50, 42))
        canvas.fill(nose, _DARK if look.style == "bear" else inner, edge=0.2)
        canvas.stroke(path("M 45.6 45 Q 48 48 50 44.6 Q 52 48 54.4 45"), _DARK, 0.9)
    if look.style == "cat":
        for dy in (0, 3):
            for side in (1, -1):
                canvas.stroke(path(f"M {50 + side * 10} {43 + dy} L {50 + side * 20} {42 + dy * 1.6}"), _DARK, 0.5)
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
            path("M 6 68 Q 6 54 22 51 Q 26 24 50 23 Q 72 24 80 50 Q 93 53 94 68 Q 94 74 89 74 L 11 74 Q 6 74 6 68 Z"),
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
