"""What rankers learn from, made once and kept small: requests, what was shown, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from emptor.rank.data import Pages
from emptor.rank.models.inputs import RankBatch
from emptor.rank.scale import Scale, batch_of
from emptor.shop.features import Described, Features, ProductColumns, arrays_of, joined, taken

_AT_ONCE = 4_096
"""Pages that are described in one go."""
_SCALED_BY = 4_000
"""Pages that the scale of numbers is learnt from."""


@dataclass(frozen=True)
class Outcomes:
    """What became of R pages of N products: clicked, bought [R, N] bool; position [R, N] uint8; user [R]
    int64: a number of each user, the same for the same one, and one of its own for each who is unknown.
    """

    clicked: np.ndarray
    bought: np.ndarray
    position: np.ndarray
    user: np.ndarray


@dataclass(frozen=True)
class Sample:
    """A batch and what became of it: click, purchase [B, N] float32; position [B, N] int64; user [B] int64, see
    Outcomes.
    """

    batch: RankBatch
    click: torch.Tensor
    purchase: torch.Tensor
    position: torch.Tensor
    user: torch.Tensor


@dataclass(frozen=True)
class Examples:
    """R requests to learn from, or to be judged on. products: what the rows of `asked` mean."""

    products: ProductColumns
    asked: Described
    outcomes: Outcomes

    def __len__(self) -> int:
        return len(self.asked)

    @property
    def mask(self) -> np.ndarray:
        """[R, N] bool: False is padding."""
        return self.asked.mask

    def take(self, places: np.ndarray) -> Examples:
        """Some of the requests, in that order."""
        return replace(self, asked=taken(self.asked, places), outcomes=taken(self.outcomes, places))

    def sample(self, places: np.ndarray, scale: Scale) -> Sample:
        """Some of the requests as tensors, no wider than their longest page."""
        asked, outcomes = taken(self.asked, places), taken(self.outcomes, places)
        width = max(int(asked.mask.sum(1).max(initial=1)), 1)
        asked = replace(asked, rows=asked.rows[:, :width], mask=asked.mask[:, :width], numeric=asked.numeric[:, :width])
        return Sample(
            batch=batch_of(arrays_of(self.products, asked), scale),
            click=torch.from_numpy(outcomes.clicked[:, :width].astype(np.float32)),
            purchase=torch.from_numpy(outcomes.bought[:, :width].astype(np.float32)),
            position=torch.from_numpy(outcomes.position[:, :width].astype(np.int64)),
            user=torch.from_numpy(outcomes.user),
        )

    def batches(self, scale: Scale, *, size: int, seed: int, epoch: int, shuffle: bool = True) -> Iterator[Sample]:
        """Samples of about `size` products; a shuffled epoch's order follows from (seed, epoch)."""
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self)) if shuffle else np.arange(len(self))
        many = pages_of(self, size)
        for start in range(0, len(order), many):
            yield self.sample(order[start : start + many], scale)

    def scale(self, *, seed: int) -> Scale:
        """The scale of numbers, from some requests drawn at random."""
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:_SCALED_BY])
        return Scale.of(arrays_of(self.products, taken(self.asked, chosen)))


def pages_of(examples: Examples, size: int) -> int:
    """How many pages have about `size` products."""
    return max(size // max(int(examples.mask.sum(1).mean()) if len(examples) else 1, 1), 1)


def examples_of(features: Features, pages: Pages) -> Examples:
    """Pages as examples. Of the log, each knows what a server knew: what its user did before the very moment, and how
    products did on the days before.
    """
    parts = [
        _described(features, pages.take(np.arange(at, min(at + _AT_ONCE, len(pages)))))
        for at in range(0, max(len(pages), 1), _AT_ONCE)
    ]
    numbers: dict[str | int, int] = {}
    user = [numbers.setdefault(at if own is None else own, len(numbers)) for at, own in enumerate(pages.user_id)]
    return Examples(
        features.products,
        joined(parts),
        Outcomes(
            pages.clicked,
            pages.bought,
            pages.position.clip(0, 255).astype(np.uint8),
            np.array(user, np.int64),
        ),
    )


def _described(features: Features, pages: Pages) -> Described:
    return features.describe(pages.user_id.tolist(), pages.query.tolist(), pages.now, pages.rows, pages.mask)
