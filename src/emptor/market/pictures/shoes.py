"""Shoes, seen from the side: sneakers, boots, heels."""

from __future__ import annotations

from emptor.market.knowledge.palette import COLORS, darker
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, moved, path, polygon


def sneaker(canvas: Canvas, look: Look) -> None:
    """Styles: low top, high top, running, slip-on."""
    white = COLORS["white"] if look.color not in ("white", "cream") else COLORS["beige"]
    high = look.style == "high top"
    lining = darker(look.main, 0.5)
    if high:
        canvas.fill(path("M 17 22 Q 28 18 40 22 L 41 32 L 18 32 Z"), lining)
        upper = path("M 15 68 Q 15 42 16 22 Q 27 27 41 23 Q 45 38 52 47 Q 66 55 79 58 Q 87 61 87 69 Z")
    else:
        canvas.fill(path("M 15 38 Q 28 34 44 37 L 44 50 L 17 50 Z"), lining)
        upper = path("M 12 68 Q 12 50 14 37 Q 17 35 20 39 Q 30 48 44 38 Q 47 36 49 39 Q 58 51 78 56 Q 87 59 88 69 Z")
    look.cover(canvas, upper, shade="down")
    if look.style == "running":
        for i in range(3):
            canvas.stroke(path(f"M {30 + 7 * i} 66 Q {34 + 7 * i} 56 {42 + 6 * i} {46 + 2.4 * i}"), look.trim, 2.4)
        sole = path("M 9 67 Q 8 76 14 79 L 82 79 Q 93 78 91 70 Q 86 66 78 67 Q 56 72 40 67 Q 22 63 9 67 Z")
        canvas.fill(sole, white, shade="tube")
        canvas.crease(path("M 12 75 Q 40 72 60 76 Q 80 77 90 74"), width=1.2, strength=0.3)
        canvas.fill(path("M 8.6 69 Q 8 77 14 79 L 30 79 Q 18 76 8.6 69 Z"), look.trim)
    else:
        sole = path("M 10 67 L 89 67 Q 91 72 89 77 Q 88 78.6 85 78.6 L 14 78.6 Q 10 78 10 74 Z")
        canvas.fill(sole, white, shade="tube")
        canvas.stroke(path("M 11 72.2 L 89.6 72.2"), look.trim if look.trim != white else look.main, 1.1)
    if look.style == "slip-on":
        canvas.fill(path("M 33 42.4 Q 35 52 41 57 Q 47 56 50 50 Q 49 42 45 38 Q 39 42 33 42.4 Z"), look.dark, edge=0.3)
        for i in range(4):
            canvas.crease(
                path(f"M {36 + 2.6 * i} {43.6 - i * 0.8} L {40.4 + 2 * i} {55.4 - i * 0.8}"),
                width=0.8,
                strength=0.3,
                light=True,
            )
        canvas.crease(path("M 12.5 56 Q 22 56 27 66"), width=1.2, strength=0.4)
        return
    cap = path("M 72 67 Q 72 58 78 56 Q 87 59 88 67 Z")
    canvas.fill(cap, white if look.style != "running" else darker(look.main, 0.2), shade="ball")
    canvas.fill(path("M 11.8 67 Q 12 56 13 48 Q 20 52 22 67 Z"), darker(look.main, 0.22), shade="down")
    tongue = "M 40 24 L 46 19 Q 49 22 50 27 L 47 34 Z" if high else "M 43 38 L 49 31 Q 53 33 53 38 L 50 42 Z"
    canvas.fill(path(tongue), darker(look.main, 0.12), edge=0.35)
    start, stop, count = ((42, 27), (62, 50), 6) if high else ((48, 40), (66, 51.5), 4)
    for i in range(count):
        t = i / (count - 1)
        x = start[0] + (stop[0] - start[0]) * t
        y = start[1] + (stop[1] - start[1]) * (t if not high else t**0.9)
        lace = path(f"M {x - 5} {y + 4.2} Q {x - 1} {y + 1} {x + 1.6} {y - 0.4}")
        canvas.crease(moved(lace, dy=0.9), width=1.6, strength=0.3)
        canvas.stroke(lace, white if look.color not in ("white",) else COLORS["grey"], 1.5)
    if high:
        canvas.fill(ellipse(29, 42, 6.2), white, shade="ball")
        canvas.fill(ellipse(29, 42, 3.2), look.trim, edge=0.1)
    elif look.style == "low top":
        canvas.stroke(path("M 27 62 Q 36 58 45 50"), look.trim, 2.6)
        canvas.stroke(path("M 34 64 Q 43 60 51 53"), look.trim, 2.6)


