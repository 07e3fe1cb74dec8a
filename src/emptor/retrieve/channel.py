"""What a retrieval channel finds, and what every channel is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emptor.cascade import Requests


@dataclass(frozen=True)
class Found:
    """One request's finds, best first: products [n] int64 (rows of the view), scores [n] float32."""

    products: np.ndarray
    scores: np.ndarray


def empty() -> Found:
    """Nothing found."""
    return Found(np.zeros(0, np.int64), np.zeros(0, np.float32))


class Channel(Protocol):
    """One way of finding products.

    `covers` [rows] bool: products that this channel could find at all (None: all). A product without a picture or a
    vector must not lose for that reason: fusion weighs it by the channels that cover it.
    Returns one answer a request; None where the channel does not apply (no query, no such user).
    """

    @property
    def name(self) -> str: ...

    @property
    def covers(self) -> np.ndarray | None: ...

    def __call__(self, requests: Requests, *, depth: int) -> Sequence[Found | None]: ...
