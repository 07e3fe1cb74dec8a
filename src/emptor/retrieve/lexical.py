"""The lexical channel: BM25 over title, brand, category, attributes and description, on tantivy.

A query is read by `reading.py` and built as objects: user text is never parsed as a query language. Every word must
match (stop words excepted); where that finds too little, any may, and products with every word stand first.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import tantivy
from tantivy import Occur, Query

from emptor.retrieve.channel import NOTHING, Excluded, Found, empty
from emptor.retrieve.reading import MAX_CHARACTERS, MAX_WORDS, Alternative, Reader, clip
from emptor.shop.config import TEXT_FIELDS, SearchOptions
from emptor.shop.filters import Clause, Filters
from emptor.shop.memo import Memo
from emptor.shop.text import QueryWord
from emptor.shop.view import View
from emptor.turn import aside

MAX_TIED = 20_000
_REMEMBERED = 4_000_000
"""Hits in memory, about 50 MB: 3,600 lists of a thousand, and more of shorter ones."""
SCORES_ALONE = 10_000
"""`search.relax_below` at its most: any word is enough, always, and the sum of the scores decides alone."""


class _Plan(NamedTuple):
    """A query as the engine takes it. every: all words must match; any: one is enough (None: there is only one)."""

    every: list[tuple[Occur, Query]]
    any: list[tuple[Occur, Query]] | None


class LexicalChannel:
    """Finds products by words. Built for one view; safe between threads.

    Args:
        reader: of the shop's queries.
    """

    name = "lexical"

    def __init__(self, view: View, options: SearchOptions, *, reader: Reader) -> None:
        self._view, self._options, self.reader = view, options, reader
        self._schema = view.index.schema
        filled = view.generation.about["filled"]
        weights = options.weights.model_dump()
        self._fields = [
            (name, weights[name])
            for name in TEXT_FIELDS
            if weights[name] > 0 and (filled.get(name) or view.id != f"{view.generation.number}.0")
        ]
        self._clauses: Memo[tuple[str, float], Query] = Memo(10_000)
        self._results: Memo[tuple[str, Filters, Excluded, int], Found] = Memo(
            _REMEMBERED, weigh=lambda found: 100 + len(found.products)
        )

    @property
    def covers(self) -> np.ndarray:
        """[rows] bool: products that words can be expected to find: those that say what they are."""
        return self._view.worded

    def __call__(
        self,
        queries: Sequence[str | None],
        filters: Sequence[Filters],
        *,
        depth: int,
        excluded: Sequence[Excluded] | None = None,
    ) -> list[Found | None]:
        """Up to `depth` products for each query; None where there is no query."""
        excluded = excluded or [NOTHING] * len(queries)
        wanted = list(zip(queries, filters, excluded, strict=True))
        jobs = list({(q, f, e): None for q, f, e in wanted if q is not None})
        search = lambda job: self.search(job[0], job[1], depth=depth, excluded=job[2])  # noqa: E731
        if len(jobs) > 8:  # the engine works without the interpreter's lock
            with ThreadPoolExecutor(2) as pool:
                answers = dict(zip(jobs, pool.map(search, jobs), strict=True))
        else:
            answers = {job: search(job) for job in jobs}
        return [None if q is None else answers[q, f, e] for q, f, e in wanted]

    def search(self, query: str, filters: Filters, *, depth: int, excluded: Excluded = NOTHING) -> Found:
        """The best `depth` products for one query, sorted by (-score, product_id); memoised, do not write to it."""
        query = clip(query)
        return self._results.get(
            (query, filters, excluded, depth), lambda: self._search(query, filters, excluded, depth)
        )

    def coverage(self, query: str, filters: Filters, *, depth: int, excluded: Excluded = NOTHING) -> tuple[int, bool]:
        """(products that have every word, at most `depth`; whether that were too few, so that any word was enough)."""
        plan = self._plan(query, filters, excluded)
        if plan is None:
            return 0, False
        count = len(self._top(plan.every, depth).products)
        return count, plan.any is not None and count < self._enough(depth)

    def _search(self, query: str, filters: Filters, excluded: Excluded, depth: int) -> Found:
        plan = self._plan(query, filters, excluded)
        if plan is None:
            return empty()
        if plan.any is not None and self.by_scores_alone:
            return self._top(plan.any, depth)
        whole = self._top(plan.every, depth)
        if plan.any is None or len(whole.products) >= self._enough(depth):
            return whole
        return _whole_first(whole, self._top(plan.any, depth), self._view.order, depth)

    @property
    def by_scores_alone(self) -> bool:
        """Whether products with every word are not put first."""
        return self._options.relax_below >= SCORES_ALONE

    def _enough(self, depth: int) -> int:
        return max(min(self._options.relax_below, depth), 1)

    def _plan(self, query: str, filters: Filters, excluded: Excluded) -> _Plan | None:
        words = self.reader.read(query, filters).words
        if not words:
            return None
        groups = self._groups(words, filters)
        must = [group for group, optional in groups if not optional]
        may = [group for group, optional in groups if optional]
        if not must:
            must, may = may, []
        limits = self._limits(filters, excluded)
        every = [(Occur.Must, g) for g in must] + [(Occur.Should, g) for g in may] + limits
        if len(must) == 1:
            return _Plan(every, None)
        some = Query.boolean_query([(Occur.Should, g) for g in must + may])
        return _Plan(every, [(Occur.Must, some), *limits])

    def match(self, query: str, filters: Filters, row: int) -> tuple[list[tuple[str, bool]], float | None]:
        """How one product matches: (each word of the query with whether the product has it, its score or None)."""
        words = self.reader.read(query, filters).words
        this = (Occur.Must, Query.const_score_query(Query.term_query(self._schema, "row", int(row)), 0.0))
        groups = [self._group(word, filters) for word in words]
        found = [bool(self._search_index(Query.boolean_query([(Occur.Must, group), this]), 1)) for group in groups]
        some = Query.boolean_query([(Occur.Should, group) for group in groups])
        hits = self._search_index(Query.boolean_query([(Occur.Must, some), this]), 1) if any(found) else []
        named = [(word.surface or word.terms[0][0], own) for word, own in zip(words, found, strict=True)]
        return named, hits[0][0] if hits else None

    def similar(self, row: int, filters: Filters, *, depth: int, excluded: Excluded = NOTHING) -> Found:
        """Products whose words resemble those of one product, itself left out."""
        product = self._view.product(row)
        text = " ".join(filter(None, [product["title"], product["brand"], *(product["category"] or ())]))
        words = self._view.analyser.query_words(text[: 4 * MAX_CHARACTERS])[:MAX_WORDS]
        if not words:
            return empty()
        some = [(Occur.Should, self._group(word, filters, typos=False)) for word in words if not word.optional]
        itself = (Occur.MustNot, Query.term_query(self._schema, "row", int(row)))
        limits = self._limits(filters, excluded)
        return self._top([(Occur.Must, Query.boolean_query(some)), *limits, itself], depth)

    def _groups(self, words: Sequence[QueryWord], filters: Filters) -> list[tuple[Query, bool]]:
        """One query for each word, or for each run of words that has synonyms; with whether it is optional."""
        groups: list[tuple[Query, bool]] = []
        for part in self.reader.parts(words, filters):
            own = [self._group(word, filters, typos=not part.others) for word in part.words]
            if part.others:
                itself = Query.boolean_query([(Occur.Must, query) for query in own])
                either = [itself, *map(self._alternative, part.others)]
                own = [Query.boolean_query([(Occur.Should, query) for query in either])]
            groups.append((own[0], part.optional))
        return groups

    def _group(self, word: QueryWord, filters: Filters, *, typos: bool = True) -> Query:
        """What one word of the query may match, in every field."""
        parts = [self._alternative(own) for own in self.reader.alternatives(word, filters, typos=typos)]
        return parts[0] if len(parts) == 1 else Query.boolean_query([(Occur.Should, part) for part in parts])

    def _alternative(self, own: Alternative) -> Query:
        if len(own.terms) == 1:
            return self._in_fields(own.terms[0], own.weight)
        return Query.boolean_query([(Occur.Must, self._in_fields(term, own.weight)) for term in own.terms])

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

    def _limits(self, filters: Filters, excluded: Excluded) -> list[tuple[Occur, Query]]:
        """What a product must pass, and what keeps it out: neither changes a score."""
        limits = [(Occur.Must, Query.const_score_query(self._filter(clause), 0.0)) for clause in filters]
        limits += [(Occur.MustNot, self._filter(clause)) for clause in excluded.clauses]
        if excluded.rows:
            limits.append((Occur.MustNot, Query.term_set_query(self._schema, "row", list(excluded.rows))))
        return limits

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


def _whole_first(whole: Found, others: Found, order: np.ndarray, depth: int) -> Found:
    """Products that have every word, then those that lack one: the first are raised by the best score of the others,
    so that the list stays sorted by score.
    """
    lacking = ~np.isin(others.products, whole.products)
    if not len(whole.products) or not lacking.any():
        return others if len(others.products) >= len(whole.products) else whole
    raised = whole.scores + others.scores[lacking][0]
    rows = np.concatenate([whole.products, others.products[lacking]])[:depth]
    scores = np.concatenate([raised, others.scores[lacking]])[:depth].astype(np.float32)
    best = np.lexsort((order[rows], -scores))
    return Found(rows[best], scores[best])


def _finite(bound: float) -> float | None:
    return None if bound in (float("inf"), float("-inf")) else bound
