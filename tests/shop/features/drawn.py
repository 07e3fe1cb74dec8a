"""Pictures of simple things, enough of them for a basis."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import orjson
from PIL import Image, ImageDraw


def picture(number: int, *, size: int = 64) -> Image.Image:
    """Some ellipse or box on pale paper; the same for a number whatever its size."""
    rng = np.random.default_rng(number)
    paper = tuple(rng.integers(215, 250, 3).tolist())
    ink = tuple(rng.integers(10, 190, 3).tolist())
    image = Image.new("RGB", (size, size), paper)
    pen = ImageDraw.Draw(image)
    wide, high = (rng.uniform(0.25, 0.85, 2) * size / 2).tolist()
    box = (size / 2 - wide, size / 2 - high, size / 2 + wide, size / 2 + high)
    (pen.ellipse if number % 2 else pen.rectangle)(box, fill=ink)
    for stripe in range(int(rng.integers(0, 4))):
        at = size / 2 - wide / 2 + stripe * wide / 3
        pen.line((at, size / 2 - high / 2, at, size / 2 + high / 2), fill=(250, 250, 250), width=max(1, size // 32))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def write_catalogue(folder: Path, numbers: range, *, bare: int = 3) -> tuple[Path, Path]:
    """A catalogue of a product for each number, `bare` more without a picture, and the folder of pictures."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in numbers:
        (images / f"p{number:04}.jpg").write_bytes(encoded(picture(number), quality=88))
        rows.append({"product_id": f"p{number:04}", "title": f"thing {number}", "category": f"Kind {number % 3}"})
    rows += [{"product_id": f"q{number}", "title": "unseen thing", "category": "Kind 0"} for number in range(bare)]
    (folder / "catalogue.jsonl").write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    return folder / "catalogue.jsonl", images
