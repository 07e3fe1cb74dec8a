"""What the engine is asked, and what it answers."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from emptor.cascade import MAX_LIST, Degraded, Requests
from emptor.errors import EmptorError
from emptor.facets import Facet
from emptor.shop.filters import Filters, parse_filters
from emptor.shop.view import View

SORTS = ("relevance", "price_asc", "price_desc", "newest", "popular")
EXPLORED_FOR_US = 3_600_000_000
"""A visitor who asks the same again within the hour sees the same shuffle."""


class Options(TypedDict, total=False):
    """What a search or recommendation may be given by name.

    k, offset: the slice of the list, offset + k at most 1,000. filters: as in a URL, see `shop.filters`. sort: order of
    the list's candidates: relevance, price_asc, price_desc, newest or popular. seed: decides exploration; by default
    drawn from the session (or user), the query and the hour, so that all pages of a list agree; without a visitor
    nothing is explored.
    """

    k: int
    offset: int
    filters: Sequence[str]
    sort: str
    user_id: str | None
    session_id: str | None
    cascade: str
    facets: bool
    seed: int | None
    request_id: str | None
    logged: bool


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request for a page; see `Options` for the fields.

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

    @classmethod
    def of(cls, options: Options, *, query: str | None = None, product_id: str | None = None) -> Ask:
        """From options as a caller writes them: filters as texts, a blank query for none.

        Raises: EmptorError for a bad filter, too.
        """
        named: dict[str, Any] = dict(options)
        texts = named.pop("filters", ())
        filters = parse_filters([texts] if isinstance(texts, str) else texts)
        return cls(query=query if query and query.strip() else None, product_id=product_id, filters=filters, **named)

    @property
    def explores(self) -> bool:
        """Without a visitor, or under another order, nothing is explored and every propensity is 1."""
        return self.sort == "relevance" and (self.seed is not None or bool(self.session_id or self.user_id))


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


def requests_of(asks: Sequence[Ask], *, now: int) -> Requests:
    """A batch of one cascade's requests.

    All pages of a list must be cut from one shuffle: its seed is drawn for the visitor, not for the request.
    """
    hour = now // EXPLORED_FOR_US
    return Requests.of(
        [ask.query for ask in asks],
        request_ids=[ask.request_id or uuid.uuid4().hex for ask in asks],
        user_ids=[ask.user_id for ask in asks],
        session_ids=[ask.session_id for ask in asks],
        product_ids=[ask.product_id for ask in asks],
        filters=[ask.filters for ask in asks],
        now=now,
        k=[ask.k for ask in asks],
        offset=[ask.offset for ask in asks],
        sorts=[ask.sort for ask in asks],
        seeds=[
            ask.seed
            if ask.seed is not None
            else _seed(ask.session_id or ask.user_id or "", ask.query, ask.product_id, ask.filters, ask.cascade, hour)
            for ask in asks
        ],
        cascade=asks[0].cascade,
    )


def in_order(view: View, rows: np.ndarray, sort: str) -> np.ndarray:
    """Places of a list in the wanted order; what has no price or date stands last."""
    places = np.arange(len(rows))
    if sort == "relevance":
        return places
    if sort.startswith("price"):
        price = view.price[rows]
        key = np.where(np.isnan(price), np.inf, price if sort == "price_asc" else -price)
    elif sort == "newest":
        key = -view.listed_at[rows].astype(np.float64)
    else:
        key = -view.popularity[rows]
    return np.lexsort((places, key))


def _seed(*parts: object) -> int:
    """A number below 2**63 that depends on all parts."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "little") >> 1
