"""How far a colour can go before it is another one: the room that a tone has within a colour's name."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emptor.market.knowledge.palette import COLORS, Rgb

_STEPS = 24
_FARTHEST = (11.0, 12.0)
"""The largest shifts of lightness and of chroma, in units of CIELAB."""
_NEARER = 0.62
"""A shifted colour is at most this much as far from its own name's colour as from any other name's."""


def toned(color: str, lightness: float, chroma: float) -> Rgb:
    """The colour of a name, lighter or darker and stronger or paler by a share (-1 to 1) of the room it has."""
    lighter, darker, stronger, paler = _ends(color)
    one, two = lighter if lightness > 0 else darker, stronger if chroma > 0 else paler
    red, green, blue = (
        min(255, max(0, round(own + abs(lightness) * (a - own) + abs(chroma) * (b - own))))
        for own, a, b in zip(COLORS[color], one, two, strict=True)
    )
    return red, green, blue


@lru_cache(maxsize=64)
def _ends(color: str) -> tuple[Rgb, Rgb, Rgb, Rgb]:
    """The colour as light, as dark, as strong and as pale as its name allows."""
    up, down, strong, pale = _room(color)
    own = COLORS[color]
    return _shifted(own, up, 0), _shifted(own, -down, 0), _shifted(own, 0, strong), _shifted(own, 0, -pale)


def _room(color: str) -> tuple[float, float, float, float]:
    """The largest shifts in CIELAB units that keep the name: lighter, darker, stronger, paler, also when combined."""
    own = COLORS[color]
    others = lab(np.array([rgb for name, rgb in COLORS.items() if name != color], dtype=float))
    home = lab(np.array([own], dtype=float))[0]

    def keeps(lightness: float, chroma: float) -> bool:
        at = lab(np.array([_shifted(own, lightness, chroma)], dtype=float))[0]
        away = np.hypot(np.hypot(*(at - home)[:2]), (at - home)[2])
        return bool(away <= _NEARER * np.sqrt(((others - at) ** 2).sum(axis=1)).min())

    rooms = []
    for sign_light, sign_chroma in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        room = 0.0
        for step in range(1, _STEPS + 1):
            share = step / _STEPS
            light, chroma = sign_light * share * _FARTHEST[0], sign_chroma * share * _FARTHEST[1]
            if not keeps(light, chroma):
                break
            room = share * (_FARTHEST[0] if sign_light else _FARTHEST[1])
        rooms.append(room)
    up, down, strong, pale = rooms
    shrink = 1.0
    while shrink > 0.2 and not all(
        keeps(light * shrink, chroma * shrink) for light in (up, -down) for chroma in (strong, -pale)
    ):
        shrink -= 0.05
    return up * shrink, down * shrink, strong * shrink, pale * shrink


def _shifted(color: Rgb, lightness: float, chroma: float) -> Rgb:
    """Lightness and chroma moved by CIELAB units, hue kept."""
    at = lab(np.array([color], dtype=float))[0]
    strength = float(np.hypot(at[1], at[2]))
    if strength > 4:  # what is nearly grey has no hue to strengthen
        at[1:] *= max(0.0, strength + chroma) / strength
    at[0] = np.clip(at[0] + lightness, 3, 98)
    red, green, blue = (round(float(value)) for value in np.clip(_rgb(at), 0, 255))
    return red, green, blue


_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)
_FROM_XYZ = np.linalg.inv(_TO_XYZ)


def lab(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB of sRGB colours (0..255), [N, 3]."""
    share = colors / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    scaled = linear @ _TO_XYZ.T / _WHITE
    root = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.column_stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])])


def _rgb(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sRGB colour (0..255, unclipped) of one CIELAB colour."""
    y = (at[0] + 16) / 116
    root = np.array([y + at[1] / 500, y, y - at[2] / 200])
    scaled = np.where(root > 0.2069, root**3, (root - 16 / 116) / 7.787)
    linear = np.clip(_FROM_XYZ @ (scaled * _WHITE), 0, None)
    return 255 * np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
