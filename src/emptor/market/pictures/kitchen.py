"""Kitchen things and bottles: pans, kettles, drinking bottles, perfume, lipstick."""

from __future__ import annotations

from emptor.market.knowledge.palette import COLORS, darker, lighter
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.look import Look
from emptor.market.pictures.shapes import ellipse, mirrored, path, rounded

_STEEL = (196, 201, 208)


def pan(canvas: Canvas, look: Look) -> None:
    """Styles: frying pan, saucepan, wok, casserole, grill pan."""
    grip = (58, 50, 48) if look.material != "steel" else _STEEL
    if look.style in ("saucepan", "casserole"):
        if look.style == "saucepan":
            canvas.tube(path("M 66 54 Q 82 50 96 46"), grip, 5.2)
        else:
            for line in ("M 16 56 Q 7 55 8 61 Q 9 66 17 65", "M 84 56 Q 93 55 92 61 Q 91 66 83 65"):
                canvas.tube(path(line), darker(look.main, 0.15), 4)
        left, right = (14, 68) if look.style == "saucepan" else (14, 86)
        middle = (left + right) / 2
        body = path(
            f"M {left} 46 L {left + 1.5} 78 Q {left + 3} 85 {left + 12} 86 L "
            f"{right - 12} 86 Q {right - 3} 85 {right - 1.5} 78 L {right} 46 Z"
        )
        look.cover(canvas, body, shade="metal" if look.material == "steel" else "round")
        lid = path(
            f"M {left - 1} 47 Q {left + 2} 34 {middle} 32 Q {right - 2} 34 {right + 1} 47 Q {middle} 51 {left - 1} 47 Z"
        )
        canvas.cast(lid, dx=0)
        canvas.fill(lid, lighter(look.main, 0.1), shade="ball")
        canvas.fill(rounded(middle - 2, 27, middle + 2, 33, 1), darker(grip, 0.1))
        canvas.fill(ellipse(middle, 26, 5, 3), grip, shade="ball")
        return
    canvas.tube(path("M 62 40 Q 78 28 94 14"), grip, 5.6)
    canvas.fill(ellipse(91.6, 16.2, 1.3), (240, 240, 240), edge=0)
    canvas.tube(path("M 60 42 L 70 34"), _STEEL, 4)
    deep = 13 if look.style == "wok" else 7
    wall = path(f"M 6 52 Q 8 {58 + deep} 26 {66 + deep} Q 42 {70 + deep} 58 {66 + deep} Q 76 {58 + deep} 78 52 Z")
    look.cover(canvas, wall, shade="round")
    canvas.fill(ellipse(42, 51, 36, 21), look.main, shade="down", edge=0.3)
    inner = (66, 66, 74) if look.material != "steel" else (206, 210, 216)
    canvas.fill(ellipse(42, 52, 33.4, 18.6), darker(inner, 0.25), edge=0)
    canvas.fill(ellipse(42, 54, 28, 14.6 if look.style != "wok" else 11), inner, shade="ball", edge=0.2)
    if look.style == "grill pan":
        for i in range(-4, 5):
            h = 13.4 * (1 - (i * 6 / 29) ** 2) ** 0.5
            canvas.crease(path(f"M {42 + i * 6} {54 - h} L {42 + i * 6} {54 + h}"), width=1.6, strength=0.6)
            canvas.crease(
                path(f"M {43.4 + i * 6} {54 - h} L {43.4 + i * 6} {54 + h}"),
                width=1,
                strength=0.3,
                light=True,
            )
    canvas.stroke(ellipse(42, 53, 26, 12.5, start=190, end=250), (255, 255, 255), 1.6, opacity=0.3)


