"""Vectors of products on the disk: each is made once for what a product says and shows, whatever generation it is in.

Parts that are only ever added; all of it can be made again, and nothing is lost if it is removed.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np

from emptor.retrieve.listings import Texts
from emptor.shop.files import write_durably

log = logging.getLogger(__name__)

_AT_ONCE = 2_048
"""Products that are encoded and kept in one go: who is killed on the way loses no more."""
_FEW = 1_024
"""Vectors up to which a part is small: small ones become one in time, and are looked up beside the sorted rest."""
_PARTS = 16
"""Small parts from which on they are made one."""


class VectorStore:
    """Vectors by what they were made of, of one model. Safe between threads; of two processes that make the same
    vectors, both keep them.

    Args:
        folder: of this model's vectors alone. width: of a vector.
    """

    def __init__(self, folder: Path, *, width: int) -> None:
        self._folder, self._width = folder, width
        self._lock = threading.Lock()
        self._late: dict[int, np.ndarray] = {}
        self._new: list[tuple[np.ndarray, np.ndarray]] = []
        self._forgotten, self._is_kept = False, True
        self._read()

    def __len__(self) -> int:
        return len(self._key) + len(self._late)

    def vectors(self, texts: Texts, make: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The vectors of products [P, width] float32.

        Args:
            make: places [n] among the products -> their vectors, for those that are not in the store; they are now.
        """
        key = keys_of(texts)
        with self._lock:
            out, missing = self._found(key)
            if self._forgotten and len(missing) > _FEW:
                self._read()
                out, missing = self._found(key)
            if len(missing):
                _, first = np.unique(key[missing], return_index=True)
                new = np.sort(missing[first])
                try:
                    for at in range(0, len(new), _AT_ONCE):
                        part = new[at : at + _AT_ONCE]
                        self._add(key[part], make(part))
                finally:
                    self._settle()
                out, _ = self._found(key)
        return out

    def forget(self) -> None:
        """Let go of what is on the disk: an index has it by now. It is read again where many are asked for, and a few
        are made again.
        """
        with self._lock:
            if self._is_kept:
                self._key, self._vector = np.zeros(0, np.uint64), np.zeros((0, self._width), np.float32)
                self._forgotten = True

    def _read(self) -> None:
        """Take up all that is on the disk."""
        keys, vectors = [np.zeros(0, np.uint64)], [np.zeros((0, self._width), np.float32)]
        self._small: list[Path] = []
        for path in sorted(self._folder.glob("*.npz")):
            found = self._taken_up(path)
            if found is not None:
                keys.append(found[0])
                vectors.append(found[1])
                if len(found[0]) <= _FEW:
                    self._small.append(path)
        key, vector = np.concatenate(keys), np.concatenate(vectors)
        del keys, vectors  # a million products would be there once more
        self._merge(key, vector)
        self._forgotten, self._late = False, {} if self._is_kept else self._late

    def _found(self, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(vectors [P, width], NaN where the store has none; the places of these)."""
        out = np.full((len(key), self._width), np.nan, np.float32)
        if len(self._key):
            at = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
            there = self._key[at] == key
            out[there] = self._vector[at[there]]
        else:
            there = np.zeros(len(key), bool)
        for place in np.flatnonzero(~there).tolist() if self._late else ():
            own = self._late.get(int(key[place]))
            if own is not None:
                out[place], there[place] = own, True
        return out, np.flatnonzero(~there)

    def _add(self, key: np.ndarray, vector: np.ndarray) -> None:
        self._new.append((key, vector.astype(np.float32)))
        try:
            path = self._write(key, vector)
            if len(key) <= _FEW:
                self._small.append(path)
            if len(self._small) >= _PARTS:
                parts = [own for own in map(self._taken_up, self._small) if own is not None]
                whole = [np.concatenate(own) for own in zip(*parts, strict=True)]
                self._write(whole[0], whole[1])
                for other in self._small:
                    other.unlink(missing_ok=True)
                self._small = []
        except OSError as error:  # a full disk: they are made again by the next process
            self._is_kept = False
            log.warning("vectors of products cannot be kept in %s: %s", self._folder, error)

    def _settle(self) -> None:
        """Sort in what was made: once for all of it, since the whole store is copied."""
        new, self._new = self._new, []
        if len(self._late) + sum(len(key) for key, _ in new) <= _FEW:
            for key, vector in new:
                self._late |= zip(key.tolist(), vector, strict=True)
            return
        late = np.array([*self._late.values()], np.float32).reshape(-1, self._width)
        keys, vectors = zip(
            (self._key, self._vector), (np.fromiter(self._late, np.uint64, len(self._late)), late), *new, strict=True
        )
        self._merge(np.concatenate(keys), np.concatenate(vectors))
        self._late = {}

    def _write(self, key: np.ndarray, vector: np.ndarray) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{uuid.uuid4().hex}.npz"
        content = BytesIO()
        np.savez(content, key=key, vector=vector.astype(np.float32))
        write_durably(path, content.getvalue())
        return path

    def _taken_up(self, path: Path) -> tuple[np.ndarray, np.ndarray] | None:
        """(keys, vectors) of a part; None where it is damaged or of another width."""
        try:
            with np.load(path, allow_pickle=False) as found:
                key, vector = found["key"], found["vector"]
            if key.dtype != np.uint64 or vector.dtype != np.float32 or vector.shape != (len(key), self._width):
                raise ValueError(f"{vector.shape} of {vector.dtype} for {len(key)} products")
        except FileNotFoundError:  # another process has made it part of another one
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            log.warning("%s is damaged (%s): its vectors are made again", path, error)
            with suppress(OSError):
                path.unlink()
            return None
        return key, vector

    def _merge(self, key: np.ndarray, vector: np.ndarray) -> None:
        self._key, first = np.unique(key, return_index=True)
        self._vector = np.ascontiguousarray(vector[first], np.float32)


def keys_of(texts: Texts) -> np.ndarray:
    """A number [P] uint64 of what each product says and shows."""
    out = np.zeros(len(texts), np.uint64)
    for at, (*words, picture) in enumerate(zip(*texts.fields, texts.picture, strict=True)):
        content = "\x1f".join((*words, picture or "")).encode()
        out[at] = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
    return out
