"""What a loss attribution found; `attribution` finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_EXAMPLES = 50
NOT_RETRIEVED, BELOW, ON_PAGE = "not retrieved", "below the page", "on the page"


@dataclass(frozen=True, kw_only=True)
class LossCounts:
    """What became of the relevant products of one kind of query, or (None) of all.

    `queries`: those with a relevant product; `counts`: products per outcome, in the order of `Losses.outcomes`. They
    sum to `relevant`. `at_best`: what the best order would have on the page, which cannot hold more than its size.
    """

    kind: str | None
    queries: int
    relevant: int
    at_best: int
    counts: tuple[int, ...]

    @property
    def shares(self) -> tuple[float, ...] | None:
        """`counts` over `relevant`; None where nothing is relevant."""
        return tuple(count / self.relevant for count in self.counts) if self.relevant else None


@dataclass(frozen=True, kw_only=True)
class LostProduct:
    """A relevant product that is not on the page; `rank`: its place in the list, from 1, where it is below the page."""

    query: str
    kind: str | None
    product_id: str
    title: str | None
    grade: float
    outcome: str
    rank: int | None


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Loss attribution of one cascade.

    A relevant product that does not reach the final list was lost by the stage that left it out for good.

    Attributes:
        threshold: the lowest grade that is relevant. page_size: products of a page.
        outcomes: what can become of a product: one per stage, then below the page and on it.
        overall, by_kind: the counts; queries without a kind are in `overall` only.
        examples: up to MAX_EXAMPLES products that are not on the page, dealt evenly over the outcomes; of each outcome
            the highest grades first, spread over queries.
    """

    cascade: str
    threshold: float
    page_size: int
    outcomes: tuple[str, ...]
    overall: LossCounts
    by_kind: tuple[LossCounts, ...]
    examples: tuple[LostProduct, ...]

    @property
    def definition(self) -> str:
        """One sentence for a report."""
        return (
            f"relevant = graded {self.threshold:g} or more; a product is lost by the stage that leaves it out "
            f"for good; a page has {self.page_size:,} products"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "cascade": self.cascade,
            "threshold": self.threshold,
            "page_size": self.page_size,
            "definition": self.definition,
            "outcomes": list(self.outcomes),
            "overall": self._counts(self.overall),
            "by_kind": [self._counts(counts) for counts in self.by_kind],
            "examples": [vars(example).copy() for example in self.examples],
        }

    def _counts(self, counts: LossCounts) -> dict[str, Any]:
        shares = counts.shares
        return {
            "kind": counts.kind,
            "queries": counts.queries,
            "relevant": counts.relevant,
            "at_best": counts.at_best,
            "counts": dict(zip(self.outcomes, counts.counts, strict=True)),
            "shares": None if shares is None else dict(zip(self.outcomes, shares, strict=True)),
        }
