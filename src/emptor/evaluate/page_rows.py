"""Numbers of a stored report as the page's tables and charts share them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emptor.evaluate.charts import Bin

Entry = Mapping[str, Any]
"""An object of the report's JSON."""

KINDS_SHOWN = 12
QUERIES_SHOWN = 10
_STEPS = 10
_REACH = 4
_EQUAL = 1e-12
"""Differences below this are ties, as in the tests."""


@dataclass(frozen=True)
class Query:
    """One query's values of one metric: of the cascade in question and perhaps of the other."""

    query: str
    kind: str | None
    relevant: int
    values: tuple[float, ...]

    @property
    def difference(self) -> float:
        return self.values[0] - self.values[1]


def leading_metric(report: Entry) -> str:
    """The first metric that says how good a ranking is, by which queries are ordered; as `Report.leading`."""
    names = list(dict.fromkeys(figure["metric"] for figure in report["metrics"]))
    return next((name for name in names if not name.startswith("judged@")), names[0])


def figures_by_kind(report: Entry) -> tuple[dict[str, list[Entry]], int]:
    """(kind -> the leading metric's figures, one per cascade, for the kinds with most queries; how many are left)."""
    by_kind: dict[str, list[Entry]] = {}
    for figure in report["by_kind"]:
        if figure["metric"] == leading_metric(report):
            by_kind.setdefault(figure["kind"], []).append(figure)
    ordered = sorted(by_kind, key=lambda kind: (-by_kind[kind][0]["n"], kind))
    return {kind: by_kind[kind] for kind in ordered[:KINDS_SHOWN]}, max(0, len(ordered) - KINDS_SHOWN)


def losses_by_kind(losses: Entry) -> tuple[list[Entry], int]:
    """(counts of all queries, then of the kinds with most queries; how many kinds are left)."""
    ordered = sorted(losses["by_kind"], key=lambda counts: (-counts["queries"], counts["kind"]))
    return [losses["overall"], *ordered[:KINDS_SHOWN]], max(0, len(ordered) - KINDS_SHOWN)


def query_values(report: Entry) -> list[Query]:
    """The leading metric of the queries for which every cascade has a value."""
    metric, found = leading_metric(report), []
    for entry in report["per_query"]:
        values = [entry["values"].get(name, {}).get(metric) for name in report["cascades"]]
        if None not in values:
            found.append(Query(entry["query"], entry["kind"], entry["relevant"], tuple(values)))
    return found


def worst_queries(queries: Sequence[Query]) -> list[Query]:
    """The lowest of the first cascade; among equals the query with more relevant products is worse."""
    return sorted(queries, key=lambda own: (own.values[0], -own.relevant, own.query))[:QUERIES_SHOWN]


def largest_losses(queries: Sequence[Query]) -> list[Query]:
    """Where the first cascade is furthest behind the second."""
    behind = [own for own in queries if own.difference < 0]
    return sorted(behind, key=lambda own: (own.difference, own.query))[:QUERIES_SHOWN]


def value_bins(queries: Sequence[Query], series: int) -> list[Bin]:
    """Tenths of the scale from 0 to 1, the last with its end, and how many queries of each cascade lie there."""
    counts = [[0] * series for _ in range(_STEPS)]
    for own in queries:
        for at, value in enumerate(own.values):
            counts[min(int(value * _STEPS + _EQUAL), _STEPS - 1)][at] += 1
    return [Bin(step / _STEPS, (step + 1) / _STEPS, tuple(own)) for step, own in enumerate(counts)]


def difference_bins(queries: Sequence[Query]) -> tuple[list[Bin], int]:
    """(tenths as far as there are differences, at least _REACH both ways; how many queries tie, which no bin holds).

    The end of a bin that lies further from 0 belongs to it.
    """
    steps = [_step(own.difference) for own in queries]
    reach = max(_REACH, *map(abs, steps)) if any(steps) else 0
    bins = [step for step in range(-reach, reach + 1) if step]
    found = [
        Bin((step if step < 0 else step - 1) / _STEPS, (step + 1 if step < 0 else step) / _STEPS, (steps.count(step),))
        for step in bins
    ]
    return found, steps.count(0)


def _step(difference: float) -> int:
    """The bin of a difference: -1 from -0.1 to 0, 1 from 0 to 0.1, and so on; 0 for a tie."""
    if abs(difference) <= _EQUAL:
        return 0
    size = max(1, math.ceil(abs(difference) * _STEPS - _EQUAL))
    return size if difference > 0 else -size
