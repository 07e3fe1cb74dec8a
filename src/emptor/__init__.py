"""Emptor: an open e-commerce search and recommendation system.

import emptor

engine = emptor.open("my-shop")
page = engine.search("red striped dress", k=10, filters=["price:10..50"])
print([hit.product["title"] for hit in page.results])
print(engine.explain(page.request_id)["stages"][0]["ms"])
print(emptor.evaluate_shop(engine, "judgements.csv", metrics=["ndcg@10", "recall@100"]))
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from emptor.errors import EmptorError

if TYPE_CHECKING:
    from emptor.engine import Engine

__version__ = "0.1.0"
__all__ = ["EmptorError", "evaluate_shop", "import_catalogue", "open"]


def open(path: str | os.PathLike[str]) -> Engine:
    """Open a shop folder; the engine searches, recommends, suggests and explains."""
    from emptor.engine import Engine

    return Engine.open(path)


def import_catalogue(shop: str | os.PathLike[str], catalogue: str | os.PathLike[str], **options: Any) -> Any:
    """Make the shop at `shop`, or bring it up to date, from a catalogue file; see `emptor.shop.importer`."""
    from pathlib import Path

    from emptor.shop.importer import import_catalogue
    from emptor.shop.shop import Shop

    with Shop.create(shop) as target:
        return import_catalogue(target, Path(catalogue), **options)


def evaluate_shop(engine: Engine, judgements: Any, **options: Any) -> Any:
    """How good the engine's lists are on judged queries; see `emptor.evaluate.shop.evaluate_shop`."""
    from emptor.evaluate import evaluate_shop

    return evaluate_shop(engine, judgements, **options)