def boot(canvas: Canvas, look: Look) -> None:
    """Styles: chelsea, hiking, rain, ankle, knee-high."""
    sole = COLORS["cream"] if look.style == "rain" and look.color == "black" else (52, 46, 46)
    if look.style == "hiking":
        sole = (58, 52, 48)
    top = {"knee-high": 8, "rain": 12, "chelsea": 27, "hiking": 24, "ankle": 30}[look.style]
    shaft = 50 if look.style in ("knee-high", "rain") else 48
    canvas.fill(ellipse((24 + shaft) / 2, top + 0.6, (shaft - 24) / 2, 2.6), look.dark, edge=0.3)
    upper = path(
        f"M 24 {top} Q 37 {top + 4.5} {shaft} {top} Q {shaft - 1} "
        f"40 {shaft + 2} 52 Q 60 59 75 61 Q 86 64 87 76 "
        f"L 20 76 Q 19 66 22 54 Q 24 40 24 {top} Z"
    )
    look.cover(canvas, upper, shade="round")
    canvas.crease(path("M 48 53 Q 38 57 30 56"), width=2.4, strength=0.22)
    canvas.crease(path("M 49 57 Q 42 63 34 62"), width=2.4, strength=0.18)
    canvas.crease(path("M 66 63 Q 74 63 82 69"), width=2.4, strength=0.22, light=True)
    heel = 91 if look.style in ("knee-high", "ankle") else 84
    if heel == 91:
        canvas.fill(path("M 20 75 L 87 75 Q 89 78 86 79 L 42 79 L 20 79 Z"), sole)
        canvas.fill(polygon((20, 78), (37, 78), (34, 90), (21, 90)), sole, shade="round")
        canvas.fill(path("M 45 78.6 L 87.5 76 Q 89 83 83 84 L 60 84 Q 52 80 45 80 Z"), sole)
    else:
        canvas.fill(
            path("M 19 74 L 87 74 Q 91 79 88 84 L 45 84 L 43 81 L 36 81 L 35 85 L 19 85 Z"),
            sole,
            shade="tube",
        )
    if look.style == "chelsea":
        canvas.fill(path("M 31 29 L 43 29 Q 42 44 38 54 Q 33 48 31 29 Z"), look.dark, edge=0.3)
        for y in range(32, 50, 3):
            canvas.crease(path(f"M 32 {y} L 42 {y}"), width=0.8, strength=0.4)
        canvas.tube(path("M 25 29 Q 22 20 27 21 Q 30 22 28 30"), look.main, 2)
    elif look.style == "hiking":
        canvas.fill(path("M 72 74 Q 72 64 76 62 Q 87 65 87.5 74 Z"), sole, shade="ball")
        canvas.fill(path("M 24 24 Q 37 28.5 48 24 L 48 31 Q 36 35 24 31 Z"), darker(look.main, 0.35), shade="round")
        for i, (x, y) in enumerate(((47, 35), (47, 41), (49, 47), (53, 53), (60, 57))):
            canvas.stroke(path(f"M {x - 6} {y + 3} L {x + 1} {y - 1}"), look.trim if i % 2 else COLORS["mustard"], 1.6)
            canvas.fill(ellipse(x - 6, y + 3, 1.1), COLORS["silver"])
    elif look.style == "rain":
        canvas.fill(path("M 24 12 Q 37 16.5 50 12 L 50 18 Q 37 22.5 24 18 Z"), look.trim, shade="round")
        canvas.crease(path("M 30 22 Q 29 44 28 60"), width=2.6, strength=0.5, light=True)
        canvas.fill(polygon((28, 24), (34, 25), (34, 29), (28, 28)), look.trim, edge=0.2)
    elif look.style == "knee-high":
        canvas.crease(path("M 29 14 Q 28 40 30 66"), width=1, strength=0.4)
        canvas.tube(path("M 24 24 Q 37 28 49.4 24"), look.dark, 2.4)
        canvas.fill(polygon((40, 24), (45, 24), (45, 29), (40, 29)), COLORS["gold"])
    else:
        canvas.tube(path("M 22.6 56 Q 36 50 51 50"), look.dark, 2.6)
        canvas.fill(ellipse(38, 52, 2.4), COLORS["gold"])
        canvas.crease(path("M 36 34 L 36 48"), width=1, strength=0.5)


