"""The pages that people see: search, product, errors, a list of the API. They work without scripts, too."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response

from emptor.engine import Engine
from emptor.page import SORTS, Page
from emptor.serve.answers import image_url
from emptor.serve.html import render
from emptor.serve.links import PER_PAGE, Asked, brand_url, category_url
from emptor.serve.search import deadline, find_product
from emptor.serve.service import Service
from emptor.serve.shown import card, chips, crumbs, groups, heading, initial, pager, price

SIMILAR = 10
SESSION = "emptor_session"
_SESSION_ID = re.compile(r"[0-9a-f]{32}")
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

    async def answer(request: Request, make: Callable[[Engine, str], str]) -> Response:
        """A page made in a search thread; the visitor's session lives in a cookie."""
        engine = service.engine
        session = request.cookies.get(SESSION, "")
        is_known = _SESSION_ID.fullmatch(session) is not None
        own = session if is_known else uuid.uuid4().hex
        html = await service.searches.run(lambda: make(engine, own))
        response = HTMLResponse(html, headers={"Cache-Control": "private, no-cache"})
        if not is_known:
            response.set_cookie(SESSION, own, httponly=True, samesite="lax")
        return response

    @routes.get("/")
    async def search(request: Request) -> Response:
        asked = Asked.read(request.query_params)
        return await answer(request, lambda engine, session: search_html(engine, asked, session))

    @routes.get("/product/{product_id:path}")
    async def product(request: Request, product_id: str) -> Response:
        return await answer(request, lambda engine, session: product_html(engine, product_id, session))

    @routes.get("/docs")
    async def docs(request: Request) -> Response:
        app: FastAPI = request.app
        return HTMLResponse(render("docs.html", **_frame(service), **_described(app.openapi())))

    return routes


def search_html(engine: Engine, asked: Asked, session: str) -> str:
    """The search page; with nothing asked, what is popular."""
    currency = engine.shop.options.currency
    page = engine.search(
        asked.q,
        k=PER_PAGE,
        offset=asked.offset,
        filters=asked.filters,
        sort=asked.sort,
        session_id=session,
        deadline=deadline(engine, "default"),
    )
    popular: Page | None = None
    if not page.results:
        popular = engine.search("", k=SIMILAR, session_id=session, facets=False, deadline=deadline(engine, "default"))
    before, after = asked.offset - PER_PAGE, asked.offset + PER_PAGE
    return render(
        "search.html",
        **_shop(engine),
        asked=asked,
        page=page,
        session=session,
        cards=[card(hit, currency) for hit in page.results],
        groups=groups(page, asked, currency),
        chips=chips(asked, currency),
        clear_url=asked.without_filters().url(),
        sorts=[
            (name, label if asked.q or name != "relevance" else "Recommended", name == asked.sort)
            for name, label in _SORTS.items()
        ],
        meant_url=asked.asking(page.did_you_mean).url() if page.did_you_mean else None,
        pager=pager(page, asked),
        previous_url=asked.at(before).url() if before >= 0 else None,
        next_url=asked.at(after).url() if after < page.total else None,
        popular=popular,
        popular_cards=[card(hit, currency) for hit in popular.results] if popular else [],
    )


def product_html(engine: Engine, product_id: str, session: str) -> str:
    """The page of a product, with similar ones. Raises NotFound."""
    currency = engine.shop.options.currency
    product: dict[str, Any] = find_product(engine, product_id)
    similar = engine.recommend(
        product_id=product_id, k=SIMILAR, session_id=session, deadline=deadline(engine, "default")
    )
    title = product["title"] or product_id
    return render(
        "product.html",
        **_shop(engine),
        product=product,
        title=title,
        session=session,
        price=price(product, currency),
        picture=image_url(product, size=512),
        initial=initial(title),
        heading=heading,
        crumbs=crumbs(product["category"] or [], category_url),
        brand_url=brand_url(product["brand"]) if product["brand"] else None,
        similar=similar,
        similar_cards=[card(hit, currency) for hit in similar.results],
    )


def error_html(service: Service, request: Request, status: int, sentence: str) -> Response:
    """An error as a page; the query stays in the search box."""
    asked = Asked(request.query_params.get("q", "")[:200])
    html = render("error.html", **_frame(service), asked=asked, status=status, sentence=sentence)
    return HTMLResponse(html, status)


def _shop(engine: Engine) -> dict[str, Any]:
    return {"shop_name": engine.shop.options.name or "Shop", "products": engine.view.count}


def _frame(service: Service) -> dict[str, Any]:
    """What every page needs, also while the shop is being opened."""
    return _shop(service.engine) if service.ready else {"shop_name": service.shop.options.name or "Shop", "products": 0}


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
