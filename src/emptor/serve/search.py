"""Routes that ask the engine: search, recommend, suggest, products, explain."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.page import Ask, Page
from emptor.serve.answers import as_json, page_json, product_json
from emptor.serve.errors import NotFound
from emptor.serve.models import (
    ExplainAnswer,
    PageAnswer,
    ProductAnswer,
    RecommendParameters,
    SearchParameters,
    SuggestAnswer,
    SuggestParameters,
    problems,
)
from emptor.serve.parameters import DirectRoute, described, read
from emptor.serve.service import Service
from emptor.shop.filters import parse_filters


def router(service: Service) -> APIRouter:
    """The routes over one service."""
    routes = APIRouter(prefix="/v1", tags=["search"], default_response_class=Response, route_class=DirectRoute)

    @routes.get(
        "/search",
        openapi_extra=described(SearchParameters),
        responses={200: {"model": PageAnswer}, **problems(400, 503)},
    )
    async def search(request: Request) -> Response:
        """A page of results for a query."""
        parameters = read(SearchParameters, request)
        engine = service.engine
        return as_json(
            await service.searches.run_batched(
                _Searches(engine, parameters.cascade),
                search_ask(parameters),
                due=deadline(engine, parameters.cascade),
            )
        )

    @routes.get(
        "/recommend",
        openapi_extra=described(RecommendParameters),
        responses={200: {"model": PageAnswer}, **problems(400, 404, 503)},
    )
    async def recommend(request: Request) -> Response:
        """Products without a query: similar to `product_id`, or for a user's home page."""
        parameters = read(RecommendParameters, request)
        engine = service.engine
        return as_json(await service.searches.run(lambda: page_json(recommend_page(engine, parameters))))

    @routes.get(
        "/suggest",
        openapi_extra=described(SuggestParameters),
        responses={200: {"model": SuggestAnswer}, **problems(400, 503)},
    )
    async def suggest(request: Request) -> Response:
        """Completions of a query that is being typed."""
        parameters = read(SuggestParameters, request)
        engine = service.engine
        return as_json(
            await service.searches.run(
                lambda: orjson.dumps({"suggestions": engine.suggest(parameters.q, k=parameters.k)})
            )
        )

    @routes.get("/products/{product_id:path}", responses={200: {"model": ProductAnswer}, **problems(404, 503)})
    async def product(product_id: str) -> Response:
        """All fields of one product. The id is percent-encoded; it may hold slashes."""
        engine = service.engine
        return as_json(await service.searches.run(lambda: product_json(find_product(engine, product_id))))

    @routes.get(
        "/explain/{request_id:path}",
        responses={
            200: {"model": ExplainAnswer, "description": "What each stage kept, with scores, and dropped."},
            **problems(404, 503),
        },
    )
    async def explain(request_id: str) -> Response:
        """What happened to one of the last 10,000 requests, stage by stage."""
        engine = service.engine
        return as_json(await service.searches.run(lambda: _explain(engine, request_id)))

    return routes


@dataclass(frozen=True)
class _Searches:
    """Answers the searches of one cascade that wait, together: what is worked on at once shares most of the work."""

    engine: Engine
    cascade: str

    def __call__(self, asks: Sequence[Ask]) -> list[bytes | Exception]:
        pages = self.engine.pages(asks, deadline=deadline(self.engine, self.cascade))
        return [page if isinstance(page, EmptorError) else page_json(page) for page in pages]


def search_ask(parameters: SearchParameters) -> Ask:
    """What the parameters ask for. Raises EmptorError for a bad filter or slice."""
    return Ask(
        query=parameters.q.strip() or None,
        k=parameters.k,
        offset=parameters.offset,
        filters=parse_filters([text for text in parameters.filter if text]),
        sort=parameters.sort,
        user_id=parameters.user_id,
        session_id=parameters.session_id,
        cascade=parameters.cascade,
        facets=parameters.facets,
    )


def recommend_page(engine: Engine, parameters: RecommendParameters) -> Page:
    """Ask the engine for recommendations. Raises NotFound for a product that the shop does not have."""
    if parameters.product_id is not None:
        find_row(engine, parameters.product_id)
    ask = Ask(
        product_id=parameters.product_id,
        k=parameters.k,
        offset=parameters.offset,
        filters=parse_filters([text for text in parameters.filter if text]),
        user_id=parameters.user_id,
        session_id=parameters.session_id,
        cascade=parameters.cascade,
        facets=False,
    )
    return engine.page(ask, deadline=deadline(engine, parameters.cascade))


def deadline(engine: Engine, cascade: str) -> float | None:
    """time.monotonic() by which to answer what is begun now; None for an unknown cascade.

    Waiting for a thread does not count: it has bounds of its own, and a page that is late is worth more than one whose
    stages were skipped because others were being served.
    """
    own = engine.cascades.get(cascade)
    return None if own is None else time.monotonic() + own.options.deadline_ms / 1000


def find_product(engine: Engine, product_id: str) -> dict[str, object]:
    """All fields of a product, a price with its currency. Raises NotFound."""
    view = engine.view
    row = view.row(product_id)
    if row is None:
        raise _missing(product_id)
    product = view.product(row)
    if product["currency"] is None and product["price"] is not None:
        product["currency"] = engine.shop.options.currency
    return product


def find_row(engine: Engine, product_id: str) -> int:
    """A product's row in the current view. Raises NotFound."""
    row = engine.view.row(product_id)
    if row is None:
        raise _missing(product_id)
    return row


def _missing(product_id: str) -> NotFound:
    return NotFound(f"product {product_id[:80]!r} is not in the shop")


def _explain(engine: Engine, request_id: str) -> bytes:
    explained = engine.explain(request_id)
    if explained is None:
        raise NotFound(f"request {request_id[:80]!r} is not among the last requests answered here")
    return orjson.dumps(explained)
