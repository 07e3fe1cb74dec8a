"""`GET /v1/images/{product_id}`: the picture of a product, in one of a few sizes."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.serve.errors import NotFound
from emptor.serve.models import ImageParameters, problems
from emptor.serve.painted import Painted, Painter
from emptor.serve.parameters import described, read
from emptor.serve.search import find_product
from emptor.serve.service import Service

CACHE = "public, max-age=3600, stale-while-revalidate=86400"


REFINED = "no-cache"
"""For the stored picture in the place of one that is still to be drawn: ask again."""


def router(service: Service, painter: Painter | None = None) -> APIRouter:
    """The route over one service.

    Args:
        painter: draws pictures that are asked for in a larger size than the shop has.
    """
    painted = None if painter is None else Painted(service.shop.images, painter)
    routes = APIRouter(prefix="/v1", tags=["pictures"], default_response_class=Response)

    @routes.get(
        "/images/{product_id:path}",
        openapi_extra=described(ImageParameters),
        responses={
            200: {"content": {"image/*": {}}, "description": "The picture."},
            304: {"description": "The picture is the one that If-None-Match names."},
            **problems(400, 404, 503),
        },
    )
    async def image(request: Request, product_id: str) -> Response:
        """A product's picture, at most `size` pixels wide and high; 404 where it has none."""
        parameters = read(ImageParameters, request)
        engine = service.engine
        known = request.headers.get("if-none-match", "")
        return await service.pictures.run(lambda: picture(engine, product_id, int(parameters.size), known, painted))

    return routes


def picture(engine: Engine, product_id: str, size: int, known: str, painted: Painted | None = None) -> Response:
    """The picture as a response. Raises NotFound where there is no product, or no picture that can be read.

    Args:
        known: the If-None-Match header. Pictures are stored under names made from their content, so the name
            and the size are the tag, and no file is opened to answer 304.
    """
    name = find_product(engine, product_id)["image_file"]
    if not isinstance(name, str):
        raise NotFound(f"product {product_id[:80]!r} has no picture")
    cache = CACHE
    if painted is not None and painted.wants(name, size):
        headers = {"ETag": f'"{painted.tag(name, product_id, size)}"', "Cache-Control": CACHE}
        if headers["ETag"] in known:
            return Response(status_code=304, headers=headers)
        drawn = painted.content(name, product_id, size)
        if drawn is not None:
            return Response(drawn, media_type="image/jpeg", headers=headers)
        cache = REFINED
    headers = {"ETag": f'"{Path(name).stem}-{size}"', "Cache-Control": cache}
    if headers["ETag"] in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    try:
        file = engine.shop.images.sized(name, size)
        content = file.read_bytes()
    except (EmptorError, OSError):
        raise NotFound(f"the picture of product {product_id[:80]!r} cannot be read") from None
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)
