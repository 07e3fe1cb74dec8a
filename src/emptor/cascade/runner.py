"""Running a cascade: stages in order, one deadline for a served request, fallbacks, and a trace of it all."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from emptor.cascade.contract import Candidates, Requests, Stage, check_answer
from emptor.cascade.explore import explore
from emptor.cascade.trace import Degraded, StageTrace, Trace
from emptor.errors import EmptorError
from emptor.shop.config import CascadeOptions, StageOptions
from emptor.shop.view import View

log = logging.getLogger(__name__)

Builder = Callable[[View, StageOptions], Stage]
Methods = Mapping[str, Mapping[str, Builder]]
"""stage -> method -> what builds it for a view."""

Observer = Callable[[str, str, float], None]
"""Called with (stage, method, seconds) after each stage: the server's histograms."""


class Pace:
    """A stage's moving 95th percentile over its last runs; shared by all views, safe between threads."""

    def __init__(self, *, window: int = 128) -> None:
        self._times: deque[float] = deque(maxlen=window)
        self._lock = threading.Lock()

    def note(self, seconds: float) -> None:
        with self._lock:
            self._times.append(seconds)

    def skipped(self) -> None:
        """Forget the oldest time, so that a stage left out for slowness is tried again after a while."""
        with self._lock:
            if self._times:
                self._times.popleft()

    def p95(self) -> float:
        """Seconds; 0 before the first run."""
        with self._lock:
            times = sorted(self._times)
        return times[int(0.95 * (len(times) - 1))] if times else 0.0


@dataclass(frozen=True)
class Outcome:
    """The lists of a batch, and how they came about. explored [B] bool."""

    candidates: Candidates
    traces: tuple[Trace, ...]
    degraded: tuple[Degraded, ...]
    explored: np.ndarray


