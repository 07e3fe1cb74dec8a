"""The photo studio: backdrops, the shadow of a product, and the light around its edges."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from emptor.market.starter.knowledge.palette import Rgb
from emptor.market.starter.pictures.canvas import Canvas
from emptor.market.starter.pictures.shading import NEUTRAL, soft_disc

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
    coverage, color = canvas.coverage.reduce(2), canvas.color.reduce(2)
    half = ImageChops.multiply(canvas.light.reduce(2), canvas.relief.reduce(2))  # 128 times 128 gives 64
    light = ImageChops.add(half, half)
    small = canvas.coverage.resize((96, 96), Image.Resampling.BOX)
    scene = backdrop(tint, side, floor=stands).copy()
    if stands:
        _shadow_on_floor(scene, coverage)
    else:
        _shadow_on_paper(scene, small)
    _round_off(light, small)
    for tone, mask in zip((SHADOW, SHINE), _apart(light), strict=True):
        color.paste(tone, (0, 0), ImageChops.multiply(mask, coverage))
    scene.paste((0, 0, 0), (0, 0), coverage)  # what the product hides, by how much it hides
    return ImageChops.add(scene, color)


def _apart(light: Image.Image) -> tuple[Image.Image, Image.Image]:
    """How deep the shadow and how bright the shine is, each 0..255."""
    neutral = Image.new("L", light.size, NEUTRAL)
    depth, gleam = ImageChops.subtract(neutral, light), ImageChops.subtract(light, neutral)
    return ImageChops.add(depth, depth), ImageChops.add(gleam, gleam)


def _weaker(mask: Image.Image, strength: float) -> Image.Image:
    return Image.blend(Image.new("L", mask.size), mask, strength)


def _shadow_on_floor(scene: Image.Image, coverage: Image.Image) -> None:
    """As wide as the lowest part of the product, and a wide faint one around it."""
    box = coverage.getbbox()
    if box is None:
        return
    side = scene.width
    left, _, right, bottom = box
    foot = coverage.crop((left, max(0, bottom - round(side * 0.07)), right, bottom)).getbbox() or (0, 0, 1, 1)
    middle, half = left + (foot[0] + foot[2]) / 2, (foot[2] - foot[0]) / 2
    for wide, high, strength in ((1.3, 0.085, 0.36), (1.08, 0.032, 0.5)):
        width, height = max(4, round(2 * half * wide)), max(4, round(side * high))
        blob = _weaker(soft_disc().resize((width, height), Image.Resampling.BILINEAR), strength)
        scene.paste(SHADOW, (round(middle - width / 2), round(bottom - height * 0.56)), blob)


def _shadow_on_paper(scene: Image.Image, small: Image.Image) -> None:
    """Down to the right, for things that lie or hang; a wide soft one and a narrow one at the rim."""
    side = scene.width
    for blur, offset, strength in ((4.0, 0.026, 0.26), (1.4, 0.008, 0.2)):
        soft = _weaker(small.filter(ImageFilter.GaussianBlur(blur)), strength)
        soft = soft.resize((side, side), Image.Resampling.BILINEAR)
        scene.paste(SHADOW, (round(side * offset * 0.6), round(side * offset)), soft)


def _round_off(light: Image.Image, small: Image.Image) -> None:
    """Make the product solid: lighter where its rim faces the lamp at the upper left, darker opposite."""
    soft = ImageChops.invert(small.filter(ImageFilter.GaussianBlur(2.4)))
    for toward, shift, strength in ((0, -2, 0.4), (255, 2, 0.3)):
        rim = _weaker(ImageChops.offset(soft, shift, shift), strength)
        light.paste(toward, (0, 0), rim.resize(light.size, Image.Resampling.BILINEAR))
