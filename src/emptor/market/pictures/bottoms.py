"""Dresses, skirts and trousers, seen from the front."""

from __future__ import annotations

from emptor.market.knowledge.palette import COLORS, darker
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, flipped, mirrored, path, rounded
from emptor.market.pictures.tops import both, folds


def dress(canvas: Canvas, look: Look) -> None:
    """Styles: a-line, maxi, wrap, slip, shirt dress."""
    if look.style == "slip":
        for x, to in ((40, 43), (60, 57)):
            canvas.tube(path(f"M {x} 24 Q {x} 15 {to} 8"), look.main, 1.5)
        look.cover(canvas, mirrored("M 50 27 Q 45 27 40 22 Q 38 32 37 36 Q 39 46 37 54 Q 32 76 31 91 Q 41 94 50 93"))
        folds(canvas, "M 43 32 Q 42 60 38 90", "M 47 52 Q 47 74 46 92", "M 38 38 Q 42 40 44 43")
        return
    canvas.fill(path("M 42 10 L 58 10 L 55 20 L 45 20 Z"), look.dark, edge=0)
    if look.style == "wrap":
        both(canvas, look, "M 40 10 Q 32 13 29 26 L 24 46 L 31 49 L 38 32 Z", shade="sleeve")
        skirt = mirrored("M 50 43 L 39 43 Q 32 62 28 82 Q 40 87 50 85")
        bodice = mirrored("M 50 30 L 42 9 L 38 11 Q 36 22 38 31 Q 40 38 39.5 44 L 50 44")
    elif look.style == "shirt dress":
        both(canvas, look, "M 39 11 Q 31 14 28 24 L 24 36 L 32 40 L 37 31 Z", shade="sleeve")
        skirt = mirrored("M 50 44 L 38 44 Q 35 62 33 80 Q 40 83 50 82")
        bodice = mirrored("M 50 22 L 43 9 L 37 12 Q 34 22 36 32 Q 38 40 38 45 L 50 45")
    elif look.style == "maxi":
        skirt = mirrored("M 50 37 L 40 37 Q 33 60 27 90 Q 31 94 36 91.5 Q 43 95 50 93")
        bodice = mirrored("M 50 21 Q 44 20 43 8 L 39.5 9 Q 41 18 38 23 Q 39 31 40 38 L 50 38")
    else:
        skirt = mirrored("M 50 40 L 39 40 Q 29 58 20 77 Q 26 84 32 79.5 Q 37 86 43 81 Q 47 85 50 82")
        bodice = mirrored("M 50 20 Q 43 19 42 8.5 L 37 10 Q 39 18 35.5 24 Q 38 32 39 41 L 50 41")
    look.cover(canvas, skirt)
    look.cover(canvas, bodice)
    if look.style == "maxi":
        folds(canvas, "M 45 40 Q 42 64 37 90", "M 49 42 Q 48 66 47 92", "M 42 41 Q 36 62 32 88")
    elif look.style in ("a-line", "wrap"):
        folds(canvas, "M 43 45 Q 37 60 32 78", "M 48 46 Q 46 62 43 80", "M 37 26 Q 41 29 43 33")
    else:
        folds(canvas, "M 41 47 Q 38 62 37 80", "M 38 31 Q 42 33 44 37")
    belt = look.trim if look.pattern == "plain" else look.dark
    waist = {"maxi": 38, "a-line": 40.5}.get(look.style, 43.5)
    canvas.fill(rounded(38.6, waist - 1.6, 61.4, waist + 1.8, 1), belt, shade="round", edge=0.3)
    if look.style == "wrap":
        canvas.crease(path("M 43 12 Q 48 32 58 43 Q 64 60 60 85"), width=1.3, strength=0.5)
        canvas.fill(path("M 59 44 L 64 56 L 67.5 54.5 L 61 43 Z"), belt, edge=0.3)
        canvas.fill(path("M 58.5 44 L 58 59 L 62 59 L 60.5 43 Z"), belt, edge=0.3)
    if look.style == "shirt dress":
        for y in range(20, 80, 8):
            canvas.fill(ellipse(50, y, 0.9), look.ink)
        canvas.crease(path("M 47.8 22 L 47.8 82"), width=0.8, strength=0.35)
        collar = path("M 50 22 L 44.5 24.5 L 40 14 L 43 8 Z")
        for part in (collar, flipped(collar)):
            canvas.cast(part, dx=0, dy=0.8)
            look.cover(canvas, part, shade="down")


