"""First pages of a log as they were sent, with what was left to chance on them and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.rank.data import Pages

PLACES = 20
"""Places of a first page that count unless told otherwise."""


@dataclass(frozen=True)
class Ranked:
    """What a ranking puts on P first pages: rows [P, K] int64 of the view, mask [P, K] bool (False: the list has
    ended); column k is place k.
    """

    rows: np.ndarray
    mask: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Logged:
    """P first pages of K places, whole: also what nobody scrolled to.

    pages: column k is place k. explored [P] bool: its head was shuffled. home [P, K] int64: the place where the product
    stood before the draw, -1 where that is not known. scenario, product_id, filters [P] object: what else was asked.
    left_out: why pages of the log do not count -> how many.

    Raises: EmptorError for no pages, for pages on which nothing was left to chance, and for propensities that are none.
    """

    pages: Pages
    explored: np.ndarray
    home: np.ndarray
    scenario: np.ndarray
    product_id: np.ndarray
    filters: np.ndarray
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pages = self.pages
        if not len(pages):
            told = "; ".join(f"{count:,} {reason}" for reason, count in self.left_out.items() if count)
            told = told or "none was traced: see traces in [log] of shop.toml"
            raise EmptorError(
                f"the log has no page to judge by ({told}); "
                "serve a cascade that explores, and judge before the next publish"
            )
        chance = pages.propensity[pages.mask]
        wrong = ~((chance > 0) & (chance <= 1))
        if wrong.any():
            at = int(np.flatnonzero((pages.mask & ~((pages.propensity > 0) & (pages.propensity <= 1))).any(1))[0])
            raise EmptorError(
                f"request {pages.request_id[at]!r}: found the propensity {chance[wrong][0]:g}, expected more than 0, "
                f"at most 1 ({int(wrong.sum()):,} such products); leave such pages out, their weight cannot be known"
            )
        if not (chance < 1).any():
            raise EmptorError(
                f"nothing was left to chance on the {len(pages):,} pages of this log: it tells of its own order alone; "
                "give the serving cascade explore = { share = 0.1, depth = 20 } in shop.toml and collect pages"
            )

    def __len__(self) -> int:
        return len(self.pages)

    @property
    def shown(self) -> Ranked:
        """The pages as they were logged."""
        return Ranked(self.pages.rows, self.pages.mask)

    @property
    def may_move(self) -> np.ndarray:
        """[P, K] bool: the place was among those that are shuffled."""
        return self.pages.mask & (self.pages.propensity < 1)

    @property
    def user(self) -> np.ndarray:
        """[P] int64: a number of each user, and of each page whose user is unknown."""
        known: dict[str | int, int] = {}
        ids = self.pages.user_id.tolist()
        return np.array([known.setdefault(at if own is None else own, len(known)) for at, own in enumerate(ids)])

    def take(self, at: np.ndarray) -> Logged:
        """Some of the pages, in that order."""
        asked = {name: getattr(self, name)[at] for name in ("scenario", "product_id", "filters")}
        return Logged(self.pages.take(at), self.explored[at], self.home[at], **asked, left_out=self.left_out)


def read_logged(
    engine: Engine,
    traces: pl.LazyFrame,
    *,
    places: int = PLACES,
    cascade: str | None = None,
    since: int | None = None,
) -> Logged:
    """The first pages of a shop's log that its live generation does not know of yet.

    A ranking that uses histories or popularity would otherwise be asked whether it remembers the very clicks that it
    is judged by. So publish, collect pages, and judge before the next publish.

    Args:
        traces: whole lists, as `emptor.serve.traces.read_traces` reads them; a share of requests will do ([log]
            traces).
        cascade: hash of the cascade that made the pages; all unless given.
        since: UTC microseconds; pages from then on count. By default, after the last event that the generation knows.
            An earlier moment is for rankings that use nothing of the log.
    Raises: EmptorError, see `Logged`.
    """
    shop, view = engine.shop, engine.view
    events = shop.events.read()
    if since is None:
        last = (
            events.filter(pl.col("seq") <= (view.generation.last_seq or 0))
            .select(pl.col("time").max().dt.epoch("us"))
            .collect()
            .item()
        )
        since = 0 if last is None else int(last) + 1
    last_stage = traces.filter(pl.col("shown_ids").is_not_null())
    if cascade is not None:
        last_stage = last_stage.filter(pl.col("cascade") == cascade)
    found = (
        last_stage.select(
            *("request_id", "scenario", "query", "product_id", "user_id", "filters", "offset", "explored", "degraded"),
            pl.col("time").dt.epoch("us").alias("now"),
            pl.col("product_ids").list.head(places).alias("list"),
            pl.col("shown_ids").list.head(places).alias("shown"),
            pl.col("shown_propensities").list.head(places).alias("chance"),
        )
        .unique("request_id", keep="first", maintain_order=True)
        .collect(engine="streaming")
        .sort("now", "request_id")
    )
    left_out: dict[str, int] = {}

    def keep(frame: pl.DataFrame, which: pl.Expr, reason: str) -> pl.DataFrame:
        kept = frame.filter(which)
        left_out[reason] = frame.height - kept.height
        return kept

    found = keep(found, pl.col("now") >= since, "are known to the live generation (only pages since its publish count)")
    found = keep(found, pl.col("offset") == 0, "are later pages of a list")
    found = keep(found, pl.col("degraded").fill_null("[]") == "[]", "were degraded")
    free = pl.col("chance").list.min() < 1
    found = keep(found, free | (pl.col("shown").list.len() < 2), "left nothing to chance")
    found = keep(found, pl.col("shown").list.len() == pl.col("chance").list.len(), "have no propensities")
    rows = pl.DataFrame({"product_id": view.product_ids(np.arange(view.rows)), "row": np.arange(view.rows)})
    return _logged(found, events, rows, places, left_out)


def _logged(
    found: pl.DataFrame, events: pl.LazyFrame, rows: pl.DataFrame, places: int, left_out: dict[str, int]
) -> Logged:
    """Pages of a frame, without those with a product that the view lacks."""
    found = found.with_row_index("page")
    long = (
        found.select("page", "request_id", "shown", "chance", pl.int_ranges(pl.col("shown").list.len()).alias("place"))
        .explode("shown", "chance", "place", empty_as_null=False)
        .rename({"shown": "product_id"})
        .join(rows, on="product_id", how="left", maintain_order="left")
    )
    gone = long.filter(pl.col("row").is_null())["page"].unique()
    left_out["show products that have left the shop"] = len(gone)
    actions = events.filter(pl.col("action").is_in(["click", "purchase"])).select("request_id", "product_id", "action")
    done = actions.unique().collect(engine="streaming")
    for action, name in (("click", "clicked"), ("purchase", "bought")):
        one = done.filter(pl.col("action") == action).select("request_id", "product_id", pl.lit(True).alias(name))
        long = long.join(one, on=["request_id", "product_id"], how="left", maintain_order="left")
    long = long.with_columns(pl.col("clicked", "bought").fill_null(False), pl.col("row").fill_null(-1))
    home = (
        found.select("page", pl.col("list").alias("product_id"), pl.int_ranges(pl.col("list").list.len()).alias("home"))
        .explode("product_id", "home", empty_as_null=False)
        .unique(["page", "product_id"], keep="first")
    )
    long = long.join(home, on=["page", "product_id"], how="left", maintain_order="left")
    long = long.with_columns(pl.col("home").fill_null(-1))
    at, place = long["page"].to_numpy().astype(np.int64), long["place"].to_numpy().astype(np.int64)
    shape = (found.height, places)

    def wide(name: str, kind: type) -> np.ndarray:
        out: np.ndarray = np.zeros(shape, kind)
        out[at, place] = long[name].to_numpy()
        return out

    mask = np.zeros(shape, bool)
    mask[at, place] = True

    def objects(name: str) -> np.ndarray:
        out = np.empty(found.height, object)
        out[:] = found[name].to_list()
        return out

    pages = Pages(
        request_id=objects("request_id"),
        user_id=objects("user_id"),
        query=objects("query"),
        now=found["now"].to_numpy().astype(np.int64),
        rows=wide("row", np.int64),
        mask=mask,
        position=np.tile(np.arange(places), (found.height, 1)),
        clicked=wide("clicked", bool),
        bought=wide("bought", bool),
        propensity=np.where(mask, wide("chance", np.float32), np.float32(1)),
    )
    filters = np.empty(found.height, object)
    filters[:] = [tuple(own or ()) for own in found["filters"].to_list()]
    kept = np.setdiff1d(np.arange(found.height), gone.to_numpy())
    return Logged(
        pages.take(kept),
        explored=found["explored"].fill_null(False).to_numpy()[kept],
        home=wide("home", np.int64)[kept],
        scenario=objects("scenario")[kept],
        product_id=objects("product_id")[kept],
        filters=filters[kept],
        left_out=left_out,
    )
