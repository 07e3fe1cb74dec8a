"""Suggestions while a query is being typed: past queries, categories, brands and popular titles."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from emptor.shop.category import split_path
from emptor.shop.text.analyser import fold
from emptor.shop.view import View

MAX_TITLES = 20_000
MAX_QUERIES = 20_000
MAX_WORDS = 20_000
_KIND_WEIGHT = {"query": 5.0, "category": 4.0, "word": 3.0, "brand": 2.0, "product": 1.0}


@dataclass(frozen=True)
class Suggested:
    """`kind`: query (somebody's) | category | word (of the catalogue) | brand | product."""

    text: str
    kind: str


class Suggester:
    """Completes the start of any word of a suggestion; the same prefix always gives the same list.

    Args:
        queries: past queries with how often they were asked.
    """

    def __init__(self, view: View, *, queries: dict[str, int] | None = None) -> None:
        entries: dict[str, tuple[str, str, float]] = {}
        top = sorted((queries or {}).items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_QUERIES]
        _add(entries, "query", {text: float(count) for text, count in top})
        for kind, values, codes in (
            ("category", view.categories.values, view.category),
            ("brand", view.brands.values, view.brand),
        ):
            counts = np.bincount(codes[view.alive & (codes >= 0)], minlength=len(values))
            named: Counter[str] = Counter()
            for value, count in zip(values, counts, strict=False):
                named[split_path(value)[-1] if kind == "category" else value] += int(count)
            _add(entries, kind, {text: float(count) for text, count in named.items() if count})
        common = sorted(((n, w) for w, n in view.generation.words.items() if n > 2 and len(w) > 2), reverse=True)
        _add(entries, "word", {word: float(count) for count, word in common[:MAX_WORDS]})
        rows = np.flatnonzero(view.alive)
        if len(rows) > MAX_TITLES:
            rows = rows[np.argsort(-view.popularity[rows], kind="stable")[:MAX_TITLES]]
        titled = [((view.title(int(row)) or "")[:80], row) for row in rows]
        _add(entries, "product", {title: float(view.popularity[row]) for title, row in titled})
        self._entries = sorted(entries.values(), key=lambda entry: (-entry[2], entry[0]))
        self._hidden: frozenset[int] = frozenset()
        # what each entry of a title, brand or category stands for: a suggestion that leads to blocked products only
        # is none
        places = {fold(entry[0]): at for at, entry in enumerate(self._entries)}
        self._titles = (rows, _places(places, [title for title, _ in titled]))
        self._brands = _places(places, view.brands.values)
        self._categories = _places(places, [split_path(value)[-1] for value in view.categories.values])
        self._kinds = [entry[1] for entry in self._entries]
        starts = [
            (folded[at:], number, at > 0)
            for number, entry in enumerate(self._entries)
            for folded in [fold(entry[0])]
            for at in _word_starts(folded)
        ]
        starts.sort()
        self._keys = [key for key, _, _ in starts]
        self._numbers = np.array([number for _, number, _ in starts], np.int64)
        self._inside = np.array([inside for _, _, inside in starts], bool)

    def without(self, hidden: np.ndarray | None, view: View) -> Suggester:
        """The same suggestions but for titles, brands and categories of which every product is hidden.

        Args:
            hidden [rows] bool: products that no search shows; None for none.
        """
        if hidden is None:
            return self
        rows, titles = self._titles
        visible = [
            ("product", titles[view.alive[rows] & ~hidden[rows]]),
            ("brand", _of_codes(self._brands, view.brand, view.alive & ~hidden)),
            ("category", _of_codes(self._categories, view.category, view.alive & ~hidden)),
        ]
        shown = {kind: set(own.tolist()) for kind, own in visible}
        fewer = copy(self)
        fewer._hidden = frozenset(at for at, kind in enumerate(self._kinds) if kind in shown and at not in shown[kind])
        return fewer

    def __call__(self, prefix: str, *, k: int = 8) -> list[Suggested]:
        """The k best suggestions that have a word starting with `prefix`; those that start with it come first."""
        wanted = " ".join(fold(prefix[:80]).split())
        if not wanted:
            return []
        first = bisect.bisect_left(self._keys, wanted)
        last = bisect.bisect_left(self._keys, wanted + "\U0010ffff")
        found = np.lexsort((self._numbers[first:last], self._inside[first:last]))  # numbers are in order of weight
        numbers = [
            number for number in dict.fromkeys(self._numbers[first:last][found].tolist()) if number not in self._hidden
        ][:k]
        return [Suggested(self._entries[number][0], self._entries[number][1]) for number in numbers]


def _of_codes(places: np.ndarray, codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """The entries of the codes that shown products have; codes that updates have added have none."""
    own = np.unique(codes[shown])
    return places[own[(own >= 0) & (own < len(places))]]


def _places(places: dict[str, int], texts: Sequence[str]) -> np.ndarray:
    """The entry of each text, -1 where there is none."""
    return np.array([places.get(fold(text), -1) for text in texts], np.int64)


def _add(entries: dict[str, tuple[str, str, float]], kind: str, weights: dict[str, float]) -> None:
    """Add texts of one kind, weighed within the kind; a text that is there already keeps its first kind."""
    best = max(weights.values(), default=0.0) or 1.0
    for text, weight in weights.items():
        if text and fold(text) not in entries:
            entries[fold(text)] = (text, kind, _KIND_WEIGHT[kind] + 0.99 * weight / best)


def _word_starts(text: str) -> list[int]:
    return [at for at in range(len(text)) if text[at] != " " and (at == 0 or text[at - 1] == " ")][:6]
