"""Evaluate one or two systems on judged queries: search, measure, put the random floor beside, compare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import polars as pl

from emptor.errors import EmptorError
from emptor.evaluate.floor import random_floor
from emptor.evaluate.judgements import Judgements
from emptor.evaluate.metrics import Metric, parse_metrics
from emptor.evaluate.report import Figure, Report
from emptor.evaluate.runs import Result, Run, Unjudged, evaluate_run
from emptor.evaluate.statistics import FLIPS, RESAMPLES, compare, summarise
from emptor.progress import step

Search = Callable[[list[str]], Sequence[Sequence[str]]]
"""Texts of queries -> for each its product_ids, best first. Called with at most BATCH texts."""

BATCH = 256


def evaluate(
    search: Search,
    judgements: Judgements,
    metrics: Sequence[str | Metric],
    *,
    catalogue_size: int,
    known_products: Collection[str] | None = None,
    against: Search | None = None,
    names: tuple[str, str] = ("default", "other"),
    unjudged: Unjudged = "irrelevant",
    seed: int = 0,
    resamples: int = RESAMPLES,
    flips: int = FLIPS,
    command: str | None = None,
) -> Report:
    """Run the judged queries through `search` (and `against`) and report how good the lists are.

    Args:
        metrics: strings as in `parse_metrics`, or metrics.
        catalogue_size: products that can be found, for the random floor.
        known_products: their product_ids; judgements of other products are taken away and counted, since
            no ranking can return those products.
        against: a second system; the report then says where the first differs from it and how surely.
        names: of the two systems.
        command: how to repeat this, for the report.

    Raises: EmptorError for metrics that make no sense, two systems of one name, or judgements that do not
        fit the catalogue; ValueError when a system does not answer each query of a batch.
    """
    if against is not None and names[0] == names[1]:
        raise EmptorError(f"{names[0]!r} cannot be compared with itself: name another cascade to compare it with")
    wanted = [metric for given in metrics for metric in (parse_metrics([given]) if isinstance(given, str) else [given])]
    wanted = list(dict.fromkeys(wanted)) or parse_metrics([])
    judged_queries = judgements.queries.height
    if known_products is not None:
        judgements = judgements.within(known_products)
    systems = [(names[0], search)] + ([(names[1], against)] if against is not None else [])
    runs, results, figures = [], [], []
    for name, system in systems:
        run = Run(rankings=run_queries(system, judgements, name=name), name=name)
        runs.append(run)
        result = evaluate_run(judgements, run, wanted, unjudged=unjudged)
        floors = [random_floor(judgements, catalogue_size, wanted, unjudged=unjudged, depth=result.depth)]
        if unjudged == "removed":
            floors.append(random_floor(judgements, catalogue_size, wanted, unjudged=unjudged))
        results.append(result)
        figures.extend(_figures(result, floors, seed=seed, resamples=resamples))
    tests = compare(results[0], results[1], seed=seed, resamples=resamples, flips=flips) if against else []
    return Report(
        judgements=judgements,
        absent_queries=judged_queries - judgements.queries.height,
        catalogue_size=catalogue_size,
        results=tuple(results),
        figures=tuple(figures),
        tests=tuple(tests),
        seed=seed,
        resamples=resamples,
        flips=flips,
        command=command,
        same_lists=len(runs) > 1 and runs[0].rankings == runs[1].rankings,
    )


def run_queries(search: Search, judgements: Judgements, *, name: str = "search") -> dict[str, list[str]]:
    """query_id -> product_ids for every judged query, in batches, with a progress bar."""
    queries = judgements.queries
    ids, texts = queries["query_id"].to_list(), queries["query"].to_list()
    rankings: dict[str, list[str]] = {}
    with step(f"Searching with {name}", total=len(ids)) as bar:
        for start in range(0, len(ids), BATCH):
            batch = texts[start : start + BATCH]
            answers = search(batch)
            if len(answers) != len(batch):
                raise ValueError(f"{name} gave {len(answers)} lists for {len(batch)} queries")
            rankings.update(zip(ids[start : start + BATCH], map(list, answers), strict=True))
            bar.advance(len(batch))
    return rankings


def _figures(result: Result, floors: Sequence[Result], *, seed: int, resamples: int) -> list[Figure]:
    """All summaries of a system, of all queries and then by kind, each with its random floors."""
    summaries = summarise(result, seed=seed, resamples=resamples)
    if result.judgements.has_kinds:
        summaries += summarise(result, seed=seed, resamples=resamples, by_kind=True)
    kinds = result.judgements.queries.select("query_id", "kind")
    figures = []
    for summary in summaries:
        queries = result.values(summary.metric).select("query_id")
        if summary.kind is not None:
            queries = queries.join(kinds.filter(pl.col("kind") == summary.kind), on="query_id", how="semi")
        means = [_mean(floor.values(summary.metric).join(queries, on="query_id", how="semi")) for floor in floors]
        random, *judged = means
        figures.append(
            Figure(
                cascade=result.name,
                summary=summary,
                random=random,
                random_judged=judged[0] if judged else None,
            )
        )
    return figures


def _mean(values: pl.DataFrame) -> float | None:
    return float(values["value"].to_numpy().mean()) if values.height else None
