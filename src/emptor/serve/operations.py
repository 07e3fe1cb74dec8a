"""Routes for those who run the server: health, readiness, metrics."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from emptor.serve.answers import as_json
from emptor.serve.errors import RETRY_AFTER_S
from emptor.serve.metrics import CONTENT_TYPE
from emptor.serve.models import RETRY, HealthAnswer, NotReadyAnswer, ReadyAnswer
from emptor.serve.service import Service


class ReadyNow(ReadyAnswer):
    """`warning`: what could not be taken up, such as an edited shop.toml or a rule, so that something older, or all but
    that rule, is in force.
    """

    warning: str | None = None


def router(service: Service) -> APIRouter:
    """The routes over one service."""
    routes = APIRouter(tags=["operations"], default_response_class=Response)

    @routes.get("/healthz", responses={200: {"model": HealthAnswer, "description": "The process lives."}})
    async def health() -> Response:
        """Whether the process lives."""
        return as_json(b'{"status":"ok"}')

    @routes.get(
        "/readyz",
        responses={
            200: {"model": ReadyNow, "description": "Requests are answered."},
            503: {"model": NotReadyAnswer, "description": "Not yet; `error` says why.", "headers": RETRY},
        },
    )
    async def ready() -> Response:
        """Whether requests are answered: 503 until the shop is open and warm."""
        if not service.ready:
            reason = service.failure or "the shop is being opened"
            response = as_json(orjson.dumps({"ready": False, "error": reason}), 503)
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
            return response
        view = service.engine.view
        answer: dict[str, object] = {"ready": True, "generation": view.generation.number, "products": view.count}
        if service.warning is not None:
            answer["warning"] = service.warning
        return as_json(orjson.dumps(answer))

    @routes.get("/metrics", responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text format."}})
    async def metrics() -> Response:
        """Counters and histograms for Prometheus."""
        return Response(service.metrics.render(), media_type=CONTENT_TYPE)

    return routes
