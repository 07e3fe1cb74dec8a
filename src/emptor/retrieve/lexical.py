"""The lexical channel: BM25 over title, brand, category, attributes and description, on tantivy.

A query is cut to 256 characters and 32 distinct words, read by the shop's analyser, and built as objects: user text is
never parsed as a query language. Every word must match (stop words excepted); where that finds too little, any may.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import tantivy
from tantivy import Occur, Query

from emptor.retrieve.channel import Found, empty
from emptor.retrieve.spelling import Spelling, did_you_mean
from emptor.retrieve.synonyms import Synonyms
from emptor.shop.config import TEXT_FIELDS, SearchOptions
from emptor.shop.filters import Clause, Filters
from emptor.shop.memo import Memo
from emptor.shop.text import QueryWord
from emptor.shop.view import View
from emptor.turn import aside

MAX_CHARACTERS = 256
MAX_WORDS = 32
MAX_TIED = 20_000
SYNONYM_WEIGHT = 0.7


@dataclass(frozen=True)
class Reading:
    """How a query was understood. words: what must match; relaxed: any word was enough; meant: "did you mean"."""

    words: tuple[QueryWord, ...]
    meant: str | None


class LexicalChannel:
    """Finds products by words. Built for one view; safe between threads.

    Args:
        synonyms: of the shop; spelling: of the view's generation.
    """

    name = "lexical"

    def __init__(self, view: View, options: SearchOptions, *, synonyms: Synonyms, spelling: Spelling) -> None:
        self._view, self._options = view, options
        self._synonyms, self._spelling = synonyms, spelling
        self._schema = view.index.schema
        filled = view.generation.about["filled"]
        weights = options.weights.model_dump()
        self._fields = [
            (name, weights[name])
            for name in TEXT_FIELDS
            if weights[name] > 0 and (filled.get(name) or view.id != f"{view.generation.number}.0")
        ]
        self._clauses: Memo[tuple[str, float], Query] = Memo(10_000)
        self._readings: Memo[str, Reading] = Memo(10_000)
        self._results: Memo[tuple[str, Filters, int], Found] = Memo(2_000)

    def __call__(self, queries: Sequence[str | None], filters: Sequence[Filters], *, depth: int) -> list[Found | None]:
        """Up to `depth` products for each query; None where there is no query."""
        jobs = list({(q, f): None for q, f in zip(queries, filters, strict=True) if q is not None})
        if len(jobs) > 8:  # the engine works without the interpreter's lock
            with ThreadPoolExecutor(2) as pool:
                answers = dict(zip(jobs, pool.map(lambda job: self.search(*job, depth=depth), jobs), strict=True))
        else:
            answers = {job: self.search(*job, depth=depth) for job in jobs}
        return [None if q is None else answers[q, f] for q, f in zip(queries, filters, strict=True)]

    def search(self, query: str, filters: Filters, *, depth: int) -> Found:
        """The best `depth` products for one query, sorted by (-score, product_id); memoised, do not write to it."""
        query = clip(query)
        return self._results.get((query, filters, depth), lambda: self._search(query, filters, depth))

    def read(self, query: str) -> Reading:
        """How a query is understood."""
        query = clip(query)
        return self._readings.get(query, lambda: self._read(query))

    def _search(self, query: str, filters: Filters, depth: int) -> Found:
        words = self.read(query).words
        if not words:
            return empty()
        groups = self._groups(words, filters)
        must = [group for group, optional in groups if not optional]
        may = [group for group, optional in groups if optional]
        if not must:
            must, may = may, []
        limits = [(Occur.Must, Query.const_score_query(q, 0.0)) for q in self._filters(filters)]
        every = [(Occur.Must, g) for g in must] + [(Occur.Should, g) for g in may] + limits
        if len(must) == 1:
            return self._top(every, depth)
        found = self._top(every, depth)
        if len(found.products) >= max(min(self._options.relax_below, depth), 1):
            return found
        some = [(Occur.Should, g) for g in must + may]
        return self._top([(Occur.Must, Query.boolean_query(some)), *limits], depth)

    def match(self, query: str, filters: Filters, row: int) -> tuple[list[tuple[str, bool]], float | None]:
        """How one product matches: (each word of the query with whether the product has it, its score or None)."""
        words = self.read(query).words
        this = (Occur.Must, Query.const_score_query(Query.term_query(self._schema, "row", int(row)), 0.0))
        groups = [self._group(word, filters) for word in words]
        found = [bool(self._search_index(Query.boolean_query([(Occur.Must, group), this]), 1)) for group in groups]
        some = Query.boolean_query([(Occur.Should, group) for group in groups])
        hits = self._search_index(Query.boolean_query([(Occur.Must, some), this]), 1) if any(found) else []
        named = [(word.surface or word.terms[0][0], own) for word, own in zip(words, found, strict=True)]
        return named, hits[0][0] if hits else None

    def similar(self, row: int, filters: Filters, *, depth: int) -> Found:
        """Products whose words resemble those of one product, itself left out."""
        product = self._view.product(row)
        text = " ".join(filter(None, [product["title"], product["brand"], *(product["category"] or ())]))
        words = self._view.analyser.query_words(text[: 4 * MAX_CHARACTERS])[:MAX_WORDS]
        if not words:
            return empty()
        some = [(Occur.Should, self._group(word, filters, typos=False)) for word in words if not word.optional]
        limits = [(Occur.Must, Query.const_score_query(q, 0.0)) for q in self._filters(filters)]
        itself = (Occur.MustNot, Query.term_query(self._schema, "row", int(row)))
        return self._top([(Occur.Must, Query.boolean_query(some)), *limits, itself], depth)

    def _read(self, query: str) -> Reading:
        words = self._view.analyser.query_words(query)[:MAX_WORDS]
        meant = did_you_mean(query, self._spelling) if self._options.typos else None
        return Reading(tuple(words), meant)

    def _groups(self, words: Sequence[QueryWord], filters: Filters) -> list[tuple[Query, bool]]:
        """One query for each word, or for each run of words that has synonyms; with whether it is optional."""
        groups: list[tuple[Query, bool]] = []
        at = 0
        while at < len(words):
            for size in range(min(self._synonyms.longest, len(words) - at), 1, -1):
                run = words[at : at + size]
                others = self._synonyms.of(tuple(word.terms[0][0] for word in run), filters)
                if others:
                    itself = Query.boolean_query([(Occur.Must, self._group(word, filters)) for word in run])
                    parts = [itself, *(self._phrase(phrase, SYNONYM_WEIGHT) for phrase in others)]
                    groups.append((Query.boolean_query([(Occur.Should, part) for part in parts]), False))
                    at += size
                    break
            else:
                groups.append((self._group(words[at], filters), words[at].optional))
                at += 1
        return groups

    def _group(self, word: QueryWord, filters: Filters, *, typos: bool = True) -> Query:
        """What one word of the query may match: its terms, synonyms and likely spellings, in every field."""
        parts = [self._in_fields(term, weight) for term, weight in word.terms]
        parts += [self._phrase(phrase, SYNONYM_WEIGHT) for phrase in self._synonyms.of((word.terms[0][0],), filters)]
        if typos and self._options.typos and word.surface:
            parts += self._spellings(word.surface)
        if len(parts) == 1:
            return parts[0]
        return Query.boolean_query([(Occur.Should, part) for part in parts])

    def _spellings(self, surface: str) -> list[Query]:
        analyser, options = self._view.analyser, self._options
        meant = self._spelling.correct(surface)
        if meant is not None:
            weight = options.correction_weight / meant.distance
            return [self._phrase(tuple(analyser.stem(word) for word in meant.words), weight)]
        if options.typo_weight == 0 or len(surface) < 5 or not surface.isalpha():
            return []
        own = analyser.stem(surface)
        stems = {analyser.stem(word) for word, _ in self._spelling.neighbours(surface)} - {own}
        return [self._in_fields(stem, options.typo_weight) for stem in sorted(stems)]

    def _phrase(self, phrase: tuple[str, ...], weight: float) -> Query:
        if len(phrase) == 1:
            return self._in_fields(phrase[0], weight)
        return Query.boolean_query([(Occur.Must, self._in_fields(term, weight)) for term in phrase])

    def _in_fields(self, term: str, weight: float) -> Query:
        """A term in any field. Words come again in other queries, and a query object may be used in many."""
        return self._clauses.get((term, weight), lambda: self._make_clause(term, weight))

    def _make_clause(self, term: str, weight: float) -> Query:
        parts = []
        for name, field_weight in self._fields:
            query = Query.term_query(self._schema, name, term, "freq")
            total = field_weight * weight
            parts.append((Occur.Should, query if total == 1.0 else Query.boost_query(query, total)))
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)

    def _filters(self, filters: Filters) -> list[Query]:
        return [self._filter(clause) for clause in filters]

    def _filter(self, clause: Clause) -> Query:
        schema = self._schema
        if clause.field == "price":
            ranges = [
                Query.range_query(schema, "price", tantivy.FieldType.Float, _finite(low), _finite(high))
                for low, high in clause.ranges
            ]
            return Query.boolean_query([(Occur.Should, query) for query in ranges])
        if clause.field == "in_stock":
            values = [Query.term_query(schema, "in_stock", value == "true") for value in clause.values]
            return Query.boolean_query([(Occur.Should, query) for query in values])
        if clause.field == "brand":
            return Query.term_set_query(schema, "brand_is", list(clause.values))
        if clause.field == "category":
            return Query.term_set_query(schema, "category_in", list(clause.values))
        name = clause.field[5:]
        return Query.term_set_query(schema, "attribute_is", [f"{name}\x1f{value}" for value in clause.values])

    def _top(self, clauses: list[tuple[Occur, Query]], depth: int) -> Found:
        """The best `depth`, cut fairly: while the last score is tied, ask for twice as many.

        An index in order of rows needs no second look: the engine's best `depth` are ours.
        """
        query = Query.boolean_query(clauses)
        if self._view.in_order:
            rows, scores = self._read_hits(self._search_index(query, depth))
            return Found(rows, scores)
        limit = depth + 1
        while True:
            hits = self._search_index(query, limit)
            tied = len(hits) == limit and len(hits) > depth and hits[depth - 1][0] == hits[-1][0]
            if not tied or limit >= MAX_TIED:
                break
            limit = min(2 * limit, MAX_TIED)
        rows, scores = self._read_hits(hits)
        best = np.lexsort((self._view.order[rows], -scores))[:depth]
        return Found(rows[best], scores[best])

    def _search_index(self, query: Query, limit: int) -> list[tuple[float, tantivy.DocAddress]]:
        searcher = self._view.searcher
        with aside():
            found = searcher.search(query, limit, count=False)
        return found.hits

    def _read_hits(self, hits: Sequence[tuple[float, tantivy.DocAddress]]) -> tuple[np.ndarray, np.ndarray]:
        """(rows, scores) of what the engine found."""
        if not hits:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        scores, addresses = zip(*hits, strict=True)
        rows = self._view.searcher.fast_field_values("row", list(addresses))
        return np.fromiter(rows, np.int64, len(hits)), np.fromiter(scores, np.float32, len(hits))


def clip(query: str) -> str:
    """At most 256 characters of a query ever reach the engine."""
    return query[:MAX_CHARACTERS]


def _finite(bound: float) -> float | None:
    return None if bound in (float("inf"), float("-inf")) else bound
