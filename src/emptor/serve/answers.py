"""Pages and products as the API writes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response

from emptor.page import Page


def as_json(content: bytes, status: int = 200) -> Response:
    """JSON that is encoded already."""
    return Response(content, status, media_type="application/json")


def image_url(product: dict[str, Any], *, size: int = 256) -> str | None:
    """Where a product's picture is: the shop's copy, else the source's web address, else None."""
    if product["image_file"]:
        return f"/v1/images/{quote(product['product_id'], safe='')}?size={size}"
    image = product["image"]
    return image if image and image.startswith(("https://", "http://")) else None


def page_json(page: Page) -> bytes:
    """A page of results, see `models.PageAnswer`."""
    results = [
        {
            "product_id": hit.product["product_id"],
            "title": hit.product["title"],
            "price": hit.product["price"],
            "currency": hit.product["currency"],
            "brand": hit.product["brand"],
            "category": hit.product["category"] or [],
            "image_url": image_url(hit.product),
            "in_stock": hit.product["in_stock"] is not False,
            "score": hit.score,
            "position": hit.position,
            "propensity": hit.propensity,
        }
        for hit in page.results
    ]
    return orjson.dumps(
        {
            "request_id": page.request_id,
            "query": page.query,
            "total": page.total,
            "total_is_capped": page.total_is_capped,
            "results": results,
            "facets": page.facets,
            "degraded": page.degraded,
            "did_you_mean": page.did_you_mean,
            "cascade": page.cascade,
            "explored": page.explored,
        }
    )


def product_json(product: dict[str, Any]) -> bytes:
    """All fields of a product, see `models.ProductAnswer`; where its picture came from is nobody's matter."""
    shown = {name: value for name, value in product.items() if name not in ("image", "image_file")}
    shown["category"] = shown["category"] or []
    shown["in_stock"] = shown["in_stock"] is not False
    return orjson.dumps({**shown, "image_url": image_url(product)}, option=orjson.OPT_UTC_Z)
