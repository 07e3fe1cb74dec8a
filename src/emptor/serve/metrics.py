"""Prometheus metrics of one server."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counters and histograms in a registry of their own, so that several servers fit into one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        own = {"namespace": "emptor", "registry": self.registry}
        self._requests = Counter("requests", "Requests answered.", ["route", "status"], **own)  # type: ignore[arg-type]
        self._latency = Histogram(
            "request_seconds", "From the request's head to the answer's end.", ["route"], buckets=_SECONDS, **own  # type: ignore[arg-type]
        )
        self._stages = Histogram(
            "stage_seconds", "Time of one stage of a cascade.", ["stage", "method"], buckets=_SECONDS, **own  # type: ignore[arg-type]
        )
        self.shed = Counter("shed", "Requests turned away for overload.", ["gate"], **own)  # type: ignore[arg-type]
        self.events = Counter("events", "Events received.", ["status"], **own)  # type: ignore[arg-type]
        self.degraded = Counter("degraded", "Stages that did not run as declared.", ["stage"], **own)  # type: ignore[arg-type]
        self.traces = Counter("traces", "Traces for the log: written, dropped or failed.", ["outcome"], **own)  # type: ignore[arg-type]
        self.generation = Gauge("generation", "The published generation that is served.", **own)  # type: ignore[arg-type]
        self.products = Gauge("products", "Products that are served.", **own)  # type: ignore[arg-type]
        self.ready = Gauge("ready", "1 once requests are answered.", **own)  # type: ignore[arg-type]
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
