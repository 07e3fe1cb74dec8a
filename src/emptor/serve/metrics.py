"""Prometheus metrics of one server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counters and histograms in a registry of their own, so that several servers fit into one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, namespace="emptor", registry=self.registry)
        gauge = partial(Gauge, namespace="emptor", registry=self.registry)
        histogram = partial(Histogram, namespace="emptor", registry=self.registry, buckets=_SECONDS)
        self._requests = counter("requests", "Requests answered.", ["route", "status"])
        self._latency = histogram("request_seconds", "From a request's head to its answer's end.", ["route"])
        self._stages = histogram("stage_seconds", "Time of one stage of a cascade.", ["stage", "method"])
        self.shed = counter("shed", "Requests turned away for overload.", ["gate"])
        self.events = counter("events", "Events received.", ["status"])
        self.degraded = counter("degraded", "Stages that did not run as declared.", ["stage"])
        self.traces = counter("traces", "Traces for the log: written, dropped (queue full) or failed.", ["outcome"])
        self.generation = gauge("generation", "The published generation that is served.")
        self.products = gauge("products", "Products that are served.")
        self.ready = gauge("ready", "1 once requests are answered.")
        self._counted: dict[tuple[str, int], Callable[[], None]] = {}
        self._timed: dict[str, Callable[[float], None]] = {}
        self._staged: dict[tuple[str, str], Callable[[float], None]] = {}

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route`: the route's pattern, never the path itself."""
        count = self._counted.get((route, status))
        if count is None:
            count = self._counted[route, status] = self._requests.labels(route, str(status)).inc
        count()
        time_it = self._timed.get(route)
        if time_it is None:
            time_it = self._timed[route] = self._latency.labels(route).observe
        time_it(seconds)

    def stage(self, stage: str, method: str, seconds: float) -> None:
        """Observe one run of a stage: the engine's observer."""
        observe = self._staged.get((stage, method))
        if observe is None:
            observe = self._staged[stage, method] = self._stages.labels(stage, method).observe
        observe(seconds)

    def render(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self.registry)
