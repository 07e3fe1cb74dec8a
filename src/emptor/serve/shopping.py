"""Basket and purchase: every cart and every purchase becomes an event that names where the product was found.

The purchase is a demonstration: nothing is paid and nothing is sent. All of it works without scripts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.serve.answers import as_json
from emptor.serve.basket import Basket, Line, event_id, read_quantity, read_token
from emptor.serve.events import store
from emptor.serve.forms import read_form
from emptor.serve.found import Found
from emptor.serve.frame import FRESH, frame
from emptor.serve.html import render
from emptor.serve.order import Item, Order
from emptor.serve.search import find_product
from emptor.serve.service import Service
from emptor.serve.shown import why_not
from emptor.serve.visit import Visit

THANKS = "/thanks"
NOTES = {
    "added": "Added to your basket.",
    "once": "That is in your basket already: the same form counts once, however often it is sent. "
    "For one more, use + beside the product.",
    "changed": "Something in your basket has changed since you last saw it. Please look at it again before you buy.",
    "nothing": "There was nothing in your basket that can be bought.",
}


def router(service: Service) -> APIRouter:
    """The pages over one service."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/basket")
    async def basket(request: Request) -> Response:
        visit, engine = Visit.of(request), service.engine
        if _is_script(request):
            return as_json(orjson.dumps({"count": visit.basket.count}))
        note = NOTES.get(request.query_params.get("note", ""))
        html = await service.searches.run(lambda: basket_html(engine, visit, note))
        return _page(html, visit)

    @routes.post("/basket/add")
    async def add(request: Request) -> Response:
        form, visit, engine = await read_form(request), Visit.of(request), service.engine
        basket, title = await service.appends.run(lambda: added(service, engine, visit, form))
        response: Response
        if _is_script(request):
            response = as_json(orjson.dumps({"count": basket.count, "title": title}))
        else:
            note = "once" if basket == visit.basket else "added"
            response = RedirectResponse(f"/basket?note={note}", 303)
        visit.keep(response)
        visit.keep_basket(response, basket)
        return response

    @routes.post("/basket/change")
    async def change(request: Request) -> Response:
        form, visit = await read_form(request), Visit.of(request)
        quantity = read_quantity(form.get("quantity", ""), least=0)
        basket = visit.basket.changed(form.get("product", ""), quantity)
        # to the line that was changed, so that the keyboard goes on from there
        place = next((at for at, own in enumerate(basket.lines, 1) if own.product_id == form.get("product")), None)
        response = RedirectResponse(f"/basket#line-{place}" if place else "/basket", 303)
        visit.keep_basket(response, basket)
        return response

    @routes.post("/basket/buy")
    async def buy(request: Request) -> Response:
        form, visit, engine = await read_form(request), Visit.of(request), service.engine
        order = await service.appends.run(lambda: Order.of(engine, visit.basket))
        items = order.buyable
        if not items:
            # the second half of a double click finds the basket empty
            return RedirectResponse(THANKS if visit.bought.lines else "/basket?note=nothing", 303)
        if form.get("seen") != order.seen:
            return RedirectResponse("/basket?note=changed", 303)
        await service.appends.run(lambda: _store(service, [_event("purchase", visit, own) for own in items]))
        response = RedirectResponse(THANKS, 303)
        visit.keep(response)
        visit.keep_basket(response, visit.basket.without({own.line.product_id for own in items}))
        visit.keep_bought(response, Basket(tuple(own.line for own in items)))
        return response

    @routes.get(THANKS)
    async def thanks(request: Request) -> Response:
        visit, engine = Visit.of(request), service.engine
        if not visit.bought.lines:
            return RedirectResponse("/basket", 303)
        html = await service.searches.run(
            lambda: render("thanks.html", **frame(engine, visit), order=Order.of(engine, visit.bought))
        )
        return _page(html, visit)

    return routes


def basket_html(engine: Engine, visit: Visit, note: str | None) -> str:
    """The basket, with a sentence about what just happened."""
    return render("basket.html", **frame(engine, visit), order=Order.of(engine, visit.basket), note=note)


def added(service: Service, engine: Engine, visit: Visit, form: Mapping[str, str]) -> tuple[Basket, str]:
    """Add what a form names to the basket and store the event; returns the basket and the product's title.

    A page of one product sends `product` and `at`; a button in a grid, which knows its place, `pick` = `AT:PRODUCT`.

    Raises: NotFound, EmptorError for what cannot be bought or does not fit in, Unavailable where the disk fails.
    """
    at, _, picked = form.get("pick", "").partition(":")
    product_id = form.get("product") or picked
    line = Line(
        product_id,
        read_quantity(form.get("quantity", "1"), least=1),
        read_token(form.get("token", "")),
        Found.read(form.get("from"), form.get("at") or at),
    )
    product: dict[str, Any] = find_product(engine, product_id)
    title = product["title"] or product_id
    problem = why_not(product)
    if problem is not None:
        raise EmptorError(f"{title!r} cannot be put into the basket: {problem.lower()}")
    basket = visit.basket.adding(line.product_id, line.quantity, line.token, line.found)
    _store(service, [{**_said("add_to_cart", visit, line), "price": product["price"]}])
    return basket, title


def _event(action: str, visit: Visit, item: Item) -> dict[str, Any]:
    return {**_said(action, visit, item.line), "price": item.unit}


def _said(action: str, visit: Visit, line: Line) -> dict[str, Any]:
    found = line.found
    return {
        "event_id": event_id(action, visit.session, line),
        "action": action,
        "session_id": visit.session,
        "user_id": visit.shopper,
        "product_id": line.product_id,
        "quantity": line.quantity,
        "request_id": found.request_id if found else None,
        "position": found.position if found else None,
    }


def _store(service: Service, events: list[dict[str, Any]]) -> None:
    """Raises EmptorError where the log refuses one."""
    for ack in store(service, events):
        if ack.status == "rejected":
            raise EmptorError(ack.error or "the event was refused")


def _is_script(request: Request) -> bool:
    """Whether basket.js asks, rather than a browser for a page."""
    return "application/json" in request.headers.get("accept", "")


def _page(html: str, visit: Visit) -> Response:
    response = HTMLResponse(html, headers=FRESH)
    visit.keep(response)
    return response
