"""Backpacks, handbags and suitcases, seen from the front."""

from __future__ import annotations

from emptor.market.knowledge.palette import COLORS, darker
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, mirrored, path, polygon, rounded


def backpack(canvas: Canvas, look: Look) -> None:
    """Styles: daypack, rolltop, hiking, mini."""
    strap = darker(look.main, 0.35)
    leather = COLORS["tan"] if look.color not in ("tan", "brown") else COLORS["brown"]
    for x, bow in ((24, -8), (76, 8)):
        canvas.tube(path(f"M {x + (4 if x < 50 else -4)} 26 Q {x + bow} 50 {x} 80"), strap, 4.4)
    canvas.tube(path("M 42 17 Q 42 7 50 7 Q 58 7 58 17"), strap, 3.2)
    if look.style == "rolltop":
        look.cover(canvas, mirrored("M 50 26 L 27 26 Q 23 50 24 84 Q 26 90 34 90 L 50 90"))
        roll = mirrored("M 50 15 L 30 15 Q 26 20 27 31 L 50 33")
        look.cover(canvas, roll, shade="tube")
        canvas.crease(path("M 28 22 Q 50 24 72 22"), width=1.4, strength=0.4)
        for x in (37, 63):
            canvas.fill(rounded(x - 2, 15, x + 2, 46, 1), leather, shade="round")
            canvas.fill(rounded(x - 2.8, 38, x + 2.8, 43, 1), COLORS["gold"], shade="metal")
    else:
        wide = 24 if look.style != "mini" else 27
        look.cover(
            canvas,
            mirrored(
                f"M 50 13 Q {wide + 6} 13 {wide} 34 Q {wide - 3} 60 {wide} 84 Q {wide + 2} 91 {wide + 10} 91 L 50 91"
            ),
        )
        canvas.crease(
            path(f"M {wide + 2} 50 Q {wide + 4} 18 50 18 Q {96 - wide} 18 {98 - wide} 50"),
            width=1.2,
            strength=0.55,
        )
    if look.style == "hiking":
        lid = mirrored("M 50 9 Q 28 9 26 28 Q 27 34 50 35")
        canvas.cast(lid)
        look.cover(canvas, lid, shade="down")
        for x in (38, 62):
            canvas.fill(rounded(x - 1.6, 28, x + 1.6, 58, 0.6), strap)
            canvas.fill(rounded(x - 2.6, 41, x + 2.6, 45, 0.8), look.trim, edge=0.3)
        roll = rounded(24, 83, 76, 95, 6)
        canvas.cast(roll, dy=-1)
        canvas.fill(roll, look.trim, shade="tube")
        for x in (36, 64):
            canvas.fill(rounded(x - 1.5, 82, x + 1.5, 96, 0.6), strap)
    top = 53 if look.style != "rolltop" else 57
    pocket = mirrored(f"M 50 {top} Q 34 {top} 31 {top + 5} Q 30 72 32 80 Q 33 82 38 82 L 50 82")
    canvas.cast(pocket)
    look.cover(canvas, pocket)
    canvas.stroke(path(f"M 34 {top + 7} Q 50 {top + 5} 66 {top + 7}"), look.dark, 1.4)
    canvas.stroke(path(f"M 62 {top + 6.4} L 63 {top + 12}"), COLORS["gold"], 1.3)
    if look.style in ("daypack", "mini"):
        canvas.fill(polygon((50, 31), (56, 37), (50, 43), (44, 37)), leather, edge=0.3)
        canvas.stroke(path("M 47 37 L 53 37"), darker(leather, 0.5), 1)


