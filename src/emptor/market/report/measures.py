"""What a shop's log says about those who shop there. Nothing here knows that the shop is simulated.

An impression is a product that was on the screen. A page is one request; a page of which no product came on the screen
left nothing in the log and is not counted. A search is a page of the scenario `search` that begins at the top of its
list, so the second page of a list is no second search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from emptor.market.report.skew import Fit, fit, ordered, top_share
from emptor.shop.events import EventLog
from emptor.shop.view import View

PAGE = 20
"""Positions that are reported one by one: those of the storefront's first page."""
NEW_DAYS = 14
"""A product is new for so many days after it was listed."""
BACK_DAYS = 6
"""Orders younger than this may still come back, and are left out of the return rate."""
ACTIONS = ("click", "add_to_cart", "purchase")
"""What a user does; to have something on the screen is no action."""
_COLUMNS = (
    "time",
    "request_id",
    "user_id",
    "session_id",
    "scenario",
    "query",
    "action",
    "product_id",
    "position",
)


@dataclass(frozen=True)
class Position:
    """A place of the first page, from 0. shown, clicked: events; lists: lists that began at the top."""

    position: int
    shown: int
    clicked: int
    lists: int

    @property
    def on_screen(self) -> float | None:
        """Clicks per product on the screen."""
        return _share(self.clicked, self.shown)

    @property
    def per_list(self) -> float | None:
        """Clicks per list, whether or not the user came as far."""
        return _share(self.clicked, self.lists)


@dataclass
class Measured:
    """A log in figures.

    Attributes:
        values: by name; None where the log has nothing to tell it by. Shares are 0 to 1, times in seconds.
        size: events, pages, searches, users, products (on sale now), days.
        first, last: time of the first and last event, None for an empty log.
        positions: the first page, place by place.
        item_clicks, query_counts, user_actions, session_pages: counts [N], the highest first: clicks of each product
            that has any, searches of each distinct query, actions of each user who has any, pages of each session.
        item_fit, query_fit: their Zipf lines.
    """

    values: dict[str, float | None]
    size: dict[str, int]
    first: datetime | None
    last: datetime | None
    positions: list[Position]
    item_clicks: np.ndarray
    query_counts: np.ndarray
    user_actions: np.ndarray
    session_pages: np.ndarray
    item_fit: Fit | None = None
    query_fit: Fit | None = None


def on_sale(view: View) -> pl.DataFrame:
    """The products that are in a shop now: product_id, listed_at (UTC, null where unknown)."""
    rows = np.flatnonzero(view.alive)
    listed = pl.Series("listed_at", view.listed_at[rows]).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"product_id": pl.from_arrow(view.ids.array(rows)), "listed_at": listed})
    return frame.with_columns(pl.when(pl.col("listed_at").dt.timestamp("us") > 0).then(pl.col("listed_at")))


def measure(
    log: EventLog | pl.LazyFrame, products: pl.DataFrame, *, on_step: Callable[[], None] = lambda: None
) -> Measured:
    """Every figure of a log.

    The log is read a few times in a stream; what is held is one row for each page, user, session, product and distinct
    query, never the events.

    Args:
        log: of a shop, or events with the columns of `schema.EVENT`.
        products: as `on_sale` has them.
        on_step: called after each of the STEPS passes.
    """
    events = (log if isinstance(log, pl.LazyFrame) else log.read()).select(_COLUMNS)
    ahead = events.filter(pl.col("action") != "return")  # what comes back, comes days after its page
    totals = _collect(events.group_by("action").len(), on_step)
    counts: dict[str, int] = dict(totals.iter_rows())
    span = _collect(
        ahead.select(first=pl.col("time").min(), last=pl.col("time").max()),
        on_step,
    ).row(0, named=True)
    pages = _collect(_pages(ahead), on_step)
    places = _collect(
        ahead.filter(pl.col("position") < PAGE).group_by("position", "action").len(),
        on_step,
    )
    users = _collect(_users(ahead), on_step)
    sessions = _collect(_sessions(ahead), on_step)
    shown = _collect(_products(ahead, products), on_step)
    back = _collect(_returns(events, span["last"]), on_step)
    searches = pages.filter((pl.col("scenario") == "search") & (pl.col("top") == 0))
    queries = searches.drop_nulls("query").group_by("query").len()
    measured = Measured(
        values={},
        size={
            "events": sum(counts.values()),
            "pages": pages.height,
            "searches": searches.height,
            "users": users.height,
            "products": products.height,
            "days": _days(span["first"], span["last"]),
        },
        first=span["first"],
        last=span["last"],
        positions=_positions(places, int((pages["top"] == 0).sum())),
        item_clicks=ordered(shown["clicks"].to_numpy()),
        query_counts=ordered(queries["len"].to_numpy()),
        user_actions=ordered(users["actions"].to_numpy()),
        session_pages=ordered(sessions["pages"].to_numpy()),
    )
    measured.item_fit, measured.query_fit = fit(measured.item_clicks), fit(measured.query_counts)
    measured.values |= _of_pages(pages, counts, measured.positions)
    measured.values |= _of_products(measured, shown, products, span["last"])
    measured.values |= _of_queries(measured)
    measured.values |= _of_people(users, sessions)
    measured.values["return_rate"] = _share(*back.row(0))
    return measured


