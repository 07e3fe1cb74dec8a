"""Things for the home: lamps, mugs, chairs, cushions, vases."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, Rgb, darker, lighter
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import (
    ellipse,
    flipped,
    heart,
    mirrored,
    path,
    polygon,
    regular,
    rounded,
)

WOODS: dict[str, Rgb] = {
    "oak": (205, 165, 115),
    "walnut": (122, 84, 58),
    "beech": (222, 186, 142),
    "bamboo": (214, 182, 118),
}


def lamp(canvas: Canvas, look: Look) -> None:
    """Styles: table, floor, desk, pendant. The colour is the shade's."""
    base = WOODS.get(look.material, {"brass": COLORS["gold"], "steel": COLORS["silver"]}.get(look.material, look.trim))
    if look.style == "desk":
        canvas.fill(mirrored("M 50 84 Q 36 84 34 89 L 50 90") - [10, 0], base, shade="tube")
        canvas.tube(path("M 40 86 L 28 56 L 56 30"), base, 2.6)
        for x, y in ((28, 56), (56, 30)):
            canvas.fill(ellipse(x, y, 2.6), darker(base, 0.3), shade="ball")
        look.cover(canvas, path("M 55 24 Q 60 19 66 22 Q 82 28 86 44 Q 74 56 61 49 Q 53 38 55 24 Z"), shade="ball")
        canvas.fill(path("M 86 44 Q 74 56 61 49 Q 72 42 86 44 Z"), lighter(COLORS["yellow"], 0.6), edge=0.15)
        return
    if look.style == "pendant":
        canvas.stroke(path("M 50 2 L 50 30"), (70, 66, 70), 1.2)
        canvas.fill(rounded(46, 27, 54, 37, 2), base, shade="metal")
        canvas.fill(ellipse(50, 72, 8), lighter(COLORS["yellow"], 0.6), shade="ball", edge=0.1)
        look.cover(canvas, mirrored("M 50 35 Q 44 35 42 40 Q 20 48 16 70 Q 32 75 50 75"), shade="ball")
        canvas.fill(ellipse(50, 70.5, 33.6, 4), lighter(COLORS["yellow"], 0.5), edge=0.25)
        return
    if look.style == "floor":
        canvas.fill(ellipse(50, 92, 15, 3), darker(base, 0.1), shade="tube")
        canvas.tube(path("M 50 30 L 50 91"), base, 2.4)
        shade = mirrored("M 50 7 L 38 7 L 29 33 Q 40 36 50 36")
    else:
        if look.chance.random() < 0.5:
            body = mirrored("M 50 46 L 47 46 Q 46 52 40 58 Q 32 68 38 80 Q 41 86 38 90 L 50 91")
        else:
            body = mirrored("M 50 46 L 48 46 Q 47 56 44 60 Q 36 62 37 70 Q 38 78 45 80 Q 46 85 36 89 L 50 91")
        canvas.fill(body, base, shade="round")
        canvas.crease(path("M 44 62 Q 41 70 43 78"), width=2, strength=0.5, light=True)
        shade = mirrored("M 50 11 L 35 11 L 22 47 Q 36 51 50 51")
    look.cover(canvas, shade, shade="glow")
    low, high = float(shade[:, 1].max()), float(shade[:, 1].min())
    narrow, wide = (12, 21) if look.style == "floor" else (15, 28)
    for hem in (high + 1.4, low - 3):
        reach = narrow + (wide - narrow) * (hem - high) / (low - high)
        canvas.crease(path(f"M {50 - reach} {hem} Q 50 {hem + 3} {50 + reach} {hem}"), width=0.9, strength=0.3)


