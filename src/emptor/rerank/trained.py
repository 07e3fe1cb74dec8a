"""Re-rankers of a shop as stages: models are loaded when a cascade names them, products read once a generation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from emptor.cascade import Candidates, Requests, Stage
from emptor.rank.options import options_of
from emptor.rank.trained import TrainedRankers
from emptor.rerank.stage import GreedyOptions, RerankerOptions, Reranking, Rule
from emptor.shop.config import StageOptions
from emptor.shop.features.words import product_words
from emptor.shop.models import model_folder
from emptor.shop.shop import Shop
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.rerank.loading import LoadedReranker
    from emptor.rerank.products import ListProducts
    from emptor.shop.features import Features

_ROWS = 20_000
"""Products that are looked at in one go, at most: a batch of thousands of requests goes in parts."""


class Read(NamedTuple):
    """Lists as they were read. value [B, N] float32; alike [B, N, K]; variety [B] float32: of each user's past, 0: one
    category, 1: as many categories as actions; half of who has no past.
    """

    value: np.ndarray
    alike: np.ndarray
    variety: np.ndarray


class KnownLists:
    """What is known of lists when they are served.

    Args:
        products: of the view. features: of requests; none are read for a rule that asks nothing of users. reranker:
            whose values count; without one the score as it came does.
    """

    def __init__(
        self, products: ListProducts, features: Features | None = None, reranker: LoadedReranker | None = None
    ) -> None:
        self._products, self._features, self._reranker = products, features, reranker
        if features is not None:
            self._category = features.products.fields[:, list(features.spec.fields).index("category")]

    def parts(self, places: np.ndarray, depth: int) -> Iterator[np.ndarray]:
        """Places [M] of requests, as many at once as may be looked at."""
        many = max(_ROWS // max(depth, 1), 1)
        for start in range(0, len(places), many):
            yield places[start : start + many]

    def alike(self, rows: np.ndarray) -> np.ndarray:
        """[..., K] float32: vectors of products by their rows, 0 of those that nothing is known of."""
        found: np.ndarray = self._products.alike[np.minimum(rows, self._products.nobody)]
        return found

    def read(self, requests: Requests, candidates: Candidates, own: np.ndarray, depth: int) -> Read:
        """The first `depth` of some lists. A network looks as far as it did in training."""
        rows, there = candidates.product[own, :depth], candidates.mask[own, :depth]
        alike = self.alike(rows) * there[..., None]
        if self._features is None:
            return Read(candidates.score[own, :depth], alike, np.full(len(own), 0.5, np.float32))
        features, reranker = self._features, self._reranker
        far = depth if reranker is None else min(reranker.longest, candidates.width)
        users, queries = requests.user_id[own].tolist(), requests.query[own].tolist()
        described = features.describe(
            users, queries, requests.now[own], candidates.product[own, :far], candidates.mask[own, :far]
        )
        value = candidates.score[own, :depth]
        if reranker is not None:
            from emptor.rerank.samples import asked_of

            asked = asked_of(features, described, candidates.score[own, :far])
            value = reranker(features.products, self._products, asked)[:, :depth]
        return Read(value, alike, variety_of(self._category[described.past], described.action > 0))


def variety_of(categories: np.ndarray, there: np.ndarray) -> np.ndarray:
    """[B] float32: the entropy of the categories [B, T] of what users did, over the most it could be; .5 of who did
    fewer than two things.
    """
    out = np.full(len(there), 0.5, np.float32)
    for at in np.flatnonzero(there.sum(1) > 1).tolist():
        share = np.unique(categories[at][there[at]], return_counts=True)[1] / there[at].sum()
        out[at] = -(share * np.log(share)).sum() / np.log(there[at].sum())
    return out


class TrainedRerankers:
    """The re-rankers of a shop, trained or not; safe between threads.

    Args: rankers: whose features they share.
    """

    def __init__(self, shop: Shop, rankers: TrainedRankers) -> None:
        self._shop, self._rankers = shop, rankers
        self._lock = threading.Lock()
        self._loaded: dict[Path, LoadedReranker] = {}
        self._products: dict[tuple[int, Path | None], ListProducts] = {}

    def greedy(self, name: str) -> Callable[[View, StageOptions], Stage]:
        """What makes the stage of a rule."""

        def make(view: View, options: StageOptions) -> Stage:
            from emptor.shop.features import FeatureSpec

            own = options_of(GreedyOptions, options)
            with self._lock:
                features = self._rankers.features(view.generation, FeatureSpec.of(view)) if own.personal else None
                products = self._read(view, None)
            return Reranking(view, KnownLists(products, features), own, rule=cast(Rule, name))

        return make

    def method(self, name: str, live: dict[str, str]) -> Callable[[View, StageOptions], Stage]:
        """What makes the stage of a model. live: "stage/model" -> version, of the manifest."""

        def make(view: View, options: StageOptions) -> Stage:
            own = options_of(RerankerOptions, options)
            folder = model_folder(self._shop.path, live, "rerank", name, options.model, asked_as=f"method {name}")
            with self._lock:
                reranker = self._reranker(folder, view)
                features = self._rankers.features(view.generation, reranker.spec)
                products = self._read(view, folder)
            # of a list it looks no further than in training
            own = own.model_copy(update={"best": min(own.best, reranker.longest)})
            return Reranking(view, KnownLists(products, features, reranker), own, rule=own.then)

        return make

    def _reranker(self, folder: Path, view: View) -> LoadedReranker:
        from emptor.rerank.loading import load_reranker

        if folder not in self._loaded:
            self._loaded[folder] = load_reranker(folder, view=view)
        return self._loaded[folder]

    def _read(self, view: View, folder: Path | None) -> ListProducts:
        from emptor.rerank.products import ListProducts

        key = (view.generation.number, folder)
        if key not in self._products:
            # those of older generations are not asked for again
            self._products = {own: kept for own, kept in self._products.items() if own[0] == key[0]}
            published = View(view.generation)
            texts = self._loaded[folder].texts if folder else None
            beside = next(iter(self._products.values()), None)
            self._products[key] = ListProducts.of_view(published, product_words(published), texts, beside=beside)
        return self._products[key]
