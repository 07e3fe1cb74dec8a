"""From a shop to a trained pre-ranker in it: its log and traces read, a network fitted, a model folder written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from emptor.errors import EmptorError
from emptor.learn.seeds import seeded
from emptor.learn.versions import put_model
from emptor.prerank.loading import load_preranker
from emptor.prerank.models import Level, build
from emptor.prerank.names import NAMES
from emptor.prerank.samples import Drawn, Examples, examples_of, read_stream
from emptor.prerank.train import PrerankOptions, fit_preranker, missing, split
from emptor.progress import step
from emptor.rank.data import read_pages
from emptor.rank.scale import input_spec
from emptor.shop.features import Features
from emptor.shop.shop import Shop
from emptor.shop.view import View

STAGE = "prerank"


@dataclass(frozen=True)
class TrainedPreranker:
    """A model that was trained: its folder, version, and figures on the validated pages. missing: what the traces
    lacked, a sentence each. requests: that it has learnt from.
    """

    path: Path
    version: str
    metrics: dict[str, float]
    missing: tuple[str, ...]
    requests: int


def train_preranker(
    shop: Shop,
    traces: Iterable[pl.DataFrame],
    *,
    model: str = "hccp",
    network: Mapping[str, Any] | None = None,
    options: PrerankOptions | None = None,
    resume: Path | None = None,
) -> TrainedPreranker:
    """Train a pre-ranker on a shop's log and put it into `models/prerank/MODEL/`; live under its name if none was.

    Args:
        traces: parts of the trace log, see `samples.read_stream`. model: of NAMES. network: its options. resume: folder
            for checkpoints of a run that may be cut off.
    Raises: EmptorError for an unknown model or option, and traces without anything to learn.
    """
    options, network = options or PrerankOptions(), dict(network or {})
    if model not in NAMES:
        raise EmptorError(f"model: unknown {model!r}; known are {', '.join(NAMES)}")
    with step("Reading the log", None):
        features = Features.of(shop)
        pages = read_pages(shop.events.read(), features.rows)
    inputs = input_spec(features.spec)
    with seeded(options.seed, "weights"):
        net = build(model, inputs, **network)
    drawn = Drawn(options.shown, options.ranked, options.dropped)
    with step("Reading the traces", None):
        stream = read_stream(traces, pages, features.rows, drawn=drawn, seed=options.seed)
    lacks = tuple(missing(stream)) if len(stream) else ()
    parts = split(stream)
    with step("Describing its pages", None):
        learnt, validated = (examples_of(features, part) for part in parts)
    scale = learnt.scale(seed=options.seed)
    run = orjson.dumps([model, network, shop.events.last_seq(), features.spec.hash], option=orjson.OPT_SORT_KEYS)
    fitted = fit_preranker(net, learnt, validated, scale, options=options, resume=resume, run=run.decode())
    metrics = {name: round(value, 6) for name, value in fitted.metrics.items()}
    version, path = put_model(
        shop,
        STAGE,
        model,
        fitted.net,
        {"method": model, "options": network, "features": features.spec.model_dump(mode="json")},
        metrics,
        _card(model, shop, learnt, validated, lacks, metrics),
        features.spec.hash,
        files={
            "scale.json": orjson.dumps(scale.to_dict()),
            "training.json": orjson.dumps(
                {**options.model_dump(), "history": fitted.history}, option=orjson.OPT_INDENT_2
            ),
        },
        usable=lambda own: _usable(own, View(shop.view().generation)),
    )
    return TrainedPreranker(path, version, metrics, lacks, len(learnt))


def _usable(path: Path, view: View) -> bool:
    try:
        load_preranker(path, view=view)
    except EmptorError:
        return False
    return True


def _card(
    model: str,
    shop: Shop,
    learnt: Examples,
    validated: Examples,
    lacks: tuple[str, ...],
    metrics: Mapping[str, float],
) -> str:
    many = {level: learnt.stream.count(level) for level in Level}
    lines = [
        f"# {model}, a pre-ranker",
        "",
        f"Shop: {shop.options.name}. Learnt from {len(learnt):,} traced pages with {many[Level.CLICKED]:,} clicks, "
        f"{many[Level.BOUGHT]:,} purchases,",
        f"{many[Level.RANKED]:,} candidates that were ranked and not shown, and {many[Level.DROPPED]:,} that were "
        f"dropped; validated on {len(validated):,} later pages. One user in ten is in neither.",
        *[f"{own[:1].upper()}{own[1:]}." for own in lacks],
        "",
        f"Command: `{shlex.join(['emptor', *sys.argv[1:]])}`",
        "",
        *[f"- {name}: {value:.5g}" for name, value in metrics.items()],
    ]
    return "\n".join(lines) + "\n"