def mug(canvas: Canvas, look: Look) -> None:
    """Styles: classic, tall, enamel, espresso, stoneware."""
    inside = lighter(look.main, 0.55) if look.style != "enamel" else COLORS["white"]
    top, foot, left, right = {
        "classic": (24, 84, 20, 68),
        "tall": (14, 86, 24, 64),
        "enamel": (28, 82, 18, 70),
        "espresso": (36, 82, 25, 63),
        "stoneware": (26, 84, 18, 68),
    }[look.style]
    width, middle = right - left, (left + right) / 2
    reach = right + width * 0.36
    grip = path(
        f"M {right - 2} {top + 12} C {reach} {top + 8} {reach} {foot - 14} {right - 3} {foot - 12}"
        if look.style != "espresso"
        else f"M {right - 2} {top + 10} C {reach} {top + 8} {reach} {foot - 10} {right - 8} {foot - 12}"
    )
    canvas.tube(grip, darker(look.main, 0.06), 6.4 if look.style != "enamel" else 4)
    pinch = {"classic": 1.5, "tall": 3, "enamel": 1, "espresso": 8, "stoneware": 6}[look.style]
    belly = 3 if look.style == "stoneware" else 0
    body = path(
        f"M {left} {top} Q {left - belly} {(top + foot) / 2} {left + pinch} "
        f"{foot - 5} Q {left + pinch + 1} {foot} {left + pinch + 7} "
        f"{foot + 1} Q {middle} {foot + 3} {right - pinch - 7} {foot + 1} "
        f"Q {right - pinch - 1} {foot} {right - pinch} {foot - 5} "
        f"Q {right + belly} {(top + foot) / 2} {right} {top} Z"
    )
    look.cover(canvas, body, shade="round")
    rim = ellipse(middle, top, width / 2, width * 0.1)
    canvas.fill(rim, look.trim if look.style == "enamel" else lighter(look.main, 0.2), edge=0.25)
    canvas.fill(
        ellipse(middle, top + 0.5, width / 2 - 2, width * 0.1 - 1.3),
        darker(inside, 0.14),
        shade="tube",
        edge=0.2,
    )
    canvas.fill(ellipse(middle, top + 2, width / 2 - 4, width * 0.1 - 2.2), (92, 58, 40), edge=0)
    if look.style == "stoneware":
        glaze = path(
            f"M {left - 1} {foot - 20} Q {middle} {foot - 12} "
            f"{right + 1} {foot - 20} L {right - 5} {foot - 4} "
            f"Q {right - 8} {foot + 1} {middle} {foot + 2} Q "
            f"{left + 8} {foot + 1} {left + 5} {foot - 4} Z"
        )
        canvas.fill(glaze, COLORS["beige"], shade="round", edge=0.1)
    elif look.pattern == "plain":
        x, y = middle, (top + foot) / 2 + 2
        match int(look.chance.integers(4)):
            case 0:
                canvas.fill(heart(x, y, width * 0.17), look.trim, edge=0)
            case 1:
                canvas.fill(regular(x, y, width * 0.2, 5, inner=width * 0.09), look.trim, edge=0)
            case 2:
                for offset in (-4, 0):
                    canvas.crease(
                        path(f"M {left} {y + offset} Q {x} {y + offset + 4} {right} {y + offset}"),
                        width=1.5,
                        strength=0.3,
                    )
    canvas.crease(
        path(f"M {left + width * 0.17} {top + 9} Q {left + width * 0.15} {top + 24} {left + width * 0.18} {foot - 14}"),
        width=2.6,
        strength=0.55,
        light=True,
    )


