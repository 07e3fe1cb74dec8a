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
from typing import Any

import numpy as np

from emptor.assembly import Assembled, Assembler
from emptor.cascade import MAX_LIST, Cascade, Degraded, Outcome, Requests, Trace
from emptor.cascade.runner import Observer
from emptor.errors import EmptorError
from emptor.explain import Kept, Step, explanation, follow
from emptor.facets import Facet, count_facets, folded_field
from emptor.merchandise import Rules
from emptor.page import Ask, Hit, Page
from emptor.retrieve.suggest import Suggested
from emptor.shop.filters import parse_filters
from emptor.shop.shop import Shop
from emptor.shop.view import View

KEPT_TRACES = 10_000
EXPLORED_FOR_US = 3_600_000_000
"""A visitor who asks the same again within the hour sees the same shuffle."""

log = logging.getLogger(__name__)


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
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._keep_traces = keep_traces
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self.on_trace: Callable[[Trace, View, Page], None] | None = None
        self.observe: Observer | None = None
        self._assembler = Assembler(shop)
        self._assembled = self._assembler.assemble(*shop.state())

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Engine:
        """Open a shop and build its cascades."""
        return cls(Shop.open(path))

    @property
    def view(self) -> View:
        return self._assembled.view

    @property
    def rules(self) -> Rules:
        """The merchandising rules in force."""
        return self._assembled.rules

    @property
    def cascades(self) -> dict[str, Cascade]:
        """The cascades by name; "default" is the promoted one."""
        return self._assembled.cascades

    @property
    def promoted(self) -> str:
        """The cascade of shop.toml that "default" stands for."""
        return self._assembled.promoted

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
        return self._one(
            Ask(
                query=query if query.strip() else None,
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
            ),
            deadline,
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
        return self._one(
            Ask(
                product_id=product_id,
                k=k,
                offset=offset,
                filters=parse_filters([filters] if isinstance(filters, str) else filters),
                user_id=user_id,
                session_id=session_id,
                cascade=cascade,
                facets=False,
                seed=seed,
                request_id=request_id,
            ),
            deadline,
        )

    def pages(self, asks: Sequence[Ask], *, deadline: float | None = None) -> list[Page | EmptorError]:
        """Answer several requests in one batch: each gets its page, or the error that is its own.

        The pages are those that each request would get alone; under load a batch takes less than its requests would
        one by one.
        """
        assembled = self._assembled  # one for all: no page mixes two states
        answers: list[Page | EmptorError | None] = [None] * len(asks)
        by_cascade: dict[str, list[int]] = {}
        for at, ask in enumerate(asks):
            if ask.product_id is not None and assembled.view.row(ask.product_id) is None:
                answers[at] = EmptorError(f"product {ask.product_id[:80]!r} is not in the shop")
            elif ask.cascade not in assembled.cascades:
                answers[at] = _unknown_cascade(ask.cascade, assembled)
            else:
                by_cascade.setdefault(ask.cascade, []).append(at)
        for name, places in by_cascade.items():
            pages = self._pages([asks[at] for at in places], assembled, assembled.cascades[name], deadline)
            for at, page in zip(places, pages, strict=True):
                answers[at] = page
        return [answer for answer in answers if answer is not None]

    def _one(self, ask: Ask, deadline: float | None) -> Page:
        (answer,) = self.pages([ask], deadline=deadline)
        if isinstance(answer, EmptorError):
            raise answer
        return answer

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

    def traces(self, queries: Sequence[str], *, cascade: str = "default") -> tuple[View, tuple[Trace, ...]]:
        """A batch's way through a cascade, nothing explored, and the view whose rows the traces name."""
        assembled = self._assembled
        runner = self._cascade(assembled, cascade)
        return assembled.view, runner.run(Requests.of(list(queries)), exploring=False).traces

    def explain(self, request_id: str, *, private: bool = False) -> dict[str, Any] | None:
        """What happened to one of the last 10,000 requests, stage by stage; None when it is not known (any more).

        Args:
            private: with the authors and notes of rules, which are nobody's business outside.
        """
        kept = self._kept_trace(request_id)
        return None if kept is None else explanation(kept, private=private)

    def follow(self, request_id: str, product_id: str) -> list[Step] | None:
        """One product's way through one of those requests, up to where it was lost; None for an unknown request."""
        kept = self._kept_trace(request_id)
        return None if kept is None else follow(kept, product_id, self._assembled)

    def _kept_trace(self, request_id: str) -> Kept | None:
        with self._lock:
            return self._kept.get(request_id)

    # -- keeping up -----------------------------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Take up a new generation, updates, rules, synonyms, settings or another default cascade.

        Requests go on meanwhile. Returns: whether there was something new.
        """
        with self._refreshing:
            self.shop.reread_options()
            view, manifest = self.shop.state()
            if view.id == self._assembled.view.id and not self._assembler.is_stale(manifest):
                return False
            before = self._assembled.view.generation
            self._assembled = self._assembler.assemble(view, manifest)
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
            raise _unknown_cascade(name, assembled)
        return assembled.cascades[name]

    def _pages(self, asks: Sequence[Ask], assembled: Assembled, runner: Cascade, deadline: float | None) -> list[Page]:
        """The pages of one cascade's requests."""
        view, now = assembled.view, time.time_ns() // 1000
        requests = _requests(asks, now=now)
        exploring = np.array([_is_explored(ask) for ask in asks])
        outcome = runner.run(requests, deadline=deadline, observe=self.observe, exploring=exploring)
        lists = [outcome.candidates.row(at) for at in range(len(asks))]
        degraded = [list(outcome.degraded) for _ in asks]
        facets = self._facets(asks, assembled, runner, requests, [rows for rows, _ in lists], deadline, degraded)
        depth = runner.options.stages[-1].depth
        pages = []
        for at, (ask, (rows, scores)) in enumerate(zip(asks, lists, strict=True)):
            propensity = outcome.candidates.columns["propensity"][at]
            shown = _sorted(view, rows, ask.sort)[ask.offset : ask.offset + ask.k]
            page = Page(
                request_id=requests.request_id[at],
                query=ask.query,
                results=[
                    Hit(product, score, ask.offset + place, chance)
                    for place, (product, score, chance) in enumerate(
                        zip(
                            self._cards(view, rows[shown].tolist()),
                            scores[shown].tolist(),
                            propensity[shown].tolist(),
                            strict=True,
                        )
                    )
                ],
                total=min(len(rows), MAX_LIST),
                total_is_capped=len(rows) >= min(depth, MAX_LIST) or _is_full(outcome.traces[at], runner),
                facets=facets[at],
                degraded=degraded[at],
                did_you_mean=assembled.lexical.read(ask.query[:256]).meant if ask.query else None,
                cascade=runner.hash,
                explored=bool(outcome.explored[at]),
                view=view.id,
            )
            self._keep(outcome.traces[at], assembled, page, logged=ask.logged)
            pages.append(page)
        return pages

    def _cards(self, view: View, rows: Sequence[int]) -> list[dict[str, Any]]:
        products = [view.card(row) for row in rows]
        for product in products:
            if product["currency"] is None and product["price"] is not None:
                product["currency"] = self.shop.options.currency
        return products

    def _facets(
        self,
        asks: Sequence[Ask],
        assembled: Assembled,
        runner: Cascade,
        requests: Requests,
        lists: Sequence[np.ndarray],
        deadline: float | None,
        degraded: list[list[Degraded]],
    ) -> list[list[Facet]]:
        """Facets of each list; an active filter's own facet is counted over the list without that filter.

        Where there is no time for that list, the facet is counted over the page's own, and `degraded` says so.
        """
        view, facets = assembled.view, [list[Facet]() for _ in asks]
        wanted = [at for at, ask in enumerate(asks) if ask.facets]
        if not wanted:
            return facets
        counted = count_facets(view, [lists[at] for at in wanted], [asks[at].filters for at in wanted])
        for at, every in zip(wanted, counted, strict=True):
            filters = asks[at].filters
            own = sorted({clause.field for clause in filters})
            facets[at] = [facet for facet in every if folded_field(facet.field) not in own]
            for name in own:
                without = tuple(clause for clause in filters if clause.field != name)
                wider = requests.rows(slice(at, at + 1), filters=[without])
                outcome = runner.run(wider, deadline=deadline, exploring=False)
                found = lists[at] if outcome.degraded else outcome.candidates.row(0)[0]
                degraded[at] += [Degraded(f"facet {name}", own.reason, None) for own in outcome.degraded]
                (alone,) = count_facets(view, [found], [filters], [name])
                facets[at] += [facet for facet in alone if folded_field(facet.field) == name]
            # a facet keeps its place when it becomes active
            facets[at].sort(key=lambda facet: (_RANKS.get(facet.field, 5), facet.field))
        return facets

    def _keep(self, trace: Trace, assembled: Assembled, page: Page, *, logged: bool) -> None:
        view = assembled.view
        kept = Kept(trace, view.ids, view.id, [hit.product["product_id"] for hit in page.results], assembled.rules)
        with self._lock:
            self._kept[page.request_id] = kept
            while len(self._kept) > self._keep_traces:
                self._kept.popitem(last=False)
        if logged and self.on_trace is not None:
            self.on_trace(trace, view, page)


_RANKS = {"category": 0, "brand": 1, "price": 2, "in_stock": 9}


def _unknown_cascade(name: str, assembled: Assembled) -> EmptorError:
    return EmptorError(f"unknown cascade {name[:80]!r}; shop.toml has {', '.join(sorted(assembled.cascades))}")


def _requests(asks: Sequence[Ask], *, now: int) -> Requests:
    """A batch of one cascade's requests.

    All pages of a list must be cut from one shuffle: its seed is drawn for the visitor, not for the request.
    """
    hour = now // EXPLORED_FOR_US
    return Requests.of(
        [ask.query for ask in asks],
        request_ids=[ask.request_id or uuid.uuid4().hex for ask in asks],
        user_ids=[ask.user_id for ask in asks],
        session_ids=[ask.session_id for ask in asks],
        product_ids=[ask.product_id for ask in asks],
        filters=[ask.filters for ask in asks],
        now=now,
        k=[ask.k for ask in asks],
        offset=[ask.offset for ask in asks],
        seeds=[
            ask.seed
            if ask.seed is not None
            else _seed(ask.session_id or ask.user_id or "", ask.query, ask.product_id, ask.filters, ask.cascade, hour)
            for ask in asks
        ],
        cascade=asks[0].cascade,
    )


def _is_full(trace: Trace, runner: Cascade) -> bool:
    """Whether retrieval found as many as it may: a list that rules have shortened since is still one of more."""
    return len(trace.stages[0].products) >= runner.options.stages[0].depth


def _is_explored(ask: Ask) -> bool:
    """Without a visitor, or under another order, nothing is explored and every propensity is 1."""
    return ask.sort == "relevance" and (ask.seed is not None or bool(ask.session_id or ask.user_id))


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