def heel(canvas: Canvas, look: Look) -> None:
    """Styles: stiletto, block heel, sandal, kitten, wedge."""
    lining = COLORS["beige"] if look.color not in ("beige", "tan", "cream") else COLORS["brown"]
    drop = 0 if look.style != "kitten" else 12
    back = 34 + drop
    arch = f"M 14 {back} Q 17 {back + 12} 25 {back + 14} Q 44 {58 + drop / 2} 58 76 Q 64 80 86 80 "
    if look.style == "wedge":
        canvas.fill(path("M 13 50 Q 40 58 58 72 L 88 78 L 88 82 L 16 82 Z"), COLORS["tan"], shade="down")
        for y in range(58, 82, 4):
            canvas.crease(path(f"M 14 {y} L 84 {y}"), width=0.9, strength=0.25)
    elif look.style in ("block heel", "sandal"):
        canvas.fill(polygon((14, 44), (31, 52), (28, 82), (15, 82)), darker(look.main, 0.25), shade="round")
    else:
        canvas.fill(
            path(f"M 14 {back + 8} Q 18 {back + 20} 17 82 L 20 82 Q 24 {back + 26} 30 {back + 16} Z"),
            look.dark,
        )
    if look.style == "sandal":
        canvas.fill(path(arch + "Q 91 80 90 82.5 L 62 82.5 Q 52 82 44 72 Q 32 58 13 50 Z"), lining, shade="down")
        canvas.tube(path("M 15 46 Q 20 30 31 31 Q 42 33 36 48"), look.main, 2.6)
        canvas.fill(ellipse(40, 38, 1.8), COLORS["gold"])
        for strap in ("M 60 79 Q 64 64 77 72 Q 80 76 80 80 L 74 80 Q 72 74 66 80 Z",):
            look.cover(canvas, path(strap), shade="ball")
        canvas.tube(path("M 54 74 Q 60 60 70 66"), look.main, 2.8)
        return
    canvas.fill(
        path(f"M 16 {back + 1} Q 30 {back + 2} 40 {back + 18} Q 52 62 66 66 L 60 72 L 24 {back + 14} Z"),
        lining,
    )
    upper = path(
        f"M 14 {back} Q 17 {back + 5} 23 {back + 10} Q 36 {52 + drop / 2} "
        "50 66 Q 60 72 66 64 Q 70 60 76 66 Q 90 73 92 80 "
        f"L 64 80.5 Q 56 79 48 71 Q 36 60 20 {back + 17} Q 11 {back + 12} 14 {back} Z"
    )
    look.cover(canvas, upper, shade="down")
    canvas.crease(path("M 70 67 Q 78 70 85 76"), width=2.4, strength=0.5, light=True)
    canvas.stroke(path("M 50 75 Q 58 82 66 82 L 91 81.4"), (56, 48, 48), 1.8)
    if look.style == "block heel":
        canvas.tube(path("M 20 40 Q 30 34 42 52"), look.main, 2.2)
        canvas.fill(ellipse(33, 41, 1.5), COLORS["gold"])
