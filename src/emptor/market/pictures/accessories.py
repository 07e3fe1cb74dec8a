"""Watches, sunglasses, caps and umbrellas."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.palette import COLORS, brightness, darker, lighter
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import (
    ellipse,
    flipped,
    mirrored,
    moved,
    path,
    regular,
    rounded,
    scaled,
)


def watch(canvas: Canvas, look: Look) -> None:
    """Styles: round dial, square dial, digital, chronograph. The colour is the strap's."""
    metal = COLORS["silver"] if look.second in ("white", "grey", "navy", "light blue") else COLORS["gold"]
    square = look.style in ("square dial", "digital")
    for half in (
        "M 50 8 L 41 8 Q 39 8 39 11 L 37.5 34 L 50 34",
        "M 50 66 L 37.5 66 L 39.6 90 Q 40 93 43 93 L 50 93",
    ):
        look.cover(canvas, mirrored(half), shade="round", edge=0.25)
    if look.material == "steel":
        for y in [*range(12, 32, 4), *range(70, 92, 4)]:
            canvas.crease(path(f"M 38 {y} L 62 {y}"), width=1.1, strength=0.5)
    else:
        for x in (40.8, 59.2):
            canvas.crease(path(f"M {x} 10 L {x + (-1 if x < 50 else 1)} 32"), width=0.7, strength=0.4)
        for y in (76, 80, 84, 88):
            canvas.fill(ellipse(50, y, 0.8, 1.1), look.dark, edge=0)
    canvas.fill(rounded(71, 46.5, 76.5, 53.5, 1.2), darker(metal, 0.15), shade="tube")
    case = (lambda r: rounded(50 - r, 50 - r, 50 + r, 50 + r, 7)) if square else (lambda r: ellipse(50, 50, r))
    body = (52, 54, 62) if look.style == "digital" else metal
    canvas.cast(case(22.5))
    canvas.fill(case(22.5), body, shade="metal" if look.style != "digital" else "ball", edge=0.3)
    canvas.fill(case(19.2), darker(body, 0.4), edge=0)
    if look.style == "digital":
        canvas.fill(case(17.5), (24, 30, 40), shade="glass", edge=0)
        for x, segments in ((37, "bc"), (43, "abged"), (53, "afgcd"), (61, "abcdefg")):
            _digit(canvas, x, 46, segments, (150, 236, 206))
        canvas.stroke(path("M 37 61 L 53 61"), look.pale, 1.6)
        return
    dark = look.style == "chronograph"
    dial = (40, 46, 62) if dark else COLORS["white"]
    ink = (240, 240, 236) if dark else (46, 46, 58)
    canvas.fill(case(18.4), dial, shade="down", edge=0)
    for hour in range(12):
        angle = np.radians(hour * 30)
        direction = np.array([np.sin(angle), -np.cos(angle)])
        inner, outer = (13.2, 16.6) if hour % 3 == 0 else (14.6, 16.4)
        canvas.stroke(np.array([50, 50]) + np.outer([inner, outer], direction), ink, 1.5 if hour % 3 == 0 else 0.8)
    if dark:
        for x, y in ((43, 50), (57, 50), (50, 57)):
            canvas.fill(ellipse(x, y, 4), lighter(dial, 0.2), edge=0.4)
            canvas.stroke(path(f"M {x} {y} L {x + 1.6} {y - 2}"), look.trim, 0.7)
    canvas.stroke(path("M 50 50 L 42.4 43.6"), ink, 1.9)
    canvas.stroke(path("M 50 50 L 59.5 39"), ink, 1.4)
    canvas.stroke(path("M 48 55 L 53.5 38.5"), COLORS["red"], 0.7)
    canvas.fill(ellipse(50, 50, 1.5), ink, edge=0)
    canvas.fill(path("M 38 40 Q 44 33 52 33 L 40 52 Q 36 47 38 40 Z"), (255, 255, 255), opacity=0.13, edge=0)