def handbag(canvas: Canvas, look: Look) -> None:
    """Styles: tote, satchel, crossbody, bucket, clutch."""
    gold = COLORS["gold"] if look.color not in ("gold", "mustard") else COLORS["silver"]
    handle = darker(look.main, 0.28)
    if look.style == "tote":
        canvas.tube(path("M 37 40 Q 36 10 50 10 Q 64 10 63 40"), darker(handle, 0.3), 2.6)
        look.cover(canvas, mirrored("M 50 36 L 19 36 Q 21 62 25 87 Q 26 89 30 89 L 50 89"))
        canvas.tube(path("M 35 54 L 36 38 Q 37 15 50 15 Q 63 15 64 38 L 65 54"), handle, 2.8)
        canvas.crease(path("M 20 40.5 L 80 40.5"), width=1, strength=0.35)
        for x in (35, 65):
            canvas.fill(ellipse(x, 53, 1.6), gold)
    elif look.style == "satchel":
        canvas.tube(path("M 36 40 Q 36 16 50 16 Q 64 16 64 40"), handle, 3.6)
        look.cover(canvas, mirrored("M 50 34 L 24 34 Q 16 58 14 80 Q 14 87 22 87 L 50 87"))
        flap = mirrored("M 50 32 L 23 32 Q 18 46 17 54 Q 32 64 50 64")
        canvas.cast(flap)
        look.cover(canvas, flap, shade="down")
        canvas.fill(rounded(45.5, 57, 54.5, 70, 1.6), gold, shade="metal")
        canvas.fill(ellipse(50, 62, 1.2), darker(gold, 0.6))
        for x in (36, 64):
            canvas.fill(ellipse(x, 39, 2.4), gold, shade="ball")
    elif look.style == "crossbody":
        canvas.tube(path("M 22 52 Q 14 8 50 8 Q 86 8 78 52"), handle, 1.9)
        look.cover(canvas, mirrored("M 50 42 L 26 42 Q 20 42 20 48 L 20 74 Q 20 86 32 86 L 50 86"))
        flap = mirrored("M 50 41 L 25 41 Q 20 42 20 50 Q 22 66 36 67 L 50 67")
        canvas.cast(flap)
        look.cover(canvas, flap, shade="down")
        canvas.fill(ellipse(50, 66, 4.2), gold, shade="ball")
        for ring in (21.5, 78.5):
            canvas.fill(ellipse(ring, 50, 2), gold)
    elif look.style == "bucket":
        canvas.tube(path("M 28 38 Q 26 6 50 6 Q 74 6 72 38"), handle, 2.6)
        canvas.fill(ellipse(50, 35, 24, 5), look.dark)
        look.cover(canvas, mirrored("M 50 39 Q 34 39 26 35 Q 25 62 21 82 Q 30 91 50 91"), shade="round")
        canvas.stroke(path("M 26.4 44 Q 50 51 73.6 44"), handle, 1.6)
        canvas.stroke(path("M 50 47 Q 46 56 47 64"), handle, 1.4)
        canvas.stroke(path("M 50 47 Q 55 55 54 62"), handle, 1.4)
        for x, y in ((47, 65), (54, 63)):
            canvas.fill(ellipse(x, y, 1.7), gold)
        canvas.crease(path("M 22.6 78 Q 50 87 77.4 78"), width=1, strength=0.35)
    else:
        canvas.tube(path("M 78 42 Q 96 52 86 74 Q 84 82 79 74"), gold, 1.6)
        look.cover(canvas, rounded(14, 34, 82, 76, 5), shade="down")
        flap = path("M 14 36 Q 14 33 18 33 L 78 33 Q 82 33 82 36 L 50 62 Q 48 63 46 62 Z")
        canvas.cast(flap)
        look.cover(canvas, flap, shade="down")
        canvas.fill(ellipse(48, 60.5, 3.4), gold, shade="ball")