STEPS = 8
"""Passes over the log."""


def _days(first: datetime | None, last: datetime | None) -> int:
    """Days from the first event to the last, to the nearest: a session that goes on past midnight is no day more."""
    return 0 if first is None or last is None else max(1, round((last - first) / timedelta(days=1)))


def _collect(frame: pl.LazyFrame, on_step: Callable[[], None]) -> pl.DataFrame:
    done = frame.collect(engine="streaming")
    assert isinstance(done, pl.DataFrame)
    on_step()
    return done


def _count(action: str) -> pl.Expr:
    return (pl.col("action") == action).sum()


def _pages(events: pl.LazyFrame) -> pl.LazyFrame:
    """A row for each page: scenario, query (hashed), top (its first position), shown, clicks."""
    seen = events.filter(pl.col("action").is_in(["impression", "click"])).drop_nulls("request_id")
    return (
        seen.group_by("request_id")
        .agg(
            scenario=pl.col("scenario").first(),
            query=pl.col("query").first(),
            top=pl.col("position").min(),
            shown=_count("impression"),
            clicks=_count("click"),
        )
        .select("scenario", pl.col("query").hash(), "top", "shown", "clicks", asked=pl.col("query").is_not_null())
        .with_columns(query=pl.when(pl.col("asked")).then(pl.col("query")))
    )


def _users(events: pl.LazyFrame) -> pl.LazyFrame:
    bought = pl.col("action") == "purchase"
    return (
        events.drop_nulls("user_id")
        .group_by("user_id")
        .agg(
            actions=pl.col("action").is_in(ACTIONS).sum(),
            orders=bought.sum(),
            visits_with_order=pl.col("session_id").filter(bought).n_unique(),
        )
        .drop("user_id")
    )


def _sessions(events: pl.LazyFrame) -> pl.LazyFrame:
    return (
        events.drop_nulls("session_id")
        .group_by("session_id")
        .agg(
            pages=pl.col("request_id").n_unique(),
            clicks=_count("click"),
            seconds=(pl.col("time").max() - pl.col("time").min()).dt.total_microseconds() / 1e6,
        )
        .drop("session_id")
    )


def _products(events: pl.LazyFrame, products: pl.DataFrame) -> pl.LazyFrame:
    """A row for each product in the log: clicks, searched (clicks in search), shown, shown_new (while it was new),
    known (still on sale).
    """
    here = events.drop_nulls("product_id").join(
        products.lazy().with_columns(known=pl.lit(True)), on="product_id", how="left"
    )
    young = pl.col("time") - pl.col("listed_at") <= timedelta(days=NEW_DAYS)
    shown = pl.col("action") == "impression"
    return here.group_by("product_id").agg(
        clicks=_count("click"),
        searched=((pl.col("action") == "click") & (pl.col("scenario") == "search")).sum(),
        shown=shown.sum(),
        shown_new=(shown & young.fill_null(False)).sum(),
        known=pl.col("known").first().fill_null(False),
    )


def _returns(events: pl.LazyFrame, last: datetime | None) -> pl.LazyFrame:
    """Of orders old enough: how many came back, how many there are."""
    old = pl.lit(False) if last is None else pl.col("time") <= last - timedelta(days=BACK_DAYS)
    key = ["request_id", "product_id"]
    back = events.filter(pl.col("action") == "return").select(key).unique()
    orders = events.filter((pl.col("action") == "purchase") & old).select(key)
    came = orders.join(back.with_columns(came=pl.lit(True)), on=key, how="left")
    return came.select(back=pl.col("came").fill_null(False).sum(), orders=pl.len())


