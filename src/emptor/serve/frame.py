"""What every page shows around its content: the shop's name, how much is in it and in the basket, who one shops as."""

from __future__ import annotations

from typing import Any

from emptor.engine import Engine
from emptor.serve.persona import persona
from emptor.serve.service import Service
from emptor.serve.visit import Visit

PRIVATE = {"Cache-Control": "private, no-cache"}
"""Headers of a page made for one visitor."""
FRESH = {"Cache-Control": "no-store"}
"""Headers of a page that must not come out of the browser's memory: the basket is what it is now."""


def frame(engine: Engine, visit: Visit) -> dict[str, Any]:
    """The values that base.html needs."""
    return {
        "shop_name": engine.shop.options.name or "Shop",
        "products": engine.view.count,
        "basket_count": visit.basket.count,
        "may_choose": visit.may_choose,
        "shopper": persona(visit.shopper) if visit.shopper is not None else None,
    }


def early_frame(service: Service, visit: Visit) -> dict[str, Any]:
    """The same, also while the shop is being opened."""
    if service.ready:
        return frame(service.engine, visit)
    name = service.shop.options.name or "Shop"
    return {
        "shop_name": name,
        "products": 0,
        "basket_count": visit.basket.count,
        "may_choose": visit.may_choose,
        "shopper": None,
    }