def _digit(canvas: Canvas, x: float, y: float, segments: str, color: tuple[int, int, int]) -> None:
    w, h = 5.0, 4.5
    ends = {
        "a": (0, 0, w, 0),
        "b": (w, 0, w, h),
        "c": (w, h, w, 2 * h),
        "d": (0, 2 * h, w, 2 * h),
        "e": (0, h, 0, 2 * h),
        "f": (0, 0, 0, h),
        "g": (0, h, w, h),
    }
    for name in segments:
        x0, y0, x1, y1 = ends[name]
        canvas.stroke(np.array([[x + x0, y + y0], [x + x1, y + y1]]), color, 1.2)


def sunglasses(canvas: Canvas, look: Look) -> None:
    """Styles: wayfarer, aviator, round, cat-eye. The colour is the frame's."""
    glass = (46, 44, 54) if brightness(look.trim) > 0.8 else darker(look.trim, 0.45)
    lens = {
        "wayfarer": path("M 12 39 Q 28 36 45 40 Q 46 54 39 61 Q 28 66 18 60 Q 12 52 12 39 Z"),
        "aviator": path("M 12 40 Q 28 34 45 40 Q 47 52 40 62 Q 32 70 22 65 Q 13 56 12 40 Z"),
        "round": ellipse(29, 51, 16),
        "cat-eye": path("M 7 36 Q 28 38 45 42 Q 46 54 38 60 Q 26 65 17 58 Q 11 50 7 36 Z"),
    }[look.style]
    thin = look.style in ("aviator", "round")
    frame = 1.8 if thin else 4.6
    temple = path("M 11 43 Q 14 30 26 26 Q 36 23 41 28")
    for arm in (temple, flipped(temple)):
        canvas.stroke(arm, darker(look.main, 0.35), 1.6 if thin else 3)
    bridge = path("M 43 45 Q 50 40 57 45")
    canvas.tube(bridge, look.main, frame)
    if look.style == "aviator":
        canvas.tube(path("M 38 37 L 62 37"), look.main, 1.6)
    for eye in (lens, flipped(lens)):
        middle = eye.mean(axis=0)
        grown = scaled(eye, 1 + frame / 22, 1 + frame / 17, about=(float(middle[0]), float(middle[1])))
        look.cover(canvas, grown, shade="down", edge=0.4)
        canvas.fill(eye, glass, shade="glass", edge=0.5)
        x, y = float(middle[0]), float(middle[1])
        gleam = path(f"M {x - 10} {y + 2} L {x - 2} {y - 10} L {x + 2} {y - 10} L {x - 8} {y + 5} Z")
        canvas.fill(gleam, (255, 255, 255), opacity=0.22, edge=0)
    if not thin:
        for x in (12.5, 87.5):
            canvas.fill(ellipse(x, 43, 1.3), COLORS["silver"], edge=0)


