"""Where relevant products are lost: which stage of a cascade let go of how many, by kind of query.

Example:
    >>> losses = attribute_losses(engine, judgements)
    >>> dict(zip(losses.outcomes, losses.overall.counts))
    {'not retrieved': 41, 'below the page': 137, 'on the page': 822}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from emptor.cascade import MAX_LIST, Trace
from emptor.errors import EmptorError
from emptor.evaluate.judgements import Judgements
from emptor.evaluate.losses import BELOW, MAX_EXAMPLES, NOT_RETRIEVED, ON_PAGE, LossCounts, Losses, LostProduct
from emptor.evaluate.offline import run_queries

if TYPE_CHECKING:
    from emptor.engine import Engine

PAGE_SIZE = 20
MERCHANDISE = "merchandise"


class LossTracker:
    """Searches for an evaluation and notes on the way where each relevant product is lost: nothing is searched twice.

    Args:
        judgements: which products are relevant; those that the shop does not have are not counted.
        threshold: the lowest grade that is relevant, by default that of the judgements.
    Raises: EmptorError for an unknown cascade or a page without products.
    """

    def __init__(
        self,
        engine: Engine,
        judgements: Judgements,
        *,
        cascade: str = "default",
        threshold: float | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        if page_size < 1:
            raise EmptorError(f"page_size is {page_size}: expected at least 1")
        self._engine, self._cascade, self._page_size = engine, cascade, page_size
        self._threshold = judgements.default_threshold if threshold is None else float(threshold)
        self._stages = [stage.stage for stage in engine.cascade(cascade).options.stages]
        self._outcomes = outcomes(self._stages)
        self._relevant = judgements.frame.filter(pl.col("grade") >= self._threshold)
        self._ids = self._relevant["product_id"].to_list()
        self._places: dict[str, list[int]] = {}  # by text: queries of one text have one list
        for place, query in enumerate(self._relevant["query"]):
            self._places.setdefault(query, []).append(place)
        self._outcome = np.full(len(self._ids), -1, np.int64)
        self._rank = np.full(len(self._ids), -1, np.int64)

    def search(self, queries: Sequence[str]) -> list[list[str]]:
        """product_ids for each query, best first and nothing explored, as `Engine.ranking` gives them.

        Raises: EmptorError where the cascade has other stages than it had before.
        """
        view, traces = self._engine.traces(queries, cascade=self._cascade)
        if any([stage.name for stage in trace.stages] != self._stages for trace in traces[:1]):
            raise EmptorError(f"the stages of cascade {self._cascade!r} changed during the evaluation: run it again")
        for query, trace in zip(queries, traces, strict=True):
            places = np.array(self._places.get(query, ()), np.int64)
            rows = [view.row(self._ids[place]) for place in places]
            in_shop = np.array([row is not None for row in rows], bool)
            found = np.array([row for row in rows if row is not None], np.int64)
            self._outcome[places], self._rank[places] = -1, -1
            outcome, rank = follow(trace, found, page_size=self._page_size)
            if MERCHANDISE in self._stages:
                # retrieval heeds the blocks of rules, and is not to blame for them
                kept_out = (outcome == 0) & self._engine.blocked(query, found)
                outcome[kept_out] = self._stages.index(MERCHANDISE)
            self._outcome[places[in_shop]], self._rank[places[in_shop]] = outcome, rank
        return [view.product_ids(trace.stages[-1].products[:MAX_LIST]) for trace in traces]

    def losses(self) -> Losses:
        """The attribution over the queries searched so far."""
        frame = self._relevant.with_columns(
            outcome=pl.Series(self._outcome), rank=pl.Series(self._rank), place=pl.int_range(pl.len())
        ).filter(pl.col("outcome") >= 0)
        kinds = frame["kind"].drop_nulls().unique().sort()
        return Losses(
            cascade=self._cascade,
            threshold=self._threshold,
            page_size=self._page_size,
            outcomes=self._outcomes,
            overall=self._count(frame, None),
            by_kind=tuple(self._count(frame.filter(pl.col("kind") == kind), kind) for kind in kinds),
            examples=self._examples(frame),
        )

    def _count(self, frame: pl.DataFrame, kind: str | None) -> LossCounts:
        counts = np.bincount(frame["outcome"].to_numpy(), minlength=len(self._outcomes))
        return LossCounts(
            kind=kind,
            queries=frame["query_id"].n_unique(),
            relevant=frame.height,
            at_best=int(frame.group_by("query_id").len()["len"].clip(upper_bound=self._page_size).sum()),
            counts=tuple(int(count) for count in counts),
        )

    def _examples(self, frame: pl.DataFrame) -> tuple[LostProduct, ...]:
        lost = frame.filter(pl.col("outcome") < len(self._outcomes) - 1)
        # the first of each query before the second of any, and each outcome's first before the second of any
        nth = pl.int_range(pl.len()).over("outcome", "query_id", "grade")
        lost = lost.with_columns(nth=nth).sort("grade", "nth", "place", descending=[True, False, False])
        dealt = lost.with_columns(turn=pl.int_range(pl.len()).over("outcome")).sort("turn", "outcome")
        view, examples = self._engine.view, []
        for entry in dealt.head(MAX_EXAMPLES).sort("outcome", "turn").iter_rows(named=True):
            row = view.row(entry["product_id"])
            examples.append(
                LostProduct(
                    query=entry["query"],
                    kind=entry["kind"],
                    product_id=entry["product_id"],
                    title=None if row is None else view.product(row)["title"],
                    grade=entry["grade"],
                    outcome=self._outcomes[entry["outcome"]],
                    rank=None if entry["rank"] < 0 else entry["rank"] + 1,
                )
            )
        return tuple(examples)


def attribute_losses(
    engine: Engine,
    judgements: Judgements,
    *,
    cascade: str = "default",
    threshold: float | None = None,
    page_size: int = PAGE_SIZE,
) -> Losses:
    """Run the judged queries and say which stage of a cascade loses how many of their relevant products.

    Args:
        threshold: the lowest grade that is relevant, by default that of the judgements.
        page_size: products of a page.
    Raises: EmptorError for an unknown cascade or a page without products.
    """
    tracker = LossTracker(engine, judgements, cascade=cascade, threshold=threshold, page_size=page_size)
    run_queries(tracker.search, judgements, name=cascade)
    return tracker.losses()


def outcomes(stages: Sequence[str]) -> tuple[str, ...]:
    """What can become of a product in a cascade of these stages; a stage that stands twice is told by its number."""
    times = Counter(stages)
    lost = [
        f"lost by {stage}" + (f" (stage {number})" if times[stage] > 1 else "")
        for number, stage in enumerate(stages, start=1)
    ]
    return (NOT_RETRIEVED, *lost[1:], BELOW, ON_PAGE)


def follow(trace: Trace, rows: np.ndarray, *, page_size: int = PAGE_SIZE) -> tuple[np.ndarray, np.ndarray]:
    """What became of products in one request.

    Args:
        rows [n] int64: products, as rows of the trace's view.
    Returns: outcome [n] int64, a place in `outcomes` of the trace's stages; rank [n] int64, the place in the last
        stage's list from 0, or -1 where a stage lost the product.
    """
    outcome, rank = np.zeros(len(rows), np.int64), np.full(len(rows), -1, np.int64)
    for number, stage in enumerate(trace.stages, start=1):  # a stage that pins may bring back what was lost before
        outcome[np.isin(rows, stage.products)] = number
    last = trace.stages[-1].products
    order = np.argsort(last)
    listed = outcome == len(trace.stages)
    rank[listed] = order[np.searchsorted(last, rows[listed], sorter=order)]
    outcome[listed & (rank < page_size)] += 1
    return outcome, rank
