"""The random floor: what a ranking in random order would score, exactly, without simulation.

All formulas are expectations over a uniformly random order of N products, of which R are relevant, cut after
k results. For average precision see Bestgen, "Exact expected average precision of the random baseline for
system evaluation" (2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammaln

from emptor.errors import EmptorError
from emptor.evaluate.judgements import Judgements
from emptor.evaluate.metrics import Metric
from emptor.evaluate.runs import Result, Unjudged, defined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def random_floor(
    judgements: Judgements,
    catalogue_size: int,
    metrics: Sequence[Metric],
    *,
    unjudged: Unjudged = "irrelevant",
    depth: int | None = None,
) -> Result:
    """The expected value, per query, of showing the catalogue in random order.

    Args:
        judgements: what is judged; unjudged products count as in `evaluate_run`.
        catalogue_size: products in the catalogue, the judged ones included.
        depth: length of the random list, None for the whole catalogue; give that of the system beside which
            the floor stands. With unjudged="removed" only the judged among these products remain: with None
            that is the whole judged list in random order.

    Returns: a Result named "random"; for pair_accuracy .5, whatever the depth.
    Raises: EmptorError when a query has more judged products than the catalogue has products.
    """
    per_query = judgements.frame.group_by("query_id", maintain_order=True).agg(pl.len(), "grade")
    largest = per_query.sort("len")["len"][-1]
    if largest > catalogue_size:
        raise EmptorError(
            f"a query has {largest:,} judged products and the catalogue {catalogue_size:,}: "
            "the random floor needs the size of the whole catalogue"
        )
    shown = min(catalogue_size, catalogue_size if depth is None else depth)
    judged = per_query["len"].to_numpy().astype(np.int64)
    frames = []
    for metric in metrics:
        if metric.needs == "judged":
            values = judged / catalogue_size
        elif metric.needs == "pair":
            values = np.full(len(judged), 0.5)
        else:
            relevant = _relevant(judgements, per_query, metric)
            if unjudged == "irrelevant":
                size = np.full(len(judged), catalogue_size)
                values = _expect(metric, judgements, per_query, np.arange(len(judged)), size, relevant, shown)
            else:
                values = _expect_removed(metric, judgements, per_query, relevant, catalogue_size, shown)
        frame = pl.DataFrame({"query_id": per_query["query_id"], "metric": metric.name, "value": values})
        frames.append(defined(judgements, metric).join(frame, on="query_id", maintain_order="left"))
    return Result(
        name="random",
        frame=pl.concat(frames),
        judgements=judgements,
        metrics=tuple(metrics),
        unjudged=unjudged,
        depth=shown,
    )


def _relevant(judgements: Judgements, per_query: pl.DataFrame, metric: Metric) -> Ints:
    count = pl.col("grade").list.eval(pl.element() >= metric.relevant_from(judgements)).list.sum()
    return per_query.select(count.cast(pl.Int64)).to_series().to_numpy()


def _expect_removed(
    metric: Metric,
    judgements: Judgements,
    per_query: pl.DataFrame,
    relevant: Ints,
    catalogue_size: int,
    shown: int,
) -> Floats:
    """The expectation over the number of judged products that a random list of `shown` products holds."""
    judged = per_query["len"].to_numpy().astype(np.int64)
    query = np.repeat(np.arange(len(judged)), judged + 1)
    length = np.arange(len(query)) - np.repeat(np.cumsum(judged + 1) - (judged + 1), judged + 1)
    weight = _hypergeometric(catalogue_size, judged[query], shown, length)
    values = _expect(metric, judgements, per_query, query, judged[query], relevant[query], length)
    return np.bincount(query, weights=weight * values, minlength=len(judged)).astype(np.float64)


def _hypergeometric(size: int, marked: Ints, drawn: int, found: Ints) -> Floats:
    """P(`found` of the `marked` products are among `drawn` of `size`)."""
    possible = (found <= drawn) & (drawn - found <= size - marked)
    kept = np.where(possible, found, np.maximum(0, drawn - (size - marked)))
    log = _log_choose(marked, kept) + _log_choose(size - marked, drawn - kept) - _log_choose(size, drawn)
    return np.where(possible, np.exp(log), 0.0)


def _log_choose(of: Ints | int, some: Ints | int) -> Floats:
    of, some = np.asarray(of, dtype=np.float64), np.asarray(some, dtype=np.float64)
    return gammaln(of + 1) - gammaln(some + 1) - gammaln(of - some + 1)


def _expect(
    metric: Metric,
    judgements: Judgements,
    per_query: pl.DataFrame,
    query: Ints,
    size: Ints,
    relevant: Ints,
    length: Ints | int,
) -> Floats:
    """Expected value for rows of (query, products in random order, relevant ones, length of the list)."""
    cut = np.minimum(length, size)
    if metric.cutoff is not None:
        cut = np.minimum(cut, metric.cutoff)
    k = cut.astype(np.float64)
    n, r = np.maximum(size, 1).astype(np.float64), relevant.astype(np.float64)
    if metric.family == "recall":
        return k / n
    if metric.family == "p":
        return k * r / n / float(metric.cutoff or 1)
    if metric.family == "map":
        # E = sum over ranks i of P(relevant at i) * E[precision at i | relevant at i] / R
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int(cut.max(initial=0)) + 1))])[cut]
        both = (r - 1) / np.maximum(n - 1, 1)
        return (harmonic * (1 - both) + k * both) / n
    if metric.family == "ndcg":
        discounts = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(int(cut.max(initial=0))) + 2))])
        total, best = _gains(judgements, per_query, metric.cutoff)
        return np.divide(
            total[query] / n * discounts[cut], best[query], out=np.zeros(len(query)), where=best[query] > 0
        )
    return _first_relevant(metric.family, size, relevant, cut)


def _gains(judgements: Judgements, per_query: pl.DataFrame, cutoff: int | None) -> tuple[Floats, Floats]:
    """Per query the sum of gains, and the discounted sum in the best order."""
    total, best = np.zeros(per_query.height), np.zeros(per_query.height)
    for at, grades in enumerate(per_query["grade"].to_list()):
        gains = np.sort(np.round(np.clip(grades, 0, None) * judgements.gain_factor))[::-1]
        total[at] = gains.sum()
        top = gains[:cutoff]
        best[at] = (top / np.log2(np.arange(len(top)) + 2)).sum()
    return total, best


def _first_relevant(family: str, size: Ints, relevant: Ints, cut: Ints) -> Floats:
    """P(a relevant product within `cut`) for hit, E[1 / rank of the first] for mrr; one pass per (N, R)."""
    values = np.zeros(len(size))
    kinds, row_kind = np.unique(np.stack([size, relevant], axis=1), axis=0, return_inverse=True)
    row_kind = row_kind.reshape(-1)
    for at, (n, r) in enumerate(kinds.tolist()):
        rows = np.flatnonzero(row_kind == at)
        if r == 0:
            continue
        ranks = np.arange(1, int(cut[rows].max(initial=0)) + 1)
        with np.errstate(divide="ignore"):  # log 0: every product beyond this rank is relevant
            missed = np.exp(np.cumsum(np.log(np.maximum(n - r - ranks + 1, 0) / (n - ranks + 1))))
        missed = np.concatenate([[1.0], missed])
        if family == "hit":
            values[rows] = 1 - missed[cut[rows]]
        else:
            first = missed[:-1] * r / (n - ranks + 1)
            values[rows] = np.concatenate([[0.0], np.cumsum(first / ranks)])[cut[rows]]
    return values
