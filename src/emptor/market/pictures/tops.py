"""Clothes for the upper body, seen from the front: T-shirts, shirts, tops, jackets."""

from __future__ import annotations

from emptor.market.knowledge.palette import COLORS, darker
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import (
    Points,
    ellipse,
    flipped,
    heart,
    mirrored,
    moved,
    path,
    polygon,
    regular,
    rounded,
)


def both(canvas: Canvas, look: Look, half: str | Points, *, shade: str = "cloth") -> None:
    """Lay a part and its mirror image."""
    points = path(half) if isinstance(half, str) else half
    for part in (points, flipped(points)):
        look.cover(canvas, part, shade=shade)


def folds(canvas: Canvas, *lines: str, strength: float = 0.13) -> None:
    """Soft creases in cloth, each mirrored."""
    for line in lines:
        canvas.crease(path(line), strength=strength)
        canvas.crease(flipped(path(line)), strength=strength)


def sleeves(canvas: Canvas, look: Look, *, long: bool, top: float = 20) -> None:
    """Set-in sleeves, long ones hanging down, with their cuffs."""
    if long:
        both(canvas, look, f"M 34 {top} Q 24 {top + 3} 20 36 L 11 76 L 21 79 L 31 50 Z", shade="sleeve")
        both(canvas, look, "M 11.8 73 L 10.4 79.5 L 20 82.5 L 22.2 76.4 Z", shade="sleeve")
        folds(canvas, "M 19 50 Q 23 53 27 53", "M 17 58 Q 20 62 24 61")
    else:
        both(canvas, look, f"M 35 {top} Q 25 {top + 2} 21 30 L 12 46 L 25 53 L 32 42 Z", shade="down")
        folds(canvas, "M 14.4 43 L 27 50")


def t_shirt(canvas: Canvas, look: Look) -> None:
    """Styles: crew neck, v-neck, long sleeve, graphic, polo."""
    deep = 33 if look.style == "v-neck" else 26
    canvas.fill(path("M 38 18 L 62 18 L 60 25 L 40 25 Z"), look.dark, edge=0)
    sleeves(canvas, look, long=look.style == "long sleeve")
    if look.style == "v-neck":
        neck = f"M 50 {deep} L 39.5 17"
    else:
        neck = f"M 50 {deep} Q 41 {deep - 0.5} 39.5 17"
    body = mirrored(path(neck + " L 31 21 Q 28 30 31 44 Q 32 66 30 85 Q 40 87 50 87"))
    look.cover(canvas, body)
    collar = path(neck)
    for line in (collar, flipped(collar)):
        canvas.stroke(line, darker(look.main, 0.16), 2.4, caps=False)
        canvas.crease(moved(line, dy=1.3), width=0.7, strength=0.4)
    folds(canvas, "M 32 44 Q 38 47 42 53", "M 31 70 Q 36 72 38 78", "M 35 24 Q 33 34 34 42")
    canvas.crease(path("M 30.5 82.6 Q 50 85 69.5 82.6"), width=0.8, strength=0.35)
    if look.style == "graphic":
        _graphic(canvas, look)
    if look.style == "polo":
        both(canvas, look, "M 50 27 L 42 30.5 L 37.5 19 L 40 16 Z", shade="down")
        canvas.fill(rounded(47.6, 27, 52.4, 43, 1), look.main, edge=0.3)
        for y in (32, 38):
            canvas.fill(ellipse(50, y, 1), look.ink)


def _graphic(canvas: Canvas, look: Look) -> None:
    ink = look.trim
    match int(look.chance.integers(4)):
        case 0:
            canvas.fill(ellipse(50, 47, 10), ink, edge=0)
            canvas.fill(path("M 38 58 L 46 44 L 51 51 L 55 46 L 62 58 Z"), look.ink, edge=0)
        case 1:
            canvas.fill(heart(50, 49, 11), ink, edge=0)
        case 2:
            canvas.fill(regular(50, 49, 12, 5, inner=5.5), ink, edge=0)
        case _:
            for i, color in enumerate((ink, look.ink, COLORS["coral"])):
                canvas.stroke(ellipse(50, 56, 13 - 4 * i, start=180, end=360), color, 2.6, caps=False)


