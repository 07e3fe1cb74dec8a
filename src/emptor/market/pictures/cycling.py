"""Bicycles and helmets."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, Rgb, darker
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, moved, path, polygon, rounded

_TYRE: Rgb = (46, 46, 52)
_SADDLE = path("M -8 -3 Q 0 -5 9 -1.5 Q 0 1 -3 3 Q -9 3 -8 -3 Z")
_BASKET = polygon((7, 1), (25, 1), (22, 14), (9, 14))


def bicycle(canvas: Canvas, look: Look) -> None:
    """Styles: city, road, mountain, kids. The colour is the frame's."""
    kids = look.style == "kids"
    radius = 17.0 if kids else 21.5
    tyre = {"mountain": 5.0, "road": 2.2, "kids": 4.2}.get(look.style, 3.2)
    ground, back, front = 88.0, 24.0, 77.0
    axle = ground - radius
    crank = (47.0, axle + (1.0 if not kids else 2.0))
    saddle, head = (39.0, axle - (25 if not kids else 20)), (66.0, axle - (26 if not kids else 22))
    for x in (back, front):
        _wheel(canvas, look, x, axle, radius, tyre)
    if kids:
        for x in (back - 7, back + 7):
            canvas.fill(ellipse(x, ground - 5, 5), _TYRE, shade="ball")
            canvas.fill(ellipse(x, ground - 5, 2.2), look.trim, edge=0.2)
    bar = 4.6 if look.style == "mountain" or kids else 3.4
    step = look.style == "city" or kids
    joint = (saddle[0] + 2, saddle[1] + 5)
    lines = [
        ((back, axle), crank, bar * 0.7),
        ((back, axle), joint, bar * 0.66),
        (head, (front, axle), bar * 0.86),
        (joint, crank, bar),
        (crank, (head[0] + 1, head[1] + 4), bar),
    ]
    for start, end, width in lines:
        canvas.tube(polygon(start, end), look.main, width)
    if step:
        bend = f"{crank[0] + 4} {crank[1] - 12} {head[0] + 1} {head[1] + 8}"
        canvas.tube(path(f"M {joint[0] + 3} {joint[1] + 11} Q {bend}"), look.main, bar * 0.9)
    else:
        canvas.tube(polygon(joint, (head[0], head[1] + 1)), look.main, bar)
    canvas.tube(polygon(joint, saddle), COLORS["silver"], 2)
    canvas.fill(moved(_SADDLE, *saddle), COLORS["brown"] if look.style == "city" else _TYRE, shade="down")
    _handlebar(canvas, look, *head)
    canvas.fill(ellipse(*crank, 5.2), COLORS["grey"], shade="metal", edge=0.4)
    canvas.tube(polygon(crank, (crank[0] + 5, crank[1] + 9)), COLORS["charcoal"], 1.9)
    canvas.stroke(path(f"M {crank[0] + 1} {crank[1] + 9.4} L {crank[0] + 9} {crank[1] + 9.4}"), _TYRE, 2.2)
    canvas.stroke(polygon((back, axle - 2.4), (crank[0], crank[1] - 5)), (90, 90, 96), 0.8)
    canvas.stroke(polygon((back, axle + 2.4), (crank[0], crank[1] + 5)), (90, 90, 96), 0.8)
    if look.style == "city":
        for x in (back, front):
            canvas.tube(ellipse(x, axle, radius + 2.6, start=190, end=318), look.trim, 2)
        canvas.fill(moved(_BASKET, *head), COLORS["tan"], shade="round", edge=0.4)
        for y in (4, 7.5, 11):
            canvas.crease(path(f"M {head[0] + 8} {head[1] + y} L {head[0] + 24} {head[1] + y}"), width=1, strength=0.4)


def _wheel(canvas: Canvas, look: Look, x: float, y: float, radius: float, tyre: float) -> None:
    """A tyre that one looks through, with rim and spokes."""
    for turn in range(0, 180, 20):
        spoke = np.outer([-radius, radius], [np.cos(np.radians(turn)), np.sin(np.radians(turn))])
        canvas.stroke(moved(spoke, x, y), (168, 172, 180), 0.5, caps=False)
    canvas.tube(ellipse(x, y, radius - tyre / 2, end=353), _TYRE, tyre, closed=True)
    rim = look.trim if look.style in ("kids", "road") else COLORS["silver"]
    canvas.stroke(ellipse(x, y, radius - tyre - 0.4, end=353), rim, 1.3, closed=True)
    canvas.fill(ellipse(x, y, 2.4), COLORS["grey"], shade="ball")


