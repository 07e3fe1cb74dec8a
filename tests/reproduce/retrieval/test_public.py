"""Fashion products and Home Depot's searches as retrieval data sets: made on the spot, and the real ones if there."""

from __future__ import annotations

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from emptor.errors import EmptorError
from emptor.reproduce.retrieval import fashion, homedepot
from emptor.reproduce.retrieval.data import is_tested
from emptor.reproduce.retrieval.retrievers import recalls
from emptor.retrieve.quality import product_vectors

SHARED = Path(__file__).parents[4] / "shared" / "data"
TYPES = ("Shirts", "Jeans", "Shoes")
COLOURS = {"Navy Blue": (20, 30, 90), "Red": (200, 30, 30), "Black": (20, 20, 20), "White": (240, 240, 240)}


def made(folder: Path) -> Path:
    """120 products; a title names the colour of every second one."""
    rows = []
    with zipfile.ZipFile(folder / "images96x128.zip", "w") as archive:
        for at in range(120):
            colour, kind = list(COLOURS)[at % 4], TYPES[at // 4 % 3]
            picture = BytesIO()
            Image.new("RGB", (24, 32), COLOURS[colour]).save(picture, "JPEG")
            archive.writestr(f"{1000 + at}.jpg", picture.getvalue())
            rows.append(
                {
                    "id": str(1000 + at),
                    "gender": "Men" if at % 5 else "Women",
                    "masterCategory": "Apparel",
                    "subCategory": "Topwear" if kind == "Shirts" else "Bottomwear",
                    "articleType": kind,
                    "baseColour": colour,
                    "season": "Fall",
                    "usage": "Casual" if at % 3 else "",
                    "productDisplayName": f"Acme {colour if at % 2 else ''} {kind} {at}",
                }
            )
    (folder / "products.csv.gz").write_bytes(gzip.compress(pl.DataFrame(rows).write_csv().encode()))
    return folder


def test_queries_are_made_of_what_is_known_beside_the_title(tmp_path: Path) -> None:
    data = fashion.load(made(tmp_path), work=tmp_path / "work", seed=1)
    texts = data.learnt.queries
    assert "navy blue shirts" in texts or is_tested("navy blue shirts")
    assert all(not is_tested(texts[at]) for at in data.learnt.query.tolist())
    assert data.source.listings.has_image.all() and len(data.source.listings) == 120
    new = np.unique(np.concatenate(data.parts["nobody chose"]))
    assert len(new) and not np.isin(new, data.learnt.row).any()
    # a title that leaves out the colour was asked for by it
    left = np.concatenate(data.parts["whose title leaves out some of it"])
    assert 0 < len(left) < sum(map(len, data.tested.fitting)) and data.kinds["visual"].any()
    again = fashion.load(tmp_path, work=tmp_path / "work", seed=2)
    assert [own.tolist() for own in again.tested.fitting] == [own.tolist() for own in data.tested.fitting]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    for load, names in ((fashion.load, fashion.FILES), (homedepot.load, homedepot.FILES)):
        for name in names:
            (tmp_path / name).write_bytes(b"nonsense")
        with pytest.raises(EmptorError, match=r"cannot be read .*expected columns"):
            load(tmp_path, work=tmp_path / "work", seed=1)


def test_judged_searches_are_halved_by_their_words(tmp_path: Path) -> None:
    rows = [
        {"id": at, "product_uid": 1 + at % 60, "product_title": f"angle bracket {at % 60} steel", "relevance": 3.0}
        | {"search_term": f"Bracket {at % 90}" if at % 3 else f"angle {at % 90}"}
        for at in range(360)
    ]
    rows.append({**rows[0], "search_term": "bad fit", "relevance": 1.67})
    (tmp_path / "pairs.csv.gz").write_bytes(gzip.compress(pl.DataFrame(rows).write_csv().encode()))
    data = homedepot.load(tmp_path, work=tmp_path / "work", seed=1)
    assert len(data.source.listings) == 60 and not data.source.listings.has_image.any()
    learnt = {data.learnt.queries[at] for at in data.learnt.query.tolist()}
    assert learnt and not any(homedepot.is_second(text) for text in learnt) and "bad fit" not in data.learnt.queries
    assert recalls(data.tested.words, data.tested.fitting, 200).mean() > 0.5
    from emptor.retrieve.models.registry import build

    assert np.isfinite(product_vectors(build("text_only", data.spec, width=8, heads=2), data.source.listings)).all()


@pytest.mark.skipif(not (SHARED / "fashion_products").is_dir(), reason="the real products are not there")
def test_the_real_products(tmp_path: Path) -> None:
    products = fashion._products(SHARED / "fashion_products")
    queries, fitting, kinds = fashion._queries(products)
    assert len(products) == 9_583 and len(queries) == len(set(queries)) > 2_000
    assert "navy blue shirts men" in queries and min(map(len, fitting)) >= 2
    row = int(fitting[queries.index("navy blue shirts men")][0])
    own = products.row(row, named=True)
    assert (own["baseColour"], own["articleType"], own["gender"]) == ("Navy Blue", "Shirts", "Men")
    assert {"colour", "colour, use, for whom"} <= set(kinds)
