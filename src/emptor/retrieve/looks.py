"""How pictures become what a network is given: pixels, plain numbers, or the features of a model on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from emptor.encoders.folder import config_of, fingerprint_of
from emptor.encoders.image_folder import FILES, LocalImageEncoder
from emptor.encoders.pixels import Source, decoded, pictures
from emptor.errors import EmptorError
from emptor.shop.features.pictures import PALETTE, VERSION, WIDTH, describe, palette
from emptor.shop.features.pictures import SIDE as DESCRIBED

PIXELS, NUMBERS = "pixels", "numbers"
"""Names of looks; any other is the folder of a vision model."""
SIDE = 64
"""Of pictures as pixels."""
_LABEL = "Reading pictures"
_AT_ONCE = 64
"""Pictures that are described in one go: they stay in the processor's cache."""


class Look(Protocol):
    """One way to look at pictures.

    name: PIXELS, NUMBERS or a folder. side: of pixels; values: V, of numbers; the other is None. fingerprint: changes
    when the same picture would be read in another way.
    """

    @property
    def name(self) -> str: ...
    @property
    def side(self) -> int | None: ...
    @property
    def values(self) -> int | None: ...
    @property
    def fingerprint(self) -> str: ...

    def read(self, sources: Sequence[Source], *, file: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Pictures as a network is given them, N rows, and whether each is there [N] bool.

        Args:
            file: where pixels are to lie, see `encoders.pixels.pictures`; numbers stay in memory.
        """
        ...


@dataclass(frozen=True)
class Pixels:
    """[N, 3, side, side] uint8, for a network that learns to see."""

    side: int = SIDE
    name = PIXELS
    values = None

    @property
    def fingerprint(self) -> str:
        return f"{self.name} {self.side}"

    def read(self, sources: Sequence[Source], *, file: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
        return pictures(sources, self.side, file=file, label=_LABEL)


@dataclass(frozen=True)
class Numbers:
    """[N, 1, values] float16: form, light, edges and colours, see `shop.features.pictures`; nothing is trained."""

    name = NUMBERS
    side = None
    values = WIDTH + PALETTE
    fingerprint = f"{NUMBERS} {VERSION}"

    def read(self, sources: Sequence[Source], *, file: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
        out, there = np.zeros((len(sources), 1, self.values), np.float16), np.zeros(len(sources), bool)
        for rows, part in decoded(sources, DESCRIBED, label=_LABEL):
            for start in range(0, len(rows), _AT_ONCE):
                own, seen = rows[start : start + _AT_ONCE], part[start : start + _AT_ONCE].transpose(0, 2, 3, 1)
                out[own, 0], there[own] = np.concatenate([describe(seen), palette(seen)], axis=1), True
        return out, there


@dataclass(frozen=True)
class Folder:
    """[N, 1, values] float16: what a vision model of a local folder says of the whole picture. The model is loaded once
    something is read; whether it is the same is told by its files.

    Args: name: the folder, as it was given. base: of a relative one.
    Raises: EmptorError for a folder of another kind, see `encoders.LocalImageEncoder`.
    """

    name: str
    base: Path
    side = None

    @property
    def path(self) -> Path:
        return self.base / self.name

    @cached_property
    def _model(self) -> LocalImageEncoder:
        return LocalImageEncoder(self.path)

    @property
    def values(self) -> int:
        return self._model.width

    @property
    def fingerprint(self) -> str:
        config_of(self.path)
        return fingerprint_of(self.path, FILES)

    def read(self, sources: Sequence[Source], *, file: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
        out, there = np.zeros((len(sources), 1, self.values), np.float16), np.zeros(len(sources), bool)
        for rows, part in decoded(sources, self._model.side, label=_LABEL):
            out[rows], there[rows] = self._model.encode(part, dtype=np.float16)[:, :1], True
        return out, there


def look_of(name: str, *, base: Path, side: int = SIDE) -> Look:
    """The look of a name: PIXELS, NUMBERS, or the folder of a vision model.

    Args: base: where a relative folder lies: the shop's own.
    Raises: EmptorError for a folder that there is not.
    """
    if name == PIXELS:
        return Pixels(side)
    if name == NUMBERS:
        return Numbers()
    if not (base / name).is_dir():
        raise EmptorError(
            f"sight: {name!r} is neither {NUMBERS} nor {PIXELS}, and no folder with a vision model; a folder's name is "
            "absolute, or relative to the shop"
        )
    return Folder(name, base)
