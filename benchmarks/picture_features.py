"""The plain numbers of pictures: what can be read off them, and what they cost a publish.

    python benchmarks/picture_features.py [--pictures 20000] [--json docs/results/picture_features.json]

The market's own pictures of random products, 64 px, each with a random hidden look, are imported into a shop as any
catalogue is. Probes learn from the numbers that the shop makes of them, and are asked about products they have not
seen: the six numbers of the hidden look (R squared), category and colour (share of right names). A ridge regression
says what is there for a linear reader, a small network what is there for one that is not.
Publishing is timed without pictures' numbers, the first time that they are made, and later.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import orjson
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emptor.evaluate.report import environment
from emptor.market.pictures.draw import draw
from emptor.market.pictures.probes import any_example, truths
from emptor.market.streams import stream
from emptor.shop.features.picture_basis import beside_category
from emptor.shop.features.pictures import SIDE, describe
from emptor.shop.importer import import_catalogue, republish
from emptor.shop.shop import Shop

SEED = 20
QUALITY = 88
HELD_OUT = 2000
ROUNDS = 3
_AT_ONCE = 64
_STRENGTHS = (1.0, 10.0, 100.0, 1000.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20_000, help="how many are drawn, with 2,000 to ask about")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder), arguments.pictures) as shop:
        described, costs = describing(shop)
        result = {
            "command": shlex.join(["python", *sys.argv]),
            "env": {**environment(), "pillow": version("pillow"), "scikit-learn": version("scikit-learn")},
            "pictures": arguments.pictures,
            "asked": HELD_OUT,
            "ms_per_picture": costs,
            "rows": reading(shop, described),
            "publishing_s": publishing(shop),
        }
    print(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")


def filled(folder: Path, pictures: int) -> Shop:
    """A shop with a product for each of the numbered examples, its rows in their order."""
    images = folder / "images"
    images.mkdir()
    batches = [range(at, min(at + 200, pictures)) for at in range(0, pictures, 200)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(drawn, [images] * len(batches), batches))
    rows = [
        {
            "product_id": f"{number:06}",
            "title": f"thing {number}",
            "category": f"kind {any_example(SEED, number).category}",
        }
        for number in range(pictures)
    ]
    (folder / "catalogue.jsonl").write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    shop = Shop.create(folder / "shop")
    import_catalogue(shop, folder / "catalogue.jsonl", images=images)
    return shop


def drawn(folder: Path, numbers: Sequence[int]) -> None:
    """Draw the numbered examples into a folder."""
    for number in numbers:
        picture = draw(any_example(SEED, number).sitter, size=64, chance=stream(SEED, "picture", number))
        out = BytesIO()
        picture.save(out, "JPEG", quality=QUALITY)
        (folder / f"{number:06}.jpg").write_bytes(out.getvalue())


def describing(shop: Shop) -> tuple[np.ndarray, dict[str, float]]:
    """All numbers of all pictures [P, WIDTH], and milliseconds of processor time that a picture takes of one core."""
    view = shop.view()
    names = [view.card(row)["image_file"] for row in range(view.rows)]
    parts, read, told = [], 0.0, 0.0
    for at in range(0, len(names), _AT_ONCE):
        start = time.process_time()
        pixels = np.stack(
            [own for name in names[at : at + _AT_ONCE] if (own := shop.images.pixels(name, SIDE)) is not None]
        )
        middle = time.process_time()
        parts.append(describe(pixels))
        read, told = read + middle - start, told + time.process_time() - middle
    return np.concatenate(parts), {"decode": 1e3 * read / len(names), "describe": 1e3 * told / len(names)}


def reading(shop: Shop, described: np.ndarray) -> list[dict[str, Any]]:
    """What each probe reads off all numbers of a picture and off the few that a ranker gets."""
    names, looks = truths(SEED, range(len(described)))
    made = shop.view().generation.pictures
    assert made is not None  # there are thousands of pictures
    few, category = made[0].astype(np.float32), names[:, 0]
    given = {
        f"all {described.shape[1]}": described,
        f"all {described.shape[1]}, beside the category's": beside_category(described, category),
        f"{few.shape[1]}": few,
        f"{few.shape[1]}, beside the category's": beside_category(few, category),
    }
    rows: list[dict[str, Any]] = []
    learn, ask = slice(0, len(described) - HELD_OUT), slice(len(described) - HELD_OUT, None)
    for label, values in given.items():
        for probe, (regress, classify) in PROBES.items():
            said = regress().fit(values[learn], looks[learn]).predict(values[ask])
            left = ((looks[ask] - said) ** 2).sum(0) / ((looks[ask] - looks[ask].mean(0)) ** 2).sum(0)
            row: dict[str, Any] = {"numbers": label, "probe": probe, "look": (1 - left).tolist()}
            row["look_mean"] = float((1 - left).mean())
            for at, name in enumerate(("category", "color")):
                if name == "category" and "beside" in label:
                    continue  # what its products have in common was taken away
                true = names[:, at]
                row[name] = float(classify().fit(values[learn], true[learn]).score(values[ask], true[ask]))
                row[f"chance_{name}"] = float((true[ask] == np.bincount(true[learn]).argmax()).mean())
            rows.append(row)
    return rows


def _network(kind: Callable[..., Any]) -> Callable[[], Any]:
    options = {
        "hidden_layer_sizes": (128,),
        "early_stopping": True,
        "n_iter_no_change": 5,
        "random_state": 0,
        "alpha": 1e-3,
    }
    return lambda: make_pipeline(StandardScaler(), kind(**options))


PROBES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "linear": (
        lambda: make_pipeline(StandardScaler(), RidgeCV(_STRENGTHS)),
        lambda: make_pipeline(StandardScaler(), RidgeClassifierCV(_STRENGTHS)),
    ),
    "network": (_network(MLPRegressor), _network(MLPClassifier)),
}


def publishing(shop: Shop) -> dict[str, list[float]]:
    """Seconds of a publish without pictures' numbers, with the first, and with those of the generation before."""

    def timed() -> float:
        start = time.perf_counter()
        republish(shop)
        return time.perf_counter() - start

    found: dict[str, list[float]] = {"without": [], "first": [], "later": []}
    for _ in range(ROUNDS):
        for vectors in shop.generations.glob("*/vectors"):
            shutil.rmtree(vectors)
        with mock.patch("emptor.shop.importer.write_pictures"):
            found["without"].append(timed())
        found["first"].append(timed())
        found["later"].append(timed())
    return found


if __name__ == "__main__":
    main()