def shirt(canvas: Canvas, look: Look) -> None:
    """Styles: long sleeve, short sleeve, oxford, overshirt."""
    canvas.fill(path("M 39 15 L 61 15 L 59 24 L 41 24 Z"), look.dark, edge=0)
    sleeves(canvas, look, long=look.style != "short sleeve", top=19)
    half = "M 50 27 L 40 15 L 32 20 Q 28 30 30.5 46 Q 32 66 29 84 Q 33 90 41 87 Q 47 85.5 50 86"
    look.cover(canvas, mirrored(half))
    folds(canvas, "M 31 45 Q 37 49 42 56", "M 33 23 Q 33 35 35 43", "M 31 72 Q 37 73 40 80")
    placket = rounded(47.4, 27, 52.6, 86, 0.5)
    canvas.fill(placket, darker(look.main, 0.06), opacity=0.5, edge=0.25)
    for y in range(33, 84, 10):
        canvas.fill(ellipse(50, y, 1.15), look.ink, edge=0.4)
    pocket = path("M 57 38 L 66 38 L 66 47 L 61.5 50 L 57 47 Z")
    if look.style == "overshirt":
        for part in (pocket, flipped(pocket)):
            canvas.cast(part, dx=0.2, dy=0.6)
            look.cover(canvas, part, shade=None)
        both(canvas, look, "M 33 36.5 L 44 36.5 L 44 40.5 L 38.5 43 L 33 40.5 Z", shade="down")
        for x in (38.5, 61.5):
            canvas.fill(ellipse(x, 40.6, 1), look.ink)
        canvas.fill(rounded(29.4, 79, 70.6, 87, 1), darker(look.main, 0.3), opacity=0.35, edge=0.3)
    elif look.style != "oxford":
        canvas.cast(pocket, dx=0.2, dy=0.6, strength=0.2)
        look.cover(canvas, pocket, shade=None)
    collar = path("M 50 28 L 41.5 33 L 36.5 20 L 40.5 13.5 Z")
    for part in (collar, flipped(collar)):
        canvas.cast(part, dx=0, dy=1)
        look.cover(canvas, part, shade="down")
        if look.style == "oxford":
            canvas.fill(ellipse(*(part[1] - [0, 2.6] + [0.8 if part[1, 0] < 50 else -0.8, 0]), 0.9), look.ink)
    canvas.stroke(path("M 41 14 Q 50 17 59 14"), darker(look.main, 0.2), 2.2)


def top(canvas: Canvas, look: Look) -> None:
    """Styles: camisole, off-shoulder, peplum, turtleneck, blouse."""
    if look.style == "camisole":
        for x in (37, 63):
            canvas.tube(
                path(f"M {x} 34 Q {x + (2 if x < 50 else -2)} 22 {x + (3 if x < 50 else -3)} 15"),
                look.main,
                1.8,
            )
        body = mirrored("M 50 36 Q 43 38 37 32 Q 35 42 31 46 Q 33 62 29 82 Q 40 86 50 85")
        look.cover(canvas, body)
        folds(canvas, "M 40 44 Q 41 60 37 80", "M 33 48 Q 38 50 41 54")
        canvas.crease(path("M 37 34 Q 43 40 50 38 Q 57 40 63 34"), width=1, strength=0.3)
        return
    if look.style == "off-shoulder":
        both(canvas, look, "M 29 28 Q 15 36 17 54 Q 22 60 31 56 L 34 40 Z", shade="ball")
        look.cover(canvas, mirrored("M 50 34 L 31 34 Q 34 52 33 58 Q 29 70 28 83 Q 40 87 50 86"))
        frill = mirrored("M 50 27 Q 36 27 26 29 Q 21 38 25 42 Q 29 45 33 42.5 Q 38 47 43 43.5 Q 47 47 50 44")
        canvas.cast(frill)
        look.cover(canvas, frill)
        folds(canvas, "M 36 30 L 35 42", "M 44 29 L 43.5 43", "M 38 60 Q 37 72 35 84")
        return
    if look.style == "turtleneck":
        sleeves(canvas, look, long=True)
        look.cover(canvas, mirrored("M 50 19 L 40 19 L 32 22 Q 29 32 32 48 Q 34 66 31 84 Q 40 86 50 86"))
        look.cover(canvas, mirrored("M 50 10 Q 43 9 41 11 Q 40 18 39 21 Q 44 25 50 25"), shade="round")
        canvas.crease(path("M 40.5 15.5 Q 50 19 59.5 15.5"), width=1.4, strength=0.3)
        canvas.crease(path("M 31.5 80 Q 50 83 68.5 80"), width=1, strength=0.35)
        folds(canvas, "M 32 47 Q 38 50 42 57", "M 35 24 Q 33 36 35 44")
        return
    canvas.fill(path("M 40 19 L 60 19 L 56 27 L 44 27 Z"), look.dark, edge=0)
    if look.style == "blouse":
        both(canvas, look, "M 36 20 Q 22 25 17 50 Q 14 62 18 67 L 27 69 Q 34 60 33 44 Z", shade="sleeve")
        both(canvas, look, rounded(16.5, 66, 27.5, 72, 2), shade="sleeve")
        look.cover(canvas, mirrored("M 50 38 L 41 18 L 34 21 Q 30 32 32 46 Q 33 64 28 83 Q 40 88 50 86"))
        knot = mirrored("M 50 37 Q 44 33 41 36 Q 42 42 50 41")
        for tail in (path("M 50 40 L 45 56 L 49 57 L 51 42 Z"), path("M 50 40 L 54 54 L 57.5 52 L 52 40 Z")):
            canvas.cast(tail)
            look.cover(canvas, tail)
        look.cover(canvas, knot)
        folds(canvas, "M 42 24 Q 42 36 46 44", "M 37 50 Q 38 66 34 82", "M 23 40 Q 22 54 22 64")
    else:
        sleeves(canvas, look, long=False)
        look.cover(canvas, mirrored("M 50 30 Q 42 29 40 18 L 32 21 Q 29 32 32 44 Q 35 52 35 58 Q 42 60 50 60"))
        skirt = mirrored("M 50 57 Q 42 57 35 56 Q 30 68 24 80 Q 31 87 37 82 Q 43 87 50 83")
        canvas.cast(skirt, dy=-1, dx=0)
        look.cover(canvas, skirt)
        folds(canvas, "M 40 59 Q 38 70 34 82", "M 46 60 Q 46 72 44 84", "M 32 44 Q 38 46 41 51")


