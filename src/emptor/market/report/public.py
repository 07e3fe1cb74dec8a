"""What public logs and reports say, so that a simulated market can be held beside them.

A figure is checked where it was read on the page that it is from, or computed from the data by this package's own
routines; the others are from memory and marked `about`. Few public logs have searches, what was on the screen and
orders together, so most ranges are wide: to be inside says little, to be outside says something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emptor.market.report.measures import Measured
from emptor.market.report.skew import zipf_share


@dataclass(frozen=True)
class Source:
    """One public figure, low to high (the same where it is one number).

    about: from memory, not looked up. judges: False for what is of another kind of page, shown but not judged by.
    """

    name: str
    low: float
    high: float
    about: bool = False
    judges: bool = True


def _one(name: str, value: float, *, about: bool = False, judges: bool = True) -> Source:
    return Source(name, value, value, about, judges)


_ALIEXPRESS = "AliExpress search log, four countries, 2020; what lay below the screen may be counted as shown"
_ALICCP = "Ali-CCP, Taobao recommendations, 2018"
_JD = "JD recommendations, a sample (DMT, CIKM 2020)"
_TAOBAO = "Taobao UserBehavior, 9 days of 2017"
_ROCKET = "RetailRocket, 4.5 months of 2015"
_YOOCHOOSE = "YooChoose (RecSys 2015), 6 months"
_REES = "REES46 multi-category shop, October 2019"
_AOL = "AOL web search, 3 months of 2006, next pages counted"
_SISTRIX = "Sistrix, Google results, 2020; ten links, not a grid of products"
_RATINGS = "MovieLens small, computed here; ratings, not clicks"

_EXPONENT = (
    _one("Amazon Beauty, computed here; reviews, 5 and more per product, which flattens", 0.487),
    _one(_RATINGS, 0.489),
    Source("Breslau et al. 1999, pages of web servers", 0.64, 0.83, about=True),
)

FIXED: dict[str, tuple[Source, ...]] = {
    "click_rate_search": (Source(_ALIEXPRESS, 0.016, 0.027, about=True),),
    "click_rate_recommend": (
        _one(_ALICCP, 0.040, about=True),
        _one("Ali display advertising, Taobao, 2017", 0.051, about=True),
        _one(_JD, 0.068),
    ),
    "first_click_rate": (_one(_SISTRIX, 0.285, about=True, judges=False),),
    "first_to_fifth": (_one(_SISTRIX, 4.0, about=True, judges=False),),
    "first_to_tenth": (_one(_SISTRIX, 11.4, about=True, judges=False),),
    "pages_without_click": (_one(_AOL, 0.586, judges=False),),
    "clicks_per_page": (_one(_AOL, 0.673, judges=False),),
    "clicks_per_cart": (_one(_TAOBAO, 16.2), _one(_ROCKET, 38.4)),
    "clicks_per_purchase": (
        Source(_ALIEXPRESS, 27.7, 44.0, about=True),
        _one(_YOOCHOOSE, 28.7, about=True),
        _one(_JD, 31.6),
        _one(_TAOBAO, 44.5),
        _one(_ROCKET, 118.6),
        _one(_ALICCP, 189.0, about=True),
    ),
    "item_exponent": _EXPONENT,
    "item_exponent_search": _EXPONENT,
    "never_clicked": (_one(f"{_ROCKET}; products without any event", 0.44, about=True),),
    "query_exponent": (Source("search logs in general", 0.8, 1.0, about=True),),
    "queries_once": (_one("Yahoo! UK web search (Baeza-Yates et al. 2007)", 0.88, about=True),),
    "searches_once": (_one("Yahoo! UK web search (Baeza-Yates et al. 2007)", 0.44, about=True),),
    "actions_mean": (
        _one(_ROCKET, 1.96),
        _one(_REES, 14.0, about=True),
        _one(f"{_TAOBAO}; users chosen for being active", 101.0, about=True),
    ),
    "session_clicks": (
        _one(f"{_YOOCHOOSE}; sessions with a click", 3.57, about=True),
        _one(f"{_REES}; all events", 4.6, about=True),
    ),
    "buyers": (
        _one(_ROCKET, 0.0083, about=True),
        _one(_REES, 0.115, about=True),
        _one(f"{_TAOBAO}; users chosen for being active", 0.68, about=True),
    ),
    "return_rate": (Source("online orders, United States, NRF 2021 to 2023", 0.165, 0.208, about=True),),
}
"""Per figure, the public ones that are the same whatever the market's size."""

_MORE = "shops are said to be more skewed than 80% for 20%"


def _items(share: float, *others: Source) -> Callable[[Measured], tuple[Source, ...]]:
    def sources(measured: Measured) -> tuple[Source, ...]:
        size = len(measured.item_clicks)
        if not size:
            return others
        steep = _one(f"Zipf's law with exponent 1 over {size:,} products", zipf_share(size, 1.0, share), about=True)
        return (*others, steep)

    return sources


def _queries(share: float, *, tail: bool = False) -> Callable[[Measured], tuple[Source, ...]]:
    def sources(measured: Measured) -> tuple[Source, ...]:
        size = len(measured.query_counts)
        if not size:
            return ()
        flat, steep = (zipf_share(size, exponent, share) for exponent in (0.8, 1.0))
        low, high = (1 - steep, 1 - flat) if tail else (flat, steep)
        return (Source(f"Zipf's law with exponents 0.8 to 1 over {size:,} queries", low, high, about=True),)

    return sources


SIZED: dict[str, Callable[[Measured], tuple[Source, ...]]] = {
    "items_top_1": _items(0.01, _one(_RATINGS, 0.157)),
    "items_top_10": _items(0.1, _one(_RATINGS, 0.600)),
    "items_top_20": _items(0.2, _one(_RATINGS, 0.770), Source(_MORE, 0.80, 0.95, about=True)),
    "items_top_20_search": _items(0.2, _one(_RATINGS, 0.770), Source(_MORE, 0.80, 0.95, about=True)),
    "queries_top_1": _queries(0.01),
    "searches_tail": _queries(0.1, tail=True),
}
"""Per figure, those that follow from how many products or queries there are."""


def sources(name: str, measured: Measured) -> tuple[Source, ...]:
    """The public figures beside one of the market's; none where we know of none."""
    return SIZED[name](measured) if name in SIZED else FIXED.get(name, ())
