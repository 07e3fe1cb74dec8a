"""A data set as every pre-ranker is given it: a stream to learn from, and whole candidate lists to be judged on.

Shapes: T requests, N candidates, P products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from emptor.prerank.samples import Examples
from emptor.rank.models import InputSpec
from emptor.rank.scale import Scale
from emptor.shop.features import Described

PAGE = 20
"""Products that a page shows, and that a pre-ranking must not lose."""


@dataclass(frozen=True)
class Tested:
    """Requests with all that retrieval found for them.

    asked: the requests, see `shop.features`; rows and mask [T, N] of candidates. truth, chance, order [T, N] float32:
    the true attraction, the chance that who looks at it clicks, and that they buy it. ranker [T, N] float32: what
    the ranker says of each. before [T, N] float32: what the pre-ranking said that was there when the log was made.
    """

    asked: Described
    truth: np.ndarray
    chance: np.ndarray
    order: np.ndarray
    ranker: np.ndarray
    before: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        return self.asked.mask


@dataclass(frozen=True)
class PrerankData:
    """One pre-ranking data set.

    Args:
        inputs: widths of what networks are given. scale: of numbers. learnt, validated: examples; nothing is chosen by
            the tested. parts: products that are reported apart, name -> [P + 1] bool, by rows of `asked`.
        about: figures of the data set, for the report.
    """

    inputs: InputSpec
    scale: Scale
    learnt: Examples
    validated: Examples
    tested: Tested
    parts: Mapping[str, np.ndarray]
    about: Mapping[str, float] = field(default_factory=dict)
