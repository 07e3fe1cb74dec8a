"""What each channel of retrieval found for a search, and what nobody but it did."""

from __future__ import annotations

from dataclasses import dataclass

from emptor.engine import Engine
from emptor.retrieve.dense import Sides
from emptor.retrieve.stage import HybridRetrieval
from emptor.serve.lab.asked import LabAsked
from emptor.serve.lab.waterfall import Product
from emptor.shop.filters import parse_filters

DEPTH = 12
"""Products that are shown of a list."""
FRONT = 50
"""Places that a product is brought to by its picture, from behind them."""


@dataclass(frozen=True)
class Hit:
    """A product as a channel found it. place: in the channel's own order, from 0. others: who found it, too."""

    product: Product
    place: int
    others: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A channel's finds among what was kept. first: its best; alone: behind them, those that no other channel found.

    share: of the kept products, 0 to 1, that it found; share_alone: that nobody else did.
    """

    name: str
    count: int
    count_alone: int
    share: float
    share_alone: float
    first: tuple[Hit, ...]
    alone: tuple[Hit, ...]


@dataclass(frozen=True)
class Brought:
    """A product that its picture brings to the front. place: with it, from 0; before: by text alone, None where text
    does not find it.
    """

    product: Product
    place: int
    before: int | None


@dataclass(frozen=True)
class Pictured:
    """What pictures bring to a search of one channel. p: whether the network lets them count, 0 to 1; count: products
    among the first FRONT with pictures and not without; first: the best of these.
    """

    name: str
    p: float
    count: int
    first: tuple[Brought, ...]


@dataclass(frozen=True)
class Channels:
    """cascade: as it was asked for. kept: products that the stage gave. several: those that more than one channel
    found. pictured: of channels that tell pictures apart from texts.
    """

    cascade: str
    kept: int
    several: int
    found: tuple[Found, ...]
    pictured: tuple[Pictured, ...] = ()


def channels(engine: Engine, asked: LabAsked) -> Channels | None:
    """Run a search and take its first stage apart; None where that is no retrieval by channels.

    Raises: EmptorError for an unknown cascade.
    """
    page = engine.page(asked.ask(k=1))
    story = engine.explain(page.request_id)
    assert story is not None  # it was asked a moment ago
    stage = story["stages"][0] if story["stages"] else None
    if stage is None or not stage["columns"] or not stage["products"]:
        return None
    columns: dict[str, list[float | None]] = stage["columns"]
    products = stage["products"]
    by = [tuple(name for name, column in columns.items() if column[at] is not None) for at in range(len(products))]
    found = [_found(engine, name, column, products, by) for name, column in columns.items()]
    found.sort(key=lambda own: (-own.count, own.name))
    several = sum(len(own) > 1 for own in by)
    return Channels(asked.cascade, len(products), several, tuple(found), _pictured(engine, asked))


def _pictured(engine: Engine, asked: LabAsked) -> tuple[Pictured, ...]:
    stage = engine.cascade(asked.cascade).first
    if not isinstance(stage, HybridRetrieval) or not asked.q:
        return ()
    sides = stage.by_side(asked.q, parse_filters(asked.filters))
    return tuple(_brought(engine, name, own) for name, own in sides.items())


def _brought(engine: Engine, name: str, sides: Sides) -> Pictured:
    before = {row: place for place, row in enumerate(sides.by_text.products.tolist())}
    new = [
        (place, row)
        for place, row in enumerate(sides.with_picture.products[:FRONT].tolist())
        if before.get(row, FRONT) >= FRONT
    ]
    first = tuple(Brought(Product.of(engine.view.card(row)), place, before.get(row)) for place, row in new[:DEPTH])
    return Pictured(name, sides.p, len(new), first)


def _found(
    engine: Engine, name: str, column: list[float | None], products: list[str], by: list[tuple[str, ...]]
) -> Found:
    scored = [(score, at) for at, score in enumerate(column) if score is not None]
    scored.sort(key=lambda own: (-own[0], own[1]))
    order = [(place, at) for place, (_, at) in enumerate(scored)]
    alone = [own for own in order if by[own[1]] == (name,)]
    further = [own for own in alone if own[0] >= DEPTH]

    def hits(of: list[tuple[int, int]]) -> tuple[Hit, ...]:
        listed = ((engine.view.row(products[at]), place, at) for place, at in of[:DEPTH])
        return tuple(
            Hit(
                Product.of(engine.view.card(row)),
                place,
                tuple(other for other in by[at] if other != name),
            )
            for row, place, at in listed
            if row is not None  # retired since
        )

    return Found(
        name,
        len(order),
        len(alone),
        len(order) / len(products),
        len(alone) / len(products),
        hits(order),
        hits(further),
    )