def cap(canvas: Canvas, look: Look) -> None:
    """Styles: baseball, bucket, beanie, trucker."""
    if look.style == "beanie":
        canvas.fill(ellipse(50, 16, 8.5), look.trim, shade="ball")
        for turn in range(0, 360, 30):
            dx, dy = 7 * np.cos(np.radians(turn)), 7 * np.sin(np.radians(turn))
            canvas.crease(path(f"M 50 16 L {50 + dx:.2f} {16 + dy:.2f}"), width=1, strength=0.3)
        look.cover(canvas, mirrored("M 50 22 Q 22 22 20 66 Q 34 72 50 72"), shade="ball")
        folds = (27, 35, 43, 50, 57, 65, 73)
        for x in folds:
            canvas.crease(
                path(f"M {50 + (x - 50) * 0.35} 25 Q {50 + (x - 50) * 0.9} 40 {x} 64"),
                width=1.2,
                strength=0.28,
            )
        brim = mirrored("M 50 62 Q 32 62 19 58 Q 16 68 18 77 Q 33 83 50 83")
        canvas.cast(brim, dy=-1.4, dx=0)
        canvas.fill(brim, darker(look.main, 0.12), shade="round", weave=look.weave)
        for x in range(22, 80, 5):
            canvas.crease(path(f"M {x} 62 L {x} 82"), width=1.4, strength=0.26)
        return
    if look.style == "bucket":
        canvas.fill(ellipse(50, 62, 40, 11), look.dark, edge=0.3)
        look.cover(canvas, mirrored("M 50 24 Q 34 22 31 29 Q 27 46 25 60 Q 36 66 50 66"), shade="cloth")
        canvas.crease(path("M 31 31 Q 50 36 69 31"), width=0.9, strength=0.3)
        brim = mirrored("M 50 60 Q 36 60 26 55 Q 14 62 9 70 Q 16 79 30 80 Q 40 82 50 82")
        canvas.cast(brim, dy=-1.6, dx=0, strength=0.3)
        look.cover(canvas, brim, shade="down")
        for y in (66, 71, 76):
            reach = 26 + (y - 60) * 0.75
            canvas.crease(path(f"M {50 - reach} {y - 5} Q 50 {y + 5} {50 + reach} {y - 5}"), width=0.8, strength=0.3)
        return
    crown = path("M 14 64 Q 12 28 43 25 Q 70 24 75 58 Q 48 53 14 64 Z")
    look.cover(canvas, crown, shade="ball")
    if look.style == "trucker":
        canvas.fill(path("M 43 25 Q 70 24 75 58 Q 62 55.6 52 56.4 Q 57 38 43 25 Z"), COLORS["white"], shade="down")
    canvas.crease(path("M 43 25 Q 57 38 52 56"), width=1.1, strength=0.4)
    canvas.crease(path("M 43 25 Q 24 38 27 60"), width=1.1, strength=0.4)
    brim = path("M 34 60 Q 52 53 75 56.6 Q 92 59 96 68 Q 96.6 71 92 70.4 Q 66 62 42 65 Q 36 65 34 60 Z")
    canvas.cast(brim, dy=-1.5, dx=0)
    canvas.fill(moved(brim, dy=1.4), look.dark, edge=0.2)
    look.cover(canvas, brim, shade="down")
    canvas.fill(ellipse(43, 25, 2.6, 1.5), look.trim, edge=0.4)
    badge = regular(64, 43, 6.6, 5, inner=3) if look.chance.random() < 0.5 else ellipse(64, 43, 5.6)
    canvas.fill(badge, look.trim, edge=0.15)


def umbrella(canvas: Canvas, look: Look) -> None:
    """Styles: classic, compact, dome."""
    deep = {"classic": 50, "compact": 46, "dome": 60}[look.style]
    wood = COLORS["tan"] if look.color not in ("tan", "brown") else COLORS["brown"]
    foot = 86 if look.style != "compact" else 74
    canvas.tube(path(f"M 50 12 L 50 {foot}"), COLORS["grey"], 1.9)
    if look.style == "compact":
        canvas.fill(rounded(47, 70, 53, 88, 3), (52, 50, 58), shade="round")
    else:
        canvas.tube(path(f"M 50 70 L 50 {foot} Q 50 94 43.5 94 Q 38 94 38 87"), wood, 3.4)
    ribs = [(8, 29), (29, 50), (50, 71), (71, 92)]
    hem = " ".join(f"Q {(a + b) / 2} {deep - 7} {a} {deep}" for a, b in reversed(ribs))
    dome = path(f"M 8 {deep} Q 12 14 50 12 Q 88 14 92 {deep} {hem} Z")
    look.cover(canvas, dome, shade="ball")
    for x in (29, 50, 71):
        line = path(f"M 50 12 Q {50 + (x - 50) * 0.95} 22 {x} {deep}")
        canvas.crease(line, width=1.2, strength=0.45)
    canvas.fill(
        path(f"M 50 12 Q 30 20 29 {deep} Q 18 {deep - 7} 8 {deep} Q 12 14 50 12 Z"),
        (255, 255, 255),
        opacity=0.1,
        edge=0,
    )
    canvas.fill(
        path(f"M 50 12 Q 70 20 71 {deep} Q 82 {deep - 7} 92 {deep} Q 88 14 50 12 Z"),
        (18, 16, 34),
        opacity=0.13,
        edge=0,
    )
    canvas.tube(path("M 50 12 L 50 7"), COLORS["grey"], 1.8)
