"""What a lab page is asked for: a search, as the API takes it, and a product to follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from emptor.errors import EmptorError
from emptor.page import Ask
from emptor.serve.models import MAX_QUERY, printable
from emptor.shop.filters import parse_filters

SHOWN = 50
"""Products of a list that a lab page shows."""
_KNOWN = ("q", "filter", "cascade", "against", "product", "follow")


@dataclass(frozen=True)
class LabAsked:
    """A search in the lab. `against`: the other cascade of a comparison."""

    q: str = ""
    filters: tuple[str, ...] = ()
    cascade: str = "default"
    against: str = ""
    product: str = ""

    @classmethod
    def read(cls, parameters: QueryParams) -> LabAsked:
        """From an address or a form. Raises EmptorError for a filter that cannot be read or an unknown parameter."""
        unknown = next((name for name, value in parameters.multi_items() if value and name not in _KNOWN), None)
        if unknown is not None:
            raise EmptorError(f"unknown parameter {printable(unknown)[:80]!r}; known here: {', '.join(_KNOWN)}")
        q = printable(parameters.get("q", "")).strip()
        if len(q) > MAX_QUERY:
            raise EmptorError(f"the query has {len(q):,} characters, expected at most {MAX_QUERY:,}")
        filters = tuple(text.strip() for text in parameters.getlist("filter") if text.strip())
        parse_filters(filters)
        text = lambda name, default="": printable(parameters.get(name, ""))[:256].strip() or default  # noqa: E731
        # `follow` is what the command line calls it
        return cls(q, filters, text("cascade", "default"), text("against"), text("product") or text("follow"))

    @property
    def blank(self) -> bool:
        return not self.q and not self.filters

    def ask(self, *, cascade: str | None = None, k: int = SHOWN) -> Ask:
        """The request, which is nobody's behaviour and stays out of the log."""
        return Ask(
            query=self.q or None,
            filters=parse_filters(self.filters),
            cascade=cascade or self.cascade,
            k=k,
            facets=False,
            logged=False,
        )

    def url(self, page: str, **changes: str) -> str:
        """The same search on a page of the lab."""
        own = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [("q", own.q)] if own.q else []
        pairs += [("filter", text) for text in own.filters]
        pairs += [(name, value) for name in ("against", "product") if (value := getattr(own, name))]
        if own.cascade != "default":
            pairs.append(("cascade", own.cascade))
        return f"/lab{page}?{urlencode(pairs)}" if pairs else f"/lab{page}"