class Cascade:
    """A named cascade over one view.

    Same view + seed + requests and nothing degraded = same lists.

    Args:
        methods: what can be built, by stage and method.
        paces: moving times by stage/method, kept by the caller over views.
    Raises: EmptorError where shop.toml names a stage or method that there is none of.
    """

    def __init__(
        self,
        name: str,
        options: CascadeOptions,
        view: View,
        *,
        methods: Methods,
        paces: dict[str, Pace] | None = None,
    ) -> None:
        self.name, self.options, self.view = name, options, view
        self.hash = cascade_hash(options)
        self._paces = paces if paces is not None else {}
        self._stages = [(o, _build(name, o, o.method, view, methods)) for o in options.stages]
        self._fallbacks = [
            # the options are the method's own: a fallback is another method, and runs with its defaults
            _build(name, o.model_copy(update={"options": {}}), o.fallback, view, methods)
            if o.fallback is not None
            else None
            for o in options.stages
        ]

    @property
    def first(self) -> Stage | None:
        """The stage that finds candidates; None of a cascade without stages."""
        return self._stages[0][1] if self._stages else None

    def stage(self, name: str) -> Stage | None:
        """What runs as a stage, such as "rerank"; None where the cascade has none of that name."""
        return next((own for options, own in self._stages if options.stage == name), None)

    def run(
        self,
        requests: Requests,
        *,
        deadline: float | None = None,
        observe: Observer | None = None,
        exploring: bool | np.ndarray = True,
        traced: np.ndarray | None = None,
    ) -> Outcome:
        """Run a batch.

        Args:
            deadline: time.monotonic() by which a served request must be answered. None (evaluation, simulation):
                nothing is skipped, a stage that raises raises, and each answer is checked against the contract.
            exploring: False (or [B] bool) where a list is only counted or will be sorted anew, so that nothing is
                explored.
            traced: [B] bool, which requests are traced, where not all are: a simulation logs a share of its own.
        """
        candidates = Candidates.empty(len(requests))
        steps: list[tuple[StageOptions, str, float, Candidates]] = []
        degraded: list[Degraded] = []
        for number, (options, stage) in enumerate(self._stages):
            adds = number == 0 or bool(getattr(stage, "adds", False))
            before = candidates
            candidates, method, seconds = self._run_stage(number, requests, before, deadline, degraded)
            candidates = candidates.cut(options.depth)
            if deadline is None:
                check_answer(before, candidates, adds=adds, order=self.view.order, stage=options.stage)
            if observe is not None and method != "skipped":
                observe(options.stage, method, seconds)
            steps.append((options, method, seconds * 1000, candidates))
        candidates, explored = explore(requests, candidates, self.options.explore, exploring)
        places = range(len(requests)) if traced is None else np.flatnonzero(traced).tolist()
        traces = self._traces(requests, places, steps, degraded, explored)
        return Outcome(candidates, traces, tuple(degraded), explored)

    def _run_stage(
        self,
        number: int,
        requests: Requests,
        before: Candidates,
        deadline: float | None,
        degraded: list[Degraded],
    ) -> tuple[Candidates, str, float]:
        """One stage or what stands in for it: (answer, method that ran, seconds)."""
        options, stage = self._stages[number]
        pace = self._pace(options.stage, options.method)
        if deadline is None:
            start = time.perf_counter()
            return stage(requests, before), options.method, time.perf_counter() - start
        left = deadline - time.monotonic()
        if pace.p95() > left and not getattr(stage, "mandatory", False):
            pace.skipped()
            reason = f"its p95 of {pace.p95() * 1000:.0f} ms is more than the {max(left, 0) * 1000:.0f} ms left"
            return self._fall_back(number, requests, before, reason, degraded)
        start = time.perf_counter()
        try:
            answer = stage(requests, before)
        except Exception as error:  # whatever a stage raises, the page must go out
            log.exception("stage %s (%s) failed", options.stage, options.method)
            return self._fall_back(number, requests, before, f"it failed: {type(error).__name__}", degraded)
        seconds = time.perf_counter() - start
        pace.note(seconds)
        return answer, options.method, seconds

    def _fall_back(
        self, number: int, requests: Requests, before: Candidates, reason: str, degraded: list[Degraded]
    ) -> tuple[Candidates, str, float]:
        options, stage = self._stages[number][0], self._fallbacks[number]
        degraded.append(Degraded(options.stage, reason, options.fallback))
        if stage is None:
            return before, "skipped", 0.0
        start = time.perf_counter()
        try:
            return stage(requests, before), str(options.fallback), time.perf_counter() - start
        except Exception:
            log.exception("fallback %s of stage %s failed", options.fallback, options.stage)
            degraded.append(Degraded(options.stage, "its fallback failed too", None))
            return before, "skipped", 0.0

    def _pace(self, stage: str, method: str) -> Pace:
        return self._paces.setdefault(f"{stage}/{method}", Pace())

    def _traces(
        self,
        requests: Requests,
        places: Iterable[int],
        steps: Sequence[tuple[StageOptions, str, float, Candidates]],
        degraded: Sequence[Degraded],
        explored: np.ndarray,
    ) -> tuple[Trace, ...]:
        traces = []
        for at in places:
            stages = []
            for options, method, ms, candidates in steps:
                rows, scores = candidates.row(at)
                columns = {name: array[at, : len(rows)] for name, array in candidates.columns.items()}
                stages.append(StageTrace(options.stage, method, ms, options.budget_ms, rows, scores, columns))
            traces.append(Trace(requests.one(at), self.hash, tuple(stages), tuple(degraded), bool(explored[at])))
        return tuple(traces)


def cascade_hash(options: CascadeOptions) -> str:
    """Short name of exactly this cascade, for traces and events."""
    content = orjson.dumps(options.model_dump(), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def _build(cascade: str, options: StageOptions, method: str, view: View, methods: Methods) -> Stage:
    known = methods.get(options.stage)
    if known is None:
        raise EmptorError(f"cascade.{cascade}: unknown stage {options.stage!r}; there are {', '.join(sorted(methods))}")
    if method not in known:
        raise EmptorError(
            f"cascade.{cascade}, stage {options.stage}: unknown method {method!r}; there are {', '.join(sorted(known))}"
        )
    return known[method](view, options)
