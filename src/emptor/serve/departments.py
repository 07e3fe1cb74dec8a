"""The shop's departments: its top categories, each with a count and a picture."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emptor.serve.answers import image_url
from emptor.serve.links import category_url
from emptor.serve.shown import initial, tint
from emptor.shop.category import split_path
from emptor.shop.view import View

MAX_TILES = 24
TRIED = 20
"""Products of a department that are looked at for a picture."""
KEPT_S = 60.0


@dataclass(frozen=True)
class Tile:
    """A department as the home page shows it."""

    name: str
    url: str
    count: int
    picture: str | None
    initial: str
    tint: int


class Departments:
    """The tiles of the current view, counted at most once a minute: a home page need not wait for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[str, float, list[Tile]] | None = None

    def of(self, view: View) -> list[Tile]:
        with self._lock:
            kept, now = self._kept, time.monotonic()
            if kept is None or (
                kept[0] != view.id and (now > kept[1] + KEPT_S or _number(kept[0]) != _number(view.id))
            ):
                kept = self._kept = (view.id, now, count(view))
            return kept[2]


def count(view: View) -> list[Tile]:
    """The largest departments of a view, largest first; a level down where all products are in one."""
    rows = np.flatnonzero(view.alive & (view.category >= 0))
    codes = view.category[rows]
    paths = [tuple(split_path(text)) for text in view.categories.values]
    for depth in range(1, 4):
        groups = _grouped(paths, depth)
        if len(groups) > 1:
            break
    sizes = np.bincount(codes, minlength=len(paths))
    ranked = sorted(((int(sizes[own].sum()), path, own) for path, own in groups.items()), key=lambda r: (-r[0], r[1]))
    tiles = []
    for size, path, own in ranked[:MAX_TILES]:
        if size:
            mine = rows[np.isin(codes, own)]
            picture = _picture(view, mine)
            tiles.append(Tile(path[-1], category_url(path), size, picture, initial(path[-1]), tint(path[-1])))
    return tiles


def _grouped(paths: Sequence[tuple[str, ...]], depth: int) -> dict[tuple[str, ...], list[int]]:
    """Codes of the categories below each path of some depth."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for code, path in enumerate(paths):
        if path:
            groups.setdefault(path[:depth], []).append(code)
    return groups


def _picture(view: View, rows: np.ndarray) -> str | None:
    """The picture of the most popular product that has one."""
    best = rows[np.argsort(-view.popularity[rows], kind="stable")[:TRIED]]
    return next((url for row in best.tolist() if (url := image_url(view.card(row)))), None)


def _number(view_id: str) -> str:
    """The generation of a view."""
    return view_id.partition(".")[0]
