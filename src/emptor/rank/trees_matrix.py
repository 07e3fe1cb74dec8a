"""What the trees are given: the inputs of the networks as one row of numbers for each candidate.

Columns: the candidate's numbers for the request, the product's own, how it compares with the history (crosses.py), the
request's, the product's categorical fields but its id, and the place on the page. A tree can split the ids of products
until each has a leaf that remembers its few clicks; what the product's own past says is in the counters, which end with
the day before.
"""

from __future__ import annotations

import numpy as np
import torch

from emptor.errors import EmptorError
from emptor.rank.examples import Examples
from emptor.rank.models.crosses import crosses_width, history_crosses
from emptor.rank.models.inputs import InputSpec, RankBatch
from emptor.rank.scale import Scale

_REMEMBERED = "product"
"""The field that trees are not given."""
_AT_ONCE = 16_384
"""Products that are turned into rows at a time."""


class Columns:
    """The names of the columns, and which of them are what.

    Args:
        spec: see InputSpec.

    `names` [K]; `categorical`: places of those that hold ids; `place`: where the position is, the last.
    """

    def __init__(self, spec: InputSpec) -> None:
        self.fields = [at for at, name in enumerate(spec.fields) if name != _REMEMBERED]
        kinds = {
            "numeric": spec.numeric,
            "own": spec.own,
            "cross": crosses_width(spec),
            "context": spec.context + 1,
        }
        self.names = [f"{kind}_{at}" for kind, count in kinds.items() for at in range(count)]
        first = len(self.names)
        self.names += [f"field_{at}" for at in self.fields]
        self.categorical = list(range(first, len(self.names)))
        self.place = len(self.names)
        self.names.append("position")

    def of(self, batch: RankBatch, position: torch.Tensor | None = None) -> np.ndarray:
        """The rows of a batch's M candidates, in the order of its mask.

        Args:
            position: [B, N] int64; None: 0 for all, as when scoring.
        Returns: [M, K] float32.
        """
        there = batch.mask
        owner = there.nonzero()[:, 0]
        request = torch.cat([batch.context, batch.searching.unsqueeze(1).to(batch.context.dtype)], 1)
        place = torch.zeros_like(owner) if position is None else position[there]
        parts = (
            batch.numeric[there],
            batch.own[there],
            history_crosses(batch)[there],
            request[owner],
            batch.product[there][:, self.fields].to(torch.float32),
            place.unsqueeze(1).to(torch.float32),
        )
        return torch.cat(parts, 1).numpy()

    def matrix(self, examples: Examples, scale: Scale, *, position: bool) -> np.ndarray:
        """All that was shown [M, K] float32, page by page; a matrix of one part at a time beside it.

        Raises: EmptorError for a number that is not finite: trees would take it for one that is missing.
        """
        rows = np.empty((int(examples.mask.sum()), len(self.names)), np.float32)
        at = 0
        for sample in examples.batches(scale, size=_AT_ONCE, seed=0, epoch=0, shuffle=False):
            part = self.of(sample.batch, sample.position if position else None)
            bad = ~np.isfinite(part).all(0)
            if bad.any():
                name = self.names[int(bad.argmax())]
                raise EmptorError(
                    f"rows {at} to {at + len(part)} of the examples: column {name} holds values that are not finite; "
                    "check where that input comes from"
                )
            rows[at : at + len(part)] = part
            at += len(part)
        return rows
