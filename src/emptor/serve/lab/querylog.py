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
    """queries: dicts of query, filters, asked, nothing (times without a result), found, clicks, earlier, ms and last (a
    datetime), most asked first; the same query under other filters is another line. earlier: clicks that name the query
    and none of the requests read here: imported, or of older requests. `requests`, `zero`: searches read, and those of
    them without a result.
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
            pl.col("filters").first(),
            pl.col("time").first(),
            pl.col("kept").sort_by("place").last(),
            pl.col("ms").sum(),
        )
        .collect()
    )
    clicked = (
        events.read()
        .filter(pl.col("action") == "click")
        .select("request_id", pl.col("query").str.strip_chars().alias("query"), _text("query"))
        .collect()
    )
    clicks = clicked.drop_nulls("request_id").group_by("request_id").agg(clicks=pl.len())
    rows = rows.join(clicks, on="request_id", how="left").with_columns(
        _text("query"), pl.col("clicks").fill_null(0), pl.col("filters").fill_null([]), nothing=pl.col("kept") == 0
    )
    asked = rows.group_by("text", "filters").agg(
        pl.col("query").first(),
        asked=pl.len(),
        nothing=pl.col("nothing").sum(),
        found=pl.col("kept").sort_by("time").last(),
        clicks=pl.col("clicks").sum(),
        ms=pl.col("ms").median(),
        last=pl.col("time").max(),
    )
    queries = (
        asked.join(_earlier(clicked, rows["request_id"]), on=["text", "filters"], how="full", coalesce=True)
        .with_columns(
            pl.coalesce("query", "query_right").alias("query"),
            pl.col("asked", "nothing", "clicks", "earlier").fill_null(0),
        )
        .filter(pl.col("nothing") > 0 if only_zero else pl.lit(True))
        .sort(
            *(["nothing"] if only_zero else []),
            "asked",
            pl.col("clicks") + pl.col("earlier"),
            "text",
            pl.col("filters").list.join("|"),
            descending=[*([True] if only_zero else []), True, True, False, False],
        )
        .head(LISTED)
        .drop("text", "query_right")
    )
    return QueryLog(queries.to_dicts(), rows.height, int(rows["nothing"].sum()), rows["time"].min())


def _earlier(clicked: pl.DataFrame, requests: pl.Series) -> pl.DataFrame:
    """Clicks by query that name none of the requests; under which filters, nobody has written down."""
    return (
        clicked.filter(pl.col("text") != "", ~pl.col("request_id").fill_null("").is_in(requests.implode()))
        .group_by("text")
        .agg(pl.col("query").first(), earlier=pl.len())
        .with_columns(filters=pl.lit([], pl.List(pl.String)))
    )


def _text(name: str) -> pl.Expr:
    """A query as lines of the log compare it."""
    return pl.col(name).str.strip_chars().str.to_lowercase().alias("text")


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


_COLUMNS = ("request_id", "time", "scenario", "query", "filters", "place", "stage", "method", "ms", "kept", "degraded")


def _newest(shop: Path) -> pl.LazyFrame:
    """The newest traces without their lists of products."""
    return read_traces(shop, newest=PARTS).select(_COLUMNS)
