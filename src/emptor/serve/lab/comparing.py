"""Two cascades side by side on one search: what each shows, and what changed places."""

from __future__ import annotations

from dataclasses import dataclass

from emptor.engine import Engine
from emptor.serve.lab.asked import LabAsked
from emptor.serve.lab.waterfall import Product

DEPTH = 20


@dataclass(frozen=True)
class Side:
    """A product in one of the lists. other: its place in the other list (None: not among its first 1,000)."""

    product: Product
    place: int
    score: float
    other: int | None

    @property
    def moved(self) -> int | None:
        """Places higher here than there."""
        return None if self.other is None else self.other - self.place


@dataclass(frozen=True)
class Comparison:
    """a, b: the first 20 of each cascade; shared: products that both have among their first 10 and 20; same: whether
    their first 1,000 are the same.
    """

    a: tuple[Side, ...]
    b: tuple[Side, ...]
    names: tuple[str, str]
    totals: tuple[int, int]
    ms: tuple[float, float]
    shared10: int
    shared20: int
    same: bool


def compare(engine: Engine, asked: LabAsked) -> Comparison:
    """Run both cascades. Raises EmptorError where one is unknown."""
    pages = [engine.page(asked.ask(cascade=name, k=1000)) for name in (asked.cascade, asked.against)]
    stories = [engine.explain(page.request_id) for page in pages]
    ms = [sum(stage["ms"] for stage in story["stages"]) if story else 0.0 for story in stories]
    places = [{hit.product["product_id"]: hit.position for hit in page.results} for page in pages]
    sides = [
        tuple(
            Side(Product.of(hit.product), hit.position, hit.score, other.get(hit.product["product_id"]))
            for hit in page.results[:DEPTH]
        )
        for page, other in zip(pages, reversed(places), strict=True)
    ]
    first = [[side.product.product_id for side in own] for own in sides]
    return Comparison(
        sides[0],
        sides[1],
        (asked.cascade, asked.against),
        (pages[0].total, pages[1].total),
        (ms[0], ms[1]),
        len(set(first[0][:10]) & set(first[1][:10])),
        len(set(first[0]) & set(first[1])),
        places[0] == places[1],
    )
