"""The dense channel: nearest products by vector, for any encoder.

Exact below 50,000 products and for every batch (one matrix product), FAISS HNSW above.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import faiss
import numpy as np

from emptor.cascade import Requests
from emptor.errors import EmptorError
from emptor.retrieve.channel import Found, empty
from emptor.retrieve.lexical import clip
from emptor.shop.view import View

EXACT_BELOW = 50_000
BATCH = 16
HNSW_LINKS = 32


class Encoder(Protocol):
    """Anything that turns texts into vectors of one space."""

    width: int

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, width] float32."""
        ...


class DenseChannel:
    """Finds products whose vector is near the query's.

    Args:
        encoder: for queries. vectors [rows, width] float32: of the products, all-NaN rows for products without one.
        exact_below: products below which no approximate index is built.
    Raises: EmptorError where vectors and view, or vectors and encoder, do not fit together.
    """

    name = "dense"

    def __init__(
        self, view: View, *, encoder: Encoder, vectors: np.ndarray, exact_below: int = EXACT_BELOW
    ) -> None:
        if len(vectors) > view.rows or vectors.ndim != 2 or vectors.shape[1] != encoder.width:
            raise EmptorError(
                f"vectors have shape {vectors.shape}, expected at most {view.rows} rows of width {encoder.width}; "
                "encode the products again"
            )
        self._view, self._encoder = view, encoder
        self.covers = np.zeros(view.rows, bool)
        self.covers[: len(vectors)] = np.isfinite(vectors).all(axis=1)
        self._rows = np.flatnonzero(self.covers)
        self._vectors = _unit(np.ascontiguousarray(vectors[self._rows], np.float32))
        self._exact = len(self._rows) < exact_below

    @cached_property
    def _index(self) -> Any:
        index = faiss.IndexHNSWFlat(self._vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 80
        index.add(self._vectors)
        return index

    def __call__(self, requests: Requests, *, depth: int) -> list[Found | None]:
        asked = [at for at, query in enumerate(requests.query) if query]
        answers: list[Found | None] = [None] * len(requests)
        if not asked or not len(self._rows):
            return answers
        queries = _unit(
            np.asarray(self._encoder.encode([clip(requests.query[at]) for at in asked]), np.float32)
        )
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            found = self._near(queries[start : start + BATCH], [requests.filters[at] for at in part], depth)
            for at, answer in zip(part, found, strict=True):
                answers[at] = answer
        return answers

    def _near(self, queries: np.ndarray, filters: Sequence[Any], depth: int) -> list[Found]:
        if not self._exact and len(queries) < BATCH and not any(filters) and self._view.alive.all():
            found = []
            params = faiss.SearchParametersHNSW(efSearch=max(64, 2 * depth))
            scores, places = self._index.search(queries, min(depth, len(self._rows)), params=params)
            for own, values in zip(places, scores, strict=True):
                hit = own >= 0
                found.append(self._sorted(self._rows[own[hit]], values[hit], depth))
            return found
        scores = queries @ self._vectors.T
        found = []
        for at, own in enumerate(filters):
            allowed = self._view.mask(own)[self._rows]
            rows, values = self._rows[allowed], scores[at][allowed]
            if len(rows) > depth:
                border = np.partition(values, len(rows) - depth)[len(rows) - depth]
                kept = values >= border
                rows, values = rows[kept], values[kept]
            found.append(self._sorted(rows, values, depth))
        return found

    def _sorted(self, rows: np.ndarray, scores: np.ndarray, depth: int) -> Found:
        if not len(rows):
            return empty()
        best = np.lexsort((self._view.order[rows], -scores))[:depth]
        return Found(rows[best], scores[best].astype(np.float32))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
