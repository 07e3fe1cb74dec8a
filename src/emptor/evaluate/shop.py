"""Judging a shop: its engine's lists against a judgements file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emptor.errors import EmptorError
from emptor.evaluate.attribution import LossTracker
from emptor.evaluate.judgement_files import read_judgements
from emptor.evaluate.judgements import Judgements
from emptor.evaluate.metrics import DEFAULT_METRICS
from emptor.evaluate.offline import evaluate
from emptor.evaluate.report import Report

if TYPE_CHECKING:
    from emptor.engine import Engine


def evaluate_shop(
    engine: Engine,
    judgements: Judgements | str | os.PathLike[str],
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    cascade: str = "default",
    against: str | None = None,
    maps: Mapping[str, str] | None = None,
    queries: str | os.PathLike[str] | None = None,
    unjudged: str = "irrelevant",
    losses: bool = True,
    relevant: float | None = None,
    seed: int = 0,
    command: str | None = None,
) -> Report:
    """How good a shop's cascade is on judged queries, where it loses relevant products, how it differs from another.

    Args:
        judgements: a file (see `read_judgements` for its forms, `maps` and `queries`) or judgements already read.
        metrics: such as "ndcg@10" or "recall@100:2". cascade, against: names from shop.toml.
        losses: whether to note where each relevant product is lost, see `attribution`.
        relevant: the lowest grade that counts as relevant, in `losses` and in metrics that name none; by default the
            upper half of the scale.
        unjudged: what a product without a grade counts as: "irrelevant", or "removed" to judge only graded ones.
    Raises: EmptorError where a file, a metric or a cascade cannot be read.
    """
    if unjudged not in ("irrelevant", "removed"):
        raise EmptorError(f"unjudged: found {unjudged!r}, expected irrelevant or removed")
    for name in (cascade, against):
        if name is not None:
            engine.cascade(name)  # raises for one that there is not, or that is off
    if against is not None and cascade != against and engine.cascades[cascade].hash == engine.cascades[against].hash:
        raise EmptorError(
            f"{cascade!r} and {against!r} are the same cascade (default stands for {engine.promoted!r}); "
            "name another to compare with"
        )
    if not isinstance(judgements, Judgements):
        judgements = read_judgements(Path(judgements), maps=maps, queries=Path(queries) if queries else None)
    if relevant is not None:
        judgements = judgements.counting(relevant)
    view = engine.view
    names = [name for name in (cascade, against) if name is not None]
    trackers = [LossTracker(engine, judgements, cascade=name) for name in names] if losses else []
    searches = [tracker.search for tracker in trackers] or [partial(engine.ranking, cascade=name) for name in names]
    report = evaluate(
        searches[0],
        judgements,
        metrics,
        catalogue_size=view.count,
        known_products=view.product_ids(np.flatnonzero(view.alive)),
        against=searches[1] if against is not None else None,
        names=(cascade, against or "other"),
        unjudged=unjudged,  # type: ignore[arg-type]
        seed=seed,
        command=command,
    )
    return replace(report, losses=tuple(tracker.losses() for tracker in trackers))
