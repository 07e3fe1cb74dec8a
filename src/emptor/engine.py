"""The engine: a shop's cascades over its current view. What the server, the evaluation and a notebook all call.

Example:
    >>> engine = Engine.open("my-shop")
    >>> page = engine.search("angle bracket", k=5)
    >>> [hit.product["title"] for hit in page.results]
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emptor.assembly import Assembled, Assembler
from emptor.cascade import MAX_LIST, Cascade, Degraded, Outcome, Requests, Trace
from emptor.cascade.runner import Observer
from emptor.errors import EmptorError
from emptor.facets import Facet, count_facets, folded_field
from emptor.retrieve.suggest import Suggested
from emptor.shop.filters import Filters, parse_filters
from emptor.shop.shop import Shop
from emptor.shop.view import RowIds, View

SORTS = ("relevance", "price_asc", "price_desc", "newest", "popular")
KEPT_TRACES = 10_000
EXPLORED_FOR_US = 3_600_000_000
"""A visitor who asks the same again within the hour sees the same shuffle."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hit:
    """One result.

    product: its fields without description and attributes (`view.product(row)` has them all); position: from 0 over
    the whole list; propensity: chance that it stood there.
    """

    product: dict[str, Any]
    score: float
    position: int
    propensity: float


@dataclass(frozen=True)
class Page:
    """A slice of one list. total: length of the list; total_is_capped: there may be more than the list holds."""

    request_id: str
    query: str | None
    results: list[Hit]
    total: int
    total_is_capped: bool
    facets: list[Facet]
    degraded: list[Degraded]
    did_you_mean: str | None
    cascade: str
    explored: bool
    view: str


@dataclass(frozen=True)
class _Kept:
    """A trace with what turns its rows into ids; not with its view, whose columns it would keep alive."""

    trace: Trace
    ids: RowIds
    view: str
    shown: list[str]


