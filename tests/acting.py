"""A golden shop with a past: users who did things, for everything that knows users."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from emptor.shop import schema
from emptor.shop.importer import republish
from emptor.shop.shop import Shop

DAY = 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01, UTC microseconds

PASTS: dict[str, list[tuple[str, str]]] = {
    # loves red dresses of Aurelle, and once bought a shirt
    "ANNA7Q": [("click", "P00"), ("click", "P04"), ("add_to_cart", "P00"), ("purchase", "P00"), ("click", "P04")],
    # blue lamps and mugs of Kilnhaus
    "BORIS2": [("click", "P41"), ("click", "P45"), ("click", "P31"), ("add_to_cart", "P45")],
    # one click, of a product that a later catalogue may not have
    "CARLA9": [("click", "P50")],
}
"""user_id -> what they did, a day apart, oldest first."""


def act(shop: Shop, pasts: dict[str, list[tuple[str, str]]] = PASTS, *, publish: bool = True) -> None:
    """Append a past to a shop's log, each user's days two visits long, and publish it."""
    rows = [
        {
            "event_id": f"{user}-{number}-{action}",
            "time": START + number * DAY,
            "user_id": user,
            "session_id": f"{user}-{number // 2}",
            "scenario": "search",
            "action": action,
            "product_id": product,
        }
        for user, past in pasts.items()
        for number, (action, product) in enumerate(past)
    ]
    columns = {field.name: [row.get(field.name) for row in rows] for field in schema.EVENT}
    columns["time"] = [row["time"] for row in rows]
    arrays = [
        pa.array(columns[field.name], pa.int64()).cast(field.type)
        if field.name == "time"
        else pa.array(columns[field.name], field.type)
        for field in schema.EVENT
    ]
    shop.events.append_columns(pa.Table.from_arrays(arrays, schema=schema.EVENT))
    if publish:
        republish(shop)


def acted(path: Path, settings: str = "") -> Path:
    """The same for a shop's folder, its shop.toml with more tables."""
    if settings:
        file = path / "shop.toml"
        file.write_text(file.read_text(encoding="utf-8").partition("[cascade.default]")[0] + settings, encoding="utf-8")
    with Shop.open(path) as shop:
        act(shop)
    return path


PERSONAL = """
[serve]
shoppers = true

[[cascade.default.stages]]
stage = "retrieve"
method = "hybrid"
fallback = "popular"
options = { channels = { lexical = 1.0, personal = 1.0 } }

[[cascade.default.stages]]
stage = "rank"
method = "affinity"
"""
"""Settings of a shop whose default cascade knows its users."""