def _handlebar(canvas: Canvas, look: Look, x: float, y: float) -> None:
    if look.style == "road":
        canvas.tube(polygon((x, y), (x - 1, y - 4), (x + 6, y - 5)), COLORS["silver"], 2)
        canvas.tube(
            path(f"M {x + 6} {y - 5} Q {x + 15} {y - 6} {x + 14} {y + 1} Q {x + 12} {y + 6} {x + 6} {y + 5}"),
            look.trim if look.second != "white" else _TYRE,
            2.8,
        )
        return
    canvas.tube(polygon((x, y + 2), (x - 1.6, y - 6)), COLORS["silver"], 2.2)
    end = (x - 12, y - 9) if look.style in ("city", "kids") else (x - 7, y - 8)
    canvas.tube(path(f"M {x + 4} {y - 8} Q {x - 2} {y - 9} {end[0]} {end[1]}"), COLORS["silver"], 2)
    canvas.tube(polygon(end, (end[0] + 5.5, end[1] + 0.8)), _TYRE, 3)


def helmet(canvas: Canvas, look: Look) -> None:
    """Styles: cycling, ski, climbing, skate."""
    strap = darker(look.main, 0.7)
    for line in ("M 30 62 Q 40 84 52 90", "M 66 62 Q 60 80 52 90"):
        canvas.stroke(path(line), strap, 2.2)
    canvas.fill(rounded(47, 86, 57, 93, 2), _TYRE, shade="down")
    if look.style == "cycling":
        shell = path("M 8 60 Q 6 30 44 20 Q 82 18 94 54 Q 95 61 88 62 Q 66 56 46 62 Q 24 70 12 67 Q 8 66 8 60 Z")
        look.cover(canvas, shell, shade="ball", edge=0.35)
        vents = (
            "M 20 52 Q 26 36 44 29 Q 38 38 33 50 Z",
            "M 42 48 Q 47 34 58 27 Q 58 36 57 46 Z",
            "M 66 46 Q 66 34 64 27 Q 76 32 82 47 Q 75 49 66 46 Z",
        )
        for vent in vents:
            canvas.fill(path(vent), darker(look.main, 0.8), edge=0.5)
        canvas.fill(path("M 9 62 Q 24 70 46 62 Q 66 56 90 61 Q 70 62 48 68 Q 26 76 12 69 Z"), look.trim, edge=0.2)
    elif look.style == "ski":
        look.cover(
            canvas,
            path("M 12 62 Q 10 20 52 17 Q 88 20 88 60 L 84 66 L 76 82 Q 66 86 62 70 Q 40 66 14 68 Z"),
            shade="ball",
            edge=0.35,
        )
        canvas.tube(path("M 50 45 Q 76 44 89 50"), _TYRE, 6)
        canvas.fill(
            path("M 10 42 Q 12 37 20 37 L 44 38 Q 52 40 52 52 Q 50 62 40 63 L 26 61 Q 12 62 9 54 Z"),
            look.trim,
            shade="round",
            edge=0.4,
        )
        pane = COLORS["orange" if look.color != "orange" else "teal"]
        goggle = path("M 14 44 Q 16 41 22 41 L 42 42 Q 48 44 48 52 Q 46 58 38 59 L 26 57 Q 14 58 13 52 Z")
        canvas.fill(goggle, pane, shade="glass", edge=0.4)
        canvas.fill(ellipse(74, 70, 7.6, 9.4), _TYRE, shade="ball")
    elif look.style == "climbing":
        look.cover(canvas, path("M 14 62 Q 10 22 50 17 Q 90 22 86 62 Q 50 70 14 62 Z"), shade="ball", edge=0.35)
        for line in ("M 34 20 Q 26 40 28 62", "M 50 17 L 50 65", "M 66 20 Q 74 40 72 62"):
            canvas.crease(path(line), width=2.2, strength=0.45)
        canvas.fill(
            path("M 8 62 Q 50 74 92 62 Q 94 68 88 69 Q 50 80 12 69 Q 6 68 8 62 Z"), darker(look.main, 0.25), edge=0.3
        )
        for x in (22, 78):
            canvas.fill(rounded(x - 3, 54, x + 3, 60, 1), look.trim, edge=0.3)
        canvas.fill(rounded(42, 34, 58, 46, 4), _TYRE, shade="down")
        canvas.fill(ellipse(50, 40, 4.4), (252, 246, 214), shade="ball")
    else:
        look.cover(
            canvas,
            path("M 12 66 Q 8 22 50 18 Q 92 22 88 66 Q 88 71 82 70 Q 50 60 18 70 Q 12 71 12 66 Z"),
            shade="ball",
            edge=0.35,
        )
        for x, y in ((38, 34), (50, 32), (62, 34), (44, 44), (56, 44)):
            canvas.fill(ellipse(x, y, 2.6, 3.4), darker(look.main, 0.8), edge=0.4)
        canvas.fill(path("M 13 60 Q 50 50 87 60 L 87 65 Q 50 54 13 65 Z"), look.trim, edge=0.2)
