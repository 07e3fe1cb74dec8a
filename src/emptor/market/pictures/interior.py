"""Rugs and clocks."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, darker, lighter, mixed
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.home import WOODS
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import Points, ellipse, mirrored, moved, path, polygon, rounded


def _floor(left: float, right: float, near: float, far: float, shrink: float) -> Points:
    """A rectangle on the floor, seen from in front of it: its far side is `shrink` as wide."""
    half, middle = (right - left) / 2, (left + right) / 2
    return polygon((middle - half * shrink, far), (middle + half * shrink, far), (right, near), (left, near))


def rug(canvas: Canvas, look: Look) -> None:
    """Styles: area, round, runner, shaggy. They lie on the floor."""
    edge = mixed(look.main, look.trim, 0.75)
    if look.style == "round":
        canvas.fill(ellipse(50, 57.4, 45, 29), look.dark, edge=0.3)
        look.cover(canvas, ellipse(50, 56, 45, 29), shade="down")
        for share, wide in ((0.9, 2.4), (0.55, 1.2)):
            canvas.stroke(ellipse(50, 56, 45 * share, 29 * share, end=353), edge, wide, closed=True)
        for share in (0.98, 0.74, 0.4):
            canvas.crease(ellipse(50, 56, 45 * share, 29 * share), width=1, strength=0.24)
        return
    if look.style == "shaggy":
        rng = np.random.Generator(np.random.Philox(key=33))
        angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        box = np.maximum(np.abs(np.cos(angles)), np.abs(np.sin(angles))) ** -0.8
        rough = box * rng.uniform(0.965, 1.02, len(angles))
        pile = np.column_stack([50 + 42 * rough * np.cos(angles), 56 + 25 * rough * np.sin(angles)])
        pile[:, 0] = 50 + (pile[:, 0] - 50) * (1 + (pile[:, 1] - 56) / 180)
        canvas.fill(moved(pile, dy=2.4), look.dark, edge=0.3)
        look.cover(canvas, pile, shade="down")
        for x, y in rng.uniform((-36, -21), (36, 21), (150, 2)).tolist():
            tuft = path(f"M {50 + x:.1f} {56 + y:.1f} Q {51.6 + x:.1f} {57 + y:.1f} {51 + x:.1f} {60 + y:.1f}")
            canvas.crease(tuft, width=1.1, strength=0.34, light=x * y > 0)
        return
    left, right, near, far, shrink = (24, 76, 92, 12, 0.56) if look.style == "runner" else (5, 95, 82, 32, 0.7)
    whole = _floor(left, right, near, far, shrink)
    thread = lighter(look.main, 0.5) if look.color != "white" else COLORS["cream"]
    for share in np.linspace(0.01, 0.99, 19 if look.style == "runner" else 30).tolist():
        for side, y, reach in ((whole[3:1:-1], near, 5.0), (whole[:2], far, -3.2)):
            x = float(side[0, 0] + share * (side[1, 0] - side[0, 0]))
            canvas.stroke(path(f"M {x:.1f} {y} L {x + (share - 0.5):.1f} {y + reach}"), thread, 0.9, caps=False)
    look.cover(canvas, whole, shade="down", edge=0.3)
    middle = whole.mean(axis=0)
    for share, wide in ((0.88, 2.6), (0.78, 0.9)):
        canvas.stroke((whole - middle) * [share, share - 0.03] + middle, edge, wide, closed=True)
    if look.pattern == "plain":
        for share, paint in ((0.4, edge), (0.26, look.main), (0.12, edge)):
            diamond = polygon((0, -1), (1, 0), (0, 1), (-1, 0)) * (np.array([right - left, near - far]) * share / 1.6)
            canvas.fill(diamond + middle, paint, shade="down", edge=0.1)
    for y in np.linspace(far + 6, near - 6, 5).tolist():
        canvas.crease(path(f"M {left + 14} {y:.1f} L {right - 14} {y:.1f}"), width=1, strength=0.1)


def clock(canvas: Canvas, look: Look) -> None:
    """Styles: wall, alarm, mantel, pendulum. The colour is the case's."""
    wood = WOODS.get(look.material, look.trim)
    if look.style == "alarm":
        for x, lean in ((32, -1), (68, 1)):
            canvas.tube(path(f"M {50 + lean * 16} 78 L {50 + lean * 24} 92"), darker(look.main, 0.3), 4)
            canvas.fill(ellipse(x, 20, 13, 10), COLORS["gold"], shade="ball", edge=0.3)
            canvas.tube(path(f"M {x} 22 L {50 + lean * 13} 32"), COLORS["grey"], 2.4)
        canvas.tube(path("M 50 26 L 50 12"), COLORS["grey"], 2.2)
        canvas.fill(rounded(46, 8, 54, 13, 2), COLORS["gold"], shade="metal")
        look.cover(canvas, ellipse(50, 56, 34), shade="ball", edge=0.35)
        _dial(canvas, look, 50, 56, 27, numerals=True)
    elif look.style == "mantel":
        canvas.fill(rounded(8, 80, 92, 89, 2), darker(look.main, 0.25), shade="tube")
        look.cover(canvas, mirrored("M 50 22 Q 28 24 26 52 Q 25 66 12 72 L 12 81 L 50 81"), shade="down", edge=0.35)
        canvas.crease(path("M 17 76 L 83 76"), width=1.2, strength=0.5)
        _dial(canvas, look, 50, 52, 20, numerals=True)
    elif look.style == "pendulum":
        canvas.tube(path("M 50 58 L 50 86"), COLORS["gold"], 1.8)
        for x, y in ((41, 78), (59, 70)):
            canvas.stroke(path(f"M {x} 58 L {x} {y}"), (80, 76, 78), 0.8)
            canvas.fill(path(f"M {x - 2} {y} L {x + 2} {y} L {x + 3} {y + 9} L {x} {y + 12} L {x - 3} {y + 9} Z"), wood)
        canvas.fill(ellipse(50, 87, 7), COLORS["gold"], shade="ball", edge=0.3)
        look.cover(canvas, polygon((27, 30), (73, 30), (73, 63), (27, 63)), shade="down", edge=0.35)
        roof = mirrored("M 50 6 L 16 32 L 21 37 L 50 15")
        canvas.cast(roof)
        canvas.fill(roof, darker(wood, 0.15), shade="down", edge=0.35)
        canvas.fill(rounded(44, 19, 56, 29, 5), darker(look.main, 0.6), edge=0.3)
        canvas.fill(ellipse(50, 25, 3.2, 2.6), look.trim, shade="ball")
        canvas.fill(polygon((52, 24), (57, 25.4), (52, 26.4)), COLORS["orange"], edge=0)
        canvas.fill(rounded(23, 60, 77, 66, 1), darker(wood, 0.1), shade="tube")
        _dial(canvas, look, 50, 46, 14, numerals=False)
    else:
        look.cover(canvas, ellipse(50, 50, 43), shade="ball", edge=0.4)
        canvas.fill(ellipse(50, 50, 37.4), look.dark, edge=0.2)
        _dial(canvas, look, 50, 50, 36, numerals=True)