def skirt(canvas: Canvas, look: Look) -> None:
    """Styles: pleated, pencil, mini, maxi, midi."""
    shapes = {
        "pencil": "M 50 18 L 35 18 Q 27 34 30 50 Q 32 70 34 86 Q 42 88 50 88",
        "mini": "M 50 26 L 34 26 Q 25 48 20 70 Q 27 76 34 72 Q 42 77 50 73",
        "maxi": "M 50 10 L 37 10 Q 28 48 21 88 Q 27 94 34 90 Q 42 95 50 91",
        "pleated": "M 50 18 L 34 18 Q 24 48 15 78 L 22 82 L 27 79 L 33 84 L 38 80.5 L 44 85 L 50 81",
        "midi": "M 50 16 L 36 16 Q 27 44 21 78 Q 28 85 36 80 Q 43 86 50 82",
    }
    half = path(shapes[look.style])
    waist = float(half[0, 1])
    look.cover(canvas, mirrored(half))
    if look.style == "pleated":
        for i in range(7):
            x, foot = 36 + i * 4.67, 18 + i * 10.67
            canvas.crease(path(f"M {x} {waist + 6} Q {x + (foot - x) * 0.3} 50 {foot} 81"), width=1.8, strength=0.4)
            canvas.crease(path(f"M {x + 1} {waist + 6} L {foot + 4} 81"), width=2.4, strength=0.22, light=True)
    elif look.style == "pencil":
        folds(canvas, "M 31 44 Q 38 47 43 46", "M 38 26 L 37 36")
        canvas.crease(path("M 50 70 L 50 88"), width=1.2, strength=0.5)
    else:
        foot = float(half[:, 1].max()) - 6
        folds(
            canvas,
            f"M 40 {waist + 7} Q 35 50 30 {foot}",
            f"M 46 {waist + 7} Q 44 52 41 {foot}",
            strength=0.16,
        )
    edge = 50 - float(half[1, 0])
    band = rounded(49.3 - edge, waist - 2.5, 50.7 + edge, waist + 4, 1.2)
    canvas.fill(band, darker(look.main, 0.18), shade="round", edge=0.3)
    if look.style == "mini":
        for x in (46, 54):
            canvas.fill(ellipse(x, waist + 0.8, 1.2), COLORS["gold"])


def trousers(canvas: Canvas, look: Look) -> None:
    """Styles: straight, skinny, cargo, joggers, shorts."""
    shapes = {
        "straight": ("M 50 10 L 35 10 Q 31 28 30 50 L 28 92 L 43 92 L 49 40 L 50 32", 92),
        "skinny": ("M 50 10 L 36 10 Q 32 28 33 50 L 36 92 L 44 92 L 48 44 L 50 32", 92),
        "cargo": ("M 50 10 L 35 10 Q 29 28 27 50 L 25 91 L 43 91 L 48 42 L 50 32", 91),
        "joggers": ("M 50 10 L 35 10 Q 29 28 29 50 Q 29 72 33 86 L 43 86 Q 46 66 48 42 L 50 32", 92),
        "shorts": ("M 50 18 L 31 18 Q 26 36 22 66 L 45 69 L 49 46 L 50 41", 69),
    }
    half, foot = shapes[look.style]
    waist = 18 if look.style == "shorts" else 10
    crotch = 41 if look.style == "shorts" else 32
    look.cover(canvas, mirrored(half), shade="cloth")
    folds(
        canvas,
        f"M 50 {crotch} Q 44 {crotch - 1} 39 {crotch - 4}",
        f"M 49 {crotch + 4} Q 44 {crotch + 6} 40 {crotch + 4}",
        strength=0.2,
    )
    if look.style != "shorts":
        folds(
            canvas,
            "M 33 60 Q 38 62 43 60",
            "M 34 63 Q 38 66 42 64",
            f"M 33 {foot - 7} Q 38 {foot - 5} 42 {foot - 7}",
        )
    edge = 15 if look.style in ("straight", "cargo", "joggers") else (19 if look.style == "shorts" else 14)
    band = rounded(49.4 - edge, waist - 2, 50.6 + edge, waist + 4.5, 1)
    if look.style == "joggers":
        canvas.fill(band, look.dark, shade="round")
        cuff = path("M 32.4 84 L 33.6 92 L 43 92 L 44 84 Z")
        for part in (cuff, flipped(cuff)):
            canvas.fill(part, look.dark, shade="sleeve")
        canvas.stroke(path("M 49 14 Q 46 22 47 27"), look.ink, 0.9)
        canvas.stroke(path("M 51 14 Q 54 22 53 26"), look.ink, 0.9)
        return
    look.cover(canvas, band, shade="round", edge=0.3)
    canvas.crease(path(f"M 50 {waist + 4} L 50 {crotch}"), width=1.1, strength=0.5)
    canvas.crease(path(f"M 50 {waist + 14} Q 53.4 {waist + 13} 53.4 {waist + 5}"), width=0.8, strength=0.35)
    canvas.fill(ellipse(50, waist + 1.4, 1.2), COLORS["gold"] if look.material == "denim" else look.ink)
    folds(canvas, f"M {51 - edge} {waist + 14} Q {56 - edge} {waist + 12} {58 - edge} {waist + 5}", strength=0.4)
    if look.style == "cargo":
        pocket = rounded(26, 47, 36, 60, 1)
        for part in (pocket, flipped(pocket)):
            canvas.cast(part)
            look.cover(canvas, part)
        both(canvas, look, rounded(25.6, 45.6, 36.4, 50, 1), shade="down")
