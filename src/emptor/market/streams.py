"""Random streams by name: what is drawn for one entity never depends on what was drawn before, or by whom.

`Draws` is for arrays: a value is a function of (seed, kind, id of the entity, number of the draw), so the same world
comes out whatever the order, the batch and the number of workers. `stream` is for one entity that needs many draws.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from emptor.chance import mixed

_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GOLDEN, _SECOND, _11 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x94D049BB133111EB), np.uint64(11)


def stream(seed: int, kind: str, key: object = "") -> np.random.Generator:
    """The random stream of (seed, kind, key): a Philox counter keyed by the hash of the three."""
    digest = blake2b(f"{seed}\x1f{kind}\x1f{key}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def opaque_id(seed: int, kind: str, key: object, *, length: int = 10) -> str:
    """An identifier of `length` letters and digits that says nothing about what it names."""
    number = int.from_bytes(blake2b(f"{seed}\x1f{kind} id\x1f{key}".encode(), digest_size=16).digest(), "little")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, 32)
        letters.append(_ID_LETTERS[letter])
    return "".join(letters)


def paired(*ids: np.ndarray) -> np.ndarray:
    """One id of several: (user, day, visit, page) -> uint64, of their broadcast shape. The order matters."""
    pair = np.asarray(ids[0]).astype(np.uint64)
    for own in ids[1:]:
        pair = mixed(pair * _GOLDEN + _SECOND) + np.asarray(own).astype(np.uint64)
    return pair


class Draws:
    """The random streams of all entities of one kind.

    Every method takes ids (integers of any shape S) and draws the same values for the same ids, always.

    Args:
        seed: of the world. kind: of the entities, and what is drawn for them ("user activity").
    """

    def __init__(self, seed: int, kind: str) -> None:
        digest = blake2b(f"{seed}\x1f{kind}".encode(), digest_size=16).digest()
        self._key = np.frombuffer(digest, np.uint64)

    def bits(self, ids: np.ndarray, draw: int = 0) -> np.ndarray:
        """S -> uint64 S, even over all 64 bits."""
        with np.errstate(over="ignore"):
            ids = np.asarray(ids).astype(np.uint64)
            own = mixed(ids * _GOLDEN + self._key[0])
            return mixed(own ^ (self._key[1] + np.uint64(draw) * _SECOND))

    def uniform(self, ids: np.ndarray, draw: int = 0) -> np.ndarray:
        """S -> float64 S in (0, 1), both ends left out."""
        return ((self.bits(ids, draw) >> _11).astype(np.float64) + 0.5) * 2.0**-53

    def normal(self, ids: np.ndarray, draw: int = 0) -> np.ndarray:
        """S -> float64 S, standard normal."""
        from scipy.special import ndtri  # here: processes that only write listings do without

        return ndtri(self.uniform(ids, draw))

    def normals(self, ids: np.ndarray, count: int) -> np.ndarray:
        """S -> float32 S + [count], standard normal."""
        return np.stack([self.normal(ids, draw) for draw in range(count)], axis=-1).astype(np.float32)

    def integer(self, ids: np.ndarray, bound: int | np.ndarray, draw: int = 0) -> np.ndarray:
        """S -> int64 S, even over 0 .. bound - 1."""
        return (self.uniform(ids, draw) * bound).astype(np.int64)

    def choice(self, ids: np.ndarray, weights: np.ndarray, draw: int = 0) -> np.ndarray:
        """S -> int64 S: places in weights [n], each as likely as its share."""
        edges = np.cumsum(weights, dtype=np.float64)
        at = np.searchsorted(edges, self.uniform(ids, draw) * edges[-1], side="right")
        return np.minimum(at, len(edges) - 1)

    def gamma(self, ids: np.ndarray, shape: float, draw: int = 0) -> np.ndarray:
        """S -> float64 S: gamma of this shape and scale 1, by its inverse distribution function."""
        from scipy.special import gammaincinv

        return gammaincinv(shape, self.uniform(ids, draw))
