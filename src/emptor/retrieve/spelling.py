"""Misspelt words: what was likely meant, judged by the words that the catalogue itself uses."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from emptor.shop.memo import Memo
from emptor.shop.text.analyser import fold
from emptor.shop.text.units import UNIT

MIN_LENGTH = 4
_WORD = re.compile(r"(?<!\w)[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?!\w)")
"""Words of letters; runs of Chinese, Japanese or Korean are not words and have no spelling."""

COMMON = 20
"""Both halves of a split must be words of at least this many products."""


@dataclass(frozen=True)
class Suggestion:
    """A likely meant spelling. words: one, or two where a space was forgotten; distance: edits away."""

    words: tuple[str, ...]
    distance: int
    products: int


class Spelling:
    """Corrections out of a catalogue's vocabulary (word -> number of products). Safe between threads.

    Example:
        >>> Spelling({"ladder": 12, "lantern": 9}).correct("lader")
        Suggestion(words=('ladder',), distance=1, products=12)
    """

    def __init__(self, words: dict[str, int]) -> None:
        self._words = words
        self._buckets: dict[tuple[str, int], list[str]] = {}
        for word in words:
            if len(word) >= MIN_LENGTH - 1 and word.isalpha():
                self._buckets.setdefault((word[0], len(word)), []).append(word)
        self._corrections: Memo[str, Suggestion | None] = Memo(20_000)
        self._nearby: Memo[str, list[tuple[str, int]]] = Memo(64)
        self._neighbouring: Memo[str, tuple[tuple[str, int], ...]] = Memo(20_000)

    def knows(self, word: str) -> bool:
        return word in self._words

    def products(self, word: str) -> int:
        """Number of products that have the word."""
        return self._words.get(word, 0)

    def correct(self, word: str) -> Suggestion | None:
        """What an unknown or suspiciously rare word was likely meant to be; None when it is fine or hopeless."""
        return self._corrections.get(word, lambda: self._correct(word))

    def neighbours(self, word: str) -> tuple[tuple[str, int], ...]:
        """Known words one edit away that share the first two letters: (word, products), for a low-weight clause."""
        return self._neighbouring.get(word, lambda: self._neighbours(word))

    def _correct(self, word: str) -> Suggestion | None:
        if len(word) < MIN_LENGTH:
            return None
        if not word.isalpha():  # a model number has no spelling, but `mp3player` may lack a space
            return self._split(word) if word.isalnum() and word[0].isalpha() and not self.products(word) else None
        count = self.products(word)
        best: Suggestion | None = None
        for other, distance in self._near(word):
            products = self.products(other)
            # a known word is only doubted for a neighbour that is a hundred times as common
            if count and (distance > 1 or products < 100 * count or len(word) < 5):
                continue
            if best is None or (distance, -products) < (best.distance, -best.products):
                best = Suggestion((other,), distance, products)
        if count == 0:
            split = self._split(word)
            if split is not None and (best is None or best.distance > 1 or split.products >= best.products):
                return split
        return best

    def _neighbours(self, word: str) -> tuple[tuple[str, int], ...]:
        near = [
            (other, self.products(other))
            for other, distance in self._near(word)
            if distance == 1 and other[:2] == word[:2]
        ]
        return tuple(sorted(near, key=lambda pair: -pair[1])[:5])

    def _near(self, word: str) -> list[tuple[str, int]]:
        """Known words within an edit, or two of a long word, with the distance."""
        return self._nearby.get(word, lambda: self._look_near(word))

    def _look_near(self, word: str) -> list[tuple[str, int]]:
        reach = 1 if len(word) < 7 else 2
        found: list[tuple[str, int]] = []
        for length in range(len(word) - reach, len(word) + reach + 1):
            bucket = self._buckets.get((word[0], length))
            if bucket:
                hits = process.extract(word, bucket, scorer=OSA.distance, score_cutoff=reach, limit=None)
                found += [(other, int(distance)) for other, distance, _ in hits if other != word]
        return found

    def _split(self, word: str) -> Suggestion | None:
        """Two known words without the space between them: `deckover` -> deck over."""
        best: Suggestion | None = None
        for cut in range(3, len(word) - 2):
            left, right = word[:cut], word[cut:]
            products = min(self.products(left), self.products(right))
            if products >= COMMON and (best is None or products > best.products):
                best = Suggestion((left, right), 1, products)
        return best


def did_you_mean(query: str, spelling: Spelling, *, known: Collection[str] = ()) -> str | None:
    """The query with its misspelt words corrected and the rest as it was typed; None where nothing better is known.

    Args:
        known: folded words that are right as they are, whatever the catalogue says.
    """

    def better(match: re.Match[str]) -> str:
        word = fold(match[0])
        suggestion = None if word in UNIT or word in known else spelling.correct(word)
        return match[0] if suggestion is None else " ".join(suggestion.words)

    meant = _WORD.sub(better, query)
    return None if meant == query else meant
