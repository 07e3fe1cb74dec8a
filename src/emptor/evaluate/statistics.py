"""How sure a mean or a difference is, given the queries at hand. Queries are what is drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emptor.evaluate.metrics import Metric
from emptor.evaluate.runs import Result
from emptor.learn.resampling import EQUAL, FLIPS, RESAMPLES, bootstrap, holm, sign_flip_p

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
                wins=int((found > EQUAL).sum()),
                ties=int((np.abs(found) <= EQUAL).sum()),
                losses=int((found < -EQUAL).sum()),
                n=len(found),
                unpaired=pairs[metric].height - paired[metric].height,
            )
        )
    return comparisons
