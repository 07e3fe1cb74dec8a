"""The recipe of pre-ranking: a stream of pages and traces, and a network -> its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field

from emptor.errors import EmptorError
from emptor.learn.fit import FitOptions, Fitted, fit
from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.preranker import Preranker
from emptor.prerank.quality import figures
from emptor.prerank.samples import Examples, Stream
from emptor.rank.scale import Scale
from emptor.rank.train import last_day
from emptor.shop.ageing import DAY_US
from emptor.shop.holdout import held_out

_FEWEST = 20
"""Choices without which there is nothing to learn."""


class PrerankOptions(BaseModel):
    """How a pre-ranker is trained.

    Args:
        epochs: at most; patience: validations without a better set before it stops. batch: requests a step. pool:
            products of the catalogue in a step. lr, weight_decay: of Adam. shown, ranked, dropped: candidates of each
            kind that a request is given, see `samples.Drawn`. seed: of weights, samples and order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(3, ge=1, le=100)
    patience: int = Field(2, ge=1)
    batch: int = Field(256, ge=2, le=8_192)
    pool: int = Field(100, ge=0, le=10_000)
    lr: float = Field(3e-3, gt=0, le=1)
    weight_decay: float = Field(1e-4, ge=0, le=1)
    shown: int = Field(20, ge=1, le=60)
    ranked: int = Field(10, ge=0, le=1_000)
    dropped: int = Field(40, ge=0, le=1_000)
    seed: int = Field(0, ge=0, lt=2**63)


def split(stream: Stream) -> tuple[Stream, Stream]:
    """(to learn from, to validate on): without users who are held out, the last day apart, see `rank.train.split`.

    Raises: EmptorError for a stream that nothing can be learnt from.
    """
    own = stream.take(np.flatnonzero(~held_out(stream.user_id.tolist())))
    choices = own.count(Level.CLICKED) + own.count(Level.BOUGHT)
    if choices < _FEWEST:
        raise EmptorError(
            f"{len(own)} pages of the log have a trace and can be learnt from, with {choices} clicks and purchases; "
            f"pre-ranking needs {_FEWEST}. Traces are written while a shop is served (traces in [log] of shop.toml: of "
            "which share of requests), not by an import: let users shop first"
        )
    last = last_day(own.now // DAY_US)
    learnt, validated = own.take(np.flatnonzero(~last)), own.take(np.flatnonzero(last))
    for name, part in (("to learn from", learnt), ("to validate on", validated)):
        if not part.count(Level.CLICKED) + part.count(Level.BOUGHT):
            raise EmptorError(f"of the {len(part)} traced pages {name}, none has a click; log more days")
    return learnt, validated


def missing(stream: Stream) -> list[str]:
    """What a stream lacks, a sentence each: training goes on without it."""
    told = []
    if not stream.count(Level.DROPPED):
        told.append(
            "no trace has candidates that were dropped before ranking, so there are no hard negatives; a cascade drops "
            "some where retrieval's depth is larger than the next stage's"
        )
    if not (stream.place >= 0).any():
        told.append("no trace has a ranking stage, so there is no order to learn from")
    elif not stream.count(Level.RANKED):
        told.append("nothing was ranked that no page showed")
    return told


def fit_preranker(
    net: Preranker,
    learnt: Examples,
    validated: Examples,
    scale: Scale,
    *,
    options: PrerankOptions,
    resume: Path | None = None,
    run: str = "",
) -> Fitted[Preranker]:
    """Fit a network, in place, to examples; stopped early by what it keeps of others' choices.

    Args: run: whatever else decides it (network, log, features): checkpoints of another run are refused.
    """
    per_epoch = -(-len(learnt) // options.batch)
    steps = options.epochs * per_epoch

    def epoch_of(epoch: int) -> Iterator[PrerankBatch]:
        return learnt.batches(scale, size=options.batch, pool=options.pool, seed=options.seed, epoch=epoch)

    def loss(net: Preranker, batch: PrerankBatch, at: int) -> dict[str, torch.Tensor]:
        return net.loss(batch, (at + 1) / steps)

    fitting = FitOptions.cycled(
        steps=steps,
        metric="kept",
        epochs=options.epochs,
        patience=options.patience,
        lr=options.lr,
        weight_decay=options.weight_decay,
        seed=options.seed,
        inputs=f"{len(learnt)} requests {options.model_dump_json()} {run}",
    )
    return fit(
        net,
        epoch_of,
        loss,
        options=fitting,
        validate=lambda own: figures(own, validated, scale),
        resume=resume,
        label="Training pre-ranking",
    )
