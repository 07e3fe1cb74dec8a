"""Patterns of cloth, glaze and print: where the second and third colour go, as masks that any colours can fill.

A pattern is kept as soft masters, twice as wide as a picture: each product cuts its own piece out of one, at its own
size and angle, and the threshold at which the cut is inked makes lines and motifs finer or bolder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from emptor.market.knowledge.palette import Rgb
from emptor.market.pictures.shapes import ellipse, regular, turned

PATTERNS = ("plain", "striped", "checked", "dotted", "floral", "camo", "chevron", "leopard", "stars")
VARIANTS = 3
"""How many sizes or layouts each pattern comes in."""

_EXTENT = 2.0
"""Side of a master over the side of a picture."""
_SCALE = 1.7
"""How much larger motifs are than the masters' steps say: thumbnails must show them too."""
_LEAST = 320
"""Side of the smallest master in pixels, so that small pictures have fine patterns too."""


@dataclass(frozen=True)
class Cut:
    """How a product uses a pattern: `zoom` of its motifs, `turn` in degrees, `density` of its ink, -1 to 1."""

    zoom: float = 1.0
    turn: float = 0.0
    density: float = 0.0


UNCHANGED = Cut()


@dataclass(frozen=True)
class Layer:
    """One ink of a pattern: soft masters whose cuts are added up, how strongly they ink (0..255), which colour."""

    masters: tuple[Image.Image, ...]
    ink: str
    strength: int = 255


