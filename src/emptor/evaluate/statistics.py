"""How sure a mean or a difference is, given the queries at hand. Queries are what is drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from emptor.evaluate.metrics import Metric
from emptor.evaluate.runs import Result

RESAMPLES = 2_000
FLIPS = 10_000
_CELLS = 4_000_000
"""Random numbers held at a time."""
_EQUAL = 1e-12
"""Differences below this are ties."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The mean of one metric over `n` queries, of one kind or (None) of all.

    `low`, `high`: 95% percentile bootstrap interval; None below two queries, as is `mean` below one.
    """

    metric: Metric
    kind: str | None
    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Paired difference a - b of one metric over the `n` queries for which both have a value.

    `low`, `high`: 95% percentile bootstrap interval of the mean difference. `p`: two-sided, from a paired
    randomisation test that flips the sign of each query's difference; `p_holm`: after Holm's correction over
    the metrics compared together. `wins`: queries on which a is better. `unpaired`: queries with one value.
    """

    metric: Metric
    diff: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    wins: int
    ties: int
    losses: int
    n: int
    unpaired: int


def summarise(result: Result, *, seed: int = 0, resamples: int = RESAMPLES, by_kind: bool = False) -> list[Summary]:
    """Mean and interval per metric over all queries, or with `by_kind` per metric and kind of query."""
    kinds = result.judgements.queries.select("query_id", "kind")
    summaries = []
    for metric in result.metrics:
        values = result.values(metric)
        if not by_kind:
            summaries.append(_summary(metric, None, values["value"].to_numpy(), seed, resamples))
            continue
        parts = values.join(kinds, on="query_id", maintain_order="left").drop_nulls("kind").sort("kind", "query_id")
        for (kind,), part in parts.group_by("kind", maintain_order=True):
            summaries.append(_summary(metric, str(kind), part["value"].to_numpy(), seed, resamples))
    return summaries


def _summary(metric: Metric, kind: str | None, values: Floats, seed: int, resamples: int) -> Summary:
    low, high = bootstrap(values, seed=seed, resamples=resamples)
    mean = float(values.mean()) if len(values) else None
    return Summary(metric=metric, kind=kind, mean=mean, low=low, high=high, n=len(values))


def bootstrap(values: Floats, *, seed: int, resamples: int = RESAMPLES) -> tuple[float | None, float | None]:
    """95% percentile interval of the mean of `values` [n]; (None, None) below two values."""
    n = len(values)
    if n < 2:
        return None, None
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    block = max(1, _CELLS // n)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        means[start : start + rows] = values[rng.integers(n, size=(rows, n), dtype=np.int32)].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def compare(a: Result, b: Result, *, seed: int = 0, resamples: int = RESAMPLES, flips: int = FLIPS) -> list[Comparison]:
    """Compare two systems on the metrics that both were measured on, query by query.

    A query counts only where both have a value. Metrics that describe the judgements and not the ranking
    (judged@k) are not tested, so that they do not weaken the correction.

    Raises: ValueError when the results treat unjudged products differently or `flips` is below 1.
    """
    if a.unjudged != b.unjudged:
        raise ValueError(f"{a.name} has unjudged products {a.unjudged}, {b.name} has them {b.unjudged}")
    if flips < 1:
        raise ValueError(f"flips is {flips}: expected at least 1")
    metrics = [metric for metric in a.metrics if metric in b.metrics and metric.is_quality]
    pairs = {
        metric: a.values(metric).join(b.values(metric), on="query_id", how="full", suffix="_b", coalesce=True)
        for metric in metrics
    }
    paired = {metric: frame.drop_nulls().sort("query_id") for metric, frame in pairs.items()}
    differences = {metric: (frame["value"] - frame["value_b"]).to_numpy() for metric, frame in paired.items()}
    p_values = {metric: sign_flip_p(found, seed=seed, flips=flips) for metric, found in differences.items()}
    tested = [metric for metric in metrics if p_values[metric] is not None]
    corrected = dict(zip(tested, holm([p_values[metric] or 0.0 for metric in tested]), strict=True))
    comparisons = []
    for metric in metrics:
        found = differences[metric]
        low, high = bootstrap(found, seed=seed, resamples=resamples)
        comparisons.append(
            Comparison(
                metric=metric,
                diff=float(found.mean()) if len(found) else None,
                low=low,
                high=high,
                p=p_values[metric],
                p_holm=corrected.get(metric),
                wins=int((found > _EQUAL).sum()),
                ties=int((np.abs(found) <= _EQUAL).sum()),
                losses=int((found < -_EQUAL).sum()),
                n=len(found),
                unpaired=pairs[metric].height - paired[metric].height,
            )
        )
    return comparisons


def sign_flip_p(differences: Floats, *, seed: int, flips: int = FLIPS) -> float | None:
    """Two-sided p of a mean difference of 0, under which every query's difference is as likely reversed.

    Of `flips` random reversals, the share (the observed one counted in) whose mean is as far from 0 as the
    observed mean; so p is at least 1 / (flips + 1). None without a query.
    """
    moved = differences[np.abs(differences) > _EQUAL]  # a tie stays a tie whichever way it is flipped
    if not len(differences):
        return None
    if not len(moved):
        return 1.0
    rng = np.random.default_rng(seed)
    observed = abs(moved.sum()) - 1e-9 * np.abs(moved).sum()
    width = (len(moved) + 7) // 8
    block = max(1, _CELLS // len(moved))
    as_far = 0
    for start in range(0, flips, block):
        packed = rng.integers(256, size=(min(block, flips - start), width), dtype=np.uint8)
        kept = np.unpackbits(packed, axis=1, count=len(moved))
        sums = 2 * (kept.astype(np.float64) @ moved) - moved.sum()
        as_far += int((np.abs(sums) >= observed).sum())
    return (as_far + 1) / (flips + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979): p-values in the given order, corrected for their number."""
    p = pl.Series(p_values, dtype=pl.Float64)
    order = p.arg_sort()
    steps = p.gather(order) * pl.Series(range(len(p), 0, -1), dtype=pl.Float64)
    corrected = np.empty(len(p))
    corrected[order.to_numpy()] = np.minimum(np.maximum.accumulate(steps.to_numpy()), 1.0)
    return [float(value) for value in corrected]
