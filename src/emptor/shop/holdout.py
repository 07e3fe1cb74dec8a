"""Users whose behaviour no model may be trained on, so that it can be judged on people it has never met."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

SHARE = 0.1
"""Of all users; which ones follows from their ids alone, so that every shop, log and recipe agrees."""


def is_held_out(user_id: str) -> bool:
    """Whether a user is kept from training."""
    digest = blake2b(user_id.encode(), digest_size=8, person=b"held out").digest()
    return int.from_bytes(digest, "little") < SHARE * 2**64


def held_out(user_ids: Sequence[str | None]) -> np.ndarray:
    """[n] bool: the same of many, each user asked for once; nobody is not kept from anything."""
    known = {user: user is not None and is_held_out(user) for user in set(user_ids)}
    return np.array([known[user] for user in user_ids], bool)
