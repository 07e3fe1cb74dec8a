"""What the engine is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emptor.cascade import MAX_LIST, Degraded
from emptor.errors import EmptorError
from emptor.facets import Facet
from emptor.shop.filters import Filters

SORTS = ("relevance", "price_asc", "price_desc", "newest", "popular")


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request for a page; see `Engine.search` and `Engine.recommend` for the fields.

    Raises: EmptorError for an unknown sort, or a slice behind the list's end.
    """

    query: str | None = None
    product_id: str | None = None
    k: int = 20
    offset: int = 0
    filters: Filters = ()
    sort: str = "relevance"
    user_id: str | None = None
    session_id: str | None = None
    cascade: str = "default"
    facets: bool = True
    seed: int | None = None
    request_id: str | None = None
    logged: bool = True
    """False for what the lab asks: it is nobody's behaviour."""

    def __post_init__(self) -> None:
        if self.k < 1 or self.offset < 0 or self.offset + self.k > MAX_LIST:
            raise EmptorError(
                f"k={self.k} and offset={self.offset}: expected k of at least 1, offset of at least 0, and a sum of at "
                f"most {MAX_LIST}"
            )
        if self.sort not in SORTS:
            raise EmptorError(f"unknown sort {self.sort[:80]!r}; there are {', '.join(SORTS)}")


@dataclass(frozen=True)
class Hit:
    """One result.

    product: its fields without description and attributes (`view.product(row)` has them all); position: from 0 over
    the whole list; propensity: chance that it stood there.
    """

    product: dict[str, Any]
    score: float
    position: int
    propensity: float


@dataclass(frozen=True)
class Page:
    """A slice of one list. total: length of the list; total_is_capped: there may be more than the list holds."""

    request_id: str
    query: str | None
    results: list[Hit]
    total: int
    total_is_capped: bool
    facets: list[Facet]
    degraded: list[Degraded]
    did_you_mean: str | None
    cascade: str
    explored: bool
    view: str
