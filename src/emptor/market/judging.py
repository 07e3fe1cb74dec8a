"""A judgement file from the truth, as a shop's raters would write it: some queries of each kind, graded 0 to 3."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from emptor.market.streams import Draws
from emptor.market.world.queries import KINDS
from emptor.market.world.world import World

MOST = 200
"""Products of grade 1 and more that are judged for one query, the best grades first."""
_WRONG = 40
"""Products of grade 0 that are judged for one query, drawn at random."""


def judged_queries(world: World, *, per_kind: int = 35) -> np.ndarray:
    """Rows of Queries: of each kind as many, the frequent ones likelier, each with an answer on sale."""
    draws = Draws(world.config.seed, "judged")
    queries = world.queries
    rows = np.arange(len(queries))
    key = -np.log(draws.uniform(rows)) / np.maximum(queries.weight, 1e-12) ** 0.5
    chosen = []
    for kind in range(len(KINDS)):
        own = np.flatnonzero(queries.kind == kind)
        chosen.append(own[np.argsort(key[own], kind="stable")][:per_kind])
    return np.concatenate(chosen)


def write_judgements(world: World, file: Path, *, day: int = 0, per_kind: int = 35) -> int:
    """Write query, product_id, grade and kind of what is on sale on a day; returns the number of queries."""
    products, alive = world.products, np.flatnonzero(world.products.alive(day))
    draws = Draws(world.config.seed, "judged wrong")
    written = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("query", "product_id", "grade", "kind"))
        for row in judged_queries(world, per_kind=per_kind).tolist():
            grades = world.relevance.grades(np.array([row]), alive[None])[0]
            chance = draws.uniform(alive, row)
            right = np.flatnonzero(grades > 0)
            right = right[np.lexsort((chance[right], -grades[right].astype(int)))][:MOST]
            wrong = np.flatnonzero(grades == 0)
            wrong = wrong[np.argsort(chance[wrong])][:_WRONG]
            if not (grades[right] == 3).any():
                continue
            for at in np.concatenate([right, wrong]):
                writer.writerow(
                    (
                        world.queries.text[row],
                        products.product_id[alive[at]],
                        int(grades[at]),
                        KINDS[world.queries.kind[row]],
                    )
                )
            written += 1
    return written
