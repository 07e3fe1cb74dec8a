"""Trained retrievers as channels: loaded when a cascade names them, their products' vectors made once and kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emptor.retrieve.dense import DenseChannel, Fresh, VectorIndex
from emptor.retrieve.listings import Texts, texts_in, texts_of
from emptor.retrieve.loading import LoadedRetriever, load_retriever
from emptor.retrieve.store import VectorStore, keys_of
from emptor.shop.generation import Generation
from emptor.shop.models import model_folder
from emptor.shop.shop import Shop
from emptor.shop.view import View

log = logging.getLogger(__name__)

STAGE = "retrieve"


@dataclass(frozen=True)
class _Indexed:
    """The products of a generation as a model sees them, and what each was made of."""

    generation: Generation
    index: VectorIndex
    key: np.ndarray


class TrainedRetrievers:
    """The trained retrievers of a shop; safe between threads.

    Args:
        at_once: build indexes when a generation is taken up, rather than when somebody first asks.
    """

    def __init__(self, shop: Shop, *, at_once: bool = False) -> None:
        self._shop, self._at_once = shop, at_once
        self._lock = threading.Lock()
        self._loaded: dict[Path, LoadedRetriever] = {}
        self._stores: dict[str, VectorStore] = {}
        self._index: dict[str, _Indexed] = {}
        self._fresh: dict[str, tuple[str, Fresh | None]] = {}

    def channel(self, name: str, version: str, live: Mapping[str, str], view: View) -> DenseChannel:
        """The channel of a model over a view.

        Args:
            version: a number, or "live". live: "stage/model" -> version, of the manifest.
        Raises: EmptorError where the shop has no such model, or it cannot be used.
        """
        folder = model_folder(self._shop.path, live, STAGE, name, version, asked_as=f"channel {name}")
        with self._lock:
            if folder not in self._loaded:
                self._loaded[folder] = load_retriever(folder)
            loaded = self._loaded[folder]
            indexed = self._indexed(loaded, view.generation)
            return DenseChannel(
                view, encoder=loaded, index=indexed.index, fresh=self._fresh_of(loaded, view, indexed), name=name
            )

    def _indexed(self, loaded: LoadedRetriever, generation: Generation) -> _Indexed:
        kept = self._index.get(loaded.fingerprint)
        if kept is None or kept.generation is not generation:
            texts = texts_of(generation)
            # the one before stays where it is used, until what asked for this one takes its place
            kept = _Indexed(generation, VectorIndex(self._vectors(loaded, texts)), keys_of(texts))
            del texts
            self._stores[loaded.fingerprint].forget()
            if self._at_once:
                kept.index.build()
            self._index[loaded.fingerprint] = kept
        return kept

    def _fresh_of(self, loaded: LoadedRetriever, view: View, indexed: _Indexed) -> Fresh | None:
        """What updates have added or changed in a way that a network reads; not a price."""
        known = self._fresh.get(loaded.fingerprint)
        if known is not None and known[0] == view.id:
            return known[1]
        _, changed = view.changes()
        texts = texts_in(changed)
        rows = np.array([view.row(product["product_id"]) for product in changed], np.int64)
        old = np.minimum(rows, len(indexed.key) - 1)
        same = (rows < len(indexed.key)) & (indexed.key[old] == keys_of(texts)) if len(indexed.key) else rows < 0
        place = np.flatnonzero(~same)
        place = place[np.argsort(rows[place])]
        fresh = Fresh(rows[place], self._vectors(loaded, texts.take(place))) if len(place) else None
        self._fresh[loaded.fingerprint] = (view.id, fresh)
        return fresh

    def encode_all(self, folder: Path) -> None:
        """Make the vectors of all products by a model now, so that no server has to when it takes it up."""
        with self._lock:
            loaded = load_retriever(folder)
            self._vectors(loaded, texts_of(self._shop.view().generation))

    def _vectors(self, loaded: LoadedRetriever, texts: Texts) -> np.ndarray:
        if loaded.fingerprint not in self._stores:
            folder = self._shop.path / "vectors" / STAGE / loaded.fingerprint
            self._stores[loaded.fingerprint] = VectorStore(folder, width=loaded.width)

        def make(places: np.ndarray) -> np.ndarray:
            log.info("encoding %d products", len(places))
            return loaded.products(texts.take(places), self._shop.images)

        return self._stores[loaded.fingerprint].vectors(texts, make)
