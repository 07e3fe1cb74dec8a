"""What shoppers liked lately: one number a product, computed from the event log when a generation is built, and the
queries that led them there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from emptor.shop.ageing import ShopDays

if TYPE_CHECKING:
    from emptor.shop.shop import Shop

ACTION_WEIGHT = {"click": 1.0, "add_to_cart": 3.0, "purchase": 5.0}


def popularity(shop: Shop) -> dict[str, float]:
    """product_id -> weighted actions, each halved for every `half_life_days` of shop.toml before the newest of them;
    empty without a log. Days without any event do not count.
    """
    if not (shop.path / "events.sqlite").exists():
        return {}
    half_life = shop.options.popular.half_life_days
    events = shop.events.read()
    liked = events.filter(pl.col("action").is_in(list(ACTION_WEIGHT)) & pl.col("product_id").is_not_null())
    weight = pl.col("action").replace_strict(ACTION_WEIGHT, return_dtype=pl.Float64)
    age = pl.col("clock").max().over(pl.lit(1)) - pl.col("clock")
    totals = (
        liked.with_columns(ShopDays.of(events).expression().alias("clock"))
        .with_columns((weight * (age * (-math.log(2) / half_life)).exp()).alias("weight"))
        .group_by("product_id")
        .agg(pl.col("weight").sum())
        .collect()
    )
    return dict(zip(totals["product_id"].to_list(), totals["weight"].to_list(), strict=True))


def past_queries(shop: Shop) -> dict[str, int]:
    """Query -> how many pages of it were clicked or bought from: what is worth suggesting; empty without a log."""
    if not (shop.path / "events.sqlite").exists():
        return {}
    liked = shop.events.read().filter(
        pl.col("action").is_in(list(ACTION_WEIGHT)) & (pl.col("query").str.strip_chars().str.len_chars() > 1)
    )
    counts = (
        liked.group_by(pl.col("query").str.strip_chars().str.to_lowercase())
        .agg(pl.col("request_id").fill_null(pl.col("event_id")).n_unique().alias("pages"))
        .sort("pages", "query", descending=[True, False])
        .head(20_000)
        .collect()
    )
    return dict(zip(counts["query"].to_list(), counts["pages"].to_list(), strict=True))
