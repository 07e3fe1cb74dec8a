"""Rankings to be judged, and their values per query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import ir_measures as ir
import numpy as np
import polars as pl

from emptor.evaluate.judgements import Judgements
from emptor.evaluate.metrics import Metric
from emptor.evaluate.pairs import pair_accuracy

Unjudged = Literal["irrelevant", "removed"]
"""What to do with a result that nobody judged: count it as irrelevant, or take it out of the list."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a system answered.

    Attributes:
        rankings: query_id -> product_ids, best first; of a repeated product the first place counts.
        scores: query_id -> one finite score per product of the ranking. Only pair_accuracy looks at them,
            to see ties; without them every place in the ranking differs from the next.
        name: of the system, for reports.
    """

    rankings: Mapping[str, Sequence[str]]
    scores: Mapping[str, Sequence[float]] | None = None
    name: str = "ranking"


@dataclass(frozen=True, kw_only=True)
class Result:
    """The values of one system.

    Attributes:
        frame: query_id, metric, value; a query has no row for a metric that is not defined for it (such as
            recall where no product is relevant).
        judgements, metrics, unjudged: what was measured, and how.
        depth: length of the longest list.
        unanswered: judged queries with no list or an empty one; they get 0 wherever a value is defined.
    """

    name: str
    frame: pl.DataFrame
    judgements: Judgements
    metrics: tuple[Metric, ...]
    unjudged: Unjudged
    depth: int = 0
    unanswered: int = 0

    def values(self, metric: Metric) -> pl.DataFrame:
        """query_id, value of one metric, by query_id."""
        return self.frame.filter(pl.col("metric") == metric.name).select("query_id", "value").sort("query_id")


def evaluate_run(
    judgements: Judgements,
    run: Run | Mapping[str, Sequence[str]],
    metrics: Sequence[Metric],
    *,
    unjudged: Unjudged = "irrelevant",
) -> Result:
    """Measure a run. Queries without a judgement are ignored; a judged query it lacks has an empty list.

    Every metric but pair_accuracy comes from ir-measures (trec_eval), which is given -rank as the score.

    Raises: ValueError when scores do not fit the rankings or are not finite.
    """
    if not isinstance(run, Run):
        run = Run(rankings=run)
    if unjudged not in ("irrelevant", "removed"):
        raise ValueError(f"unjudged is {unjudged!r}: expected 'irrelevant' or 'removed'")
    queries = judgements.frame["query_id"].unique(maintain_order=True).to_list()
    lists = {query_id: run.rankings.get(query_id, ()) for query_id in queries}
    frames = [_standard(judgements, lists, metrics, unjudged)]
    for metric in metrics:
        if metric.family == "pair_accuracy":
            values = pair_accuracy(judgements.frame, _scores(lists, run.scores))
            frames.append(values.with_columns(metric=pl.lit(metric.name)).select("query_id", "metric", "value"))
    return Result(
        name=run.name,
        frame=pl.concat(frames),
        judgements=judgements,
        metrics=tuple(metrics),
        unjudged=unjudged,
        depth=max(map(len, lists.values()), default=0),
        unanswered=sum(not ranking for ranking in lists.values()),
    )


def defined(judgements: Judgements, metric: Metric) -> pl.DataFrame:
    """query_id of the queries for which a metric means something, in the order of the judgements."""
    grade = pl.col("grade")
    conditions = {
        "relevant": (grade >= metric.relevant_from(judgements)).any(),
        "gain": (grade * judgements.gain_factor).round().max() > 0,
        "pair": grade.n_unique() > 1,
        "judged": pl.lit(True),
    }
    kept = judgements.frame.group_by("query_id", maintain_order=True).agg(keep=conditions[metric.needs])
    return kept.filter("keep").select("query_id")


def _standard(
    judgements: Judgements, lists: Mapping[str, Sequence[str]], metrics: Sequence[Metric], unjudged: Unjudged
) -> pl.DataFrame:
    """Per-query values of everything that ir-measures knows."""
    schema = {"query_id": pl.String, "metric": pl.String, "value": pl.Float64}
    gains = _by_query(judgements, (pl.col("grade") * judgements.gain_factor).round().clip(0))
    # Thresholds are found among the grades themselves, so that rounding never moves one.
    codes = _by_query(judgements, pl.col("grade").rank("dense"))
    every = {query: _ranked(ranking) for query, ranking in lists.items()}
    kept = every
    if unjudged == "removed":
        kept = {query: _ranked([product for product in every[query] if product in codes[query]]) for query in every}
    reach = max((metric.cutoff or 0 for metric in metrics if metric.needs == "judged"), default=0)
    answered = {query: dict(islice(ranking.items(), reach)) for query, ranking in every.items() if ranking}
    tasks = {
        "gain": (gains, kept),
        "relevant": (codes, kept),
        "judged": ({query: codes[query] for query in answered}, answered),
    }
    frames = [pl.DataFrame(schema=schema)]
    for needs, (qrels, run) in tasks.items():
        measures = {metric: _measure(metric, judgements) for metric in metrics if metric.needs == needs}
        if not measures or not qrels:
            continue
        found: dict[ir.measures.Measure, list[tuple[str, float]]] = {measure: [] for measure in measures.values()}
        for row in ir.iter_calc(list(found), qrels, run):
            found[row.measure].append((row.query_id, float(row.value)))
        for metric, measure in measures.items():
            values = pl.DataFrame(found[measure], schema={"query_id": pl.String, "value": pl.Float64}, orient="row")
            if metric.family == "mrr" and metric.cutoff is not None:
                within = pl.col("value") >= 1 / metric.cutoff
                values = values.with_columns(value=pl.when(within).then("value").otherwise(0.0))
            values = defined(judgements, metric).join(values, on="query_id", maintain_order="left")
            frames.append(values.select("query_id", pl.lit(metric.name).alias("metric"), "value"))
    return pl.concat(frames)


def _by_query(judgements: Judgements, number: pl.Expr) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for query_id, product_id, value in judgements.frame.select(
        "query_id", "product_id", number.cast(pl.Int64)
    ).iter_rows():
        found.setdefault(query_id, {})[product_id] = value
    return found


def _ranked(ranking: Sequence[str]) -> dict[str, float]:
    """product_id -> -rank; the first place of a repeated product counts and later ones move up."""
    return {product_id: -float(rank) for rank, product_id in enumerate(dict.fromkeys(ranking))}


def _measure(metric: Metric, judgements: Judgements) -> ir.measures.Measure:
    threshold = metric.relevant_from(judgements)
    grades = judgements.frame["grade"].unique().sort()
    code = 1 + int((grades < threshold).sum())  # rank of the lowest grade that is relevant
    families = {
        "ndcg": lambda: ir.nDCG,
        "recall": lambda: ir.R(rel=code),
        "p": lambda: ir.P(rel=code),
        "mrr": lambda: ir.RR(rel=code),
        "map": lambda: ir.AP(rel=code),
        "hit": lambda: ir.Success(rel=code),
        "judged": lambda: ir.Judged,
    }
    measure = families[metric.family]()
    if metric.cutoff is None or metric.family == "mrr":  # its cutoff is ours: theirs takes a slow detour
        return measure
    return measure @ metric.cutoff


def _scores(lists: Mapping[str, Sequence[str]], scores: Mapping[str, Sequence[float]] | None) -> pl.DataFrame:
    """query_id, product_id, score of every result; -rank where the run has no scores."""
    lengths = np.array([len(ranking) for ranking in lists.values()], dtype=np.int64)
    if scores is None:
        values = -np.concatenate([np.arange(length, dtype=np.float64) for length in lengths] or [np.empty(0)])
    else:
        for query_id, ranking in lists.items():
            found = len(scores.get(query_id, ()))
            if found != len(ranking):
                raise ValueError(f"query {query_id!r} has {len(ranking)} products and {found} scores")
        values = np.concatenate(
            [np.asarray(scores.get(query_id, ()), dtype=np.float64) for query_id in lists] or [np.empty(0)]
        )
        if not np.isfinite(values).all():
            raise ValueError("a run's scores must be finite")
    frame = pl.DataFrame(
        {
            "query_id": pl.Series(list(lists), dtype=pl.String).gather(np.repeat(np.arange(len(lists)), lengths)),
            "product_id": pl.Series([product for ranking in lists.values() for product in ranking], dtype=pl.String),
            "score": values,
        }
    )
    return frame.unique(["query_id", "product_id"], keep="first")
