"""What the search page was asked, and the links that change one thing about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from emptor.cascade import MAX_LIST
from emptor.errors import EmptorError
from emptor.page import SORTS
from emptor.serve.models import MAX_QUERY, printable
from emptor.shop.category import join_path
from emptor.shop.filters import escape, parse_filter, parse_filters

PER_PAGE = 20
SINGLE = ("category", "price", "in_stock")
"""Fields of which one choice replaces another; of the rest several may be chosen."""

_PARTS = re.compile(r"((?:\\.|[^\\:])*):(.*)", re.DOTALL)
_ALTERNATIVE = re.compile(r"(?:\\.|[^\\|])+", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """A search as the page's address writes it. `filters`: as in the API."""

    q: str = ""
    filters: tuple[str, ...] = ()
    sort: str = "relevance"
    offset: int = 0

    @classmethod
    def read(cls, parameters: QueryParams) -> Asked:
        """From an address: lenient about numbers and unknown names, which links from elsewhere may carry.

        `min` and `max` are the fields of the price form. Raises EmptorError for a filter that cannot be read.
        """
        q = printable(parameters.get("q", "")).strip()
        if len(q) > MAX_QUERY:
            raise EmptorError(f"the query has {len(q):,} characters, expected at most {MAX_QUERY:,}")
        filters = [text for text in parameters.getlist("filter") if text.strip()]
        low, high = parameters.get("min", "").strip(), parameters.get("max", "").strip()
        if low or high:
            filters = [text for text in filters if not text.startswith("price:")] + [f"price:{low}..{high}"]
        parse_filters(filters)
        sort = parameters.get("sort", "")
        text = parameters.get("offset", "")
        offset = int(text) if text.isdecimal() and len(text) < 6 else 0
        offset = min(offset - offset % PER_PAGE, MAX_LIST - PER_PAGE)
        return cls(q, tuple(filters), sort if sort in SORTS else "relevance", offset)

    @property
    def blank(self) -> bool:
        """The home page: nothing was asked."""
        return not self.q and not self.filters

    def url(self) -> str:
        """The address of this search."""
        pairs: list[tuple[str, str]] = [("q", self.q)] if self.q else []
        pairs += [("filter", text) for text in self.filters]
        if self.sort != "relevance":
            pairs.append(("sort", self.sort))
        if self.offset:
            pairs.append(("offset", str(self.offset)))
        return "/?" + urlencode(pairs) if pairs else "/"

    def at(self, offset: int) -> Asked:
        return replace(self, offset=offset)

    def asking(self, q: str) -> Asked:
        """Another query with the same filters."""
        return replace(self, q=q, offset=0)

    def without_filters(self) -> Asked:
        return replace(self, filters=(), offset=0)

    def without(self, filter: str) -> Asked:
        """One filter taken back."""
        return replace(self, filters=tuple(own for own in self.filters if own != filter), offset=0)

    def toggled(self, filter: str, *, active: bool) -> Asked:
        """One choice of a facet taken or, where it is active, taken back."""
        own = parse_filter(filter)
        kept: list[str] = []
        joined = False
        for text in self.filters:
            if parse_filter(text).field != own.field:
                kept.append(text)
                continue
            name, pieces = _pieces(text)
            if active:
                others = [piece for piece in pieces if not _same(f"{name}:{piece}", filter)]
                if others:
                    kept.append(f"{name}:{'|'.join(others)}")
            elif own.field not in SINGLE and not joined:
                kept.append(f"{name}:{'|'.join([*pieces, *_pieces(filter)[1]])}")
                joined = True
        if not active and not joined:
            kept.append(filter)
        return replace(self, filters=tuple(kept), offset=0)


def category_url(path: Sequence[str]) -> str:
    """The address of everything in a category."""
    return Asked(filters=("category:" + join_path(path).replace("|", "\\|"),)).url()


def brand_url(brand: str) -> str:
    """The address of everything of a brand."""
    return Asked(filters=(f"brand:{escape(brand)}",)).url()


def values_of(filter: str) -> list[str]:
    """The alternatives of a filter as they were written, escapes resolved (a path keeps its own)."""
    name, pieces = _pieces(filter)
    if name == "category":
        return [piece.replace("\\|", "|") for piece in pieces]
    return [re.sub(r"\\(.)", r"\1", piece) for piece in pieces]


def _pieces(text: str) -> tuple[str, list[str]]:
    """`brand:Acme|Beta` -> ("brand", ["Acme", "Beta"]), escapes as they are."""
    match = _PARTS.fullmatch(text)
    assert match is not None  # parse_filter has read it
    return match[1], _ALTERNATIVE.findall(match[2])


def _same(left: str, right: str) -> bool:
    try:
        a, b = parse_filter(left), parse_filter(right)
    except EmptorError:  # an alternative that is blank by itself
        return False
    return (a.values, a.ranges) == (b.values, b.ranges)
