"""One tiny shop that every test can share: 60 products in six categories, with some pictures, judgements and events.

Small enough to know by heart, and with a case of everything: products without picture, title, price or brand, out of
stock, CJK text, units, a title that is a script, ids with odd characters.
"""

from __future__ import annotations

import io
from pathlib import Path

import orjson
from PIL import Image

COLORS = {"red": (200, 40, 40), "blue": (40, 60, 200), "green": (40, 160, 70), "black": (30, 30, 30)}
KINDS = [
    ("Women/Dresses", "dress", "Aurelle", 40.0),
    ("Men/Shirts", "shirt", "Northpine", 25.0),
    ("Shoes/Sneakers", "sneakers", "Strider", 70.0),
    ("Home/Mugs", "mug 12 oz", "Kilnhaus", 9.0),
    ("Home/Lamps", "desk lamp", "Kilnhaus", 35.0),
    ("Hardware/Pipes", "copper pipe 1/2 in. x 10 ft.", "Forge & Co", 15.0),
]
PATTERNS = ["plain", "striped"]


def products() -> list[dict]:
    """The rows of the golden catalogue as a JSONL file would hold them."""
    rows = []
    for kind, (category, noun, brand, price) in enumerate(KINDS):
        for number in range(8):
            color, pattern = list(COLORS)[number % 4], PATTERNS[number // 4]
            rows.append(
                {
                    "product_id": f"P{kind}{number}",
                    "title": f"{brand} {color.title()} {pattern} {noun}",
                    "description": f"A {pattern} {noun} in {color}, made by {brand}.",
                    "category": category,
                    "brand": brand,
                    "attributes": {
                        "color": color,
                        "pattern": [pattern],
                        "size": ["S", "M"] if kind < 2 else [],
                    },
                    "price": price + number,
                    "currency": "USD",
                    "image": f"P{kind}{number}.png" if number < 6 else None,
                    "listed_at": f"2026-0{1 + kind}-1{number}T00:00:00Z",
                    "in_stock": number != 7,
                }
            )
    rows += [
        {"product_id": "odd/1 &?#", "title": "<script>alert(1)</script> teapot", "price": 3.5},
        {
            "product_id": "odd-2",
            "title": "東京タワー 置物 tower figure",
            "category": "Home/Décor",
            "price": 20,
        },
        {"product_id": "odd-3", "description": "a product whose title says nothing", "brand": "Nameless"},
        {"product_id": "odd-4", "title": "Gift card", "attributes": {"kind": "card"}},
        {"product_id": "odd-5", "title": "T-shirt with 🦊 fox print", "category": "Men/Shirts", "price": 12},
        {
            "product_id": "odd-6",
            "title": "Deck over sealant 5 gal.",
            "category": "Hardware/Paint",
            "price": 80,
        },
        {"product_id": "odd-7", "title": "Café au lait bowl 0.5 l", "category": "Home/Mugs", "price": 11},
        {"product_id": "odd-8", "title": "Adidas|Puma: box \\ set", "brand": "A|B:C\\D", "price": 99.99},
        {"product_id": "odd-9", "title": "Slash path lamp", "category": ["Home", "Lamps/Lights"], "price": 0},
        *({"product_id": f"dup-{i}", "title": "identical twin mug", "price": 5} for i in range(3)),
    ]
    return rows


def write_catalogue(folder: Path) -> tuple[Path, Path]:
    """Write catalogue.jsonl and a folder of pictures; returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue, images = folder / "catalogue.jsonl", folder / "images"
    catalogue.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in products()))
    images.mkdir(exist_ok=True)
    for row in products():
        if row.get("image"):
            color = COLORS[row["attributes"]["color"]]
            (images / row["image"]).write_bytes(picture(color))
    return catalogue, images


def picture(color: tuple[int, int, int], *, size: tuple[int, int] = (120, 160), kind: str = "PNG") -> bytes:
    """A plain picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()
