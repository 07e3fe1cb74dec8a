"""Random streams by name: what is drawn for one product never depends on what was drawn before, or by
whom.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

_ID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


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
