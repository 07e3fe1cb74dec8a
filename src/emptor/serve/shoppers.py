"""`/shoppers`: see the shop as one of the users in its log does. Served only where the shop's settings allow it.

The choice is a cookie: it counts as long as the log knows such a user. Whoever chooses begins a new visit, so that no
session in the log belongs to two.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.serve.errors import NotFound
from emptor.serve.forms import check_origin, read_form
from emptor.serve.frame import FRESH, frame
from emptor.serve.html import render
from emptor.serve.models import printable
from emptor.serve.persona import Persona, persona
from emptor.serve.service import Service
from emptor.serve.shown import Card, card, money
from emptor.serve.swatches import swatch
from emptor.serve.visit import Visit
from emptor.shop.history import Share
from emptor.shop.schema import MAX_ID

PER_PAGE = 24


@dataclass(frozen=True)
class Liked:
    """A thing somebody likes: its share as people write it; colour: for a swatch, where the name is one."""

    name: str
    share: str
    colour: str | None = None


@dataclass(frozen=True)
class ShopperCard:
    """One user as the page shows them."""

    persona: Persona
    past: str
    departments: list[Liked]
    brands: list[Liked]
    colours: list[Liked]
    price: str | None
    last: list[Card]
    is_chosen: bool


def router(service: Service) -> APIRouter:
    """The page and its forms over one service."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def check_allowed() -> None:
        if not service.with_shoppers:
            raise NotFound("shopping as somebody else is not on in this shop")

    @routes.get("/shoppers")
    async def shoppers(request: Request) -> Response:
        check_allowed()
        visit, engine = Visit.of(request), service.engine
        prefix = printable(request.query_params.get("id", "")).strip()[:MAX_ID]
        text = request.query_params.get("offset", "")
        offset = int(text) if text.isdecimal() and len(text) < 8 else 0
        html = await service.searches.run(
            lambda: shoppers_html(engine, visit, prefix=prefix, offset=offset - offset % PER_PAGE)
        )
        response = HTMLResponse(html, headers=FRESH)
        visit.keep(response)
        return response

    @routes.post("/shoppers/choose")
    async def choose(request: Request) -> Response:
        check_allowed()
        form, visit, engine = await read_form(request), Visit.of(request), service.engine
        user_id = form.get("user", "")
        if user_id not in engine.taste.history:
            raise EmptorError(f"there is no shopper {user_id[:80]!r} in the log; choose one of those shown")
        return _as(visit, user_id)

    @routes.post("/shoppers/stop")
    async def stop(request: Request) -> Response:
        check_allowed()
        check_origin(request)
        return _as(Visit.of(request), None)

    return routes


def shoppers_html(engine: Engine, visit: Visit, *, prefix: str, offset: int) -> str:
    """The users of the log whose ids begin so, those who did most first."""
    history = engine.taste.history
    users, total = history.find(prefix, offset=offset, k=PER_PAGE)
    if prefix and not total and prefix != prefix.upper():
        prefix = prefix.upper()
        users, total = history.find(prefix, offset=offset, k=PER_PAGE)
    url = lambda at: "/shoppers?" + urlencode([("id", prefix)] * bool(prefix) + [("offset", at)] * bool(at))  # noqa: E731
    return render(
        "shoppers.html",
        **frame(engine, visit),
        prefix=prefix,
        known=len(history),
        total=total,
        cards=[own for user in users if (own := _card(engine, visit, user))],
        first=offset + 1,
        last=offset + len(users),
        previous_url=url(offset - PER_PAGE) if offset else None,
        next_url=url(offset + PER_PAGE) if offset + PER_PAGE < total else None,
    )


def _card(engine: Engine, visit: Visit, user_id: str) -> ShopperCard | None:
    summary, view, currency = engine.taste.summary(user_id), engine.view, engine.shop.options.currency
    if summary is None:
        return None
    orders = f"{summary.orders:,} {'order' if summary.orders == 1 else 'orders'}" if summary.orders else "no order yet"
    return ShopperCard(
        persona(user_id),
        f"{summary.visits:,} {'visit' if summary.visits == 1 else 'visits'}, {orders}",
        _liked(summary.departments),
        _liked(summary.brands),
        _liked(summary.colours),
        None if summary.price is None else money(summary.price, currency),
        [card(view.card(row), currency, size=64) for row in summary.last],
        user_id == visit.shopper,
    )


def _liked(shares: list[Share]) -> list[Liked]:
    return [Liked(own.name, f"{own.share:.0%}", swatch(own.name)) for own in shares]


def _as(visit: Visit, user_id: str | None) -> Response:
    """Back to the home page as somebody, or as oneself."""
    response = RedirectResponse("/", 303)
    visit.keep_shopper(response, user_id)
    return response