def _dial(canvas: Canvas, look: Look, x: float, y: float, radius: float, *, numerals: bool) -> None:
    """A face with its hands at ten past ten; strokes for the hours, heavy ones for the quarters."""
    face, ink = COLORS["white"], (46, 46, 56)
    canvas.fill(ellipse(x, y, radius), face, shade="down", edge=0.35)
    for hour in range(12):
        turn = np.radians(30 * hour)
        toward = np.array([np.sin(turn), -np.cos(turn)])
        quarter = hour % 3 == 0
        start = 0.74 if quarter else 0.82
        mark = np.array([x, y]) + np.outer([start * radius, 0.91 * radius], toward)
        canvas.stroke(mark, ink, (0.11 if quarter and numerals else 0.055) * radius, caps=False)
    for degrees, reach, width in ((305, 0.5, 0.1), (62, 0.74, 0.07)):
        turn = np.radians(degrees)
        tip = np.array([x + reach * radius * np.sin(turn), y - reach * radius * np.cos(turn)])
        canvas.stroke(np.array([[x, y], tip]), ink, width * radius)
    turn = np.radians(190)
    second = np.array(
        [
            [x - 8 / 36 * radius * np.sin(turn), y + 8 / 36 * radius * np.cos(turn)],
            [x + 0.72 * radius * np.sin(turn), y - 0.72 * radius * np.cos(turn)],
        ]
    )
    canvas.stroke(second, look.trim if look.second != "white" else COLORS["red"], 0.035 * radius)
    canvas.fill(ellipse(x, y, 0.07 * radius), ink, edge=0)
