"""The photo studio: backdrops, the shadow of a product, and the light around its edges."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from emptor.market.starter.knowledge.palette import Rgb
from emptor.market.starter.pictures.canvas import SHADOW, Canvas
from emptor.market.starter.pictures.shading import soft_disc

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
        light += 0.035 / (1 + np.exp(-(v - 0.74) * 26)) - 0.02 * np.exp(-(((v - 0.72) / 0.09) ** 2))
    base = np.array(BACKDROPS[tint % len(BACKDROPS)], dtype=float) + 7
    return Image.fromarray(np.clip(base * light[..., None], 0, 255).astype(np.uint8))


def photograph(canvas: Canvas, *, tint: int, stands: bool) -> Image.Image:
    """The finished RGB picture, half as wide as the canvas: backdrop, shadow, product, light on its edges."""
    side = canvas.side // 2
    coverage = canvas.coverage.reduce(2)
    color = canvas.color.reduce(2)
    scene = backdrop(tint, side, floor=stands).copy()
    small = canvas.coverage.resize((96, 96), Image.Resampling.BOX)
    (_stand if stands else _float)(scene, small, coverage)
    _edge_light(color, coverage, small)
    scene.paste((0, 0, 0), (0, 0), coverage)  # what the product hides, by how much it hides
    return ImageChops.add(scene, color)


def _stand(scene: Image.Image, small: Image.Image, coverage: Image.Image) -> None:
    """A shadow on the floor, as wide as the lowest part of the product, and a wide faint one around it."""
    box = coverage.getbbox()
    if box is None:
        return
    side = scene.width
    left, _, right, bottom = box
    foot = coverage.crop((left, max(0, bottom - round(side * 0.07)), right, bottom)).getbbox() or (0, 0, 1, 1)
    middle, half = left + (foot[0] + foot[2]) / 2, (foot[2] - foot[0]) / 2
    for wide, high, strength in ((1.3, 0.085, 0.34), (1.08, 0.032, 0.5)):
        width, height = max(4, round(2 * half * wide)), max(4, round(2 * side * high * 0.5))
        blob = soft_disc().resize((width, height), Image.Resampling.BILINEAR).point(lambda ink, s=strength: ink * s)
        scene.paste(SHADOW, (round(middle - width / 2), round(bottom - height * 0.56)), blob)


def _float(scene: Image.Image, small: Image.Image, coverage: Image.Image) -> None:
    """A soft shadow down to the right, for things that lie or hang."""
    side = scene.width
    for blur, offset, strength in ((4.0, 0.026, 0.26), (1.4, 0.008, 0.2)):
        soft = small.filter(ImageFilter.GaussianBlur(blur)).point(lambda ink, s=strength: ink * s)
        soft = soft.resize((side, side), Image.Resampling.BICUBIC)
        scene.paste(SHADOW, (round(side * offset * 0.6), round(side * offset)), soft)


def _edge_light(color: Image.Image, coverage: Image.Image, small: Image.Image) -> None:
    """Round the product off: lighter where its rim faces the lamp at the upper left, darker opposite."""
    soft = small.filter(ImageFilter.GaussianBlur(2.4))
    for tone, shift, strength in ((SHADOW, -2, 0.42), ((255, 253, 246), 2, 0.3)):
        rim = ImageChops.invert(ImageChops.offset(soft, shift, shift)).point(lambda ink, s=strength: ink * s)
        rim = rim.resize(color.size, Image.Resampling.BILINEAR)
        color.paste(tone, (0, 0), ImageChops.multiply(rim, coverage))