def texture(
    pattern: str, variant: int, side: int, base: Rgb, accent: Rgb, third: Rgb, cut: Cut = UNCHANGED
) -> Image.Image:
    """An RGB image of side x side pixels, filled with the pattern in up to three colours.

    It has the detail of side / 2 pixels, which is the size of the finished picture.
    """
    half = max(1, side // 2)
    image = Image.new("RGB", (half, half), base)
    for layer in pattern_layers(pattern, variant % VARIANTS, max(_LEAST, side)):
        mask = _mask(layer, half, cut)
        image.paste(Image.new("RGB", image.size, accent if layer.ink == "accent" else third), (0, 0), mask)
    return image.resize((side, side), Image.Resampling.NEAREST)


def _mask(layer: Layer, side: int, cut: Cut) -> Image.Image:
    """The piece of a layer that a product shows, side x side pixels in mode L."""
    master = layer.masters[0].width
    pitch = master / _EXTENT / side / (_SCALE * cut.zoom)  # pixels of the master per pixel of the mask
    angle = np.radians(cut.turn)
    a, b = pitch * float(np.cos(angle)), pitch * float(np.sin(angle))
    middle = master / 2
    across = (a, b, middle - (a + b) * side / 2, -b, a, middle - (a - b) * side / 2)
    table = _inked(round(20 * cut.density), layer.strength, side)
    parts = [
        whole.transform((side, side), Image.Transform.AFFINE, across, Image.Resampling.BILINEAR).point(table)
        for whole in layer.masters
    ]
    return reduce(ImageChops.add, parts)


@lru_cache(maxsize=256)
def _inked(density: int, strength: int, side: int) -> list[int]:
    """A table from a master's value to ink: a steep edge, which lies lower the higher the density (in twentieths).

    It is steeper for larger pictures, in which the slopes of the masters take more pixels.
    """
    level = np.arange(256) / 255
    edge, steep = 0.5 - 0.2 * density / 20, 3.2 * min(2.5, max(1.0, side / 100))
    return np.round(np.clip((level - edge) * steep + 0.5, 0, 1) * strength).astype(int).tolist()


@lru_cache(maxsize=96)
def pattern_layers(pattern: str, variant: int, side: int) -> tuple[Layer, ...]:
    """The layers of a pattern, lowest first, with masters of `side` pixels."""
    if pattern == "plain":
        return ()
    if pattern not in _DRAW:
        raise ValueError(f"no such pattern: {pattern}")
    return _DRAW[pattern](variant, side)


def _blank(side: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (side, side))
    return image, ImageDraw.Draw(image)


def _soft(mask: Image.Image, radius: float) -> Image.Image:
    """Edges as slopes `radius` pixels wide to either side, along which a threshold can move them."""
    return mask.filter(ImageFilter.GaussianBlur(max(0.7, radius)))


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


def _step(side: int, variant: int, *shares: float) -> float:
    """The distance of a pattern's motifs in pixels of the master; `shares` of a picture's side, by variant."""
    return side / _EXTENT * shares[variant]


def _striped(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = _step(side, variant, 0.05, 0.075, 0.055)
    wide = (0.45, 0.5, 0.24)[variant]
    for i in range(int(side / step) + 1):
        box = [0, i * step, side, (i + wide) * step]
        draw.rectangle([box[1], box[0], box[3], box[2]] if variant == 2 else box, fill=255)
    return (Layer((_soft(mask, 0.34 * wide * step),), "accent"),)


def _checked(variant: int, side: int) -> tuple[Layer, ...]:
    step = _step(side, variant, 0.055, 0.085, 0.11)
    across, draw = _blank(side)
    for i in range(int(side / step) + 1):
        draw.rectangle([0, i * step, side, (i + 0.5) * step], fill=255)
    across = _soft(across, 0.14 * step)
    both = Layer((across, across.transpose(Image.Transpose.ROTATE_90)), "accent", 120)
    if variant == 0:
        return (both,)
    lines, draw = _blank(side)
    for i in range(int(side / step) + 1):
        draw.rectangle([0, (i + 0.71) * step, side, (i + 0.8) * step], fill=255)
    lines = _soft(lines, 0)
    return both, Layer((ImageChops.lighter(lines, lines.transpose(Image.Transpose.ROTATE_90)),), "third", 230)


def _dotted(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = _step(side, variant, 0.055, 0.085, 0.12)
    radius = step * (0.26, 0.27, 0.3)[variant]
    for x, y in _scattered(side, step, 1, jitter=0):
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return (Layer((_soft(mask, 0.34 * radius),), "accent"),)


def _floral(variant: int, side: int) -> tuple[Layer, ...]:
    petals, draw_petals = _blank(side)
    hearts, draw_hearts = _blank(side)
    step = _step(side, variant, 0.1, 0.13, 0.16)
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
        draw_hearts.polygon(_flat(leaf), fill=255)
    return Layer((_soft(petals, 0.05 * step),), "accent"), Layer((_soft(hearts, 0.035 * step),), "third")


def _blobs(side: int, seed: int, cut: float, grain: int) -> Image.Image:
    """Soft blobs: smooth noise whose `cut` quantile lies at the threshold."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    cells = round(grain * _EXTENT)
    noise = Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8))
    smooth = np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC)).astype(float)
    steep = 2.2 / (_LEAST / side * 1.5)  # the slope of an edge in pixels of the picture does not depend on its size
    return Image.fromarray(np.clip((smooth - np.quantile(smooth, cut)) * steep + 127.5, 0, 255).astype(np.uint8))


def _camo(variant: int, side: int) -> tuple[Layer, ...]:
    grain = (13, 17, 11)[variant]
    return (
        Layer((_blobs(side, 31 + variant, 0.62, grain),), "accent"),
        Layer((_blobs(side, 41 + variant, 0.76, grain + 4),), "third"),
    )


def _chevron(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = _step(side, variant, 0.06, 0.085, 0.11)
    count = int(side / step) + 3
    for row in range(-1, count):
        line = [(i * step * 0.5, (row + (0.5 if i % 2 else 0.0)) * step) for i in range(2 * count)]
        draw.line(line, fill=255, width=max(2, round(step * 0.3)), joint="curve")
    return (Layer((_soft(mask, 0.07 * step),), "accent"),)


def _leopard(variant: int, side: int) -> tuple[Layer, ...]:
    rings, draw_rings = _blank(side)
    fills, draw_fills = _blank(side)
    step = _step(side, variant, 0.06, 0.075, 0.095)
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
    return Layer((_soft(fills, 0.05 * step),), "third"), Layer((_soft(rings, 0.05 * step),), "accent")


def _stars(variant: int, side: int) -> tuple[Layer, ...]:
    mask, draw = _blank(side)
    step = _step(side, variant, 0.085, 0.11, 0.14)
    for x, y in _scattered(side, step, 70 + variant, jitter=0.08):
        r = step * 0.3
        draw.polygon(_flat(regular(x, y, r, 5, inner=r * 0.42)), fill=255)
    return (Layer((_soft(mask, 0.04 * step),), "accent"),)


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
