"""The ASGI application: routes over one shop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

import emptor
from emptor.serve import events, images, lab, operations, pages, search, shoppers, shopping
from emptor.serve.errors import add_handlers
from emptor.serve.html import STATIC, CachedFiles
from emptor.serve.lab.guard import LOOPBACK
from emptor.serve.middleware import Surroundings
from emptor.serve.painted import Painter
from emptor.serve.service import Service

_ABOUT = """\
Search, recommendations, pictures and events of one shop. Every error is `{"error": "one sentence"}`:
400 for a request that cannot be read (an unknown parameter included, so that a typo does not pass silently),
404, 413, 422 where no event could be stored, and 503 with Retry-After while the shop is being opened or the
server is overloaded.
"""


def create_app(
    shop: Path,
    *,
    on_ready: Callable[[], None] = lambda: None,
    on_failure: Callable[[Exception], None] = lambda error: None,
    with_lab: bool = True,
    lab_hosts: Collection[str] | None = LOOPBACK | {"testserver"},
    with_shoppers: bool | None = None,
    painter: Painter | None = None,
) -> FastAPI:
    """The application over the shop in a folder; its `state.service` is the Service.

    The shop is opened in the background once the application starts: `/readyz` says when, and `on_ready` is
    called; `on_failure` instead where it cannot be opened.

    Args:
        with_lab: serve the lab, which edits rules and shows queries, too; lab_hosts: names under which it answers,
            None for any.
        with_shoppers: visitors may shop as one of the users in the log; None: where shop.toml says so.
        painter: draws pictures that are asked for in a larger size than the shop has, see `images`.
    Raises: EmptorError where there is no shop.
    """
    service = Service(shop, on_ready=on_ready, on_failure=on_failure, with_shoppers=with_shoppers)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        watching = asyncio.create_task(service.lag.watch())
        try:
            yield
        finally:
            watching.cancel()
            await anyio.to_thread.run_sync(service.stop)

    app = FastAPI(
        title=service.shop.options.name or "Emptor",
        version=emptor.__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.openapi = partial(_document, app, app.openapi)  # type: ignore[method-assign]
    app.state.service = service
    for module in (search, events, operations, shopping, shoppers, pages):
        app.include_router(module.router(service))
    app.include_router(images.router(service, painter))
    if with_lab:
        app.include_router(lab.router(service, hosts=lab_hosts))
    app.mount("/static", CachedFiles(directory=STATIC), name="static")
    add_handlers(app, partial(_error_page, service))
    app.add_middleware(Surroundings, metrics=service.metrics, shed=service.sheds)
    return app


def _error_page(service: Service, request: Request, status: int, sentence: str) -> Response:
    """An error in the frame of where it happened: the lab, or the shop."""
    path = request.url.path
    if service.ready and status != 403 and (path == "/lab" or path.startswith("/lab/")):
        return HTMLResponse(lab.error_html(service.engine, sentence), status)
    return pages.error_html(service, request, status, sentence)


def _document(app: FastAPI, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI document without the 422 that the framework adds: bad parameters are answered 400 here."""
    if app.openapi_schema is None:
        document = make()
        for methods in document["paths"].values():
            for operation in methods.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema
