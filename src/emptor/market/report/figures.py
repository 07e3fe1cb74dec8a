"""The figures of a market report: what each is called, how it is counted, and whether it lies where public ones do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from emptor.market.report.measures import BACK_DAYS, NEW_DAYS, Measured
from emptor.market.report.public import Source, sources
from emptor.market.report.skew import LEAST

Form = Literal["percent", "number", "seconds"]
_NEAR = 0.05
"""A value that misses a range by less, in shares of its end, is inside: public figures are rounded."""


@dataclass(frozen=True)
class Meaning:
    """group: heading. grows: it changes with the length of the log, so that days and months do not compare."""

    group: str
    label: str
    form: Form
    definition: str
    grows: bool = False


@dataclass(frozen=True)
class Figure:
    """One figure of the market beside the public ones.

    Attributes:
        low, high: ends of the public range; None where none is known.
        verdict: inside, above, below; None where there is no value, no range, or one of another kind of page only.
        off: how far outside, in shares of the nearer end: 0.5 above 10 is 15; None unless above or below.
    """

    name: str
    meaning: Meaning
    value: float | None
    sources: tuple[Source, ...]
    low: float | None
    high: float | None
    verdict: Literal["inside", "above", "below"] | None
    off: float | None


_CLICKS, _ITEMS, _SEARCH, _PEOPLE, _VISITS, _ORDERS = (
    "Clicks",
    "Products",
    "Queries",
    "Users",
    "Sessions",
    "Orders",
)
_ITEM_LINE = (
    "clicks fall as rank to the minus this: least squares of log clicks over log rank at 40 ranks even in the "
    f"logarithm, products with {LEAST} clicks and more"
)
_QUERY_LINE = f"the same of searches per distinct query, queries asked {LEAST} times and more"

MEANINGS: dict[str, Meaning] = {
    "click_rate_search": Meaning(_CLICKS, "Click rate, search", "percent", "clicks per product on the screen"),
    "click_rate_recommend": Meaning(
        _CLICKS, "Click rate, recommendation", "percent", "clicks per product on the screen"
    ),
    "click_rate_at_1": Meaning(_CLICKS, "Click rate at 1", "percent", "of products on the screen there"),
    "click_rate_at_5": Meaning(_CLICKS, "Click rate at 5", "percent", "of products on the screen there"),
    "click_rate_at_10": Meaning(_CLICKS, "Click rate at 10", "percent", "of products on the screen there"),
    "click_rate_at_20": Meaning(_CLICKS, "Click rate at 20", "percent", "of products on the screen there"),
    "first_click_rate": Meaning(_CLICKS, "Lists with a click at 1", "percent", "clicks at position 1 per list shown"),
    "first_to_fifth": Meaning(_CLICKS, "Position 1 over 5", "number", "ratio of clicks per list shown"),
    "first_to_tenth": Meaning(_CLICKS, "Position 1 over 10", "number", "ratio of clicks per list shown"),
    "pages_without_click": Meaning(
        _CLICKS, "Pages without a click", "percent", "of pages that had a product on the screen"
    ),
    "clicks_per_page": Meaning(_CLICKS, "Clicks per page", "number", "mean over pages with a product on the screen"),
    "item_exponent": Meaning(_ITEMS, "Exponent of popularity", "number", _ITEM_LINE, grows=True),
    "items_top_1": Meaning(_ITEMS, "Clicks of the top 1%", "percent", "of products with a click", grows=True),
    "items_top_10": Meaning(_ITEMS, "Clicks of the top 10%", "percent", "of products with a click", grows=True),
    "items_top_20": Meaning(_ITEMS, "Clicks of the top 20%", "percent", "of products with a click", grows=True),
    "item_exponent_search": Meaning(
        _ITEMS, "Exponent, search only", "number", "the same of clicks in search", grows=True
    ),
    "items_top_20_search": Meaning(
        _ITEMS, "The top 20%, search only", "percent", "of clicks in search, products with one", grows=True
    ),
    "never_clicked": Meaning(_ITEMS, "Never clicked", "percent", "of products on sale now", grows=True),
    "never_shown": Meaning(_ITEMS, "Never on a screen", "percent", "of products on sale now", grows=True),
    "new_exposure": Meaning(
        _ITEMS, "Exposure of new products", "percent", f"impressions of products listed at most {NEW_DAYS} days before"
    ),
    "new_on_sale": Meaning(
        _ITEMS, "New products on sale", "percent", f"products listed at most {NEW_DAYS} days before the log's end"
    ),
    "query_exponent": Meaning(_SEARCH, "Exponent of queries", "number", _QUERY_LINE, grows=True),
    "queries_top_1": Meaning(
        _SEARCH, "Searches of the top 1%", "percent", "searches for the 1% most frequent queries", grows=True
    ),
    "queries_once": Meaning(_SEARCH, "Queries asked once", "percent", "of distinct queries", grows=True),
    "searches_once": Meaning(
        _SEARCH,
        "Searches asked once",
        "percent",
        "of searches; the far tail",
        grows=True,
    ),
    "searches_tail": Meaning(
        _SEARCH, "Searches in the tail", "percent", "searches for all but the 10% most frequent queries", grows=True
    ),
    "actions_median": Meaning(
        _PEOPLE, "Actions per user, median", "number", "clicks, carts and purchases of users who have any", grows=True
    ),
    "actions_mean": Meaning(_PEOPLE, "Actions per user, mean", "number", "of users who have any", grows=True),
    "actions_p99": Meaning(_PEOPLE, "Actions per user, 99%", "number", "of users who have any", grows=True),
    "actions_below_5": Meaning(
        _PEOPLE, "Fewer than 5 actions", "percent", "of users in the log, none included", grows=True
    ),
    "buyers": Meaning(_PEOPLE, "Buyers", "percent", "of users in the log", grows=True),
    "repeat_buyers": Meaning(
        _PEOPLE, "Repeat rate", "percent", "of buyers, those who bought in two visits and more", grows=True
    ),
    "session_pages_median": Meaning(_VISITS, "Pages per session, median", "number", "pages with a product seen"),
    "session_pages": Meaning(_VISITS, "Pages per session, mean", "number", "pages with a product seen"),
    "session_seconds_median": Meaning(_VISITS, "Length of a session, median", "seconds", "first to last event"),
    "session_seconds": Meaning(_VISITS, "Length of a session, mean", "seconds", "first to last event"),
    "session_clicks": Meaning(_VISITS, "Clicks per session", "number", "mean over sessions with a click"),
    "clicks_per_cart": Meaning(_ORDERS, "Clicks per cart", "number", "clicks over products put into a cart"),
    "clicks_per_purchase": Meaning(_ORDERS, "Clicks per purchase", "number", "clicks over products bought"),
    "return_rate": Meaning(
        _ORDERS, "Return rate", "percent", f"of orders at least {BACK_DAYS} days old, those sent back"
    ),
}


def figures(measured: Measured) -> list[Figure]:
    """Every figure, in the order of the report."""
    return [_figure(name, meaning, measured) for name, meaning in MEANINGS.items()]


def outside(own: Sequence[Figure]) -> list[Figure]:
    """Those outside their range, the furthest first."""
    return sorted((one for one in own if one.off is not None), key=lambda one: -(one.off or 0))


def _figure(name: str, meaning: Meaning, measured: Measured) -> Figure:
    value, known = measured.values[name], sources(name, measured)
    if not known:
        return Figure(name, meaning, value, (), None, None, None, None)
    low, high = min(own.low for own in known), max(own.high for own in known)
    if value is None or not all(own.judges for own in known):
        return Figure(name, meaning, value, known, low, high, None, None)
    verdict, off = judged(value, low, high)
    return Figure(name, meaning, value, known, low, high, verdict, off)


def judged(value: float, low: float, high: float) -> tuple[Literal["inside", "above", "below"], float | None]:
    """Where a value lies, and how far outside, in shares of the nearer end."""
    nearer = low if value < low else high
    off = abs(value - nearer) / abs(nearer) if nearer else float("inf")
    if low <= value <= high or off <= _NEAR:
        return "inside", None
    return ("below" if value < low else "above"), off
