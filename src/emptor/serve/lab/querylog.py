"""The query log and the time of stages, out of the newest traces and the clicks on what they showed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from emptor.serve.traces import read_traces
from emptor.shop.events import EventLog

PARTS = 60
"""Newest parts of the trace log that are read: up to 60,000 requests."""
LISTED = 200


@dataclass(frozen=True)
class QueryLog:
    """queries: dicts of query, asked, nothing (times without a result), found, clicks, ms and last (a datetime), most
    asked first; `requests`, `zero`: searches read, and those of them without a result.
    """

    queries: list[dict[str, Any]]
    requests: int
    zero: int
    since: Any


def read_queries(shop: Path, events: EventLog, *, only_zero: bool = False) -> QueryLog:
    """What was searched lately. Blocks for as long as reading the files takes."""
    traces = _newest(shop).filter(pl.col("scenario") == "search", pl.col("query").is_not_null())
    rows = (
        traces.group_by("request_id")
        .agg(
            pl.col("query").first(),
            pl.col("time").first(),
            pl.col("kept").sort_by("place").last(),
            pl.col("ms").sum(),
        )
        .collect()
    )
    if not rows.height:
        return QueryLog([], 0, 0, None)
    since = rows["time"].min()
    clicks = (
        events.read(since=int(since.timestamp() * 1_000_000))  # type: ignore[union-attr]
        .filter(pl.col("action") == "click", pl.col("request_id").is_not_null())
        .group_by("request_id")
        .agg(clicks=pl.len())
        .collect()
    )
    rows = rows.join(clicks, on="request_id", how="left").with_columns(
        pl.col("clicks").fill_null(0), nothing=pl.col("kept") == 0, text=pl.col("query").str.to_lowercase()
    )
    queries = (
        rows.group_by("text")
        .agg(
            pl.col("query").first(),
            asked=pl.len(),
            nothing=pl.col("nothing").sum(),
            found=pl.col("kept").sort_by("time").last(),
            clicks=pl.col("clicks").sum(),
            ms=pl.col("ms").median(),
            last=pl.col("time").max(),
        )
        .filter(pl.col("nothing") > 0 if only_zero else pl.lit(True))
        .sort("nothing" if only_zero else "asked", "asked", "text", descending=[True, True, False])
        .head(LISTED)
        .drop("text")
    )
    return QueryLog(queries.to_dicts(), rows.height, int(rows["nothing"].sum()), since)


def read_stages(shop: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(per stage and method: runs, p50, p95, p99, worst in ms; degradations by stage and reason: times)."""
    traces = _newest(shop)
    times = (
        traces.group_by("stage", "method")
        .agg(
            pl.col("place").min(),
            runs=pl.len(),
            **{f"p{p}": pl.col("ms").quantile(p / 100) for p in (50, 95, 99)},
            worst=pl.col("ms").max(),
        )
        .sort("place", "stage", "method")
        .collect()
    )
    told = pl.List(pl.Struct({"stage": pl.String, "reason": pl.String, "fallback": pl.String}))
    degraded = (
        traces.filter(pl.col("place") == 0, pl.col("degraded") != "[]")
        .select(pl.col("degraded").str.json_decode(told).alias("own"))
        .explode("own")
        .unnest("own")
        .with_columns(pl.col("reason").str.replace_all(r"\d+", "…"))
        .group_by("stage", "reason", "fallback")
        .agg(times=pl.len())
        .sort("times", descending=True)
        .head(50)
        .collect()
    )
    return times.to_dicts(), degraded.to_dicts()


_COLUMNS = ("request_id", "time", "scenario", "query", "place", "stage", "method", "ms", "kept", "degraded")


def _newest(shop: Path) -> pl.LazyFrame:
    """The newest traces without their lists of products."""
    return read_traces(shop, newest=PARTS).select(_COLUMNS)
