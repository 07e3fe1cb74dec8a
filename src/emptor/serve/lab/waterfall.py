"""The waterfall: what each stage of a cascade got, moved and dropped for one search, as the page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emptor.engine import Engine
from emptor.explain import Step, matched
from emptor.page import Page
from emptor.serve.answers import image_url
from emptor.serve.lab.asked import SHOWN, LabAsked

DROPPED = 20
"""Dropped products that are listed of each stage; the counts are of all."""


@dataclass(frozen=True)
class Product:
    """A product as a row of the lab shows it."""

    product_id: str
    title: str
    picture: str | None
    price: float | None
    brand: str | None

    @classmethod
    def of(cls, card: dict[str, Any]) -> Product:
        return cls(
            card["product_id"],
            card["title"] or card["product_id"],
            image_url(card, size=64),
            card["price"],
            card["brand"],
        )


@dataclass(frozen=True)
class Place:
    """Where a product stood after a stage. moved: places gained (+) or lost (-), None where it came in."""

    place: int
    score: float
    moved: int | None
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Blocked:
    """What a blocking rule kept out of a stage."""

    rule: str
    products: tuple[Product, ...]
    count: int


@dataclass(frozen=True)
class Bar:
    """One stage in numbers. start, share: when it began and how long it took, as parts of all stages' time, 0 to 1;
    over: it took more than its budget.
    """

    name: str
    method: str
    ms: float
    budget_ms: float
    start: float
    share: float
    over: bool
    came_in: int | None
    kept: int
    dropped: int
    why_dropped: str | None
    dropped_products: tuple[Product, ...]
    blocked: tuple[Blocked, ...]


@dataclass(frozen=True)
class Row:
    """A product of the final list, and its place after each stage (None: not there yet)."""

    product: Product
    position: int
    places: tuple[Place | None, ...]
    rule: str | None


@dataclass(frozen=True)
class Waterfall:
    page: Page
    bars: tuple[Bar, ...]
    rows: tuple[Row, ...]
    steps: tuple[Step, ...]
    followed: Product | None
    reading: dict[str, Any] | None
    """How the query was read, see `explain.reading`; None without one."""
    matched: str
    stages: list[dict[str, Any]]
    """As `Engine.explain` tells them."""


def waterfall(engine: Engine, asked: LabAsked) -> Waterfall:
    """Run a search and tell its story. Raises EmptorError for an unknown cascade."""
    page = engine.page(asked.ask())
    story = engine.explain(page.request_id)
    assert story is not None  # it was asked a moment ago
    stages = story["stages"]
    total = sum(stage["ms"] for stage in stages) or 1.0
    starts = [sum(stage["ms"] for stage in stages[:at]) / total for at in range(len(stages))]
    steps = engine.follow(page.request_id, asked.product) if asked.product else None
    return Waterfall(
        page,
        tuple(_bar(engine, stage, start, total) for stage, start in zip(stages, starts, strict=True)),
        tuple(_rows(page, stages)),
        tuple(steps or ()),
        product_of(engine, asked.product) if asked.product else None,
        story["reading"],
        matched(story["reading"]) if story["reading"] else "",
        stages,
    )


def _bar(engine: Engine, stage: dict[str, Any], start: float, total: float) -> Bar:
    blocked = [
        Blocked(own["rule"]["text"], _products(engine, own["products"]), len(own["products"]))
        for own in stage["blocked"]
    ]
    return Bar(
        stage["stage"],
        stage["method"],
        stage["ms"],
        stage["budget_ms"],
        start,
        stage["ms"] / total,
        stage["ms"] > stage["budget_ms"],
        stage["came_in"],
        len(stage["products"]),
        len(stage["dropped"]),
        stage["why_dropped"],
        _products(engine, stage["dropped"]),
        tuple(blocked),
    )


def _products(engine: Engine, product_ids: Sequence[str]) -> tuple[Product, ...]:
    """The first of some products, without those that are gone."""
    return tuple(own for product_id in product_ids[:DROPPED] if (own := product_of(engine, product_id)) is not None)


def product_of(engine: Engine, product_id: str) -> Product | None:
    """A product by its id; None for one that is gone."""
    row = engine.view.row(product_id)
    return None if row is None else Product.of(engine.view.card(row))


def _rows(page: Page, stages: Sequence[dict[str, Any]]) -> list[Row]:
    places = [{product_id: at for at, product_id in enumerate(stage["products"])} for stage in stages]
    rows = []
    for hit in page.results[:SHOWN]:
        product_id = hit.product["product_id"]
        own: list[Place | None] = []
        rule: str | None = None
        before: int | None = None
        seen: set[str] = set()
        for stage, known in zip(stages, places, strict=True):
            at = known.get(product_id)
            if at is None:
                own.append(None)
                continue
            values = [
                (name, column[at])
                for name, column in stage["columns"].items()
                if name not in seen and column[at] is not None and name not in ("place_before", "rule", "pinned")
            ]
            seen.update(stage["columns"])
            own.append(Place(at, stage["scores"][at], None if before is None else before - at, tuple(values)))
            number = stage["columns"].get("rule", [None] * (at + 1))[at]
            if stage["stage"] == "merchandise" and number is not None:
                rule = stage["rules"][str(int(number))]["text"]
            before = at
        rows.append(Row(Product.of(hit.product), hit.position, tuple(own), rule))
    return rows
