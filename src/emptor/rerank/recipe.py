"""From a shop to a trained re-ranker in it: its log and traces read, a network fitted, a model folder written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from emptor.errors import EmptorError
from emptor.learn.seeds import seeded
from emptor.learn.versions import put_model
from emptor.progress import step
from emptor.rank.data import read_pages
from emptor.rerank.loading import LIST, TEXTS, list_spec, load_reranker
from emptor.rerank.models import build
from emptor.rerank.names import NAMES
from emptor.rerank.products import ListProducts
from emptor.rerank.samples import Examples, Lists, examples_of, lists_of_pages, read_lists
from emptor.rerank.texts import TextBasis
from emptor.rerank.train import RerankOptions, fit_reranker, split
from emptor.shop.features import Features
from emptor.shop.shop import Shop
from emptor.shop.view import View

STAGE = "rerank"


@dataclass(frozen=True)
class TrainedReranker:
    """A model that was trained: its folder, version, and figures on the validated pages. missing: what the log lacked,
    a sentence each. lists: that it has learnt from.
    """

    path: Path
    version: str
    metrics: dict[str, float]
    missing: tuple[str, ...]
    lists: int


def train_reranker(
    shop: Shop,
    traces: Iterable[pl.DataFrame],
    *,
    model: str = "armmt",
    network: Mapping[str, Any] | None = None,
    options: RerankOptions | None = None,
    resume: Path | None = None,
) -> TrainedReranker:
    """Train a re-ranker on a shop's log and put it into `models/rerank/MODEL/`; live under its name if none was.

    Args:
        traces: parts of the trace log, see `samples.read_lists`. model: of NAMES. network: its options. resume: folder
            for checkpoints of a run that may be cut off.
    Raises: EmptorError for an unknown model or option, and a log without anything to learn.
    """
    options, network = options or RerankOptions(), dict(network or {})
    if model not in NAMES:
        raise EmptorError(f"model: unknown {model!r}; known are {', '.join(NAMES)}")
    with step("Reading the log", None):
        features = Features.of(shop)
        pages = read_pages(shop.events.read(), features.rows)
    with seeded(options.seed, "weights"):
        net = build(model, list_spec(features.spec), **network)
    with step("Reading the traces", None):
        lists = read_lists(traces, pages, features.rows, longest=options.longest)
    lacks = []
    if not len(lists):
        lists = lists_of_pages(pages)
        lacks.append(
            "no page of the log has a trace, so it has learnt from pages alone, without what stood behind them and "
            "without the scores of the stage before; a served shop writes traces (traces in [log] of shop.toml)"
        )
    elif 10 * len(lists) < len(pages):
        lacks.append(
            f"only {len(lists):,} of {len(pages):,} pages have a trace, and it has learnt from those; traces in [log] "
            "of shop.toml is the share of requests that have one"
        )
    parts = split(lists)
    with step("Reading its products", None):
        basis = TextBasis.of(features.words, features.count)
        products = ListProducts.of(features, basis)
    if not products.has_image.any():
        lacks.append("no product has a picture that can be read, so it has learnt from texts alone")
    with step("Describing its pages", None):
        learnt, validated = (examples_of(features, products, part) for part in parts)
    scale = learnt.scale(seed=options.seed)
    run = orjson.dumps([model, network, shop.events.last_seq(), features.spec.hash], option=orjson.OPT_SORT_KEYS)
    fitted = fit_reranker(net, learnt, validated, scale, options=options, resume=resume, run=run.decode())
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
            TEXTS: basis.packed(),
            LIST: orjson.dumps({"longest": options.longest}),
            "scale.json": orjson.dumps(scale.to_dict()),
            "training.json": orjson.dumps(
                {**options.model_dump(), "history": fitted.history}, option=orjson.OPT_INDENT_2
            ),
        },
        usable=lambda own: _usable(own, View(shop.view().generation)),
    )
    return TrainedReranker(path, version, metrics, tuple(lacks), len(learnt))


def _usable(path: Path, view: View) -> bool:
    try:
        load_reranker(path, view=view)
    except EmptorError:
        return False
    return True


def _card(
    model: str,
    shop: Shop,
    learnt: Examples,
    validated: Examples,
    lacks: Iterable[str],
    metrics: Mapping[str, float],
) -> str:
    lists: Lists = learnt.lists
    long = float(lists.mask.sum(1).mean())
    lines = [
        f"# {model}, a re-ranker",
        "",
        f"Shop: {shop.options.name}. Learnt from {len(learnt):,} pages with lists of {long:.0f} products on average, "
        f"{int(lists.seen.sum()):,} of",
        f"them seen, {int(np.sum(lists.clicked)):,} clicked and {int(np.sum(lists.bought)):,} bought; validated on "
        f"{len(validated):,} later pages. One user in ten is in neither.",
        *[f"{own[:1].upper()}{own[1:]}." for own in lacks],
        "",
        f"Command: `{shlex.join(['emptor', *sys.argv[1:]])}`",
        "",
        *[f"- {name}: {value:.5g}" for name, value in metrics.items()],
    ]
    return "\n".join(lines) + "\n"
