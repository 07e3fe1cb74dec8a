"""Trained pre-rankers as stages: models are loaded when a cascade names them, and products' vectors made once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emptor.cascade import Candidates, Requests, Stage
from emptor.prerank.stage import checked
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
    """Orders all that retrieval found by what a network says of it; the cascade keeps the first.

    A list stays as it is where the page will be in another order than by relevance. Column: `prerank`, 0 there.

    Args: vectors: of the products that `features` knows, see `LoadedPreranker.vectors`.
    """

    name = "prerank"

    def __init__(self, view: View, preranker: LoadedPreranker, features: Features, vectors: np.ndarray | None) -> None:
        self._view, self._preranker, self._features, self._vectors = view, preranker, features, vectors

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        size, width = candidates.product.shape
        mine = (requests.sort == "relevance")[:, None] & candidates.mask
        value = np.zeros((size, width), np.float32)
        many = max(_ROWS // max(width, 1), 1)
        for at in range(0, size if width else 0, many):
            part = slice(at, at + many)
            if not mine[part].any():
                continue
            asked = self._features.describe(
                requests.user_id[part].tolist(),
                requests.query[part].tolist(),
                requests.now[part],
                candidates.product[part],
                mine[part],
            )
            found = self._preranker(self._features.products, asked, self._vectors)
            value[part] = np.where(mine[part], found, 0)
        score = np.where(mine.any(1)[:, None], value, candidates.score)
        score = np.where(candidates.mask, score, candidates.score)
        return candidates.ranked(score.astype(np.float32), order=self._view.order, prerank=value)


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
            checked(options)
            folder = model_folder(self._shop.path, live, "prerank", name, options.model, asked_as=f"method {name}")
            with self._lock:
                preranker = self._preranker(folder, view)
                features = self._rankers.features(view.generation, preranker.spec)
                key = (view.generation.number, folder)
                if key not in self._vectors:
                    # those of older generations are not asked for again
                    self._vectors = {own: kept for own, kept in self._vectors.items() if own[0] == key[0]}
                    self._vectors[key] = preranker.vectors(features.products)
                return TrainedPreranking(view, preranker, features, self._vectors[key])

        return make

    def _preranker(self, folder: Path, view: View) -> LoadedPreranker:
        from emptor.prerank.loading import load_preranker

        if folder not in self._loaded:
            self._loaded[folder] = load_preranker(folder, view=view)
        return self._loaded[folder]
