"""The recipe of re-ranking: lists of pages, and a network -> its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field

from emptor.errors import EmptorError
from emptor.learn.fit import FitOptions, Fitted, fit
from emptor.rank.scale import Scale
from emptor.rank.train import last_day
from emptor.rerank.models.inputs import Labels, RerankBatch
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.quality import figures
from emptor.rerank.samples import LONGEST, MOST, Examples, Lists
from emptor.shop.ageing import DAY_US
from emptor.shop.holdout import held_out

_FEWEST = 20
"""Clicks without which there is nothing to learn."""


class RerankOptions(BaseModel):
    """How a re-ranker is trained.

    Args:
        epochs: at most; patience: validations without a better order before it stops. batch: lists a step. longest:
            products of a list. lr, weight_decay: of Adam. seed: of weights and order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(4, ge=1, le=100)
    patience: int = Field(2, ge=1)
    batch: int = Field(128, ge=2, le=8_192)
    longest: int = Field(LONGEST, ge=2, le=MOST)
    lr: float = Field(2e-3, gt=0, le=1)
    weight_decay: float = Field(1e-4, ge=0, le=1)
    seed: int = Field(0, ge=0, lt=2**63)


def split(lists: Lists) -> tuple[Lists, Lists]:
    """(to learn from, to validate on): without users who are held out, the last day apart, see `rank.train.split`.

    Raises: EmptorError for lists that nothing can be learnt from.
    """
    own = lists.take(np.flatnonzero(~held_out(lists.user_id.tolist())))
    clicks = int(own.clicked.sum())
    if clicks < _FEWEST:
        raise EmptorError(
            f"{len(own)} pages can be learnt from, with {clicks} clicked products; re-ranking needs {_FEWEST}: let "
            "users shop first. An imported log (impressions and clicks with a request_id) counts only as long as no "
            "page has a trace (traces in [log] of shop.toml: of which share of requests)"
        )
    last = last_day(own.now // DAY_US)
    parts = own.take(np.flatnonzero(~last)), own.take(np.flatnonzero(last))
    for name, part in zip(("to learn from", "to validate on"), parts, strict=True):
        if not part.clicked.any():
            raise EmptorError(f"of the {len(part)} pages {name}, none has a click; log more days")
    return parts


def fit_reranker(
    net: Reranker,
    learnt: Examples,
    validated: Examples,
    scale: Scale,
    *,
    options: RerankOptions,
    resume: Path | None = None,
    run: str = "",
) -> Fitted[Reranker]:
    """Fit a network, in place, to examples; stopped early by how it orders what others saw.

    A network that values each product by itself gets what was seen alone: the rest would be read and count for nothing.

    Args: run: whatever else decides it (network, log, features): checkpoints of another run are refused.
    """

    if net.apart:
        learnt, validated = learnt.seen(), validated.seen()

    def epoch_of(epoch: int) -> Iterator[tuple[RerankBatch, Labels]]:
        return learnt.batches(scale, size=options.batch, seed=options.seed, epoch=epoch)

    def loss(net: Reranker, batch: tuple[RerankBatch, Labels], at: int) -> dict[str, torch.Tensor]:
        return net.loss(*batch)

    fitting = FitOptions.cycled(
        steps=options.epochs * -(-len(learnt) // options.batch),
        metric="worth GAUC",
        epochs=options.epochs,
        patience=options.patience,
        lr=options.lr,
        weight_decay=options.weight_decay,
        seed=options.seed,
        inputs=f"{len(learnt)} lists {options.model_dump_json()} {run}",
    )
    return fit(
        net,
        epoch_of,
        loss,
        options=fitting,
        validate=lambda own: figures(own, validated, scale),
        resume=resume,
        label="Training re-ranking",
    )
