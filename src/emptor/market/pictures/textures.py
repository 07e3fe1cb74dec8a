"""Patterns of cloth, glaze and print: where the second and third colour go, as masks that any colours can
fill.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from emptor.market.knowledge.palette import Rgb
from emptor.market.pictures.shapes import ellipse, regular, turned

PATTERNS = ("plain", "striped", "checked", "dotted", "floral", "camo", "chevron", "leopard", "stars")
VARIANTS = 3
"""How many sizes or layouts each pattern comes in."""

Layer = tuple[Image.Image, str]


def texture(pattern: str, variant: int, side: int, base: Rgb, accent: Rgb, third: Rgb) -> Image.Image:
    """An RGB image of side x side pixels, filled with the pattern in up to three colours."""
    image = Image.new("RGB", (side, side), base)
    for mask, color in pattern_masks(pattern, variant % VARIANTS, side):
        image.paste(Image.new("RGB", image.size, accent if color == "accent" else third), (0, 0), mask)
    return image


@lru_cache(maxsize=64)
def pattern_masks(pattern: str, variant: int, side: int) -> tuple[Layer, ...]:
    """The layers of a pattern, lowest first: (mask in mode L, `accent` or `third`)."""
    if pattern == "plain":
        return ()
    if pattern not in _DRAW:
        raise ValueError(f"no such pattern: {pattern}")
    return _DRAW[pattern](variant, side)


def _blank(side: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (side, side))
    return image, ImageDraw.Draw(image)


def _flat(points: np.ndarray) -> list[float]:
    return [float(value) for value in points.ravel()]


def _scattered(side: int, step: float, seed: int, *, jitter: float = 0.22) -> list[tuple[float, float]]:
    """Points of a staggered grid, each a little off its place."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    rows = int(side / step) + 3
    places = []
    for row in range(-1, rows):
        for column in range(-1, rows):
            dx, dy = rng.uniform(-jitter, jitter, 2) * step
            places.append(((column + 0.5 * (row % 2)) * step + dx, row * step + dy))
    return places


def _striped(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = side * (0.05, 0.075, 0.055)[variant]
    for i in range(int(side / step) + 1):
        box = [0, i * step, side, (i + (0.45, 0.5, 0.24)[variant]) * step]
        draw.rectangle([box[1], box[0], box[3], box[2]] if variant == 2 else box, fill=255)
    return ((mask, "accent"),)


def _checked(variant: int, side: int) -> tuple[Layer, ...]:
    step = side * (0.055, 0.085, 0.11)[variant]
    across, draw = _blank(side)
    for i in range(int(side / step) + 1):
        draw.rectangle([0, i * step, side, (i + 0.5) * step], fill=120)
    both = ImageChops.add(across, across.transpose(Image.Transpose.ROTATE_90))
    if variant == 0:
        return ((both, "accent"),)
    lines, draw = _blank(side)
    for i in range(int(side / step) + 1):
        draw.rectangle([0, (i + 0.72) * step, side, (i + 0.79) * step], fill=230)
    return (both, "accent"), (ImageChops.lighter(lines, lines.transpose(Image.Transpose.ROTATE_90)), "third")


def _dotted(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = side * (0.055, 0.085, 0.12)[variant]
    radius = step * (0.26, 0.27, 0.3)[variant]
    for x, y in _scattered(side, step, 1, jitter=0):
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return ((mask, "accent"),)


def _floral(variant: int, side: int) -> tuple[Layer, ...]:
    petals, draw_petals = _blank(side)
    hearts, draw_hearts = _blank(side)
    step = side * (0.1, 0.13, 0.16)[variant]
    rng = np.random.Generator(np.random.Philox(key=20 + variant))
    for x, y in _scattered(side, step, 10 + variant):
        size, turn = step * rng.uniform(0.24, 0.36), rng.uniform(0, 72)
        for petal in range(5):
            angle = np.radians(turn + 72 * petal)
            px, py, r = x + size * 0.62 * np.cos(angle), y + size * 0.62 * np.sin(angle), size * 0.5
            draw_petals.ellipse([px - r, py - r, px + r, py + r], fill=255)
        r = size * 0.36
        draw_hearts.ellipse([x - r, y - r, x + r, y + r], fill=255)
        leaf = turned(ellipse(x + size * 1.5, y, size * 0.5, size * 0.2), float(rng.uniform(0, 360)), about=(x, y))
        draw_hearts.polygon(_flat(leaf), fill=210)
    return (petals, "accent"), (hearts, "third")


def _blobs(side: int, seed: int, cut: float, grain: int) -> Image.Image:
    rng = np.random.Generator(np.random.Philox(key=seed))
    noise = Image.fromarray(rng.integers(0, 256, (grain, grain), dtype=np.uint8))
    smooth = np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))
    return Image.fromarray(np.where(smooth > np.quantile(smooth, cut), np.uint8(255), np.uint8(0)))


