"""What surrounds every request: timing for the metrics, and headers that tell browsers to be careful."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emptor.serve.errors import RETRY_AFTER_S
from emptor.serve.metrics import Metrics
from emptor.serve.overload import BUSY

_POLICY = (
    "default-src 'self'; img-src 'self' https: data:; script-src 'self'; style-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]


HEAD = "emptor.head"

_SHED = frozenset({"/v1/search", "/v1/recommend", "/v1/suggest"})
_BUSY = orjson.dumps({"error": BUSY})
_BUSY_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BUSY)).encode()),
    (b"retry-after", str(RETRY_AFTER_S).encode()),
    *_HEADERS,
]


class Surroundings:
    """Plain ASGI: a few microseconds a request.

    Args:
        shed: asked for each search; true where it must be turned away. Saying no here, before the framework has looked
            at the request, takes a tenth of the time, and under overload most answers are no.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, shed: Callable[[], bool] = lambda: False) -> None:
        self._app, self._metrics, self._shed = app, metrics, shed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        if scope["method"] == "HEAD":
            # what answers GET answers HEAD, with the same headers and no body
            scope, send = {**scope, "method": "GET", HEAD: True}, _bodiless(send)
        if scope["path"] in _SHED and self._shed():
            await send({"type": "http.response.start", "status": 503, "headers": _BUSY_HEADERS})
            await send({"type": "http.response.body", "body": _BUSY})
            self._metrics.request(scope["path"], 503, time.perf_counter() - start)
            return
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", ())
                given = {name.lower() for name, _ in own}
                message["headers"] = [*own, *(pair for pair in _HEADERS if pair[0] not in given)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._metrics.request(_route(scope), status, time.perf_counter() - start)


def is_head(scope: Scope) -> bool:
    """Whether only the headers were asked for, by a link checker or a cache: that is nobody's visit."""
    return HEAD in scope


def _bodiless(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_headers


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    return getattr(route, "path", None) or "other"
