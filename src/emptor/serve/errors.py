"""Errors as answers: one sentence in JSON, or a page for a browser."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from emptor.errors import EmptorError

log = logging.getLogger(__name__)

RETRY_AFTER_S = 1

ErrorPage = Callable[[Request, int, str], Response]
"""Makes the page that a browser gets: (request, status, sentence) -> response."""


class NotFound(EmptorError):
    """What was asked for is not in the shop: 404."""


class TooLarge(EmptorError):
    """A body beyond the limit: 413."""


class Refused(EmptorError):
    """What is not to be done for who asks: 403."""


class Unavailable(Exception):
    """The server cannot answer now, but will soon: 503 with Retry-After."""


_STATUSES = {NotFound: 404, TooLarge: 413, Refused: 403}


def add_handlers(app: FastAPI, error_page: ErrorPage) -> None:
    """Answer every error of `app` with its sentence; browsers outside `/v1` get `error_page`."""

    def answer(request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
        if not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", ""):
            response = error_page(request, status, sentence)
        else:
            response = json_error(status, sentence)
        response.headers.update(headers or {})
        return response

    async def refused(request: Request, error: Exception) -> Response:
        status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400)
        return answer(request, status, str(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, error.status_code, _sentence_of_status(request, error), error.headers)

    async def unavailable(request: Request, error: Exception) -> Response:
        return answer(request, 503, str(error), {"Retry-After": str(RETRY_AFTER_S)})

    async def bug(request: Request, error: Exception) -> Response:
        return answer(request, 500, "the server failed on this request; its log has the details")

    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        EmptorError: refused,
        HTTPException: http,
        Unavailable: unavailable,
        Exception: bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def json_error(status: int, sentence: str) -> Response:
    return Response(orjson.dumps({"error": sentence}), status, media_type="application/json")


def _sentence_of_status(request: Request, error: HTTPException) -> str:
    if error.status_code == 404:
        return f"there is nothing at {_show(request.url.path)}; /docs lists what there is"
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return f"{_show(request.url.path)} does not take {_show(request.method)}, expected {allowed}"
    return str(error.detail)


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
