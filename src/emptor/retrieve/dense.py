"""The dense channel: nearest products by vector, for any encoder.

Exact below 50,000 products and for every batch (one matrix product), FAISS HNSW above.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np

from emptor.cascade import Requests
from emptor.encoders import TextEncoder
from emptor.errors import EmptorError
from emptor.retrieve.channel import NOTHING, Excluded, Found, empty
from emptor.retrieve.reading import clip
from emptor.shop.view import View
from emptor.turn import aside

EXACT_BELOW = 50_000
BATCH = 16
HNSW_LINKS = 32
_ROWS = 65_536
"""Vectors that are made of length one at a time."""


def steps(depth: int) -> int:
    """Candidates that a search by HNSW keeps on its way to the `depth` nearest: of the first thousand fewer for each,
    since the last of them hardly count beside what other channels find.
    """
    return max(128, min(3 * depth, depth + 400))


class VectorIndex:
    """The vectors of one generation's products, ready for searching; shared by all views of the generation.

    Args:
        vectors [rows, width] float32: a row that is not finite belongs to a product without a vector.
        exact_below: products below which no approximate index is built.
    """

    def __init__(self, vectors: np.ndarray, *, exact_below: int = EXACT_BELOW) -> None:
        if vectors.ndim != 2:
            raise EmptorError(f"vectors have shape {vectors.shape}, expected [rows, width]")
        self.covers: np.ndarray = np.isfinite(vectors).all(axis=1)
        self.rows = np.flatnonzero(self.covers)
        self._vectors = np.ascontiguousarray(vectors[self.rows], np.float32)
        for start in range(0, len(self.rows), _ROWS):  # in place: a million would be there three times more
            part = self._vectors[start : start + _ROWS]
            part[:] = _unit(part)
        self.exact = len(self.rows) < exact_below
        self._building = threading.Lock()
        self._graph: Any = None

    @property
    def vectors(self) -> np.ndarray:
        """[n, width] float32: of the products that have one, in order of `rows`, of length one."""
        return self._vectors

    def build(self) -> None:
        """Build what `near` needs now, and not while somebody waits; nothing where all is searched exactly."""
        if not self.exact:
            self._built()

    def _built(self) -> Any:
        with self._building:
            if self._graph is None:
                graph = faiss.IndexHNSWFlat(self._vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
                graph.hnsw.efConstruction = 80
                graph.add(self._vectors)
                self._vectors = _stored(graph, self._vectors.shape)
                self._graph = graph
        return self._graph

    def near(self, queries: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        """(scores, places) [queries, depth] of about the nearest, by HNSW; a place of -1 is padding."""
        graph = self._built()
        params = faiss.SearchParametersHNSW(efSearch=steps(depth))  # type: ignore[attr-defined]
        with aside():
            return graph.search(queries, min(depth, len(self.rows)), params=params)


def _stored(graph: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The vectors as a graph holds them, not copied: as long as it lives."""
    storage: Any = faiss.downcast_index(graph.storage)
    own: np.ndarray = faiss.rev_swig_ptr(storage.get_xb(), int(np.prod(shape))).reshape(shape)
    own.setflags(write=False)
    return own


@dataclass(frozen=True)
class Fresh:
    """Vectors of products that were added or changed since an index was made: rows [n] int64 of a view, rising;
    vectors [n, width] float32, NaN for a product without one. They are searched exactly, until the next index has them.
    """

    rows: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True)
class Sides:
    """A search by a network that has products with their picture and without. p: whether it lets pictures count, 0..1;
    with_picture, by_text: what it finds if it does, and if not.
    """

    p: float
    with_picture: Found
    by_text: Found


