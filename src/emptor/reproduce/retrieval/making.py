"""From texts, pictures and choices to a data set: what the readers of all sources share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from emptor.encoders.tokens import Tokenizer
from emptor.learn.seeds import numpy_rng
from emptor.progress import step
from emptor.reproduce.retrieval.data import DEPTH, Asked, RetrievalData, chosen_of, is_tested, padded, sizes
from emptor.retrieve.lexical import LexicalChannel
from emptor.retrieve.listings import Listings, Texts
from emptor.retrieve.naming import learn_names
from emptor.retrieve.samples import Pairs, Source, asked, with_missed

Words = Callable[[Sequence[str]], list[np.ndarray]]
"""Queries -> the rows that words find for each, best first, DEPTH at most."""
MISSED_OF = 4_000
"""Queries whose words are asked for hard negatives."""
_MISSED_AMONG = 40
_VALIDATED = 400


def by_words(lexical: LexicalChannel, hidden: np.ndarray) -> Words:
    """What words find in a shop. hidden [P] bool: products whose text is hidden from networks, and so from words."""

    def found(queries: Sequence[str]) -> list[np.ndarray]:
        answers = []
        with step("Asking words", len(queries)) as running:
            for start in range(0, len(queries), 256):
                part = list(queries[start : start + 256])
                own = lexical(part, [()] * len(part), depth=DEPTH + 50)
                rows = [np.zeros(0, np.int64) if one is None else one.products for one in own]
                answers += [one[~hidden[one]][:DEPTH] for one in rows]
                running.advance(len(part))
        return answers

    return found


def data_of(
    listings: Listings,
    pairs: Pairs,
    encode: Callable[[Sequence[str]], np.ndarray],
    tokenizer: Tokenizer,
    words: Words,
    *,
    tested: Sequence[str],
    fitting: Sequence[np.ndarray],
    kinds: Mapping[str, np.ndarray],
    parts: Mapping[str, Sequence[np.ndarray]],
    seed: int,
    out: Callable[[str], bool] = is_tested,
    spared: Callable[[str], np.ndarray] | None = None,
    hard: bool = True,
) -> RetrievalData:
    """A data set out of its parts.

    Args:
        listings: with numbers for pictures. pairs: of the whole log; those of queries that are `out` are left out here.
        encode: texts -> tokens [n, n_q]. tested, fitting, kinds, parts: see RetrievalData. spared: of a query, rows
            that are no hard negatives of it, beside what was chosen; hard: whether there are any.
    """
    kept = np.array([not out(text) for text in pairs.queries], bool)
    learnt = pairs.of(kept)
    asked = np.unique(learnt.query)
    rng = numpy_rng(seed, "words")
    some = np.sort(rng.permutation(asked)[: MISSED_OF if hard else 0])
    found: list[np.ndarray] = [np.zeros(0, np.int64) for _ in pairs.queries]
    for at, own in zip(some, words([pairs.queries[at] for at in some]), strict=True):
        found[at] = own[:_MISSED_AMONG]
        if spared is not None:
            found[at] = found[at][~np.isin(found[at], spared(pairs.queries[at]))]
    learnt = with_missed(learnt, found)
    held = asked[learnt.validated[asked]]
    held = np.sort(rng.permutation(held)[:_VALIDATED])
    source = Source(listings, encode(pairs.queries), learnt)
    validated = Asked(source.ids[held], chosen_of(learnt, held), padded(words([pairs.queries[at] for at in held])))
    judged = Asked(encode(tested), fitting, padded(words(tested)))
    named = learn_names(listings, seed=seed)
    spec = listings.spec(tokenizer, names=0 if named is None else len(named[0].names))
    about = sizes(source, learnt.of(~learnt.validated), judged)
    if named is not None:
        about["told by pictures"] = named[1]
    naming = None if named is None else named[0]
    return RetrievalData(spec, source, naming, learnt, validated, judged, kinds, parts, about)


def encoder(tokenizer: Tokenizer, length: int) -> Callable[[Sequence[str]], np.ndarray]:
    """Queries as tokens [n, length] int32."""
    return lambda texts: tokenizer.encode([asked(text) for text in texts], length).astype(np.int32)


def without_text(texts: Texts, hidden: np.ndarray) -> Texts:
    """Products some of which [P] bool say nothing of themselves."""
    places = set(np.flatnonzero(hidden).tolist())
    fields = tuple(["" if at in places else own for at, own in enumerate(column)] for column in texts.fields)
    return replace(texts, fields=fields)
