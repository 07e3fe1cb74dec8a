"""Scarves and belts."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, darker
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import band, ellipse, path, polygon, rounded


def scarf(canvas: Canvas, look: Look) -> None:
    """Styles: fringed, loop, bandana, shawl."""
    if look.style == "bandana":
        _bandana(canvas, look)
    elif look.style == "shawl":
        _shawl(canvas, look)
    elif look.style == "loop":
        _loop(canvas, look)
    else:
        _fringed(canvas, look)


def _fringe(canvas: Canvas, look: Look, start: tuple[float, float], end: tuple[float, float], count: int) -> None:
    """Threads that hang from a hem."""
    for share in np.linspace(0, 1, count).tolist():
        x, y = start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
        thread = path(f"M {x:.1f} {y - 1:.1f} L {x + (share - 0.5) * 2:.1f} {y + 8:.1f}")
        canvas.stroke(thread, darker(look.main, 0.12), 1.5, caps=False)


def _fringed(canvas: Canvas, look: Look) -> None:
    canvas.fill(path("M 30 30 Q 50 12 70 30 Q 66 44 50 46 Q 34 44 30 30 Z"), look.dark, edge=0.3)
    _fringe(canvas, look, (61.5, 79), (76.5, 76.5), 8)
    look.cover(canvas, path("M 47 44 L 63 40 Q 74 58 78 76 L 60 80 Q 55 62 47 44 Z"), shade="sleeve")
    canvas.crease(path("M 56 44 Q 65 60 69 77"), width=1.6, strength=0.3)
    _fringe(canvas, look, (26, 87), (43, 88), 9)
    tail = path("M 36 42 L 56 44 Q 48 62 45 88 L 24 87 Q 26 62 36 42 Z")
    canvas.cast(tail)
    look.cover(canvas, tail, shade="sleeve")
    canvas.crease(path("M 44 46 Q 36 66 34 87"), width=1.6, strength=0.3)
    neck = path("M 22 26 Q 20 46 46 52 Q 76 52 79 27 Q 76 20 70 24 Q 66 36 50 36 Q 34 36 30 23 Q 25 18 22 26 Z")
    canvas.cast(neck)
    look.cover(canvas, neck, shade="tube")
    for line in ("M 25 27 Q 30 42 50 44 Q 70 43 75 27", "M 28 38 Q 38 49 58 48"):
        canvas.crease(path(line), width=1.5, strength=0.34)


def _loop(canvas: Canvas, look: Look) -> None:
    ring = ellipse(50, 37, 27, 17, start=90, end=443)  # its seam lies in front, where more cloth hides it
    look.cover(canvas, band(ring, 15, closed=True), shade="down", edge=0.3)
    for line in ("M 18 40 Q 22 20 50 19 Q 74 20 80 36", "M 22 42 Q 30 26 52 25 Q 70 26 77 40"):
        canvas.crease(path(line), width=1.8, strength=0.34)
    low = path(
        "M 20 34 Q 12 40 17 56 Q 24 82 50 84 Q 76 82 83 56 Q 88 40 80 34 Q 78 50 66 58 Q 50 66 34 58 Q 22 50 20 34 Z"
    )
    canvas.cast(low, dx=0, dy=-1.6, strength=0.4)
    look.cover(canvas, low, shade="tube", edge=0.3)
    for line in (
        "M 18 42 Q 22 66 44 72 Q 58 75 70 68",
        "M 82 42 Q 78 58 60 65 Q 44 70 30 62",
        "M 19 58 Q 30 78 52 79 Q 68 78 78 66",
    ):
        canvas.crease(path(line), width=2.4, strength=0.4)


def _bandana(canvas: Canvas, look: Look) -> None:
    for ear in ("M 22 30 Q 8 22 6 12 Q 16 14 27 24 Z", "M 78 30 Q 92 22 94 12 Q 84 14 73 24 Z"):
        look.cover(canvas, path(ear), shade="sleeve")
    look.cover(canvas, path("M 14 27 Q 50 20 86 27 L 54 86 Q 50 91 46 86 Z"), shade="cloth")
    canvas.stroke(path("M 22 33 Q 50 27 78 33 L 52 78 Q 50 81 48 78 Z"), look.trim, 1.8, closed=True)
    for x, y in ((36, 44), (64, 44), (50, 42), (50, 62)):
        canvas.fill(ellipse(x, y, 2.6), look.trim, edge=0.1)
        canvas.fill(ellipse(x, y, 1.1), look.main, edge=0)
    roll = path("M 12 26 Q 50 13 88 26 Q 88 33 84 33 Q 50 23 16 33 Q 12 32 12 26 Z")
    canvas.cast(roll)
    look.cover(canvas, roll, shade="tube")


def _shawl(canvas: Canvas, look: Look) -> None:
    for share in np.linspace(0.03, 0.97, 22).tolist():
        for x, lean in ((6 + 44 * share, -1.6), (94 - 44 * share, 1.6)):
            y = 31 + 51 * share
            canvas.stroke(
                path(f"M {x:.1f} {y:.1f} L {x + lean:.1f} {y + 9:.1f}"), darker(look.main, 0.15), 1.1, caps=False
            )
    look.cover(canvas, path("M 4 28 Q 26 20 42 21 Q 50 27 58 21 Q 74 20 96 28 Q 76 62 50 84 Q 24 62 4 28 Z"))
    canvas.stroke(path("M 10 31 Q 28 60 50 78 Q 72 60 90 31"), look.trim, 2.2)
    for line in ("M 40 24 Q 34 44 30 57", "M 60 24 Q 66 44 70 57", "M 47 28 Q 44 50 45 74", "M 53 28 Q 57 50 55 74"):
        canvas.crease(path(line), width=2.2, strength=0.3)
    collar = path("M 38 20 Q 50 30 62 20 Q 66 22 64 26 Q 50 38 36 26 Q 34 22 38 20 Z")
    canvas.cast(collar)
    look.cover(canvas, collar, shade="tube")


def belt(canvas: Canvas, look: Look) -> None:
    """Styles: classic, braided, western, wide."""
    metal = COLORS["gold"] if look.second in ("gold", "cream", "white", "brown", "tan") else COLORS["silver"]
    high = {"wide": 21.0, "western": 15.0}.get(look.style, 12.0)
    top = 56 - high / 2
    canvas.fill(
        path(
            f"M 7 {top} Q 8 {top - 26} 50 {top - 27} Q 92 {top - 26} 93 {top} L 92 {top + high * 0.5} "
            f"Q 84 {top - 12} 50 {top - 14} Q 16 {top - 12} 8 {top + high * 0.5} Z"
        ),
        look.dark,
        shade="tube",
        edge=0.3,
    )
    front = path(
        f"M 7 {top} Q 10 {top + 24} 50 {top + 26} Q 90 {top + 24} 93 {top} L 93 {top + high} "
        f"Q 89 {top + high + 24} 50 {top + high + 26} Q 11 {top + high + 24} 7 {top + high} Z"
    )
    look.cover(canvas, front, shade="round", edge=0.35)
    low = top + 26 + high / 2  # the middle of the strap in front

    def along(x: float) -> float:
        """The middle of the strap at x."""
        return low - 24 * (abs(x - 50) / 43) ** 2.6

    if look.style == "braided":
        for x in range(10, 92, 5):
            y, lean = along(x), high * 0.42
            canvas.crease(path(f"M {x} {y - lean:.1f} L {x + 4} {y + lean:.1f}"), width=1.3, strength=0.6)
            canvas.crease(path(f"M {x + 4} {y - lean:.1f} L {x} {y + lean:.1f}"), width=1.3, strength=0.5)
    else:
        for sign in (-1, 1):
            points = [(x, along(x) + sign * (high / 2 - 1.6)) for x in range(12, 90, 2)]
            canvas.stroke(polygon(*points), look.trim if look.style == "western" else look.ink, 0.5, opacity=0.7)
        for x in (66, 71, 76, 81):
            canvas.fill(ellipse(x, along(x), 0.9), darker(look.main, 0.7), edge=0)
    if look.style == "western":
        for x in (16, 23, 30, 72, 79, 86):
            canvas.fill(ellipse(x, along(x), 2.2), metal, shade="ball", edge=0.3)
    half = high / 2 + 3
    canvas.fill(rounded(61, low - half + 2, 65, low + half - 2.4, 1), darker(look.main, 0.3), shade="round")
    buckle = (
        ellipse(48, low, 12.5, half + 1.5) if look.style == "western" else rounded(37, low - half, 59, low + half, 3)
    )
    canvas.cast(buckle, strength=0.4)
    canvas.fill(buckle, metal, shade="metal", edge=0.45)
    if look.style == "western":
        canvas.fill(ellipse(48, low, 8.6, half - 1.6), darker(metal, 0.3), shade="ball", edge=0.3)
        canvas.fill(polygon((48, low - 5), (51.4, low), (48, low + 5), (44.6, low)), look.trim, edge=0.3)
        return
    canvas.fill(rounded(40.4, low - half + 3.2, 55.6, low + half - 3.2, 1.6), look.main, shade="down", edge=0.4)
    canvas.tube(path(f"M 39 {low} L 57.6 {low}"), metal, 2.0)
