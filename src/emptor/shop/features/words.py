"""Words of queries and of products, and how many of a query's words a product has, by where they stand."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from emptor.shop.features.hashing import buckets_of, number_of
from emptor.shop.features.spec import FeatureSpec
from emptor.shop.generation import Generation
from emptor.shop.view import View

PLACES = ("title", "category", "brand", "attributes")


@dataclass(frozen=True)
class ProductWords:
    """The words of P products, as numbers, by the word.

    numbers [V], rarity [V]: each word's number, rising, and log(P / products that have it), over its maximum. start
    [V + 1] int64: word v is had by row[start[v]:start[v + 1]], rising. row [W] int64; place [W] int8: bits, 1 << place
    in PLACES.
    """

    numbers: np.ndarray
    rarity: np.ndarray
    start: np.ndarray
    row: np.ndarray
    place: np.ndarray

    def rarities(self, words: np.ndarray) -> np.ndarray:
        """Of words [B, L] int64 (0: none): 1 for what no product has, 0 for none; float32."""
        at = np.minimum(np.searchsorted(self.numbers, words), max(len(self.numbers) - 1, 0))
        known = self.numbers[at] == words if len(self.numbers) else np.zeros(words.shape, bool)
        found = self.rarity[at] if len(self.numbers) else np.ones(words.shape)
        return np.where(words == 0, 0, np.where(known, found, 1)).astype(np.float32)

    def match(self, words: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """How much of queries [B, L] products [B, N] (-1: none) have: float32 [B, N, 7], shares of the words in each of
        PLACES and anywhere, then of their rarities in the title and anywhere.
        """
        where = np.zeros((*rows.shape, words.shape[1]), np.int8)
        at = np.searchsorted(self.numbers, words)
        for request, word in zip(*np.nonzero(words), strict=True):
            known = at[request, word]
            if known == len(self.numbers) or self.numbers[known] != words[request, word]:
                continue
            had = slice(self.start[known], self.start[known + 1])
            own = self.row[had]
            near = np.minimum(np.searchsorted(own, rows[request]), len(own) - 1)
            where[request, :, word] = np.where(own[near] == rows[request], self.place[had][near], 0)
        rarity = self.rarities(words)
        count = np.maximum((words != 0).sum(1), 1).astype(np.float32)[:, None]
        total = np.maximum(rarity.sum(1), 1e-6)[:, None]
        shares = [((where >> place) & 1).sum(2) / count for place in range(len(PLACES))]
        shares.append((where > 0).sum(2) / count)
        shares.append((((where & 1) > 0) * rarity[:, None]).sum(2) / total)
        shares.append(((where > 0) * rarity[:, None]).sum(2) / total)
        return np.stack(shares, axis=-1).astype(np.float32)


def product_words(view: View) -> ProductWords:
    """Of all rows of a view: title, category, brand and attribute values; descriptions say too much.

    Those of a generation without updates are kept as long as it lives: reading a million titles takes a minute, and
    several models ask for it.
    """
    if view.is_updated:
        return _read(view)
    generation = view.generation
    with _reading:
        if generation not in _known:
            _known[generation] = _read(view)
        return _known[generation]


_reading = threading.Lock()
_known: WeakKeyDictionary[Generation, ProductWords] = WeakKeyDictionary()


def _read(view: View) -> ProductWords:
    known: dict[str, tuple[int, ...]] = {}

    def numbers(text: str) -> tuple[int, ...]:
        found = known.get(text)
        if found is None:
            found = tuple({number_of(term) for term in view.analyser.terms(text)})
            known[text] = found
        return found

    brands = [numbers(str(view.brands[code])) for code in range(len(view.brands))]
    categories = [numbers(str(view.categories[code]).replace("/", " ")) for code in range(len(view.categories))]
    values = [numbers(str(view.attributes[code]).partition("\x1f")[2]) for code in range(len(view.attributes))]
    many, words, places = array("q"), array("q"), array("b")
    for row in range(view.rows):
        own: dict[int, int] = {}
        title = view.title(row) or "" if view.alive[row] else ""
        for number in {number_of(term) for term in view.analyser.terms(title)}:
            own[number] = 1
        parts = [(categories[view.category[row]], 2)] if view.category[row] >= 0 else []
        parts += [(brands[view.brand[row]], 4)] if view.brand[row] >= 0 else []
        codes = view.attribute_codes[view.attribute_start[row] : view.attribute_end[row]]
        parts += [(values[code], 8) for code in codes.tolist()]
        for found, bit in parts:
            for number in found:
                own[number] = own.get(number, 0) | bit
        words.extend(own.keys())
        places.extend(own.values())
        many.append(len(own))
    word, bits = np.array(words, np.int64), np.array(places, np.int8)
    rows = np.repeat(np.arange(view.rows), np.array(many, np.int64))
    order = np.argsort(word, kind="stable")  # so that a word's products rise
    vocabulary, have = np.unique(word, return_counts=True)
    rarity = np.log((view.rows + 1) / have) / np.log(view.rows + 1) if len(word) else np.zeros(0)
    start = np.concatenate([[0], np.cumsum(have)])
    return ProductWords(vocabulary, rarity, start, rows[order], bits[order])


def query_words(view: View, queries: Sequence[str | None], spec: FeatureSpec) -> tuple[np.ndarray, np.ndarray]:
    """Queries [B] -> their words as numbers and as buckets, int64 [B, L] each; 0 where they have ended."""
    found = np.zeros((len(queries), spec.query_words), np.int64)
    known: dict[str, list[int]] = {}
    for at, query in enumerate(queries):
        if not query:
            continue
        own = known.get(query)
        if own is None:
            terms = dict.fromkeys(view.analyser.terms(query[:256]))
            own = known[query] = [number_of(term) for term in terms][: spec.query_words]
        found[at, : len(own)] = own
    return found, buckets_of(found, spec.words)