def chair(canvas: Canvas, look: Look) -> None:
    """Styles: dining, armchair, office, stool, rocking."""
    wood = WOODS.get(look.material, WOODS["oak"])
    if look.style == "armchair":
        for x in (26, 74):
            canvas.tube(path(f"M {x} 78 L {x + (-3 if x < 50 else 3)} 92"), wood, 3.2)
        look.cover(canvas, mirrored("M 50 18 Q 28 17 26 32 Q 26 50 30 66 L 50 66"), shade="cloth")
        look.cover(canvas, mirrored("M 50 54 L 30 54 Q 28 60 29 66 L 50 67"), shade="tube")
        look.cover(canvas, mirrored("M 50 64 L 22 64 L 23 82 L 50 82"), shade="down")
        for arm in (path("M 14 48 Q 15 41 22 41 Q 30 42 30 50 L 31 82 Q 22 86 17 82 Z"),):
            for part in (arm, flipped(arm)):
                canvas.cast(part, dx=0)
                look.cover(canvas, part, shade="round")
        for x in (41, 50, 59):
            canvas.fill(ellipse(x, 33, 1), look.dark, edge=0)
        return
    if look.style == "office":
        for x, y in ((28, 90), (72, 90), (50, 93), (38, 86), (62, 86)):
            canvas.tube(path(f"M 50 82 L {x} {y - 2}"), (70, 72, 80), 2.6)
            canvas.fill(ellipse(x, y, 2.4), (40, 40, 48))
        canvas.tube(path("M 50 64 L 50 83"), COLORS["silver"], 4)
        canvas.tube(path("M 50 50 L 50 62"), (70, 72, 80), 5)
        look.cover(canvas, mirrored("M 50 8 Q 34 8 32 16 Q 30 34 34 49 Q 42 52 50 52"), shade="cloth")
        for y in (19, 27, 35, 43):
            canvas.crease(path(f"M 34 {y} Q 50 {y + 2} 66 {y}"), width=1, strength=0.25)
        look.cover(canvas, mirrored("M 50 58 Q 32 57 27 62 Q 26 68 32 69 L 50 70"), shade="tube")
        for x in (22, 78):
            canvas.tube(path(f"M {x + (6 if x < 50 else -6)} 64 L {x} 60 L {x} 46"), (70, 72, 80), 2.4)
            canvas.fill(rounded(x - 4, 43, x + 4, 47, 2), (52, 54, 62))
        return
    if look.style == "stool":
        for a, b in (((40, 34), (30, 91)), ((60, 34), (70, 91)), ((46, 34), (42, 86)), ((54, 34), (58, 86))):
            canvas.tube(np.array([a, b], dtype=float), wood, 3)
        canvas.tube(path("M 34 70 L 66 70"), wood, 2.2)
        look.cover(canvas, mirrored("M 50 35 Q 30 34 28 29 L 29 25 L 50 24"), shade="tube")
        look.cover(canvas, ellipse(50, 25, 22, 5), shade="tube")
        return
    for x, top, seat in ((33, 14, 62), (67, 14, 62)):
        canvas.tube(path(f"M {x} {seat} L {x + (2 if x < 50 else -2)} {top}"), wood, 3.2)
    if look.style == "rocking":
        for y in (18, 27, 36):
            canvas.tube(path(f"M 34 {y} Q 50 {y - 3} 66 {y}"), wood, 4)
        for x in (26, 74):
            canvas.tube(path(f"M {x + (4 if x < 50 else -4)} 62 L {x} 87"), wood, 3)
            canvas.tube(path(f"M {x + (4 if x < 50 else -4)} 46 L {x - (3 if x < 50 else -3)} 46 L {x} 60"), wood, 2.8)
        canvas.tube(path("M 14 83 Q 24 92 50 92 Q 76 92 86 83"), darker(wood, 0.12), 3)
    else:
        for x in (38, 46, 54, 62):
            canvas.tube(path(f"M {x} 60 L {x} 24"), wood, 1.7)
        canvas.fill(mirrored("M 50 12 Q 38 11 32 13 L 33 25 Q 42 23 50 23"), wood, shade="down")
        for x, foot in ((28, 92), (72, 92), (37, 86), (63, 86)):
            canvas.tube(path(f"M {x + (3 if x < 50 else -3)} 64 L {x} {foot}"), wood, 3)
        canvas.tube(path("M 31 76 L 69 76"), wood, 1.8)
    look.cover(canvas, mirrored("M 50 55 L 31 55 Q 27 59 25 64 Q 25 69 30 69 L 50 69"), shade="down")
    canvas.crease(path("M 26 65 L 74 65"), width=1.2, strength=0.35)


