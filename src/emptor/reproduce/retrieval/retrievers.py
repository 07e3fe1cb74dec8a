"""The retrievers of a comparison: each fitted with what tuning chose for it, and asked the same queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from emptor.reproduce.retrieval.data import DEPTH, Asked, RetrievalData, padded
from emptor.reproduce.tuning import Choice
from emptor.retrieve.channel import Found
from emptor.retrieve.fusion import fuse
from emptor.retrieve.models.clip_style import ClipStyle
from emptor.retrieve.models.retriever import Retriever
from emptor.retrieve.quality import product_vectors, query_vectors
from emptor.retrieve.train import RetrievalOptions, train_network

DEPTHS = (50, 200)
_WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Of a network beside words, that the validation chooses from."""
_IMAGE_WEIGHTS = tuple(at / 10 for at in range(11))
_AT_ONCE = 256


@dataclass(frozen=True)
class Entry:
    """A network of `retrieve.models`, what of it is not as usual, which stages of training it has (one alone has the
    epochs of both), and whose settings it takes: its own, or those that were chosen for another.
    """

    model: str
    network: Mapping[str, Any] = field(default_factory=dict)
    stages: str = "both"
    named: bool = True
    settings_of: str | None = None


ENTRIES: Mapping[str, Entry] = {
    "smar": Entry("smar"),
    "bag_of_words": Entry("text_only", {"layers": 0}),
    "text_only": Entry("text_only"),
    "text_only_wide": Entry("text_only", {"width": 96, "layers": 2, "vector": 128}),
    "image_only": Entry("image_only"),
    "clip_style": Entry("clip_style"),
    "late_sum": Entry("late_sum"),
    "late_mlp": Entry("late_mlp"),
    "bag_and_picture": Entry("late_sum", {"layers": 0}),
    "gated_fusion": Entry("gated_fusion"),
    "concatenation": Entry("concatenation"),
    "smar_co_attention": Entry("smar_co_attention", settings_of="smar"),
    "smar_category_gate": Entry("smar_category_gate", settings_of="smar"),
    "smar_no_gate": Entry("smar_no_gate", settings_of="smar"),
    "smar_first_stage": Entry("smar", stages="first", settings_of="smar"),
    "smar_second_stage": Entry("smar", stages="second", settings_of="smar"),
    "smar_no_text_task": Entry("smar", {"alpha": 0.0}, settings_of="smar"),
    "smar_no_image_task": Entry("smar", {"beta": 0.0}, settings_of="smar"),
    "smar_unnamed": Entry("smar", named=False, settings_of="smar"),
}
"""The method, its opponents, and what it is without a part of it. text_only_wide has more weights than the method.
bag_of_words is the weighted sum of a text's words, without a transformer; bag_and_picture has the picture's names
beside it: the two simple ones that might win. smar_unnamed has to learn what the numbers of a picture mean.

smar_first_stage is served by f_m, as its gate is not trained, and has not learnt from the queries that are kept for the
gate; smar_no_gate has. smar_second_stage begins with nothing learnt: so nothing says what a picture is worth, its gate
learns from the score alone, and the three tasks count a tenth throughout.
"""
CHOSEN = tuple(name for name, own in ENTRIES.items() if own.settings_of is None)


@dataclass(frozen=True)
class Searched:
    """What a network finds.

    validated, tested [n, DEPTH] int64: rows, best first, -1 padding, for the queries of that name. covers [P] bool:
    products that it has a vector of. p [T]: what the picture counts, by the tested query; 1 without a gate. weights:
    that are learnt from choices, so without those of a naming.
    """

    validated: np.ndarray
    tested: np.ndarray
    covers: np.ndarray
    p: np.ndarray
    weights: int


def fitted(name: str, data: RetrievalData, choice: Choice, *, seed: int) -> Retriever:
    """Train an entry with what was chosen for it."""
    entry = ENTRIES[name]
    training = dict(choice.training)
    whole = training["epochs"] + training["second"]
    if entry.stages == "first":
        training |= {"epochs": whole, "second": 0}
    elif entry.stages == "second":
        training |= {"epochs": 0, "second": whole, "slower": 1.0}
    options = RetrievalOptions(**training, seed=seed)
    network = {**choice.network, **entry.network}
    spec, naming = (data.spec, data.naming) if entry.named else (replace(data.spec, names=0), None)
    net = train_network(
        data.source, data.learnt, spec, model=entry.model, network=network, options=options, naming=naming
    ).net
    if isinstance(net, ClipStyle):
        _weigh(net, data)
    return net