def suitcase(canvas: Canvas, look: Look) -> None:
    """Styles: hardshell, cabin, vintage, kids."""
    leather = COLORS["tan"] if look.color not in ("tan", "brown") else darker(COLORS["brown"], 0.3)
    if look.style == "vintage":
        canvas.tube(path("M 38 34 L 38 26 Q 38 22 42 22 L 58 22 Q 62 22 62 26 L 62 34"), leather, 3.6)
        look.cover(canvas, rounded(7, 32, 93, 86, 6), shade="down", edge=0.4)
        canvas.crease(path("M 8 52 L 92 52"), width=1.4, strength=0.6)
        for x in (24, 76):
            canvas.fill(rounded(x - 3.4, 31.6, x + 3.4, 86.4, 0.6), leather, shade="down", edge=0.35)
            canvas.fill(rounded(x - 4.4, 47, x + 4.4, 56, 1), COLORS["gold"], shade="metal")
        for x, y, turn in ((7, 32, 0), (93, 32, 1), (7, 86, 2), (93, 86, 3)):
            sx, sy = (1 if turn in (0, 2) else -1), (1 if turn < 2 else -1)
            canvas.fill(
                path(
                    f"M {x} {y + 11 * sy} L {x} {y + 4 * sy} Q {x} {y} {x + 4 * sx} {y} L {x + 11 * sx} {y} "
                    f"Q {x + 10 * sx} {y + 10 * sy} {x} {y + 11 * sy} Z"
                ),
                leather,
                shade="down",
                edge=0.35,
            )
        canvas.fill(rounded(44, 58, 56, 67, 1), look.trim, edge=0.3)
        return
    wheel = (46, 46, 52)
    for x in (40, 60):
        canvas.tube(path(f"M {x} 30 L {x} 7"), COLORS["silver"], 2.2)
    canvas.tube(path("M 38.6 7 L 61.4 7"), wheel, 4.4)
    for x in (31, 69):
        canvas.fill(rounded(x - 4, 86, x + 4, 91, 1.4), wheel)
        canvas.fill(ellipse(x, 92, 4.2), wheel, shade="ball")
        canvas.fill(ellipse(x, 92, 1.6), COLORS["silver"], edge=0)
    if look.style == "kids":
        for x, lean in ((34, -1), (66, 1)):
            look.cover(canvas, ellipse(x + 2 * lean, 23, 8.4), shade="ball", edge=0.35)
            canvas.fill(ellipse(x + 2 * lean, 23, 4.6), look.trim, shade="ball", edge=0.2)
    look.cover(canvas, rounded(23, 24, 77, 88, 16 if look.style == "kids" else 7), shade="cloth", edge=0.4)
    if look.style == "kids":
        for x in (40, 60):
            canvas.fill(ellipse(x, 46, 4.2), (255, 255, 255), edge=0.3)
            canvas.fill(ellipse(x, 46.6, 2.4), wheel, edge=0)
        canvas.fill(ellipse(50, 58, 11, 8), look.pale, shade="ball", edge=0.2)
        canvas.fill(ellipse(50, 54.6, 3.2, 2.2), wheel, edge=0)
        canvas.stroke(path("M 45 60 Q 50 65 55 60"), wheel, 1.1)
    elif look.style == "cabin":
        for low, high in ((32, 52), (57, 82)):
            pocket = rounded(30, low, 70, high, 4)
            canvas.cast(pocket)
            look.cover(canvas, pocket, shade="down", edge=0.3)
            canvas.stroke(path(f"M 32 {low + 4} L 68 {low + 4}"), look.dark, 1.3)
            canvas.stroke(path(f"M 64 {low + 4} L 65 {low + 9}"), COLORS["gold"], 1.3)
        canvas.tube(path("M 42 25 Q 42 20 50 20 Q 58 20 58 25"), darker(look.main, 0.4), 3)
    else:
        for x in range(32, 72, 6):
            canvas.crease(path(f"M {x} 30 L {x} 82"), width=2.2, strength=0.45)
            canvas.crease(path(f"M {x + 1.4} 30 L {x + 1.4} 82"), width=1.2, strength=0.35, light=True)
        for low in (24, 78):
            for x in (23, 77):
                canvas.fill(rounded(x - 1.5, low + 4, x + 1.5, low + 8, 1), look.dark)
        canvas.tube(path("M 42 25 Q 42 20 50 20 Q 58 20 58 25"), wheel, 3)
        canvas.fill(rounded(44, 40, 56, 47, 1.4), look.trim, shade="metal", edge=0.3)
