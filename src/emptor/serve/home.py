"""The home page: departments, what is popular, new and viewed lately; for a shopper what is picked for them first."""

from __future__ import annotations

from emptor.engine import Engine
from emptor.page import Page
from emptor.serve.basket import new_token
from emptor.serve.departments import Departments
from emptor.serve.frame import frame
from emptor.serve.html import render
from emptor.serve.links import Asked
from emptor.serve.search import deadline
from emptor.serve.shown import Card, card, cards
from emptor.serve.visit import Visit

PICKED, POPULAR, NEW = 10, 10, 12
TILES = 12
"""Departments with a picture; the rest are links."""


def home_html(engine: Engine, departments: Departments, visit: Visit) -> str:
    """The page for a visitor who asked for nothing."""
    currency, view = engine.shop.options.currency, engine.view
    tiles = departments.of(view)
    popular = engine.search("", k=POPULAR, session_id=visit.session, facets=False, deadline=deadline(engine, "default"))
    newest = engine.search(
        "", k=NEW, sort="newest", session_id=visit.session, facets=False, deadline=deadline(engine, "default")
    )
    picked = _picked(engine, visit, popular)
    is_dated = any(hit.product["listed_at"] for hit in newest.results)
    return render(
        "home.html",
        **frame(engine, visit),
        session=visit.session,
        token=new_token(),
        departments=tiles[:TILES],
        more=tiles[TILES:],
        picked=picked,
        picked_cards=cards(picked, currency) if picked else [],
        popular=popular,
        popular_title=popular_title(engine),
        popular_cards=cards(popular, currency),
        all_url=Asked(sort="popular").url(),
        newest=newest,
        new_cards=cards(newest, currency) if is_dated else [],
        new_url=Asked(sort="newest").url(),
        viewed_cards=_viewed(engine, visit, currency),
    )


def _picked(engine: Engine, visit: Visit, popular: Page) -> Page | None:
    """What the cascade recommends to the shopper; None for nobody, and where it makes no difference who asks."""
    if visit.shopper is None:
        return None
    picked = engine.recommend(
        k=PICKED, user_id=visit.shopper, session_id=visit.session, deadline=deadline(engine, "default")
    )
    return None if _ids(picked) == _ids(popular) else picked


def popular_title(engine: Engine) -> str:
    """What a list of popular products may be called: without a single event nothing is popular."""
    return "Popular right now" if engine.view.popularity.any() else "From the shop"


def _viewed(engine: Engine, visit: Visit, currency: str) -> list[Card]:
    view = engine.view
    rows = [row for own in visit.viewed if (row := view.row(own)) is not None]
    return [card(view.card(row), currency) for row in rows]


def _ids(page: Page) -> list[str]:
    return [hit.product["product_id"] for hit in page.results]