def kettle(canvas: Canvas, look: Look) -> None:
    """Styles: stovetop, electric, gooseneck, teapot."""
    grip = (60, 52, 50) if look.material != "bamboo" else (205, 165, 115)
    surface = "metal" if look.material == "steel" else "round"
    if look.style == "electric":
        canvas.tube(path("M 66 26 Q 88 26 86 52 Q 84 70 70 72"), grip, 6)
        canvas.fill(path("M 22 30 L 13 22 L 30 20 Z"), look.main, edge=0.3)
        look.cover(canvas, mirrored("M 50 18 L 33 18 Q 26 50 21 80 L 50 81") - [3, 0], shade=surface)
        canvas.fill(mirrored("M 50 13 Q 36 13 32.4 19 L 50 20") - [3, 0], darker(look.main, 0.3), shade="down")
        canvas.fill(rounded(15, 79, 79, 90, 4), (60, 60, 68), shade="tube")
        canvas.fill(rounded(29, 34, 33, 70, 2), (210, 226, 236), edge=0.4)
        canvas.fill(rounded(29, 50, 33, 70, 2), (142, 190, 229), edge=0)
        canvas.fill(ellipse(47, 84.5, 2), COLORS["coral"], edge=0.2)
        return
    if look.style == "gooseneck":
        canvas.tube(path("M 36 76 Q 18 74 22 50 Q 24 36 10 32"), look.main, 4.6)
        canvas.tube(path("M 62 40 Q 88 34 88 54 Q 88 64 82 72"), grip, 5)
        look.cover(canvas, mirrored("M 50 38 L 38 38 Q 33 60 28 82 Q 29 87 34 87 L 50 87"), shade=surface)
        canvas.fill(mirrored("M 50 31 Q 40 31 37.4 38 L 50 40"), darker(look.main, 0.14), shade="down")
    elif look.style == "teapot":
        canvas.fill(
            path("M 32 68 Q 18 64 14 46 Q 12 42 7 41 L 12 36 Q 20 38 22 46 Q 26 54 36 54 Z"),
            look.main,
            shade="down",
        )
        canvas.tube(path("M 72 46 C 94 40 94 76 70 74"), darker(look.main, 0.08), 5)
        look.cover(canvas, mirrored("M 50 36 Q 30 36 26 56 Q 24 78 38 87 L 50 88"), shade="ball")
        canvas.fill(mirrored("M 50 29 Q 40 30 36 37 Q 43 40 50 40"), darker(look.main, 0.1), shade="down")
    else:
        canvas.tube(path("M 28 46 C 26 6 74 6 72 46"), grip, 5)
        canvas.fill(
            path("M 26 66 Q 16 58 11 46 L 18 42 Q 24 52 34 54 Z"),
            look.main,
            shade="metal" if look.material == "steel" else "down",
        )
        look.cover(canvas, mirrored("M 50 38 Q 30 40 24 62 Q 20 76 20 82 Q 20 88 27 88 L 50 88"), shade=surface)
        canvas.fill(mirrored("M 50 35 Q 41 35 38 41 Q 44 43 50 43"), darker(look.main, 0.12), shade="down")
        canvas.crease(path("M 21 80 Q 50 84 79 80"), width=1.1, strength=0.4)
    knob = 27 if look.style == "gooseneck" else (26 if look.style == "teapot" else 31.5)
    canvas.fill(ellipse(50, knob, 3.4), grip if look.style != "teapot" else look.main, shade="ball")
    canvas.crease(path("M 37 50 Q 32 64 33 78"), width=3, strength=0.6, light=True)


def bottle(canvas: Canvas, look: Look) -> None:
    """Styles: sport, insulated, wide mouth, flip-top, tumbler."""
    lid = (52, 54, 62) if look.color not in ("black", "charcoal") else COLORS["silver"]
    steel = look.material == "steel"
    if look.style == "tumbler":
        canvas.tube(path("M 54 20 L 60 3"), look.trim, 2.2)
        look.cover(canvas, mirrored("M 50 24 L 31 24 L 36 88 Q 37 92 42 92 L 50 92"), shade="round")
        canvas.fill(rounded(29, 17, 71, 26, 3), lid, shade="round")
        canvas.crease(path("M 34 80 Q 50 83 66 80"), width=1, strength=0.3)
        return
    if look.style == "sport":
        canvas.fill(rounded(45, 5, 55, 13, 3), look.trim, shade="round")
        canvas.fill(mirrored("M 50 11 L 43 11 L 38 22 L 50 22"), lid, shade="round")
        look.cover(
            canvas,
            mirrored("M 50 21 L 36 21 Q 33 30 34 38 Q 38 46 34 54 L 34 86 Q 35 92 42 92 L 50 92"),
            shade="round",
        )
        for y in (62, 68, 74, 80):
            canvas.crease(path(f"M 58 {y} L 64 {y}"), width=1, strength=0.4)
        canvas.crease(path("M 35 38 Q 50 42 65 38"), width=1.2, strength=0.3)
    elif look.style == "insulated":
        canvas.fill(rounded(41, 6, 59, 22, 3), lid if not steel else _STEEL, shade="metal")
        look.cover(
            canvas,
            mirrored("M 50 20 L 41 20 Q 40 26 36 30 Q 34 33 34 38 L 34 87 Q 35 93 42 93 L 50 93"),
            shade="round",
        )
        canvas.fill(rounded(33.6, 84, 66.4, 93, 4), _STEEL, shade="metal")
        canvas.stroke(path("M 41 21.5 L 59 21.5"), _STEEL, 1.6)
    elif look.style == "wide mouth":
        canvas.tube(path("M 40 14 Q 40 3 50 3 Q 60 3 60 14"), lid, 3.4)
        canvas.fill(rounded(36, 11, 64, 25, 3), lid, shade="round")
        look.cover(
            canvas,
            mirrored("M 50 23 L 37 23 Q 36 27 32 30 Q 30 33 30 38 L 30 87 Q 31 93 38 93 L 50 93"),
            shade="round",
        )
        for x in (40, 45, 50, 55, 60):
            canvas.crease(path(f"M {x} 13 L {x} 24"), width=0.8, strength=0.4)
    else:
        canvas.fill(path("M 57 8 Q 68 2 70 8 Q 68 13 58 15 Z"), look.trim)
        canvas.fill(mirrored("M 50 7 Q 42 7 40 14 L 37 24 L 50 24"), lid, shade="round")
        look.cover(canvas, mirrored("M 50 23 L 35 23 Q 33 56 35 87 Q 36 92 42 92 L 50 92"), shade="round")
    if look.pattern == "plain":
        y = 58
        canvas.fill(
            path(f"M 50 {y - 8} Q 58 {y} 54 {y + 5} Q 50 {y + 8} 46 {y + 5} Q 42 {y} 50 {y - 8} Z"),
            look.ink,
            opacity=0.85,
            edge=0,
        )
    canvas.crease(path("M 39 42 L 39 80"), width=2.4, strength=0.5, light=True)


