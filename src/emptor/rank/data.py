"""Pages of the log, and what was clicked and bought on them: what rankers learn from and are judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from emptor.shop.ageing import DAY_US
from emptor.shop.features import taken
from emptor.shop.holdout import held_out

LONGEST = 60
"""Products of a page that count; a longer one is cut."""


@dataclass(frozen=True)
class Pages:
    """P pages of up to N products that were on a screen, in order of time.

    request_id, user_id, query [P] object (None: nobody, none); now [P] int64: UTC microseconds, before anything
    happened there; rows [P, N] int64, mask [P, N] bool; position [P, N] int64; clicked, bought [P, N] bool; propensity
    [P, N] float32: chance that the product stood where it did, 1 where nothing was left to chance or the log does not
    say.
    """

    request_id: np.ndarray
    user_id: np.ndarray
    query: np.ndarray
    now: np.ndarray
    rows: np.ndarray
    mask: np.ndarray
    position: np.ndarray
    clicked: np.ndarray
    bought: np.ndarray
    propensity: np.ndarray

    def __len__(self) -> int:
        return len(self.request_id)

    def take(self, places: np.ndarray) -> Pages:
        """Some of the pages, in that order."""
        return taken(self, places)

    @property
    def held_out(self) -> np.ndarray:
        """[P] bool: pages of users who are kept from training."""
        return held_out(self.user_id.tolist())

    @property
    def day(self) -> np.ndarray:
        """[P] int64: UTC days since 1970."""
        return self.now // DAY_US


def read_pages(events: pl.LazyFrame, rows: pl.DataFrame) -> Pages:
    """The pages of a log.

    Args:
        events: the log. rows: columns product_id and row; impressions of other products are left out, as they cannot be
            described any more.
    """
    shown = (
        events.filter(
            (pl.col("action") == "impression") & pl.col("request_id").is_not_null() & pl.col("product_id").is_not_null()
        )
        .select(
            *("request_id", "product_id", "user_id", "query"),
            pl.col("time").dt.epoch("us").alias("now"),
            pl.col("position").fill_null(0),
            pl.col("propensity").fill_null(1.0),
        )
        .unique(["request_id", "product_id"], keep="first", maintain_order=True)
        .collect(engine="streaming")
        .join(rows, on="product_id", maintain_order="left")
    )
    done = events.filter(pl.col("action").is_in(["click", "purchase"])).select("request_id", "product_id", "action")
    for action, name in (("click", "clicked"), ("purchase", "bought")):
        one = done.filter(pl.col("action") == action).select("request_id", "product_id").unique()
        shown = shown.join(
            one.with_columns(pl.lit(True).alias(name)).collect(engine="streaming"),
            on=["request_id", "product_id"],
            how="left",
            maintain_order="left",
        )
    shown = shown.with_columns(pl.col("clicked", "bought").fill_null(False))
    whole = shown.group_by("request_id").agg(pl.col("now").min().alias("start"))
    shown = shown.join(whole, on="request_id").sort("start", "request_id", "position", "row")
    return _paged(shown)


def _paged(shown: pl.DataFrame) -> Pages:
    """Rows of impressions, those of a page beside each other, as pages."""
    request = shown["request_id"].to_numpy(allow_copy=True)
    first = np.flatnonzero(np.r_[True, request[1:] != request[:-1]]) if len(request) else np.zeros(0, np.int64)
    size = np.diff(np.append(first, len(request)))
    owner = np.repeat(np.arange(len(first)), size)
    at = np.arange(len(request)) - first[owner]
    kept = at < LONGEST
    owner, at, shown = owner[kept], at[kept], shown.filter(pl.Series(kept))
    width = int(size.clip(max=LONGEST).max(initial=1))

    def wide(name: str, kind: type) -> np.ndarray:
        out: np.ndarray = np.zeros((len(first), width), kind)
        out[owner, at] = shown[name].to_numpy()
        return out

    mask = np.zeros((len(first), width), bool)
    mask[owner, at] = True
    heads = shown.filter(pl.Series(at == 0))
    return Pages(
        request_id=heads["request_id"].to_numpy(allow_copy=True),
        user_id=np.array(heads["user_id"].to_list(), object),
        query=np.array(heads["query"].to_list(), object),
        now=heads["start"].to_numpy().astype(np.int64),
        rows=wide("row", np.int64),
        mask=mask,
        position=wide("position", np.int64),
        clicked=wide("clicked", bool),
        bought=wide("bought", bool),
        propensity=np.where(mask, wide("propensity", np.float32), np.float32(1)),
    )
