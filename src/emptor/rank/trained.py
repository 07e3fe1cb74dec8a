"""Trained rankers as stages: models are loaded when a cascade names them, and kept as long as the generation lives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from emptor.cascade import Candidates, Requests, Stage
from emptor.rank.options import options_of
from emptor.shop.config import StageOptions
from emptor.shop.generation import Generation
from emptor.shop.models import model_folder
from emptor.shop.shop import Shop
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.rank.loading import Ranker
    from emptor.shop.features import Features, FeatureSpec

_ROWS = 20_000
"""Products that are scored in one go, at most: a batch of thousands of requests goes in parts."""


_STEP = np.float32(1e-3)
"""Between scores of products that are not ranked anew."""


class RankerOptions(BaseModel):
    """Options of a trained ranker.

    Args:
        best: how many of the list are ranked anew; those behind them stay behind, as they were.
        purchase: what the logit of a purchase counts beside that of a click.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    best: int = Field(200, ge=1, le=20_000)
    purchase: float = Field(0.5, ge=0, le=100, allow_inf_nan=False)


class TrainedRanking:
    """Orders the best of a list by what a network says of them for this user, query and moment.

    A list stays as it is where the page will be in another order than by relevance. Columns: `pclick`, `ppurchase`:
    chances by the model, 0 for what was not scored.
    """

    name = "rank"

    def __init__(self, view: View, ranker: Ranker, features: Features, options: RankerOptions) -> None:
        self._view, self._ranker, self._features, self._options = view, ranker, features, options

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        size, width = candidates.product.shape
        depth = min(self._options.best, width)
        mine = (requests.sort == "relevance")[:, None] & candidates.mask[:, :depth]
        logits = np.zeros((size, depth, 2), np.float32)
        many = max(_ROWS // max(depth, 1), 1)
        for at in range(0, size if depth else 0, many):
            part = slice(at, at + many)
            if not mine[part].any():
                continue
            arrays = self._features(
                requests.user_id[part].tolist(),
                requests.query[part].tolist(),
                requests.now[part],
                candidates.product[part, :depth],
                mine[part],
            )
            logits[part] = self._ranker(arrays)
        value = logits[..., 0] + np.float32(self._options.purchase) * logits[..., 1]
        score = candidates.score.astype(np.float32).copy()
        ranked = mine.any(1)
        # the others keep their order behind the ranked ones, and close to them: what comes next weighs scores
        lowest = np.where(mine, value, np.inf).min(1, initial=np.inf)[ranked, None]
        score[ranked] = lowest - _STEP * (1 + np.arange(width, dtype=np.float32))
        score[:, :depth] = np.where(mine, value, score[:, :depth])
        columns: dict[str, Any] = {}
        for at, name in enumerate(("pclick", "ppurchase")):
            chance = np.zeros((size, width), np.float32)
            chance[:, :depth] = np.where(mine, 1 / (1 + np.exp(-np.clip(logits[..., at], -30, 30))), 0)
            columns[name] = chance
        score = np.where(candidates.mask, score, candidates.score)
        return candidates.ranked(score.astype(np.float32), order=self._view.order, **columns)


class TrainedRankers:
    """The trained rankers of a shop; safe between threads.

    Args:
        live: model -> the version that "live" means, or None.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._rankers: dict[Path, Ranker] = {}
        self._features: dict[tuple[int, str], Features] = {}

    def method(self, name: str, live: dict[str, str]) -> Callable[[View, StageOptions], Stage]:
        """What makes the stage of a model. live: "stage/model" -> version, of the manifest."""

        def make(view: View, options: StageOptions) -> Stage:
            own = options_of(RankerOptions, options)
            folder = model_folder(self._shop.path, live, "rank", name, options.model, asked_as=f"method {name}")
            with self._lock:
                ranker = self._ranker(folder, view)
            return TrainedRanking(view, ranker, self.features(view.generation, ranker.spec), own)

        return make

    def _ranker(self, folder: Path, view: View) -> Ranker:
        from emptor.rank.loading import load_ranker

        if folder not in self._rankers:
            self._rankers[folder] = load_ranker(folder, view=view)
        return self._rankers[folder]

    def features(self, generation: Generation, spec: FeatureSpec) -> Features:
        """What a model with these features is given of a generation; the same for all of them, rankers or not."""
        from emptor.shop.features import Features

        key = (generation.number, spec.hash)
        with self._lock:
            if key not in self._features:
                # those of older generations are not asked for again
                self._features = {own: kept for own, kept in self._features.items() if own[0] == generation.number}
                self._features[key] = Features.as_published(self._shop, generation, spec)
            return self._features[key]