def perfume(canvas: Canvas, look: Look) -> None:
    """Styles: square, round, slim, faceted. The colour is the juice's."""
    gold = COLORS["gold"] if look.second in ("gold", "burgundy", "cream", "white", "brown") else COLORS["silver"]
    outline = {
        "square": rounded(26, 38, 74, 90, 5),
        "round": ellipse(50, 62, 28),
        "slim": rounded(35, 28, 65, 90, 4),
        "faceted": path("M 38 36 L 62 36 L 76 54 L 70 90 L 30 90 L 24 54 Z"),
    }[look.style]
    top = float(outline[:, 1].min())
    canvas.fill(rounded(44, top - 9, 56, top + 3, 1), gold, shade="metal")
    canvas.fill(
        rounded(41, top - 24, 59, top - 7, 2),
        (46, 42, 48) if look.material == "glass" else gold,
        shade="metal",
    )
    canvas.fill(outline, lighter(look.main, 0.72), shade="round", edge=0.25)
    low = (outline - [50, 62]) * [0.86, 0.86] + [50, 63]
    canvas.fill(low, look.paint, shade="round", edge=0.12)
    if look.style == "faceted":
        for line in ("M 38 36 L 42 56 L 34 90", "M 62 36 L 58 56 L 66 90", "M 24 54 L 42 56 L 58 56 L 76 54"):
            canvas.crease(path(line), width=1.2, strength=0.6, light=True)
    else:
        canvas.fill(rounded(40, 58, 60, 74, 1), COLORS["cream"], edge=0.2)
        canvas.stroke(path("M 43 63 L 57 63"), (90, 80, 74), 1)
        canvas.stroke(path("M 45 67 L 55 67"), (150, 140, 130), 0.8)
        canvas.stroke(path("M 46.5 70 L 53.5 70"), (150, 140, 130), 0.8)
    canvas.crease(
        path(
            f"M {50 - (50 - float(outline[:, 0].min())) * 0.76} {top + 18} "
            f"L {50 - (50 - float(outline[:, 0].min())) * 0.76} 80"
        ),
        width=2.4,
        strength=0.8,
        light=True,
    )


def lipstick(canvas: Canvas, look: Look) -> None:
    """Styles: matte, glossy, crayon, liquid. The colour is the lipstick's."""
    case = (44, 42, 50) if look.second not in ("gold", "cream", "white") else COLORS["rose gold"]
    gold = COLORS["gold"]
    if look.style == "liquid":
        canvas.fill(rounded(36, 44, 58, 92, 4), look.paint, shade="glass", edge=0.3)
        canvas.fill(rounded(36, 44, 40, 92, 2), (255, 255, 255), opacity=0.25, edge=0)
        canvas.fill(rounded(37, 8, 57, 46, 3), case, shade="metal")
        canvas.fill(rounded(36, 43, 58, 47, 1), gold, shade="metal")
        return
    if look.style == "crayon":
        canvas.fill(path("M 42 30 L 48 8 Q 50 6 52 8 L 58 30 Z"), look.paint, shade="round")
        canvas.fill(rounded(41, 28, 59, 36, 1), gold, shade="metal")
        look.cover(canvas, rounded(41, 35, 59, 92, 3), shade="round")
        canvas.fill(rounded(41, 82, 59, 92, 3), case, shade="round")
        return
    canvas.fill(path("M 31 44 L 31 22 Q 33 12 47 9 Q 49 9 49 14 L 49 44 Z"), look.paint, shade="round")
    canvas.fill(path("M 31.6 22 Q 34 13 47 9.4 Q 49 22 40 26 Q 33 28 31.6 22 Z"), lighter(look.main, 0.22), edge=0.12)
    canvas.fill(rounded(29, 42, 51, 58, 1), gold, shade="metal")
    canvas.fill(rounded(26, 57, 54, 92, 2.4), case, shade="metal")
    canvas.fill(rounded(64, 46, 84, 92, 2.4), case, shade="metal")
    canvas.stroke(path("M 64.6 86 L 83.4 86"), gold, 1.4)
    if look.style == "glossy":
        canvas.crease(path("M 37 26 L 37 40"), width=2.6, strength=0.9, light=True)
