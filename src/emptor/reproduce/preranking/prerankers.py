"""The pre-rankers of a comparison: each fitted with what tuning chose for it, and given the same candidates to cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from emptor.evaluate.sets import agreement, hit_rate, kept_of
from emptor.learn.seeds import seeded
from emptor.prerank.models import Level, build
from emptor.prerank.models.preranker import Preranker
from emptor.prerank.train import PrerankOptions, fit_preranker
from emptor.rank.scale import batch_of
from emptor.reproduce.preranking.data import PAGE, PrerankData
from emptor.reproduce.tuning import Choice
from emptor.shop.features import arrays_of, taken

DEPTHS = (30, 60)
"""Candidates that are handed on."""
_AT_ONCE = 64


@dataclass(frozen=True)
class Entry:
    """A network of `prerank.models`, what of it is not as usual, a level that it does not learn from, and whose
    settings it takes.
    """

    model: str
    network: Mapping[str, Any] = field(default_factory=dict)
    without: Level | None = None
    settings_of: str | None = None


ENTRIES: Mapping[str, Entry] = {
    "hccp": Entry("hccp"),
    "exposed": Entry("exposed"),
    "weak_negatives": Entry("weak_negatives"),
    "cold": Entry("cold"),
    "distilled": Entry("distilled"),
    "infonce": Entry("infonce"),
    "listwise": Entry("listwise"),
    "hccp_no_ranked": Entry("hccp", without=Level.RANKED, settings_of="hccp"),
    "hccp_no_dropped": Entry("hccp", {"with_dropped": False}, settings_of="hccp"),
    "hccp_no_easy": Entry("hccp", {"with_easy": False}, settings_of="hccp"),
    "hccp_no_global": Entry("hccp", {"alpha": 0.0}, settings_of="hccp"),
    "hccp_no_local": Entry("hccp", {"beta": 0.0}, settings_of="hccp"),
    "hccp_no_choice": Entry("hccp", {"gamma": 0.0}, settings_of="hccp"),
    "hccp_no_margin": Entry("hccp", {"margin": 0.0}, settings_of="hccp"),
    "hccp_margin_on_hard": Entry("hccp", {"margin_on": "hard"}, settings_of="hccp"),
    "hccp_dropped_unlisted": Entry("hccp", {"dropped_last": False}, settings_of="hccp"),
    "hccp_shown_are_hard": Entry("hccp", {"shown_are_hard": True}, settings_of="hccp"),
}
"""The method, its opponents, and what it is without a part, or with another choice where the paper says nothing."""
CHOSEN = tuple(name for name, own in ENTRIES.items() if own.settings_of is None)


def fitted(name: str, data: PrerankData, choice: Choice, *, seed: int) -> Preranker:
    """Train an entry with what was chosen for it."""
    entry = ENTRIES[name]
    with seeded(seed, "weights"):
        net = build(entry.model, data.inputs, **{**choice.network, **entry.network})
    options = PrerankOptions(**choice.training, seed=seed)
    learnt = data.learnt if entry.without is None else data.learnt.without(entry.without)
    return fit_preranker(net, learnt, data.validated, data.scale, options=options).net


def valued(net: Preranker, data: PrerankData) -> np.ndarray:
    """[T, N] float32: what a network says of every candidate of the tested requests."""
    tested = data.tested
    out = np.zeros(tested.mask.shape, np.float32)
    with torch.inference_mode():
        for start in range(0, len(out), _AT_ONCE):
            part = taken(tested.asked, np.arange(start, min(start + _AT_ONCE, len(out))))
            out[start : start + _AT_ONCE] = net.eval()(batch_of(arrays_of(data.learnt.products, part), data.scale))
    return out


def figures(value: np.ndarray, data: PrerankData) -> dict[str, float]:
    """How good a cut by values [T, N] is, by the truth and by the ranker behind it."""
    tested, there = data.tested, data.tested.mask
    best = kept_of(tested.truth, there, PAGE)
    by_ranker = kept_of(tested.ranker, there, PAGE)
    kinds = {"clicks": tested.chance, "orders": tested.order}
    whole = {kind: _page_value(by_ranker, own) for kind, own in kinds.items()}
    found: dict[str, float] = {}
    for depth in DEPTHS:
        kept = kept_of(value, there, depth)
        found[f"true best kept@{depth}"] = hit_rate(kept, best)
        for name, part in data.parts.items():
            found[f"true best kept@{depth}, {name}"] = hit_rate(kept, best & part[tested.asked.rows])
        found[f"ranker's best kept@{depth}"] = hit_rate(kept, by_ranker)
        page = kept_of(np.where(kept, tested.ranker, -np.inf), kept, PAGE)
        for kind, own in kinds.items():
            found[f"{kind} of the page@{depth}"] = _page_value(page, own) / whole[kind]
    found["NDCG against the ranker"] = agreement(value, tested.ranker, there, PAGE)
    return {name: own for name, own in found.items() if np.isfinite(own)}


def _page_value(page: np.ndarray, chance: np.ndarray) -> float:
    """The chances [T, N] of what stands on pages [T, N] bool, were all of it looked at: their sum, the mean."""
    return float(np.where(page, chance, 0).sum(1).mean())
