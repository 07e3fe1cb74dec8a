"""Trained pre-rankers as stages: models are loaded when a cascade names them, and products' vectors made once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emptor.cascade import Candidates, Requests, Stage
from emptor.prerank.stage import PrerankerOptions
from emptor.rank.options import options_of
from emptor.rank.trained import TrainedRankers
from emptor.shop.config import StageOptions
from emptor.shop.models import model_folder
from emptor.shop.shop import Shop
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.prerank.loading import LoadedPreranker
    from emptor.shop.features import Features

_ROWS = 40_000
"""Candidates that are scored in one go, at most: a batch of thousands of requests goes in parts."""


class TrainedPreranking:
    """Keeps of all that retrieval found the `depth` that a network says most of.

    A list that is no longer stays as it is, and so does one without a query whose page will be in another order than by
    relevance: retrieval has found the first of that order.
    Column: `prerank`, what the network says, NaN of a list that stayed.

    Args: vectors: of the products that `features` knows, see `LoadedPreranker.vectors`. depth: candidates it keeps.
    """

    name = "prerank"

    def __init__(
        self,
        view: View,
        preranker: LoadedPreranker,
        features: Features,
        vectors: np.ndarray | None,
        *,
        depth: int,
        options: PrerankerOptions,
    ) -> None:
        self._view, self._preranker, self._features, self._vectors = view, preranker, features, vectors
        self._depth, self._options = depth, options

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        # what a query finds is the same in whatever order its page is shown; without one it is the newest, the cheapest
        searching = np.array([query is not None for query in requests.query.tolist()], bool)
        asked_for = (requests.sort == "relevance") | (searching & (self._options.order == "found"))
        mine = asked_for & (candidates.mask.sum(1) > self._depth)
        value = np.full(candidates.product.shape, np.nan, np.float32)
        places = np.flatnonzero(mine)
        many = max(_ROWS // max(candidates.width, 1), 1)
        for start in range(0, len(places), many):
            own = places[start : start + many]
            there = candidates.mask[own]
            asked = self._features.describe(
                requests.user_id[own].tolist(),
                requests.query[own].tolist(),
                requests.now[own],
                candidates.product[own],
                there,
            )
            value[own] = np.where(there, self._preranker(self._features.products, asked, self._vectors), np.nan)
        valued = replace(candidates, columns={**candidates.columns, "prerank": value})
        if not len(places):
            return valued
        ties, place = self._view.order[candidates.product], np.arange(candidates.width)[None]
        stays = np.where(place < self._options.first, np.float32(np.inf), value)
        best = np.lexsort((ties, np.where(candidates.mask, -stays, np.inf)), axis=-1)[:, : self._depth]
        first = np.broadcast_to(np.arange(best.shape[1]), best.shape)
        kept = valued.take(np.where(mine[:, None], np.sort(best, axis=1), first))
        if self._options.order == "found":
            return kept
        score = np.where(mine[:, None] & kept.mask, kept.columns["prerank"], kept.score)
        return kept.ranked(score, order=self._view.order)


class TrainedPrerankers:
    """The trained pre-rankers of a shop; safe between threads.

    Args: rankers: whose features they share.
    """

    def __init__(self, shop: Shop, rankers: TrainedRankers) -> None:
        self._shop, self._rankers = shop, rankers
        self._lock = threading.Lock()
        self._loaded: dict[Path, LoadedPreranker] = {}
        self._vectors: dict[tuple[int, Path], np.ndarray | None] = {}

    def method(self, name: str, live: dict[str, str]) -> Callable[[View, StageOptions], Stage]:
        """What makes the stage of a model. live: "stage/model" -> version, of the manifest."""

        def make(view: View, options: StageOptions) -> Stage:
            own = options_of(PrerankerOptions, options)
            folder = model_folder(self._shop.path, live, "prerank", name, options.model, asked_as=f"method {name}")
            with self._lock:
                preranker = self._preranker(folder, view)
                features = self._rankers.features(view.generation, preranker.spec)
                key = (view.generation.number, folder)
                if key not in self._vectors:
                    # those of older generations are not asked for again
                    self._vectors = {own: kept for own, kept in self._vectors.items() if own[0] == key[0]}
                    self._vectors[key] = preranker.vectors(features.products)
                vectors = self._vectors[key]
            return TrainedPreranking(view, preranker, features, vectors, depth=options.depth, options=own)

        return make

    def _preranker(self, folder: Path, view: View) -> LoadedPreranker:
        from emptor.prerank.loading import load_preranker

        if folder not in self._loaded:
            self._loaded[folder] = load_preranker(folder, view=view)
        return self._loaded[folder]
