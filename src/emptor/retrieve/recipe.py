"""From a shop to a trained retriever in it: its catalogue and log read, a network fitted, a model folder written."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl

from emptor.cascade import Requests
from emptor.errors import EmptorError
from emptor.learn.versions import put_model
from emptor.progress import step
from emptor.retrieve.lexical import LexicalChannel
from emptor.retrieve.listings import CATEGORIES, FIELDS, listings_of, texts_of, tokenizer_of
from emptor.retrieve.loading import TOKENIZER, load_retriever, reading_of
from emptor.retrieve.looks import look_of
from emptor.retrieve.models.inputs import InputSpec
from emptor.retrieve.models.registry import MODELS, PRESETS, build
from emptor.retrieve.naming import learn_names
from emptor.retrieve.samples import Pairs, Source, read_pairs, with_missed
from emptor.retrieve.train import RetrievalOptions, Trained, enough, train_network
from emptor.shop.shop import Shop
from emptor.shop.view import View

STAGE = "retrieve"
_FOUND = 40
"""Products that words find for a query, of which those that nobody chose are hard negatives."""
_ASKED = 4_000
"""Queries that words are asked for; what is misspelt or rare teaches no more than the others."""


@dataclass(frozen=True)
class TrainedRetriever:
    """A model that was trained: its folder, version, and figures on `asked` queries that it has not learnt from, among
    a `pool` of products. pairs: that it has learnt from.
    """

    path: Path
    version: str
    metrics: dict[str, float]
    asked: int
    pool: int
    pairs: int


def train_retriever(
    shop: Shop,
    lexical: Callable[[View], LexicalChannel] | None,
    *,
    model: str = "smar",
    network: Mapping[str, Any] | None = None,
    options: RetrievalOptions | None = None,
    resume: Path | None = None,
) -> TrainedRetriever:
    """Train a retriever on a shop's log and put it into `models/retrieve/MODEL/`; live under its name if none was.

    Args:
        lexical: view -> what finds in it by words, for hard negatives; without it there are none.
        model: of `models.registry`. network: its options. resume: folder for checkpoints of a run that may be cut off.
    Raises: EmptorError for an unknown model or option, and a log without anything to learn.
    """
    options, network = options or RetrievalOptions(), dict(network or {})
    for kind, name, known in (("model", model, MODELS), ("preset", options.preset, PRESETS)):
        if name not in known:
            raise EmptorError(f"{kind}: unknown {name!r}; known are {', '.join(known)}")
    view = shop.view()
    generation = view.generation
    with step("Reading the log", None):
        ids = view.product_ids(np.arange(generation.rows))
        pairs = read_pairs(shop.events.read(), pl.DataFrame({"product_id": ids, "row": np.arange(generation.rows)}))
    enough(pairs)
    texts = texts_of(generation)
    with step("Learning sub-words", None):
        tokenizer = tokenizer_of(texts, pairs.queries)
    sizes = {**PRESETS[options.preset], **network}
    look = look_of(options.sight, base=shop.path)
    spec = InputSpec(
        words=tokenizer.size, segments=len(FIELDS), side=look.side, values=look.values, categories=CATEGORIES
    )
    # what it cannot be made of is told now, and not when everything has been read
    reading_of(spec, tokenizer, build(model, spec, preset=options.preset, **network), look, preset=options.preset)
    if lexical is not None and options.hard > 0:
        pairs = _with_hard(pairs, lexical(view), generation.rows, seed=options.seed)
    (shop.path / "vectors").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-", dir=shop.path / "vectors") as folder:
        listings = listings_of(
            texts, tokenizer, shop.images, length=sizes["text_tokens"], look=look, file=Path(folder) / "pixels.npy"
        )
        named = learn_names(listings, seed=options.seed) if look.side is None and model != "text_only" else None
        naming, told = named or (None, None)
        spec = listings.spec(tokenizer, names=0 if naming is None else len(naming.names))
        source = Source(listings, tokenizer.encode(pairs.queries, sizes["query_tokens"]).astype(np.int32), pairs)
        trained = train_network(
            source, pairs, spec, model=model, network=network, options=options, naming=naming, resume=resume
        )
    reading = reading_of(spec, tokenizer, trained.net, look, preset=options.preset)
    metrics = {name: round(value, 6) for name, value in trained.metrics.items()}
    if told is not None:
        metrics["told by pictures"] = round(told, 6)
    version, path = put_model(
        shop,
        STAGE,
        model,
        trained.net,
        {"method": model, "options": network, "features": reading.model_dump(mode="json")},
        metrics,
        _card(model, shop, pairs, trained, metrics),
        reading.hash,
        files={
            TOKENIZER: tokenizer.to_json().encode(),
            "training.json": orjson.dumps(
                {**options.model_dump(), "history": trained.history}, option=orjson.OPT_INDENT_2
            ),
        },
        usable=_usable,
    )
    learnt = len(pairs) - len(pairs.of(pairs.validated))
    return TrainedRetriever(path, version, metrics, trained.asked, trained.pool, learnt)


def _with_hard(pairs: Pairs, lexical: LexicalChannel, rows: int, *, seed: int) -> Pairs:
    """Pairs with what words find for some of their queries and nobody chose."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(pairs.queries))[:_ASKED])
    found = [np.zeros(0, np.int64)] * len(pairs.queries)
    at_once = 64
    with step("Asking by words", total=len(chosen)) as bar:
        for start in range(0, len(chosen), at_once):
            part = chosen[start : start + at_once]
            asked = Requests.of([pairs.queries[at] for at in part.tolist()])
            answers = lexical(list(asked.query), list(asked.filters), depth=_FOUND)
            for at, answer in zip(part.tolist(), answers, strict=True):
                if answer is not None:
                    # products that an update added are not among those that are learnt from
                    found[at] = answer.products[answer.products < rows]
            bar.advance(len(part))
    return with_missed(pairs, found)


def _usable(path: Path) -> bool:
    try:
        load_retriever(path)
    except EmptorError:
        return False
    return True


def _card(model: str, shop: Shop, pairs: Pairs, trained: Trained, metrics: Mapping[str, float]) -> str:
    held = pairs.of(pairs.validated)
    lines = [
        f"# {model}, a retriever",
        "",
        f"Shop: {shop.options.name}. Learnt from {len(pairs) - len(held):,} pairs of a query and a product that was "
        "chosen for it; a tenth of the queries, by",
        f"their words, were left out. The figures are of {trained.asked:,} of those, which also stopped the training, "
        f"among {trained.pool:,} products. One user in ten is in neither.",
        "",
        f"Command: `{shlex.join(['emptor', *sys.argv[1:]])}`",
        "",
        *[f"- {name}: {value:.5g}" for name, value in metrics.items()],
    ]
    return "\n".join(lines) + "\n"