def _positions(places: pl.DataFrame, lists: int) -> list[Position]:
    counts = {(row["position"], row["action"]): row["len"] for row in places.iter_rows(named=True)}
    return [Position(at, counts.get((at, "impression"), 0), counts.get((at, "click"), 0), lists) for at in range(PAGE)]


def _of_pages(pages: pl.DataFrame, counts: dict[str, int], positions: list[Position]) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for scenario in ("search", "recommend"):
        own = pages.filter(pl.col("scenario") == scenario)
        values[f"click_rate_{scenario}"] = _share(own["clicks"].sum(), own["shown"].sum())
    for at in (0, 4, 9, 19):
        values[f"click_rate_at_{at + 1}"] = positions[at].on_screen
    first, lists = positions[0].per_list, [own.per_list for own in positions]
    values["first_click_rate"] = first
    values["first_to_fifth"] = _ratio(first, lists[4])
    values["first_to_tenth"] = _ratio(first, lists[9])
    values["pages_without_click"] = _share(int((pages["clicks"] == 0).sum()), pages.height)
    values["clicks_per_page"] = _share(pages["clicks"].sum(), pages.height)
    values["clicks_per_cart"] = _ratio(counts.get("click", 0), counts.get("add_to_cart", 0))
    values["clicks_per_purchase"] = _ratio(counts.get("click", 0), counts.get("purchase", 0))
    return values


def _of_products(
    measured: Measured, shown: pl.DataFrame, products: pl.DataFrame, last: datetime | None
) -> dict[str, float | None]:
    clicks, here = measured.item_clicks, shown.filter("known")
    searched = ordered(shown["searched"].to_numpy())
    line = fit(searched)
    young = 0
    if last is not None:
        young = int((last - products["listed_at"] <= timedelta(days=NEW_DAYS)).fill_null(False).sum())
    exposed = measured.size["events"] and products.height
    return {
        "item_exponent": -measured.item_fit.slope if measured.item_fit else None,
        "items_top_1": top_share(clicks, 0.01),
        "items_top_10": top_share(clicks, 0.1),
        "items_top_20": top_share(clicks, 0.2),
        "item_exponent_search": -line.slope if line else None,
        "items_top_20_search": top_share(searched, 0.2),
        "never_clicked": 1 - int((here["clicks"] > 0).sum()) / products.height if exposed else None,
        "never_shown": 1 - int((here["shown"] > 0).sum()) / products.height if exposed else None,
        "new_exposure": _share(shown["shown_new"].sum(), shown["shown"].sum()),
        "new_on_sale": _share(young, products.height),
    }


def _of_queries(measured: Measured) -> dict[str, float | None]:
    counts = measured.query_counts
    top = top_share(counts, 0.1)
    return {
        "query_exponent": -measured.query_fit.slope if measured.query_fit else None,
        "queries_top_1": top_share(counts, 0.01),
        "queries_once": _share(int((counts == 1).sum()), len(counts)),
        "searches_once": _share(int((counts == 1).sum()), counts.sum()),
        "searches_tail": None if top is None else 1 - top,
    }


def _of_people(users: pl.DataFrame, sessions: pl.DataFrame) -> dict[str, float | None]:
    active = users["actions"].filter(users["actions"] > 0)
    buyers = users.filter(pl.col("orders") > 0)
    clicked = sessions["clicks"].filter(sessions["clicks"] > 0)
    return {
        "actions_median": _float(active.median()),
        "actions_mean": _float(active.mean()),
        "actions_p99": _float(active.quantile(0.99, interpolation="linear")),
        "actions_below_5": _share(int((users["actions"] < 5).sum()), users.height),
        "buyers": _share(buyers.height, users.height),
        "repeat_buyers": _share(int((buyers["visits_with_order"] > 1).sum()), buyers.height),
        "session_pages_median": _float(sessions["pages"].median()),
        "session_pages": _float(sessions["pages"].mean()),
        "session_seconds_median": _float(sessions["seconds"].median()),
        "session_seconds": _float(sessions["seconds"].mean()),
        "session_clicks": _float(clicked.mean()),
    }


def _share(part: float | Decimal, whole: float | Decimal) -> float | None:
    return float(part) / float(whole) if whole else None


def _ratio(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or not lower else upper / lower


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