def validated(name: str, data: RetrievalData, choice: Choice, seed: int) -> float:
    """recall@50 of what was chosen for the validated queries, among all products."""
    found = search(fitted(name, data, choice, seed=seed), data, data.validated)
    return float(np.nanmean(recalls(found, data.validated.fitting, 50)))


def searched(name: str, data: RetrievalData, choice: Choice, *, seed: int) -> Searched:
    """Train an entry and ask it all there is to ask."""
    net = fitted(name, data, choice, seed=seed)
    with torch.no_grad():
        p = net.query(torch.from_numpy(data.tested.ids.astype(np.int64))).p.numpy()
    return Searched(
        search(net, data, data.validated),
        search(net, data, data.tested),
        np.isfinite(product_vectors(net, data.source.listings)[:, 0]),
        p,
        sum(own.numel() for own in net.parameters() if own.requires_grad),
    )


def search(net: Retriever, data: RetrievalData, asked: Asked) -> np.ndarray:
    """The nearest products, exactly: [n, DEPTH] int64; a product without a vector is never found."""
    products = product_vectors(net, data.source.listings)
    there = np.flatnonzero(np.isfinite(products[:, 0]))
    products, queries = products[there], query_vectors(net, asked.ids)
    depth = min(DEPTH, len(there))
    found = [np.zeros((0, depth), np.int64)]
    for start in range(0, len(queries), _AT_ONCE):
        scores = queries[start : start + _AT_ONCE] @ products.T
        near = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        own = np.take_along_axis(scores, near, axis=1)
        found.append(there[np.take_along_axis(near, np.argsort(-own, axis=1, kind="stable"), axis=1)])
    return padded(list(np.concatenate(found)))


def beside_words(found: Searched, data: RetrievalData) -> np.ndarray:
    """What a network and words find together for the tested queries; its weight beside theirs by the validation."""
    covers = {"words": data.source.listings.has_text, "network": found.covers}

    def together(rows: np.ndarray, words: np.ndarray, weight: float) -> np.ndarray:
        return _fused({"words": words, "network": rows}, {"words": 1.0, "network": weight}, covers)

    def worth(weight: float) -> float:
        rows = together(found.validated, data.validated.words, weight)
        return float(np.nanmean(recalls(rows, data.validated.fitting, 50)))

    return together(found.tested, data.tested.words, max(_WEIGHTS, key=worth))


def figures(rows: np.ndarray, data: RetrievalData) -> dict[str, float]:
    """Recall of rows [T, DEPTH] at DEPTHS over the tested queries, by kind, and of parts of the catalogue."""
    fitting = data.tested.fitting
    found: dict[str, float] = {}
    for depth in DEPTHS:
        own = recalls(rows, fitting, depth)
        found[f"recall@{depth}"] = float(own.mean())
        for name, of_kind in data.kinds.items():
            found[f"recall@{depth}, {name}"] = float(own[of_kind].mean())
    for name, part in data.parts.items():
        # only of queries that could be answered in full, so that nobody is crowded out
        mine = [own if len(whole) <= min(DEPTHS) else own[:0] for own, whole in zip(part, fitting, strict=True)]
        among = recalls(rows, mine, 50)
        if np.isfinite(among).any():
            found[f"recall@50 of products {name}"] = float(np.nanmean(among))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def recalls(rows: np.ndarray, fitting: Sequence[np.ndarray], depth: int) -> np.ndarray:
    """[n]: of the products that fit a query, the share that stands among its first `depth`, of as many as could; NaN
    where nothing fits.
    """
    out = np.full(len(fitting), np.nan)
    for at, own in enumerate(fitting):
        if len(own):
            out[at] = np.isin(own, rows[at, :depth]).sum() / min(len(own), depth)
    return out


def _fused(
    rows: Mapping[str, np.ndarray], weights: Mapping[str, float], covers: Mapping[str, np.ndarray]
) -> np.ndarray:
    order = np.arange(len(next(iter(covers.values()))))
    joined = []
    for at in range(len(next(iter(rows.values())))):
        there = {name: own[at][own[at] >= 0] for name, own in rows.items()}
        found = {name: Found(own, np.zeros(len(own), np.float32)) for name, own in there.items()}
        joined.append(fuse(found, weights=weights, covers=covers, order=order, method="rrf", depth=DEPTH)[0].products)
    return padded(joined)


def _weigh(net: ClipStyle, data: RetrievalData) -> None:
    def worth(weight: float) -> float:
        net.image_weight = weight
        return float(np.nanmean(recalls(search(net, data, data.validated), data.validated.fitting, 50)))

    net.image_weight = max(_IMAGE_WEIGHTS, key=worth)