class DenseChannel:
    """Finds products whose vector is near the query's.

    Args:
        encoder: for queries. index: the products' vectors, made by the same encoder. fresh: of products whose vector in
            the index, if any, does not count any more.
    Raises: EmptorError where vectors and view, or vectors and encoder, do not fit together.
    """

    def __init__(
        self,
        view: View,
        *,
        encoder: TextEncoder,
        index: VectorIndex,
        fresh: Fresh | None = None,
        name: str = "dense",
    ) -> None:
        if len(index.covers) > view.rows or index.vectors.shape[1] != encoder.width:
            raise EmptorError(
                f"{len(index.covers)} vectors of width {index.vectors.shape[1]}, expected at most {view.rows} of width "
                f"{encoder.width}; encode the products again"
            )
        self.name, self._view, self._encoder, self._index = name, view, encoder, index
        self.covers = np.zeros(view.rows, bool)
        self.covers[: len(index.covers)] = index.covers
        self._current = view.alive
        self._fresh = Fresh(np.zeros(0, np.int64), np.zeros((0, encoder.width), np.float32))
        if fresh is not None and len(fresh.rows):
            there = np.isfinite(fresh.vectors).all(axis=1)
            self._current = view.alive.copy()
            self._current[fresh.rows] = False
            self.covers[fresh.rows] = there
            self._fresh = Fresh(fresh.rows[there], _unit(fresh.vectors[there].astype(np.float32)))
        self._rows = index.rows
        self._dead = int(np.count_nonzero(~self._current[self._rows]))

    def __call__(
        self, requests: Requests, *, depth: int, excluded: Sequence[Excluded] | None = None
    ) -> list[Found | None]:
        excluded = excluded or [NOTHING] * len(requests)
        asked = [at for at, query in enumerate(requests.query) if query and query.strip()]
        answers: list[Found | None] = [None] * len(requests)
        if not asked or not self.covers.any():
            return answers
        queries = np.asarray(self._encoder.encode([clip(requests.query[at]) for at in asked]), np.float32)
        filters, without = [requests.filters[at] for at in asked], [excluded[at] for at in asked]
        for at, answer in zip(asked, self.near(queries, filters, without, depth=depth), strict=True):
            answers[at] = answer
        return answers

    def near(
        self, vectors: np.ndarray, filters: Sequence[Any], excluded: Sequence[Excluded], *, depth: int
    ) -> list[Found]:
        """The products nearest to vectors [B, width] float32, each under its filters and without what is excluded."""
        queries, found = _unit(vectors), []
        for start in range(0, len(queries), BATCH):
            part = slice(start, start + BATCH)
            found += self._near(queries[part], filters[part], excluded[part], depth)
        return found

    @property
    def sees(self) -> bool:
        """Whether it knows products by their pictures, too."""
        return bool(getattr(self._encoder, "sees", False))

    def by_side(self, query: str, filters: Any, excluded: Excluded, *, depth: int) -> Sides | None:
        """What pictures bring to a search; None of an encoder that cannot tell, and where nothing is asked."""
        tell = getattr(self._encoder, "by_side", None)
        own = tell(clip(query)) if tell is not None and query.strip() and self.covers.any() else None
        if own is None:
            return None
        p, vectors = own
        with_picture, by_text = self.near(vectors, [filters] * 2, [excluded] * 2, depth=depth)
        # of a product without text the picture stands for it on both sides: it is not found by text
        said = self._view.worded[by_text.products]
        return Sides(p, with_picture, Found(by_text.products[said], by_text.scores[said]))

    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of products [n] of the view, of length one: [n, width] float32, NaN where there is none."""
        out = np.full((len(rows), self._index.vectors.shape[1]), np.nan, np.float32)
        for known, vectors in ((self._rows, self._index.vectors), (self._fresh.rows, self._fresh.vectors)):
            if len(known):
                at = np.minimum(np.searchsorted(known, rows), len(known) - 1)
                there = known[at] == rows
                out[there] = vectors[at[there]]
        out[~self.covers[rows]] = np.nan
        return out

    def _near(
        self, queries: np.ndarray, filters: Sequence[Any], excluded: Sequence[Excluded], depth: int
    ) -> list[Found]:
        masks = {own: own.mask(self._view) for own in set(excluded) if own}
        out = self._dead + max((int(np.count_nonzero(mask)) for mask in masks.values()), default=0)
        late = queries @ self._fresh.vectors.T
        found = []
        if not self._index.exact and len(queries) < BATCH and not any(filters) and out <= depth:
            # as many more as may turn out to be deleted, changed or blocked
            scores, places = self._index.near(queries, depth + out)
            for at, (own, values, without) in enumerate(zip(places, scores, excluded, strict=True)):
                near = own >= 0
                rows, values = self._with_fresh(self._rows[own[near]], values[near], late[at])
                hit = ~masks[without][rows] if without else slice(None)
                found.append(self._sorted(rows[hit], values[hit], depth))
            return found
        scores = queries @ self._index.vectors.T
        for at, (own, without) in enumerate(zip(filters, excluded, strict=True)):
            mask = self._view.mask(own)
            rows, values = self._with_fresh(self._rows, scores[at], late[at])
            allowed = (mask & ~masks[without] if without else mask)[rows]
            rows, values = rows[allowed], values[allowed]
            if len(rows) > depth:
                border = np.partition(values, len(rows) - depth)[len(rows) - depth]
                kept = values >= border
                rows, values = rows[kept], values[kept]
            found.append(self._sorted(rows, values, depth))
        return found

    def _with_fresh(self, rows: np.ndarray, scores: np.ndarray, late: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Finds of the index that still count, and all that is fresh and in the shop."""
        if self._dead:
            kept = self._current[rows]
            rows, scores = rows[kept], scores[kept]
        alive = self._view.alive[self._fresh.rows]
        return np.concatenate([rows, self._fresh.rows[alive]]), np.concatenate([scores, late[alive]])

    def _sorted(self, rows: np.ndarray, scores: np.ndarray, depth: int) -> Found:
        if not len(rows):
            return empty()
        best = np.lexsort((self._view.order[rows], -scores))[:depth]
        return Found(rows[best], scores[best].astype(np.float32))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)
