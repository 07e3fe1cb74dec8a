"""Light on a surface: ready-made ramps of shadow and shine that are stretched over each part of a product."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

NEUTRAL = 128
"""The light of a surface that is as bright as its paint."""

_SIDE = 64


@lru_cache(maxsize=32)
def ramp(name: str) -> Image.Image:
    """The light on a kind of surface as an L image of 64 x 64: 128 as painted, 0 in shadow, 255 in shine.

    round: an upright cylinder. tube: a lying one. ball: a sphere lit from the upper left. down: a flat front
    lit
    from above. cloth: a soft body. sleeve: a softer cylinder. metal: a polished cylinder. glass: a pane with
    a
    diagonal gleam. glow: lit from within.
    """
    at = (np.arange(_SIDE) + 0.5) / _SIDE
    u, v = np.meshgrid(at, at)
    zero = np.zeros_like(u)

    def glow(x: np.ndarray, centre: float, width: float) -> np.ndarray:
        return np.exp(-(((x - centre) / width) ** 2))

    shadow, shine = zero, zero
    if name == "round":
        shadow, shine = 0.5 * np.abs(u - 0.42) ** 1.8 * 2.2 + 0.05 * v, 0.34 * glow(u, 0.28, 0.13)
    elif name == "tube":
        shadow, shine = 0.5 * np.abs(v - 0.4) ** 1.8 * 2.2, 0.34 * glow(v, 0.26, 0.13)
    elif name == "ball":
        away = np.hypot(u - 0.36, v - 0.3)
        shadow, shine = 0.62 * np.clip(away - 0.12, 0, 1) ** 1.5, 0.5 * glow(away, 0, 0.24)
    elif name == "down":
        shadow, shine = 0.26 * v**1.6, 0.16 * (1 - v) ** 1.5
    elif name == "cloth":
        shadow = 0.3 * np.abs(u - 0.46) ** 1.7 * 1.8 + 0.14 * v**2
        shine = 0.15 * glow(u, 0.36, 0.2) * (1 - 0.5 * v)
    elif name == "metal":
        shadow = 0.34 * glow(u, 0.08, 0.12) + 0.4 * glow(u, 0.78, 0.16) + 0.1 * glow(u, 0.5, 0.06)
        shine = 0.6 * glow(u, 0.3, 0.09) + 0.35 * glow(u, 0.95, 0.06)
    elif name == "glass":
        across = u + 0.55 * v
        shine = 0.3 * glow(across, 0.42, 0.12) + 0.16 * glow(across, 0.72, 0.05)
        shadow = 0.16 * v
    elif name == "sleeve":
        shadow, shine = 0.3 * np.abs(u - 0.45) ** 1.8 * 2.0 + 0.1 * v, 0.12 * glow(u, 0.32, 0.2)
    elif name == "glow":
        shadow = 0.22 * np.abs(u - 0.5) ** 2 * 4
        shine = 0.62 * np.exp(-(((u - 0.5) / 0.34) ** 2) - (((v - 0.62) / 0.42) ** 2))
    else:
        raise ValueError(f"no such surface: {name}")
    light = NEUTRAL * (1 - np.clip(shadow, 0, 1))
    return _grey((light + (255 - light) * np.clip(shine, 0, 1)) / 255)


def _grey(strength: np.ndarray) -> Image.Image:
    return Image.fromarray((np.clip(strength, 0, 1) * 255).astype(np.uint8))


@lru_cache(maxsize=4)
def soft_disc(side: int = 64) -> Image.Image:
    """A blurred disc as an L image: the shadow of a thing that stands on the floor."""
    at = (np.arange(side) + 0.5) / side * 2 - 1
    away = np.hypot(*np.meshgrid(at, at))
    return _grey(np.clip(1 - away, 0, 1) ** 1.35)


@lru_cache(maxsize=4)
def flecks(side: int) -> Image.Image:
    """A mottled surface as an L image of light, side x side, with flecks of a fixed share of the picture."""
    return _uneven(side, 40, 40)


@lru_cache(maxsize=4)
def brushed(side: int) -> Image.Image:
    """A surface brushed across as an L image of light, side x side: long fine streaks."""
    return _uneven(side, 5, 40)


def _uneven(side: int, across: int, down: int) -> Image.Image:
    """Light and shadow by chance in so many cells, wide enough that thumbnails show them."""
    rng = np.random.Generator(np.random.Philox(key=91))
    cells = Image.fromarray(rng.integers(0, 256, (down, across), dtype=np.uint8))
    noise = np.asarray(cells.resize((side, side), Image.Resampling.BICUBIC)).astype(float) / 255 - 0.5
    return _grey((NEUTRAL + 150 * np.sign(noise) * np.abs(noise) ** 1.2) / 255)
