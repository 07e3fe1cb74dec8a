"""Catalogues of any size for benchmarks: titles of drawn words with a natural frequency curve, no pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

BATCH = 20_000
SYLLABLES = [first + last for first in "bdklmnrst" for last in "aeio"]
COLORS = ["red", "blue", "green", "black", "white", "yellow", "orange", "purple", "brown", "grey"]


def vocabulary(size: int, seed: int = 0) -> np.ndarray:
    """Pronounceable words, the commonest first."""
    draw = np.random.default_rng(seed)
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(draw.choice(SYLLABLES, draw.integers(2, 5)))] = None
    return np.array(list(words))


def write_csv(path: Path, rows: int, *, seed: int = 0) -> Path:
    """A CSV of `rows` products in six columns and an attribute, about 250 bytes a row."""
    draw = np.random.default_rng(seed)
    words = vocabulary(30_000)
    weights = 1.0 / np.arange(10, 10 + len(words))
    cumulative = np.cumsum(weights / weights.sum())
    brands = vocabulary(2_000, seed=1)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["product_id", "title", "brand", "category", "price", "description", "color"])
        for start in range(0, rows, BATCH):
            count = min(BATCH, rows - start)
            title = words[np.searchsorted(cumulative, draw.random((count, 7)))]
            text = words[np.searchsorted(cumulative, draw.random((count, 18)))]
            brand = brands[draw.integers(0, len(brands), count)]
            group, leaf = draw.integers(0, 12, count), draw.integers(0, 20, count)
            price = np.round(np.exp(draw.normal(3.2, 1.0, count)), 2)
            size, color = draw.integers(1, 40, count), draw.integers(0, len(COLORS), count)
            for at in range(count):
                out.writerow(
                    [
                        f"sku-{(start + at) * 7919 % 10_000_019:08d}",
                        f"{brand[at]} {' '.join(title[at])} {size[at]} oz",
                        brand[at],
                        f"Group {group[at]}/Leaf {leaf[at]}",
                        price[at],
                        " ".join(text[at]),
                        COLORS[color[at]],
                    ]
                )
    return path


def queries(count: int, *, seed: int = 1) -> list[str]:
    """Queries of one to four words, common and rare ones mixed, a few with a colour or a size."""
    draw = np.random.default_rng(seed)
    words = vocabulary(30_000)
    found = []
    for _ in range(count):
        rank = np.exp(draw.uniform(np.log(5), np.log(8000), draw.integers(1, 4))).astype(int)
        parts = list(words[rank])
        if draw.random() < 0.2:
            parts.append(f"{draw.integers(1, 40)} oz")
        found.append(" ".join(parts))
    return found
