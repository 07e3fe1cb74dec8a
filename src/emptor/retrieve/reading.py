"""How a query is understood: its words, what may stand for each, and with which weight.

The lexical channel builds its query out of this, and explanations show it: what is told is what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from emptor.retrieve.spelling import Spelling, did_you_mean
from emptor.retrieve.synonyms import Synonyms
from emptor.shop.config import SearchOptions
from emptor.shop.filters import Filters
from emptor.shop.memo import Memo
from emptor.shop.text import Analyser, QueryWord

MAX_CHARACTERS = 256
MAX_WORDS = 32
SYNONYM_WEIGHT = 0.7
"""Beside words that products have; where no product has the word itself, its synonyms count in full."""

Why = Literal["word", "form", "synonym", "correction", "neighbour"]
"""word: the term itself; form: another form of it (joined, or a quantity's number); neighbour: a likely misspelling."""


class Alternative(NamedTuple):
    """Terms that may stand for a word, all of them together."""

    terms: tuple[str, ...]
    weight: float
    why: Why


@dataclass(frozen=True)
class Reading:
    """How a query was understood. words: what must match; meant: "did you mean"."""

    words: tuple[QueryWord, ...]
    meant: str | None


@dataclass(frozen=True)
class Part:
    """A word of the query, or a run of words that has synonyms. others: the synonyms of a run."""

    words: tuple[QueryWord, ...]
    others: tuple[Alternative, ...] = ()

    @property
    def optional(self) -> bool:
        return len(self.words) == 1 and self.words[0].optional


class Reader:
    """Reads the queries of one shop. Safe between threads.

    Args:
        holds: whether any product has an index term.
    """

    def __init__(
        self,
        analyser: Analyser,
        options: SearchOptions,
        *,
        synonyms: Synonyms,
        spelling: Spelling,
        holds: Callable[[str], bool],
    ) -> None:
        self._analyser, self._options = analyser, options
        self._synonyms, self._spelling, self._holds = synonyms, spelling, holds
        self._readings: Memo[tuple[str, Filters], Reading] = Memo(10_000)

    def read(self, query: str, filters: Filters) -> Reading:
        """The words of a query, of which at most 256 characters and 32 words are read.

        Args:
            filters: synonyms of a category count under filters that lead there.
        """
        asked = clip(query), filters if self._synonyms.by_category else ()
        return self._readings.get(asked, lambda: self._read(*asked))

    def _read(self, query: str, filters: Filters) -> Reading:
        words = self._analyser.query_words(query)[:MAX_WORDS]
        if not self._options.typos:
            return Reading(tuple(words), None)
        known = {
            word.surface
            for part in self.parts(words, filters)
            for word in part.words
            if part.others or self._synonyms_of(word, filters)
        }
        return Reading(tuple(words), did_you_mean(query, self._spelling, known=known))

    def parts(self, words: Sequence[QueryWord], filters: Filters) -> Iterator[Part]:
        """The words in order, runs of them that have synonyms together: the longest run first."""
        at = 0
        while at < len(words):
            for size in range(min(self._synonyms.longest, len(words) - at), 1, -1):
                run = tuple(words[at : at + size])
                others = self._synonyms.of(tuple(word.terms[0][0] for word in run), filters)
                if others:
                    weight = SYNONYM_WEIGHT if all(map(self._is_there, run)) else 1.0
                    yield Part(run, tuple(Alternative(phrase, weight, "synonym") for phrase in others))
                    at += size
                    break
            else:
                yield Part((words[at],))
                at += 1

    def alternatives(self, word: QueryWord, filters: Filters, *, typos: bool = True) -> list[Alternative]:
        """What one word of a query may match: its terms, synonyms and likely spellings.

        A word that somebody gave synonyms for is no misspelling of another, and where no product has it, its synonyms
        stand for it in full.

        Args:
            typos: False for a word of a run that has synonyms, which is no misspelling either.
        """
        found = [
            Alternative((term,), weight, "form" if number else "word")
            for number, (term, weight) in enumerate(word.terms)
        ]
        synonyms = self._synonyms_of(word, filters)
        there = not synonyms or self._is_there(word)
        found += [Alternative(phrase, SYNONYM_WEIGHT if there else 1.0, "synonym") for phrase in synonyms]
        if typos and self._options.typos and word.surface and there:
            found += self._spellings(word.surface, known=bool(synonyms))
        return found

    def _synonyms_of(self, word: QueryWord, filters: Filters) -> list[tuple[str, ...]]:
        return self._synonyms.of((word.terms[0][0],), filters)

    def _is_there(self, word: QueryWord) -> bool:
        """Whether any product has the word, in one of its forms."""
        return any(self._holds(term) for term, _ in word.terms)

    def _spellings(self, surface: str, *, known: bool) -> list[Alternative]:
        """known: the word is what was meant, and only its neighbours are looked at."""
        stem, options = self._analyser.stem, self._options
        meant = None if known else self._spelling.correct(surface)
        if meant is not None:
            weight = options.correction_weight / meant.distance
            return [Alternative(tuple(stem(word) for word in meant.words), weight, "correction")]
        if options.typo_weight == 0 or len(surface) < 5 or not surface.isalpha():
            return []
        stems = {stem(word) for word, _ in self._spelling.neighbours(surface)} - {stem(surface)}
        return [Alternative((term,), options.typo_weight, "neighbour") for term in sorted(stems)]


def clip(query: str) -> str:
    """At most 256 characters of a query ever reach the engine."""
    return query[:MAX_CHARACTERS]
