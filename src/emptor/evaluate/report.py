"""What an evaluation found: figures with interval and random floor, tests, and every query's values."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import orjson
import polars as pl
from rich.console import Console

from emptor.evaluate.judgements import Judgements
from emptor.evaluate.lines import counted
from emptor.evaluate.losses import Losses
from emptor.evaluate.metrics import Metric
from emptor.evaluate.runs import Result, Unjudged
from emptor.evaluate.statistics import Comparison, Summary

POLICIES: dict[Unjudged, str] = {
    "irrelevant": "a result without a judgement counts as irrelevant",
    "removed": "a result without a judgement is taken out before anything but judged@k is measured",
}

FLOOR = "exact expectation of a random order of the whole catalogue, as deep as the cascade's longest list"
JUDGED_FLOOR = "exact expectation of a random order of each query's judged products, all of them found"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A summary of one cascade beside what random orders would have on the same queries.

    `random`: see FLOOR. `random_judged`: see JUDGED_FLOOR; None unless unjudged results are removed, when
    what remains is an order of judged products and `random` alone would flatter it.
    """

    cascade: str
    summary: Summary
    random: float | None
    random_judged: float | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of `evaluate`: one or two results, the first the one in question.

    `losses`: per result, where relevant products were lost; empty where only lists were seen, not a shop's cascades.
    """

    judgements: Judgements
    absent_queries: int  # queries without any judged product in the catalogue
    catalogue_size: int
    results: tuple[Result, ...]
    figures: tuple[Figure, ...]
    tests: tuple[Comparison, ...]
    seed: int
    resamples: int
    flips: int
    command: str | None = None
    losses: tuple[Losses, ...] = ()
    same_lists: bool = False  # two results, of the same lists for every query

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return self.results[0].metrics

    @property
    def unjudged(self) -> Unjudged:
        return self.results[0].unjudged

    @cached_property
    def per_query(self) -> pl.DataFrame:
        """query_id, query, kind, relevant (number by the default threshold), cascade, metric, value."""
        relevant = self.judgements.frame.group_by("query_id").agg(
            relevant=(pl.col("grade") >= self.judgements.default_threshold).sum()
        )
        values = pl.concat(result.frame.with_columns(cascade=pl.lit(result.name)) for result in self.results)
        queries = self.judgements.queries.join(relevant, on="query_id", maintain_order="left")
        return queries.join(values, on="query_id", maintain_order="left_right")

    @property
    def leading(self) -> Metric:
        """The metric by which queries are ordered: the first that says how good a ranking is."""
        return next((metric for metric in self.metrics if metric.is_quality), self.metrics[0])

    def worst_queries(self, limit: int = 10) -> pl.DataFrame:
        """query, relevant, a and perhaps b (values of the cascades): the lowest by a's leading metric.

        Among equals the query with more relevant products is worse.
        """
        order = self._side_by_side().sort("a", "relevant", "query", descending=[False, True, False])
        return order.head(limit)

    def largest_losses(self, limit: int = 10) -> pl.DataFrame:
        """query, relevant, a, b: where the first cascade is furthest behind the second; empty without one."""
        table = self._side_by_side()
        if len(self.results) < 2:
            return table.clear()
        loss = pl.col("b") - pl.col("a")
        return table.filter(loss > 0).sort(loss, pl.col("query"), descending=[True, False]).head(limit)

    def _side_by_side(self) -> pl.DataFrame:
        rows = self.per_query.filter(pl.col("metric") == self.leading.name)
        table = rows.select("query_id", "query", "relevant").unique("query_id", maintain_order=True)
        for column, result in zip("ab", self.results, strict=False):
            values = result.values(self.leading).rename({"value": column})
            table = table.join(values, on="query_id", how="left", maintain_order="left")
        return table.drop("query_id").drop_nulls()

    @property
    def notes(self) -> list[str]:
        """What a reader must know before trusting the figures."""
        judgements, notes = self.judgements, []
        if self.same_lists:
            names = " and ".join(result.name for result in self.results)
            notes.append(f"{names} returned the same lists for all queries: nothing was compared")
        if judgements.fault_count:
            first = judgements.faults[0]
            notes.append(
                f"{counted(judgements.fault_count, 'row')} of the judgements could not be used; the first: "
                f"line {first.line}, {first.field}: found {first.found}, expected {first.expected}"
            )
        if judgements.repeated:
            notes.append(
                f"{counted(judgements.repeated, 'row')} repeated a judged pair, "
                f"{counted(judgements.conflicting, 'pair')} with "
                "another grade: the last row was taken"
            )
        if judgements.absent:
            notes.append(
                f"left out: {counted(judgements.absent, 'judgement')} of products that the catalogue lacks; "
                f"{counted(self.absent_queries, 'query has', 'queries have')} no other judgement"
            )
        notes += self._few_relevant()
        for result in self.results:
            if result.unanswered:
                queries = counted(result.unanswered, "query", "queries")
                notes.append(f"{result.name} found nothing for {queries}: counted as 0")
            deeper = [metric.name for metric in self.metrics if metric.cutoff and metric.cutoff > result.depth]
            if deeper:
                notes.append(
                    f"the longest list of {result.name} has {counted(result.depth, 'product')}, "
                    f"fewer than the cutoff of {', '.join(deeper)}"
                )
        return notes

    def _few_relevant(self) -> list[str]:
        """A hint where most queries have no relevant product, so that metrics that need one say little."""
        judgements = self.judgements
        affected = [own.name for own in self.metrics if own.needs == "relevant" and own.threshold is None]
        queries, without = judgements.queries.height, judgements.without_relevant
        if 2 * without <= queries or not (affected or self.losses):
            return []
        best = judgements.frame.group_by("query_id").agg(pl.col("grade").max())["grade"].to_numpy()
        typical = f"{np.median(best[best > 0]) / 2:.1g}" if (best > 0).any() else f"{judgements.levels[-1] / 2:.1g}"
        what = " and ".join([*affected[:3], *(["the table of losses"] if self.losses else [])])
        example = f", or {affected[0]}:{typical} for one metric" if affected else ""
        return [
            f"{without:,} of {counted(queries, 'query', 'queries')} have no product graded "
            f"{judgements.default_threshold:g} or more, which is what counts as relevant here: {what} "
            f"{'say' if len(affected) + bool(self.losses) > 1 else 'says'} nothing of them; a lower threshold takes "
            f"more in: --relevant {typical}{example}"
        ]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        judgements = self.judgements
        grades = judgements.frame.group_by("grade").len().sort("grade")
        names = [result.name for result in self.results]
        return {
            "kind": "evaluation",
            "judgements": {
                "path": judgements.path,
                "queries": judgements.queries.height,
                "pairs": judgements.frame.height,
                "grades": [{"grade": grade, "pairs": pairs} for grade, pairs in grades.iter_rows()],
                "default_threshold": judgements.default_threshold,
                "gain": judgements.gain_rule,
                "faults": judgements.fault_count,
                "fault_examples": [asdict(fault) for fault in judgements.faults[:20]],
                "repeated": judgements.repeated,
                "conflicting": judgements.conflicting,
                "absent_pairs": judgements.absent,
                "absent_queries": self.absent_queries,
            },
            "catalogue_size": self.catalogue_size,
            "cascades": names,
            "depths": {result.name: result.depth for result in self.results},
            "unanswered": {result.name: result.unanswered for result in self.results},
            "unjudged": self.unjudged,
            "unjudged_definition": POLICIES[self.unjudged],
            "metrics": [self._figure(figure) for figure in self.figures if figure.summary.kind is None],
            "by_kind": [
                {"kind": figure.summary.kind, **self._figure(figure)}
                for figure in self.figures
                if figure.summary.kind is not None
            ],
            "tests": [
                {
                    "a": names[0],
                    "b": names[1],
                    "metric": test.metric.name,
                    "diff": test.diff,
                    "ci95": _interval(test.low, test.high),
                    "p": test.p,
                    "p_holm": test.p_holm,
                    "wins": test.wins,
                    "ties": test.ties,
                    "losses": test.losses,
                    "n": test.n,
                    "unpaired": test.unpaired,
                }
                for test in self.tests
            ],
            "losses": [losses.to_dict() for losses in self.losses],
            "statistics": {
                "ci95": f"percentile bootstrap over queries, {self.resamples} resamples",
                "p": f"paired randomisation test, {self.flips} sign flips, two-sided",
                "p_holm": "Holm's correction over the metrics",
                "random": FLOOR,
                "random_judged": JUDGED_FLOOR,
                "seed": self.seed,
            },
            "notes": self.notes,
            "per_query": self._queries(),
            "env": environment(),
            "command": self.command,
        }

    def to_json(self) -> str:
        """The report as JSON text."""
        return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2).decode()

    def to_html(self) -> str:
        """The report as one self-contained HTML page with charts."""
        from emptor.evaluate.page import report_page

        return report_page(self.to_dict())

    def print(self, console: Console | None = None) -> None:
        """Show the report in a terminal."""
        from emptor.evaluate.console import print_report

        print_report(self, console or Console())

    def _figure(self, figure: Figure) -> dict[str, Any]:
        summary = figure.summary
        return {
            "metric": summary.metric.name,
            "definition": summary.metric.definition(self.judgements),
            "cascade": figure.cascade,
            "mean": summary.mean,
            "ci95": _interval(summary.low, summary.high),
            "n": summary.n,
            "random": figure.random,
            "random_judged": figure.random_judged,
        }

    def _queries(self) -> list[dict[str, Any]]:
        """Per query: {"query_id", "query", "kind", "relevant", "values": {cascade: {metric: value}}}."""
        entries: dict[str, dict[str, Any]] = {}
        for query_id, query, kind, relevant, metric, value, cascade in self.per_query.select(
            "query_id", "query", "kind", "relevant", "metric", "value", "cascade"
        ).iter_rows():
            entry = entries.setdefault(
                query_id,
                {"query_id": query_id, "query": query, "kind": kind, "relevant": relevant, "values": {}},
            )
            entry["values"].setdefault(cascade, {})[metric] = value
        return list(entries.values())


def _interval(low: float | None, high: float | None) -> list[float] | None:
    return None if low is None or high is None else [low, high]


def environment() -> dict[str, Any]:
    """The machine and the versions that figures depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        **{name: version(name) for name in ("emptor", "ir-measures", "numpy", "polars")},
    }
