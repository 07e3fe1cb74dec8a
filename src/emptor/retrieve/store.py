"""Vectors of products on the disk: each is made once for what a product says and shows, whatever generation it is in.

Parts that are only ever added; all of it can be made again, and nothing is lost if it is removed.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from emptor.retrieve.listings import Texts

log = logging.getLogger(__name__)

_PARTS = 16
"""Files from which on they are made one."""


class VectorStore:
    """Vectors by what they were made of, of one model.

    Args:
        folder: of this model's vectors alone. width: of a vector.
    """

    def __init__(self, folder: Path, *, width: int) -> None:
        self._folder, self._width = folder, width
        self._key, self._vector = np.zeros(0, np.uint64), np.zeros((0, width), np.float32)
        self._parts: list[Path] = []
        for path in sorted(folder.glob("*.npz")):
            self._take_up(path)

    def __len__(self) -> int:
        return len(self._key)

    def vectors(self, texts: Texts, make: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The vectors of products [P, width] float32.

        Args:
            make: places [n] among the products -> their vectors, for those that are not in the store; they are now.
        """
        key = keys_of(texts)
        out = np.full((len(key), self._width), np.nan, np.float32)
        place = self._find(key)
        missing = np.flatnonzero(place < 0)
        out[place >= 0] = self._vector[place[place >= 0]]
        if len(missing):
            _, first = np.unique(key[missing], return_index=True)
            made = make(np.sort(missing[first]))
            self._add(key[np.sort(missing[first])], made)
            out[missing] = self._vector[self._find(key[missing])]
        return out

    def _find(self, key: np.ndarray) -> np.ndarray:
        """Places [P] in the store, -1 where it has none."""
        if not len(self._key):
            return np.full(len(key), -1)
        at = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        return np.where(self._key[at] == key, at, -1)

    def _add(self, key: np.ndarray, vector: np.ndarray) -> None:
        self._merge(key, vector)
        whole = len(self._parts) >= _PARTS
        own = (self._key, self._vector) if whole else (key, vector)
        old, self._parts = (self._parts, []) if whole else ([], self._parts)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # two processes that make the same vectors write two files of the same content
            path = self._folder / f"{uuid.uuid4().hex}.npz"
            temporary = path.with_suffix(".tmp")
            with temporary.open("wb") as file:
                np.savez(file, key=own[0], vector=own[1])
            temporary.replace(path)
            self._parts.append(path)
            for other in old:
                other.unlink(missing_ok=True)
        except OSError as error:  # a full disk: they are made again by the next process
            log.warning("vectors of products cannot be kept in %s: %s", self._folder, error)

    def _take_up(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as found:
                key, vector = found["key"], found["vector"]
            if key.dtype != np.uint64 or vector.dtype != np.float32 or vector.shape != (len(key), self._width):
                raise ValueError(f"{vector.shape} of {vector.dtype} for {len(key)} products")
        except (OSError, ValueError, KeyError, EOFError) as error:
            log.warning("%s is damaged (%s): its vectors are made again", path, error)
            with suppress(OSError):
                path.unlink()
            return
        self._merge(key, vector)
        self._parts.append(path)

    def _merge(self, key: np.ndarray, vector: np.ndarray) -> None:
        key, vector = np.concatenate([self._key, key]), np.concatenate([self._vector, vector])
        self._key, first = np.unique(key, return_index=True)
        self._vector = vector[first]


def keys_of(texts: Texts) -> np.ndarray:
    """A number [P] uint64 of what each product says and shows."""
    out = np.zeros(len(texts), np.uint64)
    for at, (*words, picture) in enumerate(zip(*texts.fields, texts.picture, strict=True)):
        content = "\x1f".join((*words, picture or "")).encode()
        out[at] = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
    return out
