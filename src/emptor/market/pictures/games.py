"""Game controllers."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, Rgb, darker, lighter
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, mirrored, path, polygon, rounded

_DARK: Rgb = (44, 46, 54)
_BUTTONS = ("yellow", "red", "green", "blue")


def controller(canvas: Canvas, look: Look) -> None:
    """Styles: pro, retro, arcade, wheel."""
    {"retro": _retro, "arcade": _arcade, "wheel": _wheel}.get(look.style, _pro)(canvas, look)


def _cross(canvas: Canvas, x: float, y: float, reach: float, paint: Rgb) -> None:
    third = reach * 0.36
    canvas.fill(rounded(x - reach, y - third, x + reach, y + third, 0.8), paint, shade="down", edge=0.3)
    canvas.fill(rounded(x - third, y - reach, x + third, y + reach, 0.8), paint, shade="down", edge=0.1)


def _diamond(canvas: Canvas, x: float, y: float, reach: float, size: float) -> None:
    for (dx, dy), color in zip(((0, -1), (1, 0), (0, 1), (-1, 0)), _BUTTONS, strict=True):
        canvas.fill(ellipse(x + dx * reach, y + dy * reach, size), COLORS[color], shade="ball", edge=0.35)


def _stick(canvas: Canvas, x: float, y: float, radius: float, paint: Rgb) -> None:
    canvas.fill(ellipse(x, y, radius * 1.3), darker(paint, 0.5), edge=0.3)
    canvas.cast(ellipse(x, y, radius), strength=0.4)
    canvas.fill(ellipse(x, y, radius), paint, shade="ball", edge=0.4)
    canvas.fill(ellipse(x, y, radius * 0.6), lighter(paint, 0.12), shade="down", edge=0.3)


def _pro(canvas: Canvas, look: Look) -> None:
    dark = _DARK if look.color not in ("black", "charcoal") else COLORS["grey"]
    for half in ("M 34 26 Q 20 23 18 34 L 40 34 Z", "M 66 26 Q 80 23 82 34 L 60 34 Z"):
        canvas.fill(path(half), darker(look.main, 0.4), shade="tube", edge=0.3)
    body = mirrored("M 50 32 L 36 30 Q 18 27 13 44 Q 4 70 8 80 Q 13 88 22 78 L 33 64 Q 40 62 50 62")
    look.cover(canvas, body, shade="down", edge=0.4)
    canvas.crease(path("M 34 62 Q 50 58 66 62"), width=1.4, strength=0.4)
    canvas.fill(rounded(43, 33, 57, 43, 2.4), darker(look.main, 0.55), shade="glass", edge=0.3)
    _stick(canvas, 27, 42, 5.6, dark)
    _diamond(canvas, 73, 42.5, 6, 2.9)
    _cross(canvas, 39, 54, 5.2, dark)
    _stick(canvas, 61, 54, 5.6, dark)
    for x in (38.4, 61.6):
        canvas.fill(ellipse(x, 38, 1.3), look.trim, edge=0.2)
    canvas.fill(ellipse(50, 51, 2.2), look.trim, shade="ball", edge=0.3)


def _retro(canvas: Canvas, look: Look) -> None:
    canvas.stroke(path("M 50 30 Q 50 12 64 12 Q 78 12 90 6"), _DARK, 1.8)
    look.cover(canvas, rounded(6, 30, 94, 74, 6), shade="down", edge=0.4)
    canvas.fill(rounded(11, 37, 89, 68, 2.5), darker(look.main, 0.75), shade="down", edge=0.2)
    _cross(canvas, 25, 52, 8.6, (196, 198, 202))
    for x in (42, 53):
        canvas.fill(rounded(x - 4, 57, x + 4, 61, 2), COLORS["grey"], shade="tube", edge=0.3)
        canvas.stroke(path(f"M {x - 3} 52 L {x + 3} 52"), look.trim, 1.2)
    canvas.stroke(path("M 38 43 L 58 43"), look.trim, 1.8)
    for place in (68.5, 81.0):
        canvas.fill(rounded(place - 5.6, 49, place + 5.6, 61, 1.5), (214, 214, 212), edge=0.2)
        canvas.fill(ellipse(place, 55, 4.6), COLORS["red"], shade="ball", edge=0.4)


def _arcade(canvas: Canvas, look: Look) -> None:
    canvas.fill(polygon((4, 72), (96, 72), (93, 88), (7, 88)), darker(look.main, 0.45), shade="down", edge=0.3)
    look.cover(canvas, polygon((14, 44), (86, 44), (96, 74), (4, 74)), shade="down", edge=0.4)
    canvas.fill(ellipse(28, 60, 9.4, 5), _DARK, edge=0.4)
    canvas.tube(path("M 28 60 L 27 30"), COLORS["silver"], 3)
    canvas.fill(ellipse(27, 24, 9), look.trim if look.second != "white" else COLORS["red"], shade="ball", edge=0.3)
    for column, x in enumerate((50, 63, 76)):
        for row, y in enumerate((53.5, 64.5)):
            color = COLORS[_BUTTONS[(column + 2 * row) % 4]]
            canvas.fill(ellipse(x + row * 2.4, y + 1.2, 5.6, 3.6), darker(color, 0.5), edge=0.3)
            canvas.fill(ellipse(x + row * 2.4, y, 5.2, 3.2), color, shade="ball", edge=0.2)


def _wheel(canvas: Canvas, look: Look) -> None:
    canvas.fill(mirrored("M 50 70 L 38 72 L 32 92 Q 32 94 36 94 L 50 94"), _DARK, shade="down", edge=0.3)
    for end in ((17, 50), (83, 50), (50, 82)):
        canvas.tube(polygon((50, 50), end), COLORS["grey"], 8)
    ring = ellipse(50, 50, 36, end=353)
    canvas.tube(ring, look.main, 9.4, closed=True)
    for start in (-25, 155):
        arc = ellipse(50, 50, 36, start=start, end=start + 50)
        canvas.tube(arc, look.trim, 9.6)
    canvas.tube(ellipse(50, 50, 36, start=262, end=278), COLORS["red"] if look.color != "red" else COLORS["white"], 9.6)
    canvas.cast(ellipse(50, 50, 17), strength=0.4)
    look.cover(canvas, ellipse(50, 50, 17), shade="ball", edge=0.4)
    for turn in np.radians((-150, -30, 30, 150)).tolist():
        x, y = 50 + 11 * np.cos(turn), 50 + 11 * np.sin(turn)
        canvas.fill(
            ellipse(float(x), float(y), 2.4), COLORS[_BUTTONS[int(turn > 0) + 2 * int(abs(turn) > 2)]], shade="ball"
        )
    canvas.fill(ellipse(50, 50, 4.4), look.trim, shade="ball", edge=0.3)