class Engine:
    """Answers requests over a shop. Safe between threads; `refresh` takes up what was published or updated.

    Args:
        keep_traces: how many requests can be explained afterwards.

    Attributes (set by a server):
        on_trace: called with (trace, view, page) after each page, for the log.
        observe: called with (stage, method, seconds) after each stage.
    """

    def __init__(self, shop: Shop, *, keep_traces: int = KEPT_TRACES) -> None:
        self.shop = shop
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._keep_traces = keep_traces
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self.on_trace: Callable[[Trace, View, Page], None] | None = None
        self.observe: Observer | None = None
        self._assembler = Assembler(shop)
        self._assembled = self._assembler.assemble(shop.view())

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Engine:
        """Open a shop and build its cascades."""
        return cls(Shop.open(path))

    @property
    def view(self) -> View:
        return self._assembled.view

    def close(self) -> None:
        self.shop.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- asking ---------------------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        k: int = 20,
        offset: int = 0,
        filters: Sequence[str] = (),
        sort: str = "relevance",
        user_id: str | None = None,
        session_id: str | None = None,
        cascade: str = "default",
        facets: bool = True,
        seed: int | None = None,
        request_id: str | None = None,
        deadline: float | None = None,
    ) -> Page:
        """A page of results for a query; a blank query browses what is popular under the filters.

        Args:
            k, offset: the slice of the list, offset + k at most 1,000. filters: as in a URL, see `shop.filters`.
            sort: order of the list's candidates: relevance, price_asc, price_desc, newest or popular.
            seed: decides exploration; by default drawn from the session (or user), the query and the hour, so that all
                pages of a list agree; without a visitor nothing is explored.
            deadline: time.monotonic() to answer by; None takes the time it needs.
        Raises: EmptorError for an unknown cascade or sort, a bad filter, or a slice behind the list's end.
        """
        return self._page(
            query if query.strip() else None,
            product_id=None,
            k=k,
            offset=offset,
            filters=parse_filters([filters] if isinstance(filters, str) else filters),
            sort=sort,
            user_id=user_id,
            session_id=session_id,
            cascade=cascade,
            facets=facets,
            seed=seed,
            request_id=request_id,
            deadline=deadline,
        )

    def recommend(
        self,
        *,
        product_id: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        k: int = 20,
        offset: int = 0,
        filters: Sequence[str] = (),
        cascade: str = "default",
        seed: int | None = None,
        request_id: str | None = None,
        deadline: float | None = None,
    ) -> Page:
        """Products without a query: similar to `product_id`, or for a user's home page.

        Raises: EmptorError where the product is not in the shop; see `search` for the rest.
        """
        if product_id is not None and self.view.row(product_id) is None:
            raise EmptorError(f"product {product_id[:80]!r} is not in the shop")
        return self._page(
            None,
            product_id=product_id,
            k=k,
            offset=offset,
            filters=parse_filters([filters] if isinstance(filters, str) else filters),
            sort="relevance",
            user_id=user_id,
            session_id=session_id,
            cascade=cascade,
            facets=False,
            seed=seed,
            request_id=request_id,
            deadline=deadline,
        )

    def suggest(self, prefix: str, *, k: int = 8) -> list[Suggested]:
        """Completions of a query that is being typed."""
        return self._assembled.suggester(prefix, k=k)

    def run(self, requests: Requests, *, cascade: str = "default") -> Outcome:
        """A batch without deadline, for evaluation and simulation."""
        return self._cascade(self._assembled, cascade).run(requests)

    def ranking(self, queries: Sequence[str], *, cascade: str = "default", depth: int = MAX_LIST) -> list[list[str]]:
        """product_ids of each query's list, best first and nothing explored: what `emptor evaluate` judges."""
        assembled = self._assembled
        runner = self._cascade(assembled, cascade)
        lists: list[list[str]] = []
        for start in range(0, len(queries), 256):
            requests = Requests.of(list(queries[start : start + 256]))
            candidates = runner.run(requests, exploring=False).candidates
            lists += [assembled.view.product_ids(candidates.row(at)[0][:depth]) for at in range(len(candidates))]
        return lists

    def explain(self, request_id: str) -> dict[str, Any] | None:
        """What happened to one of the last 10,000 requests, stage by stage; None when it is not known (any more)."""
        with self._lock:
            kept = self._kept.get(request_id)
        if kept is None:
            return None
        trace, ids = kept.trace, kept.ids.many
        stages = []
        for number, stage in enumerate(trace.stages):
            dropped = trace.dropped(number)
            columns = {name: [None if np.isnan(v) else float(v) for v in c] for name, c in stage.columns.items()}
            stages.append(
                {
                    "stage": stage.name,
                    "method": stage.method,
                    "ms": round(stage.ms, 3),
                    "budget_ms": stage.budget_ms,
                    "products": ids(stage.products),
                    "scores": [float(score) for score in stage.scores],
                    "columns": columns,
                    "dropped": ids(dropped),
                }
            )
        return {
            **trace.request,
            "cascade_hash": trace.cascade,
            "view": kept.view,
            "explored": trace.explored,
            "degraded": [own.as_dict() for own in trace.degraded],
            "stages": stages,
            "page": kept.shown,
        }

    # -- keeping up -----------------------------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take up a new generation, updates or synonyms; True if there was something new. Requests go on meanwhile."""
        with self._refreshing:
            view = self.shop.view()
            if view.id == self._assembled.view.id and not self._assembler.is_stale():
                return False
            before = self._assembled.view.generation
            self._assembled = self._assembler.assemble(view)
            if view.generation is not before:
                self._forget({before.number, view.generation.number})
            return True

    def _forget(self, numbers: set[int]) -> None:
        """Drop traces of older generations: they would keep deleted files on the disk."""
        with self._lock:
            old = [key for key, kept in self._kept.items() if int(kept.view.split(".")[0]) not in numbers]
            for key in old:
                del self._kept[key]

    # -- pages ----------------------------------------------------------------------------------------------------

    def _cascade(self, assembled: Assembled, name: str) -> Cascade:
        if name not in assembled.cascades:
            raise EmptorError(f"unknown cascade {name[:80]!r}; shop.toml has {', '.join(sorted(assembled.cascades))}")
        return assembled.cascades[name]

    def _page(
        self,
        query: str | None,
        *,
        product_id: str | None,
        k: int,
        offset: int,
        filters: Filters,
        sort: str,
        user_id: str | None,
        session_id: str | None,
        cascade: str,
        facets: bool,
        seed: int | None,
        request_id: str | None,
        deadline: float | None,
    ) -> Page:
        if k < 1 or offset < 0 or offset + k > MAX_LIST:
            raise EmptorError(
                f"k={k} and offset={offset}: expected k of at least 1, offset of at least 0, and a sum of at most "
                f"{MAX_LIST}"
            )
        if sort not in SORTS:
            raise EmptorError(f"unknown sort {sort[:80]!r}; there are {', '.join(SORTS)}")
        assembled = self._assembled
        view, runner = assembled.view, self._cascade(assembled, cascade)
        request_id = request_id or uuid.uuid4().hex
        now = time.time_ns() // 1000
        # All pages of a list must be cut from one shuffle: it is drawn for the visitor, not for the request. Without a
        # visitor, or under another order, nothing is explored and every propensity is 1.
        exploring = sort == "relevance" and (seed is not None or bool(session_id or user_id))
        if seed is None:
            seed = _seed(session_id or user_id or "", query, product_id, filters, cascade, now // EXPLORED_FOR_US)
        requests = Requests.of(
            [query],
            request_ids=[request_id],
            user_ids=[user_id],
            session_ids=[session_id],
            product_ids=[product_id],
            filters=[filters],
            now=now,
            k=k,
            offset=offset,
            seeds=[seed],
            cascade=cascade,
        )
        outcome = runner.run(requests, deadline=deadline, observe=self.observe, exploring=exploring)
        rows, scores = outcome.candidates.row(0)
        propensity = outcome.candidates.columns["propensity"][0]
        order = _sorted(view, rows, sort)
        shown = order[offset : offset + k]
        products = [view.card(int(row)) for row in rows[shown]]
        for product in products:
            if product["currency"] is None and product["price"] is not None:
                product["currency"] = self.shop.options.currency
        hits = [
            Hit(product, float(scores[at]), offset + place, float(propensity[at]))
            for place, (product, at) in enumerate(zip(products, shown, strict=True))
        ]
        depth = runner.options.stages[-1].depth
        degraded = list(outcome.degraded)
        counted = self._facets(assembled, runner, requests, rows, filters, deadline, degraded) if facets else []
        page = Page(
            request_id=request_id,
            query=query,
            results=hits,
            total=min(len(rows), MAX_LIST),
            total_is_capped=len(rows) >= min(depth, MAX_LIST),
            facets=counted,
            degraded=degraded,
            did_you_mean=assembled.lexical.read(query[:256]).meant if query else None,
            cascade=runner.hash,
            explored=bool(outcome.explored[0]),
            view=view.id,
        )
        self._keep(outcome.traces[0], view, page)
        return page

    def _facets(
        self,
        assembled: Assembled,
        runner: Cascade,
        requests: Requests,
        rows: np.ndarray,
        filters: Filters,
        deadline: float | None,
        degraded: list[Degraded],
    ) -> list[Facet]:
        """Facets of the list; an active filter's own facet is counted over the list without that filter.

        Where there is no time for that list, the facet is counted over the page's own, and `degraded` says so.
        """
        view = assembled.view
        own = sorted({clause.field for clause in filters})
        facets = [f for f in count_facets(view, rows, filters, None) if folded_field(f.field) not in own]
        for name in own:
            without = tuple(clause for clause in filters if clause.field != name)
            wider = Requests.of(
                [requests.query[0]],
                user_ids=[requests.user_id[0]],
                session_ids=[requests.session_id[0]],
                product_ids=[requests.product_id[0]],
                filters=[without],
                now=int(requests.now[0]),
                seeds=[int(requests.seed[0])],
                cascade=requests.cascade,
            )
            outcome = runner.run(wider, deadline=deadline, exploring=False)
            found = rows if outcome.degraded else outcome.candidates.row(0)[0]
            degraded += [Degraded(f"facet {name}", own.reason, None) for own in outcome.degraded]
            every = count_facets(view, found, filters, [name])
            facets += [facet for facet in every if folded_field(facet.field) == name]
        ranks = {"category": 0, "brand": 1, "price": 2, "in_stock": 9}
        # a facet keeps its place when it becomes active
        return sorted(facets, key=lambda facet: (ranks.get(facet.field, 5), facet.field))

    def _keep(self, trace: Trace, view: View, page: Page) -> None:
        kept = _Kept(trace, view.ids, view.id, [hit.product["product_id"] for hit in page.results])
        with self._lock:
            self._kept[page.request_id] = kept
            while len(self._kept) > self._keep_traces:
                self._kept.popitem(last=False)
        if self.on_trace is not None:
            self.on_trace(trace, view, page)


def _sorted(view: View, rows: np.ndarray, sort: str) -> np.ndarray:
    """Places of the list in the wanted order; what has no price or date stands last."""
    places = np.arange(len(rows))
    if sort == "relevance":
        return places
    if sort.startswith("price"):
        price = view.price[rows]
        key = np.where(np.isnan(price), np.inf, price if sort == "price_asc" else -price)
    elif sort == "newest":
        key = -view.listed_at[rows].astype(np.float64)
    else:
        key = -view.popularity[rows]
    return np.lexsort((places, key))


def _seed(*parts: object) -> int:
    """A number below 2**63 that depends on all parts."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "little") >> 1
