"""Tents, balls and dumbbells."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, Rgb, brightness, darker, lighter
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, moved, path, polygon, regular, rounded

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
        look.cover(canvas, path("M 8 62 Q 22 22 62 24 Q 86 26 92 38 Q 82 78 42 78 Q 14 76 8 62 Z"), shade="ball")
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
                np.array([[50 + 11 * np.cos(a), 50 + 11 * np.sin(a)], [50 + 24 * np.cos(b), 50 + 24 * np.sin(b)]]),
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
                canvas.fill(np.concatenate([[[44, 40]], arc]), look.trim if i % 4 else COLORS["yellow"], edge=0.15)
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
