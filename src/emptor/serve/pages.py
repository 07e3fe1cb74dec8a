"""The pages that people see: home, search, product, errors, a list of the API. They work without scripts, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from fastapi import APIRouter, FastAPI, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response

from emptor.engine import Engine
from emptor.page import SORTS, Ask, Page
from emptor.serve.answers import image_url
from emptor.serve.basket import MAX_QUANTITY, new_token
from emptor.serve.departments import Departments
from emptor.serve.found import Found, product_url
from emptor.serve.frame import FRESH, PRIVATE, early_frame, frame
from emptor.serve.home import home_html, popular_title
from emptor.serve.html import render
from emptor.serve.links import PER_PAGE, Asked, brand_url, category_url
from emptor.serve.middleware import is_head
from emptor.serve.opened import note_click
from emptor.serve.search import deadline, find_product
from emptor.serve.service import Service
from emptor.serve.shown import browsed, cards, chips, crumbs, groups, heading, initial, pager, price, tint, why_not
from emptor.serve.visit import Visit

SIMILAR = 10
_SORTS = dict(
    zip(
        SORTS,
        ("Best match", "Price: low to high", "Price: high to low", "Newest", "Most popular"),
        strict=True,
    )
)


def router(service: Service) -> APIRouter:
    """The pages over one service."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    departments = Departments()

    async def answer(visit: Visit, make: Callable[[Engine], str]) -> Response:
        """A page made in a search thread; the visitor's session lives in a cookie.

        Without scripts the browser's way back must fetch the page anew: the token of a form counts once.
        """
        engine = service.engine
        headers = PRIVATE if visit.scripted else FRESH
        response = HTMLResponse(await service.searches.run(lambda: make(engine)), headers=headers)
        visit.keep(response)
        return response

    @routes.get("/")
    async def search(request: Request) -> Response:
        asked, visit = Asked.read(request.query_params), Visit.of(request)
        if asked == Asked():
            return await answer(visit, lambda engine: home_html(engine, departments, visit))
        return await answer(visit, lambda engine: search_html(engine, asked, visit))

    @routes.get("/product/{product_id:path}")
    async def product(request: Request, product_id: str) -> Response:
        found, visit = Found.of(request.query_params), Visit.of(request)
        response = await answer(visit, lambda engine: product_html(engine, product_id, found, visit))
        visit.keep_viewed(response, product_id)
        if found is not None and not (visit.scripted or visit.is_new or is_head(request.scope)):
            response.background = BackgroundTask(note_click, service, visit, product_id, found)
        return response

    @routes.get("/docs")
    async def docs(request: Request) -> Response:
        app: FastAPI = request.app
        return HTMLResponse(
            render("docs.html", **early_frame(service, Visit.of(request)), **_described(app.openapi())),
            headers=PRIVATE,
        )

    return routes


def search_html(engine: Engine, asked: Asked, visit: Visit) -> str:
    """A page of results; where there are none, what is popular."""
    currency, session, user = engine.shop.options.currency, visit.session, visit.shopper
    page = engine.search(
        asked.q,
        k=PER_PAGE,
        offset=asked.offset,
        filters=asked.filters,
        sort=asked.sort,
        session_id=session,
        user_id=user,
        deadline=deadline(engine, "default"),
    )
    popular: Page | None = None
    unfiltered = 0
    if not page.results:
        popular = engine.search("", k=SIMILAR, session_id=session, facets=False, deadline=deadline(engine, "default"))
        if asked.q and asked.filters:  # whose fault is it: the words', or the filters'?
            free = Ask(query=asked.q, k=1, facets=False, logged=False)
            unfiltered = engine.page(free, deadline=deadline(engine, "default")).total
    before, after = asked.offset - PER_PAGE, asked.offset + PER_PAGE
    return render(
        "search.html",
        **frame(engine, visit),
        asked=asked,
        page=page,
        session=session,
        token=new_token(),
        cards=cards(page, currency),
        browsed=browsed(asked),
        groups=groups(page, asked, currency),
        chips=chips(asked, currency),
        unfiltered=unfiltered,
        clear_url=asked.without_filters().url(),
        sorts=[
            (name, label if asked.q or name != "relevance" else "Recommended", name == asked.sort)
            for name, label in _SORTS.items()
            if name == asked.sort or not name.startswith("price") or has_prices(engine)
        ],
        meant_url=asked.asking(page.did_you_mean).url() if page.did_you_mean else None,
        pager=pager(page, asked),
        previous_url=asked.at(before).url() if before >= 0 else None,
        next_url=asked.at(after).url() if after < page.total else None,
        popular=popular,
        popular_title=popular_title(engine),
        popular_cards=cards(popular, currency) if popular else [],
    )


def has_prices(engine: Engine) -> bool:
    """Whether any product has a price: without one there is nothing to sort by."""
    view = engine.view
    filled = view.generation.about.get("filled", {}).get("price")
    return bool(filled) or not np.isnan(view.price).all()


def product_html(engine: Engine, product_id: str, found: Found | None, visit: Visit) -> str:
    """The page of a product, with similar ones. Raises NotFound.

    Args:
        found: the place in a list that led here.
    """
    currency = engine.shop.options.currency
    product: dict[str, Any] = find_product(engine, product_id)
    similar = engine.recommend(
        product_id=product_id,
        k=SIMILAR,
        session_id=visit.session,
        user_id=visit.shopper,
        deadline=deadline(engine, "default"),
    )
    title = product["title"] or product_id
    return render(
        "product.html",
        **frame(engine, visit),
        product=product,
        title=title,
        session=visit.session,
        token=new_token(),
        found=found,
        own_url=product_url(product_id),
        can_buy=why_not(product) is None,
        max_quantity=MAX_QUANTITY,
        price=price(product, currency),
        picture=image_url(product, size=512),
        initial=initial(title),
        tint=tint(product_id),
        heading=heading,
        crumbs=crumbs(product["category"] or [], category_url),
        brand_url=brand_url(product["brand"]) if product["brand"] else None,
        similar=similar,
        similar_cards=cards(similar, currency),
    )


def error_html(service: Service, request: Request, status: int, sentence: str) -> Response:
    """An error as a page; the query stays in the search box."""
    asked = Asked(request.query_params.get("q", "")[:200])
    html = render(
        "error.html", **early_frame(service, Visit.of(request)), asked=asked, status=status, sentence=sentence
    )
    return HTMLResponse(html, status)


def _described(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document as the list of the API shows it."""
    operations = []
    for path, methods in document["paths"].items():
        for method, own in methods.items():
            operations.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "text": own.get("description", ""),
                    "parameters": [
                        {
                            "name": parameter["name"],
                            "text": parameter.get("description", ""),
                            "default": parameter["schema"].get("default"),
                            "choices": parameter["schema"].get("enum", []),
                        }
                        for parameter in sorted(
                            own.get("parameters", []), key=lambda own: own["name"] not in ("q", "product_id")
                        )
                    ],
                    "statuses": [(status, answer["description"]) for status, answer in own["responses"].items()],
                }
            )
    return {"operations": operations, "version": document["info"]["version"]}
