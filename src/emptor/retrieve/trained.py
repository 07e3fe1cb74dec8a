"""Trained retrievers as channels: loaded when a cascade names them, their products' vectors made once and kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

import numpy as np

from emptor.errors import EmptorError
from emptor.retrieve.dense import DenseChannel, Fresh, VectorIndex
from emptor.retrieve.listings import Texts, texts_in, texts_of
from emptor.retrieve.loading import LoadedRetriever, load_retriever
from emptor.retrieve.store import VectorStore
from emptor.shop.generation import Generation
from emptor.shop.shop import Shop
from emptor.shop.view import View

log = logging.getLogger(__name__)

STAGE = "retrieve"


class TrainedRetrievers:
    """The trained retrievers of a shop; safe between threads."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], LoadedRetriever] = {}
        self._stores: dict[str, VectorStore] = {}
        self._index: dict[str, tuple[Generation, VectorIndex]] = {}

    def channel(self, name: str, model: str, live: Mapping[str, str], view: View) -> DenseChannel:
        """The channel of a model over a view.

        Args:
            model: its version, or "live". live: "stage/model" -> version, of the manifest.
        Raises: EmptorError where the shop has no such model, or it cannot be used.
        """
        version = live.get(f"{STAGE}/{name}") if model == "live" else model
        if version is None:
            raise EmptorError(
                f"stage {STAGE}, channel {name}: the shop has no such model yet; "
                f"train one: emptor train {self._shop.path} --stage {STAGE} --model {name}"
            )
        if not version.isdigit():
            raise EmptorError(f"stage {STAGE}, channel {name}: model {version!r} is no version; a number or 'live'")
        with self._lock:
            key = (name, version)
            if key not in self._loaded:
                self._loaded[key] = load_retriever(self._shop.path / "models" / STAGE / name / version)
            loaded = self._loaded[key]
            index = self._index_of(loaded, view.generation)
            return DenseChannel(view, encoder=loaded, index=index, fresh=self._fresh(loaded, view), name=name)

    def _index_of(self, loaded: LoadedRetriever, generation: Generation) -> VectorIndex:
        kept = self._index.get(loaded.fingerprint)
        if kept is None or kept[0] is not generation:
            # the one before stays where it is used until what asked for this one takes its place
            kept = (generation, VectorIndex(self._vectors(loaded, texts_of(generation))))
            self._index[loaded.fingerprint] = kept
        return kept[1]

    def _fresh(self, loaded: LoadedRetriever, view: View) -> Fresh | None:
        _, changed = view.changes()
        if not changed:
            return None
        rows = np.array([view.row(product["product_id"]) for product in changed], np.int64)
        order = np.argsort(rows)
        texts = texts_in(changed[at] for at in order.tolist())
        return Fresh(rows[order], self._vectors(loaded, texts))

    def _vectors(self, loaded: LoadedRetriever, texts: Texts) -> np.ndarray:
        if loaded.fingerprint not in self._stores:
            folder = self._shop.path / "vectors" / STAGE / loaded.fingerprint
            self._stores[loaded.fingerprint] = VectorStore(folder, width=loaded.width)

        def make(places: np.ndarray) -> np.ndarray:
            log.info("encoding %d products", len(places))
            return loaded.products(texts.take(places), self._shop.images)

        return self._stores[loaded.fingerprint].vectors(texts, make)
