"""The contract every stage keeps: columnar requests in, columnar candidates out.

Batched, so that serving (B = 1), evaluation and simulation (B = thousands) run the same code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from emptor.shop.filters import Filters

MAX_LIST = 1000
"""offset + k may not exceed this; pages are slices of one list."""


@dataclass(frozen=True)
class Requests:
    """B requests, one array a column.

    request_id, query, user_id, session_id, scenario, product_id [B] object (str or None), filters [B] object (Filters),
    now [B] int64 (UTC microseconds), k, offset, seed [B] int64. `product_id`: the product that "similar" starts from.
    sort [B] object (str): the order in which the page will be shown; retrieval heeds it where there is no query.
    """

    request_id: np.ndarray
    query: np.ndarray
    user_id: np.ndarray
    session_id: np.ndarray
    scenario: np.ndarray
    product_id: np.ndarray
    filters: np.ndarray
    now: np.ndarray
    k: np.ndarray
    offset: np.ndarray
    seed: np.ndarray
    sort: np.ndarray
    cascade: str = "default"

    def __len__(self) -> int:
        return len(self.request_id)

    @classmethod
    def of(
        cls,
        queries: Sequence[str | None],
        *,
        request_ids: Sequence[str] | None = None,
        user_ids: Sequence[str | None] | None = None,
        session_ids: Sequence[str | None] | None = None,
        product_ids: Sequence[str | None] | None = None,
        filters: Sequence[Filters] | None = None,
        scenario: str | None = None,
        now: int = 0,
        k: int | Sequence[int] = 20,
        offset: int | Sequence[int] = 0,
        seeds: Sequence[int] | None = None,
        sorts: Sequence[str] | None = None,
        cascade: str = "default",
    ) -> Requests:
        """Requests from lists; what is left out is None, or the same for all.

        Scenario is "search" where there is a query and "recommend" where there is none, unless given.
        """
        size = len(queries)
        scenarios = [scenario or ("search" if query is not None else "recommend") for query in queries]
        return cls(
            request_id=_objects(request_ids or [f"r{i}" for i in range(size)]),
            query=_objects(queries),
            user_id=_objects(user_ids or [None] * size),
            session_id=_objects(session_ids or [None] * size),
            scenario=_objects(scenarios),
            product_id=_objects(product_ids or [None] * size),
            filters=_objects(filters or [()] * size),
            now=np.full(size, now, np.int64),
            k=np.full(size, k, np.int64),
            offset=np.full(size, offset, np.int64),
            seed=np.arange(size, dtype=np.int64) if seeds is None else np.asarray(seeds, np.int64),
            sort=_objects(sorts or ["relevance"] * size),
            cascade=cascade,
        )

    def rows(self, places: slice, *, filters: Sequence[Filters] | None = None) -> Requests:
        """Some of the requests, with other filters if given."""
        columns = {name: own[places] for name, own in vars(self).items() if isinstance(own, np.ndarray)}
        if filters is not None:
            columns["filters"] = _objects(filters)
        return Requests(**columns, cascade=self.cascade)

    def one(self, at: int) -> dict[str, Any]:
        """One request as plain values, for logs and explanations."""
        return {
            "request_id": self.request_id[at],
            "query": self.query[at],
            "user_id": self.user_id[at],
            "session_id": self.session_id[at],
            "scenario": self.scenario[at],
            "product_id": self.product_id[at],
            "filters": [clause.text for clause in self.filters[at]],
            "now": int(self.now[at]),
            "k": int(self.k[at]),
            "offset": int(self.offset[at]),
            "seed": int(self.seed[at]),
            "sort": self.sort[at],
            "cascade": self.cascade,
        }


@dataclass(frozen=True)
class Candidates:
    """Up to N candidates for each of B requests, best first.

    product [B, N] int64: row in the view; score [B, N] float32; mask [B, N] bool: False is padding, which stands at
    the end of a row; columns: further [B, N] arrays that stages leave behind (relevance, pctr, lexical ...).
    Arrays are made read-only, so that no stage can change its input.
    """

    product: np.ndarray
    score: np.ndarray
    mask: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.product, self.score, self.mask, *self.columns.values()):
            if array.shape != self.product.shape:
                raise ValueError(f"candidate columns differ in shape: {array.shape} and {self.product.shape}")
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.product)

    @property
    def width(self) -> int:
        return self.product.shape[1]

    @classmethod
    def empty(cls, size: int) -> Candidates:
        """What a retrieval stage is given."""
        shape = (size, 0)
        return cls(np.zeros(shape, np.int64), np.zeros(shape, np.float32), np.zeros(shape, bool))

    @classmethod
    def of_lists(
        cls,
        products: Sequence[np.ndarray],
        scores: Sequence[np.ndarray],
        columns: Mapping[str, Sequence[np.ndarray]] | None = None,
    ) -> Candidates:
        """Lists of different lengths, padded to the longest (columns with NaN)."""
        size, width = len(products), max((len(rows) for rows in products), default=0)
        product, score = np.zeros((size, width), np.int64), np.full((size, width), -np.inf, np.float32)
        mask = np.zeros((size, width), bool)
        extra = {name: np.full((size, width), np.nan, np.float32) for name in columns or ()}
        for at, (rows, values) in enumerate(zip(products, scores, strict=True)):
            count = len(rows)
            product[at, :count], score[at, :count], mask[at, :count] = rows, values, True
            for name, lists in (columns or {}).items():
                extra[name][at, :count] = lists[at]
        return cls(product, score, mask, extra)

    def ranked(
        self, score: np.ndarray, *, order: np.ndarray, depth: int | None = None, **columns: np.ndarray
    ) -> Candidates:
        """The same candidates sorted by (-score, product_id) and cut to `depth`: how a stage gives its answer.

        Args:
            score [B, N]: the new score. order [rows]: the view's place of each row in product_id order.
            columns: named values of this stage, [B, N], kept beside those of earlier stages.
        """
        if np.isnan(score[self.mask]).any():
            raise ValueError("a score is not a number")
        keyed = np.where(self.mask, -score.astype(np.float32), np.inf)
        ties = order[self.product] if self.product.size else self.product
        index = np.lexsort((ties, keyed, ~self.mask), axis=-1)[:, : depth if depth is not None else None]
        changed = replace(self, score=score.astype(np.float32), columns={**self.columns, **columns})
        return changed.take(index)

    def take(self, index: np.ndarray) -> Candidates:
        """Candidates at the given places, index [B, M]."""
        pick = lambda array: np.take_along_axis(array, index, axis=1)  # noqa: E731
        columns = {name: pick(array) for name, array in self.columns.items()}
        return Candidates(pick(self.product), pick(self.score), pick(self.mask), columns)

    def cut(self, depth: int) -> Candidates:
        """The best `depth` of each list."""
        if depth >= self.width:
            return self
        columns = {name: array[:, :depth] for name, array in self.columns.items()}
        return Candidates(self.product[:, :depth], self.score[:, :depth], self.mask[:, :depth], columns)

    def row(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        """(products, scores) of one request, without padding."""
        count = int(self.mask[at].sum())
        return self.product[at, :count], self.score[at, :count]


class Stage(Protocol):
    """One stage of a cascade, built for one view.

    It returns at most as many candidates as it got (retrieval, which gets none, at most its depth, and a stage with an
    attribute `adds`, such as merchandising, which pins what retrieval did not find), sorted by (-score, product_id),
    and overwrites score while keeping its own value as a named column. It never changes its input. The same requests
    and candidates give the same answer, whatever the batch they come in.
    """

    name: str

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates: ...


def check_answer(before: Candidates, after: Candidates, *, adds: bool, order: np.ndarray, stage: str) -> None:
    """Raise AssertionError naming the stage where an answer breaks the contract."""
    assert len(after) == len(before), f"{stage}: answered {len(after)} requests, got {len(before)}"
    assert adds or after.width <= before.width, f"{stage}: returned more candidates than it got"
    assert not (np.diff(after.mask.astype(np.int8), axis=1) > 0).any(), f"{stage}: padding stands before candidates"
    if after.width > 1:
        both = after.mask[:, 1:]
        falls = after.score[:, :-1] > after.score[:, 1:]
        ties = after.score[:, :-1] == after.score[:, 1:]
        by_id = order[after.product[:, :-1]] < order[after.product[:, 1:]]
        assert (falls | (ties & by_id) | ~both).all(), f"{stage}: not sorted by (-score, product_id)"


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    for at, value in enumerate(values):
        array[at] = value
    return array