def jacket(canvas: Canvas, look: Look) -> None:
    """Styles: bomber, puffer, blazer, raincoat, trucker."""
    if look.style == "raincoat":
        look.cover(canvas, mirrored("M 50 6 Q 38 6 36 17 Q 36 23 40 27 L 50 29"), shade="ball")
        canvas.fill(mirrored("M 50 12 Q 43 12 42 19 Q 43 25 50 27"), look.dark)
    else:
        canvas.fill(path("M 38 14 L 62 14 L 58 24 L 42 24 Z"), look.dark, edge=0)
    sleeves(canvas, look, long=True, top=18)
    length = {"raincoat": 92, "blazer": 88, "puffer": 82}.get(look.style, 80)
    look.cover(canvas, mirrored(f"M 50 25 L 40 16 L 31 20 Q 27 30 29 48 Q 31 66 29 {length} L 50 {length}"))
    folds(canvas, "M 30 46 Q 36 49 40 55", "M 33 24 Q 31 36 34 44")
    zip_color = COLORS["silver"] if look.color not in ("silver", "grey") else COLORS["charcoal"]
    if look.style == "puffer":
        for y in range(30, length, 9):
            canvas.crease(path(f"M 28 {y} Q 50 {y + 2.5} 72 {y}"), width=2.6, strength=0.42)
            canvas.crease(path(f"M 29 {y + 3} Q 50 {y + 5.5} 71 {y + 3}"), width=3, strength=0.3, light=True)
        for y in range(36, 74, 8):
            folds(
                canvas,
                f"M {24 - (y - 36) * 0.28} {y} Q {26 - (y - 36) * 0.2} {y + 2} 31 {y + 2}",
                strength=0.36,
            )
    if look.style == "blazer":
        lapel = path("M 50 56 L 38 40 L 35 34 L 39 31 L 36 27 L 40 15 L 50 40 Z")
        canvas.fill(mirrored("M 50 50 L 40.5 16 L 50 18"), COLORS["white"], edge=0.1)
        for part in (lapel, flipped(lapel)):
            canvas.cast(part, dx=0.3)
            look.cover(canvas, part, shade="down")
        canvas.crease(path(f"M 50 54 L 50 {length}"), width=1.2, strength=0.5)
        for y in (62, 71):
            canvas.fill(ellipse(52.5, y, 1.5), look.ink)
        both(canvas, look, polygon((33, 68), (44, 67), (44, 70), (33, 71)), shade="down")
        return
    canvas.crease(path(f"M 50 26 L 50 {length}"), width=1.8, strength=0.5)
    if look.style == "trucker":
        collar = path("M 50 27 L 41 31 L 36 19 L 40 14 Z")
        for x in (35, 56):
            flap = polygon((x, 38), (x + 9, 38), (x + 9, 43), (x + 4.5, 46), (x, 43))
            canvas.cast(flap, dx=0)
            look.cover(canvas, flap)
            canvas.fill(ellipse(x + 4.5, 43, 0.9), COLORS["gold"])
        for y in range(32, length - 4, 9):
            canvas.fill(ellipse(51.6, y, 1.2), COLORS["gold"])
        canvas.crease(path(f"M 29 {length - 6} L 71 {length - 6}"), width=1, strength=0.5)
    else:
        collar = path("M 50 24 L 42 28 L 37.5 20 L 40 13.5 Z")
        canvas.stroke(path(f"M 50 27 L 50 {length - 1}"), zip_color, 1)
        if look.style == "bomber":
            rib = darker(look.main, 0.3)
            canvas.fill(
                mirrored(f"M 50 {length - 7} L 30 {length - 7} L 31 {length} L 50 {length}"),
                rib,
                shade="cloth",
            )
            cuff = path("M 11.8 73 L 10.4 80 L 20 82.8 L 22.2 76 Z")
            for part in (cuff, flipped(cuff)):
                canvas.fill(part, rib, shade="sleeve")
        if look.style == "raincoat":
            folds(canvas, "M 34 64 L 45 62 M 45 62 L 45 66", strength=0.4)
            collar = path("M 50 30 L 44 31 L 39 24 L 41 20 Z")
        else:
            folds(canvas, "M 36 62 L 43 70", strength=0.45)
    for part in (collar, flipped(collar)):
        canvas.cast(part, dx=0)
        look.cover(canvas, part, shade="down")
