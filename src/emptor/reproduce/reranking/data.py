"""A data set as every re-ranker is given it: lists to learn from, and lists others to be judged on, shown again.

Shapes: R requests, N products of a list, G topics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Protocol

import numpy as np

from emptor.rank.scale import Scale
from emptor.rerank.models import ListSpec
from emptor.rerank.samples import Examples

PAGE = 20
"""Products of the page that is shown again, and that are to differ from each other."""


@dataclass(frozen=True)
class Reaction:
    """What users did on R pages: seen, clicks, orders [R] float64, how many products each."""

    seen: np.ndarray
    clicks: np.ndarray
    orders: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Reaction:
        return Reaction(*(getattr(self, own.name)[chosen] for own in fields(self)))


class Again(Protocol):
    """Requests whose lists can be shown again in another order."""

    def __call__(self, order: np.ndarray) -> Reaction:
        """order [R, N]: places of each list, best first; its first PAGE are shown. The same chances for every order."""


@dataclass(frozen=True)
class Judged:
    """Lists to choose by, or to be judged on.

    Args:
        examples: the lists, and what became of what was seen of them. topics: categories [R, N] int, -1 for none, or
            [R, N, G] bool. grade [R, N]: how good each product is, where that is more than a click. truth [R, N]: what
            the best order is by, where it is known. again: shows them again, where
            there is somebody to show them to.
        sight [P + 1, K] float32: of products by their rows, of length one or 0: how alike two truly look to who reads
            the page, where it is known.
        appetite [R] float32: 1 browses, 0 buys, where it is known. variety [R] float32: of each user's past, see
            `rerank.trained`. kinds: name -> [R] bool, requests that are reported apart. weight [R]: how many requests
            each stands for.
    """

    examples: Examples
    topics: np.ndarray
    grade: np.ndarray | None = None
    truth: np.ndarray | None = None
    again: Again | None = None
    sight: np.ndarray | None = None
    appetite: np.ndarray | None = None
    variety: np.ndarray | None = None
    kinds: Mapping[str, np.ndarray] = field(default_factory=dict)
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def mask(self) -> np.ndarray:
        """[R, N] bool: False is padding."""
        return self.examples.lists.mask

    @cached_property
    def as_it_came(self) -> Reaction | None:
        """What users do with the lists in the order of the stage before."""
        if self.again is None:
            return None
        return self.again(np.broadcast_to(np.arange(self.mask.shape[1]), self.mask.shape))


@dataclass(frozen=True)
class RerankData:
    """One re-ranking data set.

    Args:
        spec: widths of what networks are given. scale: of numbers. learnt: lists; nothing is chosen by the tested.
        about: figures of the data set, for the report.
    """

    spec: ListSpec
    scale: Scale
    learnt: Examples
    validated: Judged
    tested: Judged
    about: Mapping[str, float] = field(default_factory=dict)
