"""The photo studio: backdrops, the shadow of a product, and the light around its edges."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from emptor.market.knowledge.palette import Rgb
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.shading import NEUTRAL, soft_disc

SHADOW: Rgb = (18, 16, 34)
SHINE: Rgb = (255, 253, 246)

BACKDROPS: tuple[Rgb, ...] = (
    (236, 237, 240),
    (240, 236, 230),
    (231, 237, 242),
    (241, 233, 230),
    (233, 239, 234),
    (238, 234, 242),
    (244, 239, 226),
    (228, 232, 238),
)
"""Tints of the paper behind the product."""


@lru_cache(maxsize=64)
def backdrop(tint: int, side: int, *, floor: bool) -> Image.Image:
    """A sheet of paper lit from above; `floor`: curved towards the camera, for things that stand."""
    at = (np.arange(side) + 0.5) / side
    u, v = np.meshgrid(at, at)
    light = 1.0 - 0.07 * np.clip(np.hypot(u - 0.45, v - 0.36) - 0.25, 0, 1) ** 1.3 * 2
    if floor:
        light += 0.02 / (1 + np.exp(-(v - 0.7) * 16)) - 0.012 * np.exp(-(((v - 0.68) / 0.16) ** 2))
    base = np.array(BACKDROPS[tint % len(BACKDROPS)], dtype=float) + 9
    return Image.fromarray(np.clip(base * light[..., None], 0, 255).astype(np.uint8))


def photograph(canvas: Canvas, *, tint: int, stands: bool) -> Image.Image:
    """The finished RGB picture, half as wide as the canvas: backdrop, shadow, product, light on its edges."""
    side = canvas.side // 2
    coverage = canvas.coverage.reduce(2)
    scene = backdrop(tint, side, floor=stands).copy()
    box = coverage.getbbox()
    if box is None:
        return scene
    small = coverage.resize((_SMALL, _SMALL), Image.Resampling.BOX)
    (_shadow_on_floor if stands else _shadow_on_paper)(scene, coverage, small)
    left, top, right, bottom = box
    twice = (2 * left, 2 * top, 2 * right, 2 * bottom)
    product, covered = canvas.color.reduce(2, box=twice), coverage.crop(box)
    light = _multiplied(canvas.light.reduce(2, box=twice), canvas.relief.reduce(2, box=twice))
    light = _multiplied(light, _rim(small).resize((side, side), Image.Resampling.BILINEAR).crop(box))
    for tone, mask in zip((SHADOW, SHINE), _apart(light), strict=True):
        _tint(product, tone, (0, 0), ImageChops.multiply(mask, covered))
    _tint(scene, (0, 0, 0), box[:2], covered)  # what the product hides, by how much it hides
    scene.paste(ImageChops.add(scene.crop(box), product), box)
    return scene


_SMALL = 64
"""Side of the small pictures in which blurred light and shadow are made."""


def _tint(picture: Image.Image, color: Rgb, corner: tuple[int, int], mask: Image.Image) -> None:
    """Lay a colour through a mask; pasting an even picture is much faster in Pillow than pasting a colour."""
    picture.paste(Image.new("RGB", mask.size, color), corner, mask)


def _multiplied(first: Image.Image, second: Image.Image) -> Image.Image:
    """Light upon light: 128 times 128 gives 128."""
    half = ImageChops.multiply(first, second)
    return ImageChops.add(half, half)


def _apart(light: Image.Image) -> tuple[Image.Image, Image.Image]:
    """How deep the shadow and how bright the shine is, each 0..255."""
    neutral = Image.new("L", light.size, NEUTRAL)
    depth, gleam = ImageChops.subtract(neutral, light), ImageChops.subtract(light, neutral)
    return ImageChops.add(depth, depth), ImageChops.add(gleam, gleam)


def _weaker(mask: Image.Image, strength: float) -> Image.Image:
    return Image.blend(Image.new("L", mask.size), mask, strength)


def _shadow_on_floor(scene: Image.Image, coverage: Image.Image, small: Image.Image) -> None:
    """As wide as the lowest part of the product, and a wide faint one around it."""
    side = scene.width
    left, _, right, bottom = coverage.getbbox() or (0, 0, side, side)
    foot = coverage.crop((left, max(0, bottom - round(side * 0.07)), right, bottom)).getbbox() or (0, 0, 1, 1)
    middle, half = left + (foot[0] + foot[2]) / 2, (foot[2] - foot[0]) / 2
    for wide, high, strength in ((1.3, 0.085, 0.36), (1.08, 0.032, 0.5)):
        width, height = max(4, round(2 * half * wide)), max(4, round(side * high))
        blob = _weaker(soft_disc().resize((width, height), Image.Resampling.BILINEAR), strength)
        _tint(scene, SHADOW, (round(middle - width / 2), round(bottom - height * 0.56)), blob)


def _shadow_on_paper(scene: Image.Image, coverage: Image.Image, small: Image.Image) -> None:
    """Down to the right, for things that lie or hang; a wide soft one and a narrow one at the rim."""
    soft = ImageChops.offset(_weaker(small.filter(ImageFilter.GaussianBlur(2.7)), 0.27), 1, 1)
    near = _weaker(small.filter(ImageFilter.GaussianBlur(0.9)), 0.2)
    shadow = ImageChops.add(soft, near).resize(scene.size, Image.Resampling.BILINEAR)
    shift = round(0.009 * scene.width)
    _tint(scene, SHADOW, (shift // 2, shift), shadow)


def _rim(small: Image.Image) -> Image.Image:
    """What makes a product solid: light on the rim that faces the lamp at the upper left, shade opposite."""
    soft = ImageChops.invert(small.filter(ImageFilter.GaussianBlur(1.6)))
    shade = _weaker(ImageChops.offset(soft, -1, -1), 0.42 * NEUTRAL / 255)
    shine = _weaker(ImageChops.offset(soft, 1, 1), 0.3 * NEUTRAL / 255)
    return ImageChops.subtract(ImageChops.add(Image.new("L", small.size, NEUTRAL), shine), shade)