def cushion(canvas: Canvas, look: Look) -> None:
    """Styles: square, round, lumbar, tasselled."""
    if look.style == "round":
        look.cover(canvas, ellipse(50, 50, 36, 35), shade="ball")
        for turn in range(0, 360, 20):
            a = np.radians(turn)
            spoke = np.array([50, 50]) + np.outer([5, 20, 31], [np.cos(a), np.sin(a)])
            canvas.crease(spoke, width=2, strength=0.16)
        canvas.fill(ellipse(50, 50, 4), look.dark, shade="ball")
        return
    x, y = (39, 26) if look.style == "lumbar" else (35, 35)
    side = (
        f"M {50 - x} {50 - y} Q 50 {56 - y} {50 + x} {50 - y} Q {44 + x} 50 {50 + x} {50 + y} "
        f"Q 50 {44 + y} {50 - x} {50 + y} Q {56 - x} 50 {50 - x} {50 - y} Z"
    )
    if look.style == "tasselled":
        for cx in (50 - x, 50 + x):
            for cy in (50 - y, 50 + y):
                out = np.sign([cx - 50, cy - 50])
                for spread in (-1.6, 0, 1.6):
                    end = np.array([cx, cy]) + out * 7 + np.array([spread, -spread]) * out[0] * out[1]
                    canvas.stroke(np.array([[cx, cy], end]), look.trim, 1.6)
    look.cover(canvas, path(side), shade="ball")
    canvas.stroke(path(side), darker(look.main, 0.3), 0.9, opacity=0.6, closed=True)
    for cx, cy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        canvas.crease(
            path(
                f"M {50 + cx * (x - 3)} {50 + cy * (y - 3)} Q "
                f"{50 + cx * (x - 10)} {50 + cy * (y - 8)} "
                f"{50 + cx * (x - 15)} {50 + cy * (y - 16)}"
            ),
            width=2.6,
            strength=0.2,
        )
        canvas.fill(ellipse(50 + cx * x, 50 + cy * y, 1.5), darker(look.main, 0.3), edge=0)


def vase(canvas: Canvas, look: Look) -> None:
    """Styles: bottle, round, cylinder, amphora."""
    half, mouth, rim = {
        "bottle": ("M 50 38 L 45 38 Q 45 50 41 55 Q 31 64 34 80 Q 36 91 44 92 L 50 92", 38, 5),
        "round": ("M 50 50 L 43 50 Q 43 53 36 56 Q 24 66 31 82 Q 36 91 44 92 L 50 92", 50, 7),
        "cylinder": ("M 50 40 L 36 40 Q 37 66 37 88 Q 38 92 43 92 L 50 92", 40, 14),
        "amphora": ("M 50 40 L 42 40 Q 43 46 44 49 Q 30 53 31 66 Q 33 80 42 86 L 40 92 L 50 92", 40, 8),
    }[look.style]
    if look.chance.random() < 0.75:
        _stems(canvas, look, mouth)
    canvas.fill(ellipse(50, mouth, rim, rim * 0.22), look.dark, edge=0.3)
    look.cover(canvas, mirrored(half), shade="round")
    if look.style == "amphora":
        for side in (path("M 42.6 43 Q 30 42 34 54"), flipped(path("M 42.6 43 Q 30 42 34 54"))):
            canvas.tube(side, darker(look.main, 0.08), 2.6)
    canvas.stroke(ellipse(50, mouth, rim, rim * 0.22), lighter(look.main, 0.25), 1, closed=True)
    canvas.crease(path(f"M 40 {mouth + 24} Q 38 {mouth + 34} 40 84"), width=2.4, strength=0.6, light=True)


def _stems(canvas: Canvas, look: Look, mouth: float) -> None:
    green = (92, 138, 92)
    bloom = COLORS["coral"] if look.color not in ("coral", "pink", "red") else COLORS["cream"]
    for lean, height in ((-17, 8), (-6, 4), (7, 9), (18, 13)):
        x, y = 50 + lean, height
        canvas.stroke(
            path(f"M {50 + lean * 0.1} {mouth} Q {50 + lean * 0.3} {(mouth + y) / 2} {x} {y + 5}"), green, 1.1
        )
        for t in (0.35, 0.6):
            sx, sy = 50 + lean * (0.1 + 0.75 * t), mouth + (y + 5 - mouth) * t
            canvas.fill(polygon((sx, sy), (sx + 4, sy - 4), (sx + 8, sy - 4), (sx + 5, sy - 0.6)), green, edge=0.1)
        for turn in range(0, 360, 72):
            a = np.radians(turn + lean)
            canvas.fill(ellipse(x + 2.6 * np.cos(a), y + 5 + 2.6 * np.sin(a), 2.5), bloom, edge=0.1)
        canvas.fill(ellipse(x, y + 5, 1.5), COLORS["mustard"], edge=0)
