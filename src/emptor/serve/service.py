"""The server's life behind its routes: opening the shop, warming up, taking up what is published, closing."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from threadpoolctl import threadpool_limits

from emptor.cascade import Trace
from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.merchandise import NAME as RULES
from emptor.page import Page
from emptor.serve.answers import page_json
from emptor.serve.errors import Unavailable
from emptor.serve.fault import Fault
from emptor.serve.metrics import Metrics
from emptor.serve.overload import Gate, LoopLag
from emptor.serve.served import Recent, Served
from emptor.serve.traces import TraceLog
from emptor.serve.warmup import Asked, warm_up
from emptor.shop.shop import Shop
from emptor.shop.view import View
from emptor.turn import taking_turns

log = logging.getLogger(__name__)

REFRESH_S = 0.25
GIVES_WAY_S = 2e-5
"""How soon the thread that takes up a new generation lets go of the interpreter where a request waits for it."""
TIDY_S = 3600.0
"""Events stay this long in the online log, and are moved this often."""
PICTURE_THREADS, EVENT_THREADS, LAB_THREADS = 2, 8, 2
LAB_WAIT_S = 20.0
CLOSE_S = 30.0
NOTED = 20
MAX_TOLD = 3
"""Rules that are left out and named in a warning; the lab and `emptor check` name all."""


class Service:
    """One shop being served. `start` returns at once; requests are answered from `ready` on.

    Args:
        shop: folder of the shop.
        on_ready: called once, from another thread, when requests are answered.
        on_failure: called instead, with the reason, where the shop cannot be opened.
        with_shoppers: visitors may shop as a user of the log; None: where shop.toml says so.
    Raises: EmptorError where there is no shop.
    """

    def __init__(
        self,
        shop: Path,
        *,
        on_ready: Callable[[], None] = lambda: None,
        on_failure: Callable[[Exception], None] = lambda error: None,
        with_shoppers: bool | None = None,
    ) -> None:
        self.shop = Shop.open(shop)
        self.metrics = Metrics()
        self.recent = Recent()
        self.failure: str | None = None
        self._fault = Fault()
        self._on_ready, self._on_failure = on_ready, on_failure
        self._engine: Engine | None = None
        self._traces: TraceLog | None = None
        self._ready = False
        self._noted: set[str] = set()
        self._noted_of: tuple[int, str] | None = None
        self._noted_off: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="emptor-shop", daemon=True)
        self.lag = LoopLag()
        options = self.shop.options.serve
        self.with_shoppers = options.shoppers if with_shoppers is None else with_shoppers
        self.searches = self._gate("search", options.threads, around=taking_turns)
        self.pictures = self._gate("pictures", PICTURE_THREADS)
        self.appends = self._gate("events", EVENT_THREADS)
        # nobody waits behind a long look at the log without an answer, and a grade is worth waiting for
        self.labs = Gate("lab", threads=LAB_THREADS, max_waiting=options.max_waiting, max_wait_s=LAB_WAIT_S)

    def _gate(
        self, name: str, threads: int, *, around: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> Gate:
        options = self.shop.options.serve
        return Gate(
            name,
            threads=threads,
            max_waiting=options.max_waiting,
            max_wait_s=options.max_wait_ms / 1000,
            target_s=options.target_wait_ms / 1000,
            on_shed=self.metrics.shed.labels(name).inc,
            lag=self.lag,
            around=around,
        )

    # -- asked by routes--------------------------------------------------------------------------------------

    def sheds(self) -> bool:
        """Whether a search that comes in now must be turned away; counts it where it is."""
        return self.ready and self.searches.refuses()

    @property
    def ready(self) -> bool:
        return self._ready and not self._stop.is_set()

    @property
    def warning(self) -> str | None:
        """What could not be taken up, so that an older state or a part is served; None where all is as on the disk."""
        rules = () if self._engine is None else self._engine.rule_faults
        off = () if self._engine is None else _off(self._engine)
        more = (f"and {len(rules) - MAX_TOLD:,} more rules are left out",) if len(rules) > MAX_TOLD else ()
        told = (self.shop.options_fault or self._fault.text, *rules[:MAX_TOLD], *more, *off)
        return "; ".join(own for own in told if own) or None

    @property
    def engine(self) -> Engine:
        """The engine. Raises Unavailable before warm-up has ended."""
        if self._engine is None or not self.ready:
            raise Unavailable(self.failure or "the shop is being opened; try again in a moment")
        return self._engine

    # -- life-------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to open the shop."""
        self._thread.start()

    def stop(self) -> None:
        """Finish running requests, write what is queued, close the shop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)
        for gate in (self.searches, self.pictures, self.appends, self.labs):
            gate.close()
        if self._traces is not None:
            self._traces.close()
        self.shop.close()

    def _live(self) -> None:
        try:
            self._open()
        except Exception as error:
            if not isinstance(error, EmptorError):
                log.exception("the shop could not be opened")
            self.failure = f"the shop cannot be served: {error}"
            self._on_failure(error)
            return
        if self._stop.is_set():
            return
        self._on_ready()
        tidied = time.monotonic()
        while not self._stop.wait(REFRESH_S):
            self._refresh()
            if time.monotonic() - tidied > TIDY_S:
                self._tidy()
                tidied = time.monotonic()

    def _open(self) -> None:
        engine = Engine(self.shop, knows_users=self.with_shoppers, at_once=True)
        _one_thread_each()
        _ = self.shop.events  # opened here, so that a damaged log is known before anybody sends events
        warm_up(engine, lambda asked: _answer(engine, asked), stopped=self._stop.is_set)
        self._traces = TraceLog(
            self.shop.path,
            self.shop.options.log,
            count=lambda outcome, traces: self.metrics.traces.labels(outcome).inc(traces),
        )
        engine.on_trace = self._served
        engine.observe = self.metrics.stage
        self.metrics.generation.set_function(lambda: engine.view.generation.number)
        self.metrics.products.set_function(lambda: engine.view.count)
        self.metrics.ready.set_function(lambda: self.ready)
        self.shop.ready_for_updates()
        _calm_collector()
        self._interval = sys.getswitchinterval()
        self._engine = engine
        self._ready = True
        self._note_rules()
        self._note_off()

    def _note_rules(self) -> None:
        """Tell the log of rules that move nothing, each once; the engine itself tells of those left out."""
        assert self._engine is not None
        state = self._engine.view.generation.number, self._engine.rules.digest
        if state == self._noted_of:
            return
        notes, self._noted_of = self._engine.rule_notes, state
        news = [own for own in notes if own not in self._noted]
        for note in news[:NOTED]:
            log.warning("%s, %s", RULES, note)
        if len(news) > NOTED:
            log.warning("%s: %s more rules are for products that the shop does not have", RULES, len(news) - NOTED)
        self._noted = set(notes)

    def _note_off(self) -> None:
        """Tell the log of cascades that are off, each once for each reason, and of those that are no longer."""
        assert self._engine is not None
        off = dict(self._engine.off)
        for name, why in off.items():
            if self._noted_off.get(name) != why:
                log.warning("cascade %r is off: %s", name, why)
        for name in self._noted_off.keys() - off.keys() & self._engine.cascades.keys():
            log.info("cascade %r is taken up", name)
        self._noted_off = off

    def _refresh(self) -> None:
        """Take up a new manifest; whatever goes wrong, the old state goes on serving."""
        assert self._engine is not None
        seen = Fault.state(self.shop.path)
        try:
            with self._giving_way():
                is_new = self._engine.refresh()
            if is_new:
                self.shop.ready_for_updates()
                _one_thread_each()
                log.info("serving generation %s", self._engine.view.id)
                self._note_rules()
                self._note_off()
            self._fault.passed(seen, is_new=is_new)
        except Exception as error:
            if self._fault.is_news(str(error), seen):
                log.warning(
                    "the shop could not be refreshed, the old state is served: %s",
                    error,
                    exc_info=not isinstance(error, EmptorError),  # whose sentence says all there is to say
                )

    @contextmanager
    def _giving_way(self) -> Iterator[None]:
        """Let threads that wait for the interpreter have it at once: to read a new generation is long work in Python,
        and a request, which asks for the interpreter again after each call of a network, would stand in line each time.
        """
        sys.setswitchinterval(min(self._interval, GIVES_WAY_S))
        try:
            yield
        finally:
            sys.setswitchinterval(self._interval)

    def _tidy(self) -> None:
        """Move older events to Parquet and forget the ids of those that are too old to be repeated."""
        try:
            self.shop.events.rollup(keep_seconds=TIDY_S)
            self.shop.events.forget_ids()
        except Exception as error:
            log.warning("the event log could not be rolled up: %s", error, exc_info=True)

    def _served(self, trace: Trace, view: View, page: Page) -> None:
        served = Served.of(page, trace.request["scenario"], trace.request["user_id"])
        self.recent.add(page.request_id, served)
        for own in page.degraded:
            self.metrics.degraded.labels(own.stage).inc()
        if self._traces is not None:
            self._traces.put(trace, view, served)


def _off(engine: Engine) -> tuple[str, ...]:
    """The cascades that nobody can ask for, and why."""
    return tuple(f"cascade {name!r} is off: {why}" for name, why in engine.off.items())


def _answer(engine: Engine, asked: Asked) -> bytes:
    """A request of the warm-up, up to the bytes of its answer."""
    if asked.product_id is not None:
        return page_json(engine.recommend(product_id=asked.product_id, filters=asked.filters))
    return page_json(engine.search(asked.query or "", filters=asked.filters))


def _calm_collector() -> None:
    """Let the garbage collector look less often: a request makes thousands of short-lived tuples and no cycles, and
    walking all that a server remembers for each few of them would cost more than the requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def _one_thread_each() -> None:
    """Requests are what runs in parallel here; threads that a library brings along would be in the way. Those of matrix
    products are the worst: between two of a request they wait in a loop that takes a core whole.
    """
    threadpool_limits(1, user_api="blas")
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)
    if (faiss := sys.modules.get("faiss")) is not None:
        faiss.omp_set_num_threads(1)
