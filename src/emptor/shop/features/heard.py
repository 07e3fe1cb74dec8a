"""What a simulator knows of its users and no log holds yet: given to the features of the requests that it asks.

It goes with the call and stays out of the shop, so that two simulations of one shop know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Told:
    """E actions: user_id, product_id, action [E] str; time [E] int: UTC microseconds; query [E]: str or None. days [D]
    int64: since 1970, those on which anything happened.
    """

    user_id: Sequence[str]
    product_id: Sequence[str]
    action: Sequence[str]
    time: Sequence[int]
    query: Sequence[str | None]
    days: np.ndarray


class Heard:
    """Actions that grow by being told. Once a log holds them they must be forgotten, or they count twice."""

    def __init__(self) -> None:
        self._parts: list[Told] = []

    def tell(self, told: Told) -> None:
        """Add what happened after all that was told before."""
        self._parts.append(told)

    def since(self, place: int) -> Sequence[Told]:
        """What was told after the first `place` times."""
        return self._parts[place:]


_HEARD: ContextVar[Heard | None] = ContextVar("heard", default=None)


@contextmanager
def hearing(heard: Heard) -> Iterator[None]:
    """Requests that are answered in this block, in this thread, know what was heard as if it were in the log."""
    before = _HEARD.set(heard)
    try:
        yield
    finally:
        _HEARD.reset(before)


def heard_now() -> Heard | None:
    """What requests know beyond the log; None but in a simulation."""
    return _HEARD.get()
