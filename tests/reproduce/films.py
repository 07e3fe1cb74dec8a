"""Small files like MovieLens', with posters of some films, for all that reads them."""

from __future__ import annotations

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

USERS, FILMS, POSTERS = 110, 400, 240
GENRES = ("Action|IMAX", "Comedy|Drama", "Drama", "(no genres listed)")


def film_id(row: np.ndarray) -> np.ndarray:
    """Ids have gaps, as the real ones."""
    return 3 * row + 5


def write(folder: Path, ratings: pl.DataFrame) -> Path:
    """The files of some ratings: userId, movieId, rating, timestamp."""
    rows = np.arange(FILMS)
    movies = pl.DataFrame(
        {
            "movieId": film_id(rows),
            "title": [f"Film, the {row} ({1950 + row % 50})" if row else "Untold" for row in rows.tolist()],
            "genres": [GENRES[row % 4] for row in rows.tolist()],
        }
    )
    (folder / "ratings.csv.gz").write_bytes(gzip.compress(ratings.write_csv().encode()))
    (folder / "movies.csv.gz").write_bytes(gzip.compress(movies.write_csv().encode()))
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(folder / "posters128.zip", "w") as archive:
        for row in range(POSTERS):
            out = BytesIO()
            light = rng.integers(0, 255, (6, 4, 3), dtype=np.uint8)
            Image.fromarray(light).resize((40, 60)).save(out, "JPEG")
            archive.writestr(f"{film_id(np.array(row))}.jpg", out.getvalue())
    return folder
