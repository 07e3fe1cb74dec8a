"""The photo studio: backdrops, lamps and cameras, the shadow of a product, and the light around its edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from emptor.market.knowledge.palette import Rgb, mixed
from emptor.market.pictures.canvas import Canvas
from emptor.market.pictures.hidden_style import PLAIN, HiddenStyle
from emptor.market.pictures.shading import NEUTRAL, brushed, flecks, soft_disc

SHADOW: Rgb = (18, 16, 34)
SHINE: Rgb = (255, 253, 246)
_WARM: tuple[Rgb, Rgb] = ((66, 14, 12), (255, 222, 164))
_COLD: tuple[Rgb, Rgb] = ((3, 24, 76), (198, 232, 255))
"""Shadow and shine of the warmest and of the coldest surfaces."""

BACKDROPS: tuple[Rgb, ...] = (
    (236, 237, 240),
    (240, 236, 230),
    (231, 237, 242),
    (241, 233, 230),
    (233, 239, 234),
    (238, 234, 242),
    (244, 239, 226),
    (228, 232, 238),
    (222, 232, 240),
    (240, 226, 220),
    (222, 234, 224),
    (230, 224, 238),
    (242, 232, 208),
    (220, 222, 226),
    (232, 222, 208),
    (244, 244, 242),
)
"""Tints of the paper behind the product."""
TABLES: tuple[Rgb, ...] = ((222, 196, 166), (206, 212, 216), (232, 224, 214), (196, 182, 170), (214, 222, 212))
"""What a product may stand on instead of paper."""


@dataclass(frozen=True)
class Studio:
    """How one picture is taken, whatever is in it.

    `tint`: of BACKDROPS; `table`: of TABLES, None for paper. `lamp`: where the light comes from in degrees (0 from the
    right, 90 from below); `power`: how much brighter the side of the lamp is, as a share. `gains`: of red, green and
    blue. `grain`: which piece of film; None for none.
    """

    tint: int = 0
    table: int | None = None
    lamp: float = -135.0
    power: float = 0.0
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    grain: tuple[int, int] | None = None


def any_studio(chance: np.random.Generator) -> Studio:
    """Some studio: paper or a table, the lamp mostly at the upper left, colours a little off."""
    tint, table, across, down, turn, power, exposure, warmth = chance.random(8).tolist()
    bright, warm = 1 + 0.055 * (2 * exposure - 1), 0.025 * (2 * warmth - 1)
    return Studio(
        tint=int(tint * len(BACKDROPS)),
        table=int(3 * table * len(TABLES)) if 3 * table < 1 else None,
        lamp=-175.0 + 130.0 * turn,
        power=0.09 * power,
        gains=(bright * (1 + warm), bright, bright * (1 - warm)),
        grain=(int(across * _SPARE), int(down * _SPARE)),
    )


@lru_cache(maxsize=256)
def backdrop(tint: int, side: int, *, floor: bool, table: int | None = None) -> Image.Image:
    """A sheet of paper lit from above; `floor`: curved towards the camera, for things that stand, or a table."""
    at = (np.arange(side) + 0.5) / side
    u, v = np.meshgrid(at, at)
    light = 1.0 - 0.07 * np.clip(np.hypot(u - 0.45, v - 0.36) - 0.25, 0, 1) ** 1.3 * 2
    base = np.array(BACKDROPS[tint % len(BACKDROPS)], dtype=float) + 9
    if floor and table is None:
        light += 0.02 / (1 + np.exp(-(v - 0.7) * 16)) - 0.012 * np.exp(-(((v - 0.68) / 0.16) ** 2))
    scene = base * light[..., None]
    if floor and table is not None:
        wood = np.array(TABLES[table], dtype=float) * (light + 0.06 * (v - 0.7))[..., None]
        below = np.clip((v - 0.72) * side / 1.5, 0, 1)[..., None]
        scene = scene + (wood - scene) * below
    return Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))


def photograph(canvas: Canvas, studio: Studio, *, stands: bool, hidden: HiddenStyle = PLAIN) -> Image.Image:
    """The finished RGB picture, half as wide as the canvas: backdrop, shadow, product, light on its edges."""
    side = canvas.side // 2
    coverage = canvas.coverage.reduce(2)
    scene = backdrop(studio.tint, side, floor=stands, table=studio.table if stands else None).copy()
    box = coverage.getbbox()
    if box is None:
        return _developed(scene, studio)
    small = coverage.resize((_SMALL if side > _FEW else _SMALL // 2,) * 2, Image.Resampling.BOX)
    if stands:
        _shadow_on_floor(scene, coverage)
    else:
        _shadow_on_paper(scene, small, studio.lamp)
    left, top, right, bottom = box
    twice = (2 * left, 2 * top, 2 * right, 2 * bottom)
    product, covered = canvas.color.reduce(2, box=twice), coverage.crop(box)
    relief = canvas.relief.reduce(2, box=twice)
    if hidden.line != 1:  # seams and rims that much stronger or weaker
        relief = Image.blend(_neutral(relief.size), relief, hidden.line)
    light = _multiplied(canvas.light.reduce(2, box=twice), relief)
    around = _around(small, studio, hidden).resize((side, side), Image.Resampling.BILINEAR).crop(box)
    light = _multiplied(light, around)
    if hidden.fleck:
        surface = (flecks if hidden.fleck > 0 else brushed)(side).crop(box)
        light = _multiplied(light, Image.blend(_neutral(surface.size), surface, min(1.0, abs(hidden.fleck))))
    even = _neutral(light.size)  # a glossy surface has more shine, and a little more shadow beside it
    depth = ImageChops.subtract(even, light, 0.5 / hidden.gloss**0.5).point(_NOT_BLACK)
    gleam = ImageChops.subtract(light, even, 0.5 / hidden.gloss).point(_NOT_WHITE)
    warm, cold = max(0.0, hidden.warmth), max(0.0, -hidden.warmth)
    shadow = mixed(mixed(SHADOW, _WARM[0], warm), _COLD[0], cold)
    shine = mixed(mixed(SHINE, _WARM[1], warm), _COLD[1], cold)
    for tone, mask in ((shadow, depth), (shine, gleam)):
        _tint(product, tone, (0, 0), ImageChops.multiply(mask, covered))
    _tint(scene, (0, 0, 0), box[:2], covered)  # what the product hides, by how much it hides
    scene.paste(ImageChops.add(scene.crop(box), product), box)
    return _developed(scene, studio)


def _limits(knee: int, most: int) -> list[int]:
    """A table for masks: as they are up to the knee, then ever less, and never quite `most`."""
    room = most - knee
    return [round(mask if mask < knee else knee + room * math.tanh((mask - knee) / room)) for mask in range(256)]


_NOT_WHITE, _NOT_BLACK = _limits(56, 132), _limits(120, 185)
"""Shine hides half of the paint at most, and shadow not three quarters: however glossy a product is and however its
dye falls, black stays black and red stays red."""
_SMALL = 64
"""Side of the small pictures in which blurred light and shadow are made; half as much for small pictures."""
_FEW = 96
"""Pixels on a side up to which a picture is small."""
_SPARE = 64
"""How much larger a piece of film is than a picture, in pixels."""
_GRAIN = 8


def _developed(scene: Image.Image, studio: Studio) -> Image.Image:
    """The picture as a camera gives it: exposure, white balance, grain."""
    if studio.gains != (1.0, 1.0, 1.0):
        red, green, blue = studio.gains
        scene = scene.convert("RGB", (red, 0, 0, 0, 0, green, 0, 0, 0, 0, blue, 0))
    if studio.grain is None:
        return scene
    across, down = studio.grain
    film = _film(scene.width).crop((across, down, across + scene.width, down + scene.height))
    return ImageChops.add(scene, film, 1, -_GRAIN)


@lru_cache(maxsize=4)
def _film(side: int) -> Image.Image:
    """Fine noise about _GRAIN, larger than a picture, so that every picture gets a piece of its own."""
    rng = np.random.Generator(np.random.Philox(key=90))
    noise = rng.uniform(-1, 1, (side + _SPARE, side + _SPARE, 1)) * 3.0 + rng.uniform(-1, 1, (1, 1, 3))
    return Image.fromarray(np.round(_GRAIN + noise).clip(0, 2 * _GRAIN).astype(np.uint8))


def _tint(picture: Image.Image, color: Rgb, corner: tuple[int, int], mask: Image.Image) -> None:
    """Lay a colour through a mask; pasting an even picture is much faster in Pillow than pasting a colour."""
    picture.paste(Image.new("RGB", mask.size, color), corner, mask)


def _multiplied(first: Image.Image, second: Image.Image) -> Image.Image:
    """Light upon light: 128 times 128 gives 128."""
    half = ImageChops.multiply(first, second)
    return ImageChops.add(half, half)


def _neutral(size: tuple[int, int]) -> Image.Image:
    return Image.new("L", size, NEUTRAL)


def _weaker(mask: Image.Image, strength: float) -> Image.Image:
    return Image.blend(Image.new("L", mask.size), mask, strength)


def _shadow_on_floor(scene: Image.Image, coverage: Image.Image) -> None:
    """As wide as the lowest part of the product, and a wide faint one around it."""
    side = scene.width
    left, _, right, bottom = coverage.getbbox() or (0, 0, side, side)
    foot = coverage.crop((left, max(0, bottom - round(side * 0.07)), right, bottom)).getbbox() or (0, 0, 1, 1)
    middle, half = left + (foot[0] + foot[2]) / 2, (foot[2] - foot[0]) / 2
    for wide, high, strength in ((1.3, 0.085, 0.36), (1.08, 0.032, 0.5)):
        width, height = max(4, round(2 * half * wide)), max(4, round(side * high))
        blob = _weaker(soft_disc().resize((width, height), Image.Resampling.BILINEAR), strength)
        _tint(scene, SHADOW, (round(middle - width / 2), round(bottom - height * 0.56)), blob)


def _shadow_on_paper(scene: Image.Image, small: Image.Image, lamp: float) -> None:
    """Away from the lamp, for things that lie or hang; a wide soft one and a narrow one at the rim."""
    away = -np.array([np.cos(np.radians(lamp)), np.sin(np.radians(lamp))])
    unit = small.width / _SMALL
    soft = _weaker(small.filter(ImageFilter.GaussianBlur(2.7 * unit)), 0.27)
    soft = ImageChops.offset(soft, round(1.4 * unit * away[0]), round(1.4 * unit * away[1]))
    near = _weaker(small.filter(ImageFilter.GaussianBlur(0.9 * unit)), 0.2)
    shadow = ImageChops.add(soft, near).resize(scene.size, Image.Resampling.BILINEAR)
    shift = 0.01 * scene.width * away
    _tint(scene, SHADOW, (round(shift[0]), round(shift[1])), shadow)


def _around(small: Image.Image, studio: Studio, hidden: HiddenStyle) -> Image.Image:
    """What makes a product solid: light on the rim that faces the lamp, shade opposite, as a small light plane.

    With the fall of the lamp's light across the picture, and how the product is dyed or sprayed.
    """
    unit = small.width / _SMALL
    right, down = np.cos(np.radians(studio.lamp)), np.sin(np.radians(studio.lamp))
    dx, dy = round(1.4 * unit * right), round(1.4 * unit * down)
    soft = ImageChops.invert(small.filter(ImageFilter.GaussianBlur(1.6 * unit)))
    shade = _weaker(ImageChops.offset(soft, dx, dy), 0.42 * NEUTRAL / 255)
    shine = _weaker(ImageChops.offset(soft, -dx, -dy), 0.3 * NEUTRAL / 255)
    rim = ImageChops.subtract(ImageChops.add(_neutral(small.size), shine), shade)
    if not studio.power and hidden is PLAIN:
        return rim
    at = np.arange(small.width) * (2 / (small.width - 1)) - 1
    across, along = studio.power * right - hidden.slant, studio.power * down - hidden.fade
    light = (1 + 0.5 * hidden.heart + across * at) + (along * at)[:, None]
    if hidden.heart:
        light -= hidden.heart * np.minimum(1.4, at**2 + (at**2)[:, None])
    if hidden.rim:
        light -= hidden.rim * np.asarray(soft) / 255
    return Image.fromarray((np.asarray(rim) * light).clip(0, 255).astype(np.uint8))