def _camo(variant: int, side: int) -> tuple[Layer, ...]:
    grain = (13, 17, 11)[variant]
    return (_blobs(side, 31 + variant, 0.58, grain), "accent"), (
        _blobs(side, 41 + variant, 0.76, grain + 4),
        "third",
    )


def _chevron(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = side * (0.06, 0.085, 0.11)[variant]
    count = int(side / step) + 3
    for row in range(-1, count):
        line = [(i * step * 0.5, (row + (0.5 if i % 2 else 0.0)) * step) for i in range(2 * count)]
        draw.line(line, fill=255, width=max(2, round(step * 0.3)), joint="curve")
    return ((mask, "accent"),)


def _leopard(variant: int, side: int) -> tuple[Layer, ...]:
    rings, draw_rings = _blank(side)
    fills, draw_fills = _blank(side)
    step = side * (0.06, 0.075, 0.095)[variant]
    rng = np.random.Generator(np.random.Philox(key=60 + variant))
    for x, y in _scattered(side, step, 50 + variant):
        rx, ry, turn = (
            step * rng.uniform(0.24, 0.34),
            step * rng.uniform(0.2, 0.3),
            float(rng.uniform(0, 360)),
        )
        draw_fills.polygon(_flat(turned(ellipse(x, y, rx, ry), turn, about=(x, y))), fill=255)
        arcs = [(0, 130), (170, 310)] if rng.random() < 0.7 else [(20, 330)]
        for start, end in arcs:
            arc = turned(ellipse(x, y, rx, ry, start=start, end=end), turn, about=(x, y))
            draw_rings.line(_flat(arc), fill=255, width=max(2, round(step * 0.17)), joint="curve")
    return (fills, "third"), (rings, "accent")


def _stars(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = side * (0.085, 0.11, 0.14)[variant]
    for x, y in _scattered(side, step, 70 + variant, jitter=0.08):
        r = step * 0.3
        draw.polygon(_flat(regular(x, y, r, 5, inner=r * 0.42)), fill=255)
    return ((mask, "accent"),)


_DRAW = {
    "striped": _striped,
    "checked": _checked,
    "dotted": _dotted,
    "floral": _floral,
    "camo": _camo,
    "chevron": _chevron,
    "leopard": _leopard,
    "stars": _stars,
}


@lru_cache(maxsize=128)
def weave(material: str, side: int) -> Image.Image | None:
    """The fine structure of a material as a shadow mask (L), None for a smooth one."""
    at = np.arange(side) * (512 / side)
    x, y = np.meshgrid(at, at)
    if material == "denim":
        strength = 0.1 * ((x + y) % 7 < 3) + 0.05 * np.random.Generator(np.random.Philox(key=80)).random((side, side))
    elif material in ("wool", "knit", "cashmere"):
        strength = 0.13 * ((y + 4 * np.abs((x / 9) % 2 - 1)) % 9 < 3.5)
    elif material in ("linen", "canvas", "jute", "fabric"):
        strength = 0.07 * (x % 8 < 4) + 0.07 * (y % 8 < 4)
    elif material in ("fleece", "plush", "velvet", "suede"):
        strength = 0.12 * np.random.Generator(np.random.Philox(key=81)).random((side, side))
    else:
        return None
    return Image.fromarray((strength * 255).astype(np.uint8))
