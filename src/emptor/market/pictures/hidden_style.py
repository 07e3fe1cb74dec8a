"""The hidden side of a product's look: six numbers that no text states, and what they do to its picture.

The numbers pass through two fixed layers (a rotation that mixes all six, a bend, and a second mix), so that every
property of the picture depends on several numbers, and no number is a property. Zeros change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emptor.market.pictures.textures import UNCHANGED, Cut

DIMENSIONS = 6
"""How many numbers a hidden look has."""

_WIDTH = 24
_PROPERTIES = 19
_KEY = 20_261_218
"""Of the fixed random layers: one of a few hundred, under which the properties that show most (proportion, finish, the
fall of light) follow numbers as different as can be, so that every number can be read off plain products."""


@dataclass(frozen=True)
class HiddenStyle:
    """What a hidden look does to a picture; a product without one has these values.

    `stretch`: logarithm of the change of width over height. `taper`: how much wider the lower half is, as a share.
    `lightness`, `chroma`: tone of the main colour, -1 to 1 of the room within its name; `trim`: -1 the second colour
    leans to the first, 1 away from it. `piping`: the hems of parts take the second colour (to 1) or go dark (to -1).
    `band`: width of a band across the product in frame units, at the height `band_at`. `cut`: of the pattern.
    `gloss`, `line`: factors on shine, and on seams and rims. `fleck`: strength of a mottled surface (to 1) or of one
    brushed across (to -1). `warmth`: of shadows and shine, -1 bluish to 1 reddish. How dyed or sprayed, as shares of
    light: `fade` from top to foot, `slant` from left to right, `heart` from the middle to the ends, `rim` from within
    to the outline.
    """

    stretch: float = 0.0
    taper: float = 0.0
    lightness: float = 0.0
    chroma: float = 0.0
    trim: float = 0.0
    piping: float = 0.0
    band: float = 0.0
    band_at: float = 58.0
    cut: Cut = UNCHANGED
    gloss: float = 1.0
    line: float = 1.0
    fleck: float = 0.0
    warmth: float = 0.0
    fade: float = 0.0
    slant: float = 0.0
    heart: float = 0.0
    rim: float = 0.0


PLAIN = HiddenStyle()


def hidden_style(look: tuple[float, ...]) -> HiddenStyle:
    """What six numbers, each about standard normal, do to a picture.

    Raises: ValueError for another count of numbers, or one that is not finite.
    """
    if len(look) != DIMENSIONS:
        raise ValueError(f"a look has {DIMENSIONS} numbers, not {len(look)}")
    at = np.array(look, dtype=float)
    if not np.isfinite(at).all():
        raise ValueError("a look has only finite numbers")
    if not at.any():
        return PLAIN
    inner, shift, outer = _layers()
    bent = np.tanh((inner * at).sum(axis=1) + shift) - np.tanh(shift)
    mixed = (outer * bent).sum(axis=1)
    soft: list[float] = (2.2 * np.tanh(mixed / 2.2)).tolist()  # nothing grows out of bounds
    return HiddenStyle(
        stretch=0.2 * soft[0],
        taper=0.2 * soft[1],
        lightness=float(np.tanh(0.9 * soft[2])),
        chroma=float(np.tanh(0.9 * soft[3])),
        trim=float(np.tanh(0.9 * soft[4])),
        piping=max(-1.0, min(1.0, 0.9 * soft[5])),
        band=max(0.0, 6.0 * soft[6] - 1.5),
        band_at=58.0 + 7.0 * soft[7],
        cut=Cut(zoom=float(np.exp(0.3 * soft[8])), turn=13.0 * soft[9], density=float(np.tanh(0.9 * soft[10]))),
        gloss=float(np.exp(0.7 * soft[11])),
        line=float(np.exp(0.85 * soft[12])),
        fleck=0.24 * soft[14],
        warmth=float(np.tanh(0.9 * soft[15])),
        fade=0.32 * soft[13],
        slant=0.3 * soft[16],
        heart=0.32 * soft[17],
        rim=(0.3 if soft[18] > 0 else 0.2) * soft[18],  # a bright outline soon looks cut out
    )


@lru_cache(maxsize=1)
def _layers() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The fixed layers: [_WIDTH, 6], [_WIDTH] and [_PROPERTIES, _WIDTH], scaled so that properties vary by about 1.

    The first stacks three rotations of the six numbers: every one of them counts as much as any other.
    """
    rng = np.random.Generator(np.random.Philox(key=_KEY))
    rotations = [np.linalg.qr(rng.uniform(-1, 1, (DIMENSIONS, DIMENSIONS)))[0] for _ in range(_WIDTH // DIMENSIONS)]
    inner = 0.8 * np.concatenate(rotations)
    shift = rng.uniform(-0.5, 0.5, _WIDTH)
    outer = np.linalg.qr(rng.uniform(-1, 1, (_WIDTH, _PROPERTIES)))[0].T
    looks = rng.uniform(-1, 1, (4096, 4, DIMENSIONS)).sum(axis=1) * np.sqrt(3 / 4)  # about standard normal
    bent = np.tanh((looks[:, None, :] * inner).sum(axis=2) + shift) - np.tanh(shift)
    spread = (bent[:, None, :] * outer).sum(axis=2).std(axis=0)
    return inner, shift, outer / spread[:, None]
