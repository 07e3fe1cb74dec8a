"""A catalogue for tests of multimodal retrieval: things in colours that no title tells, only the picture."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
from PIL import Image, ImageDraw

from emptor.encoders.tokens import Tokenizer
from emptor.retrieve.listings import Listings, Texts, listings_of, tokenizer_of
from emptor.retrieve.looks import Look, Pixels
from emptor.retrieve.samples import Pairs, Source, pairs_of
from emptor.shop import schema
from emptor.shop.images import ImageStore
from emptor.shop.importer import import_catalogue
from emptor.shop.shop import Shop

KINDS = ("mug", "lamp", "shirt", "chair", "clock", "vase", "scarf", "plate", "stool", "towel", "bowl", "hat")
COLOURS = {
    "red": (200, 30, 30),
    "green": (30, 150, 60),
    "blue": (30, 60, 200),
    "yellow": (230, 200, 40),
    "black": (20, 20, 20),
    "white": (245, 245, 245),
}
COPIES = 3


def stalls(folder: Path, *, told: bool = False, look: Look | None = None) -> tuple[Source, Pairs, Tokenizer]:
    """216 products, and pairs of "COLOUR KIND" with the three that are so.

    Args: told: whether titles name the colour. look: at pictures; pixels unless given.
    """
    images = ImageStore(folder / "images")
    titles, categories, files, pairs = [], [], [], []
    for kind in KINDS:
        for colour in COLOURS:
            for copy in range(COPIES):
                pairs.append((f"{colour} {kind}", len(titles)))
                titles.append(f"{colour if told else 'fine'} {kind} number {copy}")
                categories.append(f"home {kind}s")
                files.append(images.put(_picture(COLOURS[colour], copy)))
    images.sync()
    texts = Texts((titles, categories, [""] * len(titles), [""] * len(titles)), list(files))
    own = pairs_of([query for query, _ in pairs], np.array([row for _, row in pairs]))
    tokenizer = tokenizer_of(texts, own.queries, size=300)
    listings = listings_of(texts, tokenizer, images, length=12, look=look or Pixels())
    return Source(listings, tokenizer.encode(own.queries, 6), own), own, tokenizer


def _picture(colour: tuple[int, int, int], copy: int) -> bytes:
    image = Image.new("RGB", (80, 80), (225, 225, 220))
    ImageDraw.Draw(image).ellipse((12 + 4 * copy, 10, 66, 70 - 5 * copy), fill=colour)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def without_pictures(listings: Listings) -> Listings:
    """The same, nothing seen."""
    return replace(listings, has_image=np.zeros(len(listings), bool))


def stalls_shop(folder: Path) -> Path:
    """The same as a shop, its colours told by pictures alone, with users who ask for a colour and click what has it."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    rows, choices = [], []
    for kind in KINDS:
        for colour, own in COLOURS.items():
            for copy in range(COPIES):
                name = f"S{len(rows):03}"
                (pictures / f"{name}.png").write_bytes(_picture(own, copy))
                row = {"product_id": name, "title": f"fine {kind} number {copy}", "category": ["Home", f"{kind}s"]}
                rows.append({**row, "image": f"{name}.png", "price": 9.0 + copy})
                choices.append((f"{colour} {kind}", name))
    file = folder / "catalogue.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    with Shop.create(folder / "shop") as shop:
        import_catalogue(shop, file, images=pictures)
        time = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
        events = [
            {
                **{
                    "event_id": f"e{at}.{user}",
                    "action": "click",
                    "session_id": f"s{at}.{user}",
                    "user_id": f"u{user}",
                },
                **{"query": query, "product_id": product, "time": time + dt.timedelta(seconds=at)},
            }
            for at, (query, product) in enumerate(choices)
            for user in range(3)
        ]
        arrays = [pa.array([own.get(field.name) for own in events], field.type) for field in schema.EVENT]
        shop.events.append_columns(pa.Table.from_arrays(arrays, schema=schema.EVENT))
    return folder / "shop"
