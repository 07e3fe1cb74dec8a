"""The engine: a shop's cascades over its current view. What the server, the evaluation and a notebook all call.

Example:
    >>> engine = Engine.open("my-shop")
    >>> page = engine.search("angle bracket", k=5)
    >>> [hit.product["title"] for hit in page.results]
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from emptor.assembly import Assembled, Assembler
from emptor.cascade import MAX_LIST, Cascade, Outcome, Requests, Trace
from emptor.cascade.runner import Observer
from emptor.errors import EmptorError
from emptor.explain import Kept, KeptTraces, Step, explanation, follow
from emptor.facets import facets_of
from emptor.merchandise import Rules
from emptor.page import Ask, Hit, Options, Page, in_order, requests_of
from emptor.retrieve.channel import Excluded
from emptor.retrieve.suggest import Suggested
from emptor.shop.shop import Shop
from emptor.shop.taste import Taste
from emptor.shop.view import View

KEPT_TRACES = 10_000

log = logging.getLogger(__name__)


class Engine:
    """Answers requests over a shop. Safe between threads; `refresh` takes up what was published or updated.

    Args:
        keep_traces: how many requests can be explained afterwards.
        knows_users: read what is known of users at once, rather than when somebody first asks about one.
        at_once: build at once, too, what else is built when somebody first asks: whom a server answers waits for none.

    Attributes (set by a server):
        on_trace: called with (trace, view, page) after each page, for the log.
        observe: called with (stage, method, seconds) after each stage.
    """

    def __init__(
        self, shop: Shop, *, keep_traces: int = KEPT_TRACES, knows_users: bool = False, at_once: bool = False
    ) -> None:
        self.shop = shop
        self._kept = KeptTraces(keep_traces)
        self._refreshing = threading.Lock()
        self.on_trace: Callable[[Trace, View, Page], None] | None = None
        self.observe: Observer | None = None
        self._assembler = Assembler(shop, knows_users=knows_users, at_once=at_once)
        self._assembled = self._assembler.assemble(*shop.state())

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Engine:
        """Open a shop and build its cascades."""
        return cls(Shop.open(path))

    @property
    def view(self) -> View:
        return self._assembled.view

    @property
    def taste(self) -> Taste:
        """What is known of users, as of the live generation."""
        return self._assembled.taste

    @property
    def rules(self) -> Rules:
        """The merchandising rules in force."""
        return self._assembled.rules

    @property
    def rule_faults(self) -> tuple[str, ...]:
        """What of rules.json is not in force, and why: one sentence each."""
        return self._assembled.rule_faults

    @property
    def rule_notes(self) -> list[str]:
        """Rules in force that move nothing, since the shop does not have their product."""
        return self._assembled.rule_notes

    @property
    def cascades(self) -> dict[str, Cascade]:
        """The cascades by name; "default" is the promoted one, "initial" the one that shop.toml calls default."""
        return self._assembled.cascades

    @property
    def cascade_names(self) -> list[str]:
        """The names worth choosing from: "initial" only once it differs from "default"."""
        return self._assembled.names

    @property
    def known_cascades(self) -> str:
        """The names for an error: `default, second, initial (what shop.toml calls default)`."""
        return self._assembled.told_names

    @property
    def off(self) -> Mapping[str, str]:
        """Cascades of shop.toml that cannot be assembled, and why; asked for by name they are an error."""
        return self._assembled.off

    def cascade(self, name: str) -> Cascade:
        """A cascade by its name. Raises EmptorError for one that there is not, or that is off."""
        return self._assembled.cascade(name)

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

    def search(self, query: str, *, deadline: float | None = None, **options: Unpack[Options]) -> Page:
        """A page of results for a query; a blank query browses what is popular under the filters.

        Args:
            deadline: time.monotonic() to answer by; None takes the time it needs.
            options: see `page.Options`, such as k=10, filters=["price:10..50"], sort="newest".
        Raises: EmptorError for an unknown cascade or sort, a bad filter, or a slice behind the list's end.
        """
        return self.page(Ask.of(options, query=query), deadline=deadline)

    def recommend(
        self, *, product_id: str | None = None, deadline: float | None = None, **options: Unpack[Options]
    ) -> Page:
        """Products without a query: similar to `product_id`, or for a user's home page.

        Raises: EmptorError where the product is not in the shop; see `search` for the rest.
        """
        options.setdefault("facets", False)
        return self.page(Ask.of(options, product_id=product_id), deadline=deadline)

    def page(self, ask: Ask, *, deadline: float | None = None) -> Page:
        """The page of one request. Raises EmptorError, see `search`."""
        (answer,) = self.pages([ask], deadline=deadline)
        if isinstance(answer, EmptorError):
            raise answer
        return answer

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
                answers[at] = assembled.refusal(ask.cascade)
            else:
                by_cascade.setdefault(ask.cascade, []).append(at)
        made: list[tuple[Ask, Trace, Page]] = []
        for name, places in by_cascade.items():
            own = [asks[at] for at in places]
            pages = self._pages(own, assembled, assembled.cascades[name], deadline)
            for at, (trace, page) in zip(places, pages, strict=True):
                answers[at] = page
                made.append((asks[at], trace, page))
        # only now: where a cascade fails, the whole batch is asked again, and each request must be traced once
        for ask, trace, page in made:
            self._keep(trace, assembled, page, logged=ask.logged)
        return [answer for answer in answers if answer is not None]

    def suggest(self, prefix: str, *, k: int = 8) -> list[Suggested]:
        """Completions of a query that is being typed."""
        return self._assembled.suggester(prefix, k=k)

    def run(self, requests: Requests, *, cascade: str = "default", traced: np.ndarray | None = None) -> Outcome:
        """A batch without deadline, for evaluation and simulation; `traced` [B]: which requests are, if not all."""
        return self._assembled.cascade(cascade).run(requests, traced=traced)

    def ranking(self, queries: Sequence[str], *, cascade: str = "default", depth: int = MAX_LIST) -> list[list[str]]:
        """product_ids of each query's list, best first and nothing explored: what `emptor evaluate` judges."""
        assembled = self._assembled
        runner = assembled.cascade(cascade)
        lists: list[list[str]] = []
        now = time.time_ns() // 1000  # as a visitor's request would have it
        for start in range(0, len(queries), 256):
            requests = Requests.of(list(queries[start : start + 256]), now=now)
            candidates = runner.run(requests, exploring=False).candidates
            lists += [assembled.view.product_ids(candidates.row(at)[0][:depth]) for at in range(len(candidates))]
        return lists

    def traces(self, queries: Sequence[str], *, cascade: str = "default") -> tuple[View, tuple[Trace, ...]]:
        """A batch's way through a cascade, nothing explored, and the view whose rows the traces name."""
        assembled = self._assembled
        runner = assembled.cascade(cascade)
        requests = Requests.of(list(queries), now=time.time_ns() // 1000)
        return assembled.view, runner.run(requests, exploring=False).traces

    def blocked(self, query: str | None, rows: np.ndarray) -> np.ndarray:
        """Which of some products [n] (rows of the view) rules keep out of a search without filters: bool [n]."""
        assembled = self._assembled
        return Excluded(*assembled.blocks.of(query, ())).mask(assembled.view)[rows]

    def explain(self, request_id: str, *, private: bool = False) -> dict[str, Any] | None:
        """What happened to one of the last 10,000 requests, stage by stage; None when it is not known (any more).

        Args:
            private: with the authors and notes of rules, which are nobody's business outside.
        """
        kept = self._kept.get(request_id)
        return None if kept is None else explanation(kept, self._assembled, private=private)

    def follow(self, request_id: str, product_id: str) -> list[Step] | None:
        """One product's way through one of those requests, up to where it was lost; None for an unknown request."""
        kept = self._kept.get(request_id)
        return None if kept is None else follow(kept, product_id, self._assembled)

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
                self._kept.forget_but({before.number, view.generation.number})
            return True

    # -- pages ----------------------------------------------------------------------------------------------------

    def _pages(
        self, asks: Sequence[Ask], assembled: Assembled, runner: Cascade, deadline: float | None
    ) -> list[tuple[Trace, Page]]:
        """The pages of one cascade's requests, and how they came about."""
        view, now = assembled.view, time.time_ns() // 1000
        requests = requests_of(asks, now=now)
        exploring = np.array([ask.explores for ask in asks])
        outcome = runner.run(requests, deadline=deadline, observe=self.observe, exploring=exploring)
        lists = [outcome.candidates.row(at) for at in range(len(asks))]
        degraded = [list(outcome.degraded) for _ in asks]
        facets = facets_of(
            runner,
            requests,
            [rows for rows, _ in lists],
            [at for at, ask in enumerate(asks) if ask.facets],
            deadline=deadline,
            degraded=degraded,
        )
        depth = runner.options.stages[-1].depth
        pages = []
        for at, (ask, (rows, scores)) in enumerate(zip(asks, lists, strict=True)):
            propensity = outcome.candidates.columns["propensity"][at]
            shown = in_order(view, rows, ask.sort)[ask.offset : ask.offset + ask.k]
            found = zip(
                self._cards(view, rows[shown].tolist()),
                scores[shown].tolist(),
                propensity[shown].tolist(),
                strict=True,
            )
            page = Page(
                request_id=requests.request_id[at],
                query=ask.query,
                results=[
                    Hit(product, score, ask.offset + place, chance)
                    for place, (product, score, chance) in enumerate(found)
                ],
                total=min(len(rows), MAX_LIST),
                total_is_capped=len(rows) >= min(depth, MAX_LIST) or _is_full(outcome.traces[at], runner),
                facets=facets[at],
                degraded=degraded[at],
                did_you_mean=assembled.lexical.reader.read(ask.query, ask.filters).meant if ask.query else None,
                cascade=runner.hash,
                explored=bool(outcome.explored[at]),
                view=view.id,
            )
            pages.append((outcome.traces[at], page))
        return pages

    def _cards(self, view: View, rows: Sequence[int]) -> list[dict[str, Any]]:
        products = [view.card(row) for row in rows]
        for product in products:
            if product["currency"] is None and product["price"] is not None:
                product["currency"] = self.shop.options.currency
        return products

    def _keep(self, trace: Trace, assembled: Assembled, page: Page, *, logged: bool) -> None:
        shown = [hit.product["product_id"] for hit in page.results]
        self._kept.add(page.request_id, Kept.of(trace, assembled, shown))
        if logged and self.on_trace is not None:
            self.on_trace(trace, assembled.view, page)


def _is_full(trace: Trace, runner: Cascade) -> bool:
    """Whether retrieval found as many as it may: a list that rules have shortened since is still one of more."""
    return len(trace.stages[0].products) >= runner.options.stages[0].depth
