"""The analyser: text -> terms, the same for products and queries.

Words are folded (case, accents, full-width forms) and stemmed for the shop's language; runs of Chinese, Japanese and
Korean characters become overlapping pairs, since no spaces tell their words apart; quantities become one term with
their unit (`units.py`), and `2 in. x 4 in.` also the dimension `2x4`; `t-shirt` also its joined form `tshirt`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import tantivy
from pydantic import BaseModel, ConfigDict

from emptor.errors import EmptorError
from emptor.shop.memo import Memo
from emptor.shop.text.units import QUANTITY, quantity

LANGUAGES = tuple(
    "arabic danish dutch english finnish french german greek hungarian italian norwegian portuguese romanian russian "
    "spanish swedish tamil turkish".split()
)
MAX_TERM = 64

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_PIECE = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)?")
_ASCII_PIECE = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?")
_CJK_RUN = re.compile(rf"[{_CJK}]")
_JOINED = re.compile(r"(?<![^\W_])([^\W\d_]+)-([^\W\d_]+)(?![\w-])")
_TIMES = re.compile(r"\s*[x×*]\s*(?=[\d.])")


class AnalyserOptions(BaseModel):
    """How a shop reads text; part of `shop.toml` and frozen into each generation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str = "english"
    """Language of the stemmer and stop words, or "none"."""
    units: bool = True
    """Read quantities, dimensions and joined words; False: bare words, as plain BM25 would."""


@dataclass(frozen=True)
class QueryWord:
    """One word of a query: what it may match in the index.

    `terms`: index terms with their weights, best first; `surface`: the word before stemming, for typo correction
    (empty for quantities); `optional`: a stop word, which no result has to contain.
    """

    surface: str
    terms: tuple[tuple[str, float], ...]
    optional: bool = False


class Analyser:
    """Reads text for one shop. Cheap to call, safe to share between threads.

    Example:
        >>> Analyser(AnalyserOptions()).terms('Copper pipes, 1/2 in.')
        ['copper', 'pipe', '0.5', '0.5in']
    """

    def __init__(self, options: AnalyserOptions) -> None:
        if options.language not in ("none", *LANGUAGES):
            known = ", ".join(LANGUAGES)
            raise EmptorError(
                f"shop.toml, search.language: found {options.language!r}, expected none or one of {known}"
            )
        self.options = options
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        if options.language != "none":
            builder = builder.filter(tantivy.Filter.stemmer(options.language))
        self._stemmer = builder.build()
        self._stop = _stop_words(options.language)
        self._labels: Memo[str, str] = Memo(50_000)

    def tokenizer(self) -> tantivy.TextAnalyzer:
        """The engine's side of the analyser: it is given `index_text`, already cut into terms."""
        return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()

    def terms(self, text: str) -> list[str]:
        """All index terms of a product's text, in order, repeats kept."""
        return self.index_text(text).split()

    def index_text(self, text: str) -> str:
        """The index terms of a text joined by spaces: what is handed to the engine."""
        return " ".join(self._stemmer.analyze(" ".join(self._surfaces(text))))

    def index_label(self, text: str) -> str:
        """`index_text` of a brand, a category or an attribute value: memoised, since they repeat."""
        return self._labels.get(text, lambda: self.index_text(text))

    def surfaces(self, text: str) -> list[str]:
        """Words as written (folded, not stemmed), without quantities: what spelling and suggestions know."""
        return [word for word in _words_of(fold(text)) if len(word) <= MAX_TERM and not word[0].isdigit()]

    def stem(self, word: str) -> str:
        """The index term of one folded word."""
        return " ".join(self._stemmer.analyze(word))

    def query_words(self, text: str) -> list[QueryWord]:
        """The words of a query in order, each with the terms it may match; repeats dropped."""
        folded = fold(text)
        if not self.options.units:
            words = [self._plain_word(piece) for piece in _pieces(folded)]
        else:
            words = self._words_with_units(folded)
        return list({word.terms: word for word in words if word.terms}.values())

    def _surfaces(self, text: str) -> list[str]:
        """Words and quantities before stemming."""
        folded = fold(text)
        if not self.options.units:
            return _pieces(folded)
        found: list[str] = []
        for start, end, numbers in _quantities(folded):
            if not numbers:
                found += _pieces(folded[start:end], single=True)
                found += [a + b for a, b in _JOINED.findall(folded[start:end])]
                continue
            for number, unit in numbers:
                found.append(number)
                if unit:
                    found.append(number + unit)
            bare = [number for number, _ in numbers]
            found += ["x".join(bare[:size]) for size in range(2, len(bare) + 1)]
        return found

    def _words_with_units(self, folded: str) -> list[QueryWord]:
        words: list[QueryWord] = []
        for start, end, numbers in _quantities(folded):
            if not numbers:
                part = folded[start:end]
                joined = {piece: a + b for a, b in _JOINED.findall(part) for piece in (a, b)}
                words += [self._plain_word(piece, joined.get(piece)) for piece in _pieces(part)]
            elif len(numbers) == 1:
                number, unit = numbers[0]
                terms = ((number + unit, 1.0), (number, 0.3)) if unit else ((number, 1.0),)
                words.append(QueryWord("", terms))
            else:
                # a dimension: whole, or number by number for titles that spell it apart
                dimension = "x".join(number for number, _ in numbers)
                words.append(QueryWord("", ((dimension, 1.0), *((n + u, 0.3) for n, u in numbers))))
        return words

    def _plain_word(self, surface: str, joined: str | None = None) -> QueryWord:
        terms = [(self.stem(surface), 1.0)]
        if joined:
            terms.append((self.stem(joined), 0.5))
        return QueryWord(surface, tuple(terms), optional=surface in self._stop)


_MARKS = dict.fromkeys(map(ord, "™℠®©"))


def fold(text: str) -> str:
    """Lower case, compatibility forms, accents and marks of ownership removed: `Café™ ½"` -> `cafe 1/2"`.

    What is nothing but accents and marks stays: a brand ™ is not no brand.
    """
    if text.isascii():
        return text.lower()
    # the compatibility form of a trade mark is "tm", and nobody asks for "coretm"
    whole, text = text, text.translate(_MARKS)
    text = "".join(" " + unicodedata.normalize("NFKC", c) if c in "½¼¾⅓⅔⅛⅜⅝⅞" else c for c in text)
    text = unicodedata.normalize("NFKC", text).lower().replace("⁄", "/")
    kept = [c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f"]
    folded = unicodedata.normalize("NFC", "".join(kept))
    return folded if folded.strip() else whole


def _words_of(folded: str) -> list[str]:
    return (_ASCII_PIECE if folded.isascii() else _PIECE).findall(folded)


def _pieces(folded: str, *, single: bool = False) -> list[str]:
    """Words of a folded text; runs of CJK characters as pairs (`single`: and, for the index, single characters)."""
    if folded.isascii():
        words = _ASCII_PIECE.findall(folded)
        if "'" in folded:
            words = [word[:-2] if word.endswith("'s") else word.replace("'", "") for word in words]
        return words if len(folded) <= MAX_TERM else [word for word in words if len(word) <= MAX_TERM]
    found: list[str] = []
    for piece in _PIECE.findall(folded):
        if _CJK_RUN.match(piece):
            if single or len(piece) == 1:
                found += piece
            found += [piece[i : i + 2] for i in range(len(piece) - 1)]
        elif len(piece) <= MAX_TERM:
            found.append(piece[:-2] if piece.endswith(("'s", "’s")) else piece.replace("’", "").replace("'", ""))
    return found


def _quantities(folded: str) -> list[tuple[int, int, list[tuple[str, str]]]]:
    """Cut a folded text into spans: (start, end, quantities), with no quantities for a span of words.

    Quantities that an `x` joins (`2 in. x 4 in. x 8 ft.`) are one span of several.
    """
    spans: list[tuple[int, int, list[tuple[str, str]]]] = []
    at = 0
    position = 0
    while (match := QUANTITY.search(folded, position)) is not None:
        read = quantity(match)
        if read is None:  # a slash that is no fraction: leave it to the words
            position = match.end()
            continue
        numbers, end = [read], match.end()
        while (times := _TIMES.match(folded, end)) and (more := QUANTITY_AT.match(folded, times.end())):
            read = quantity(more)
            if read is None:
                break
            numbers.append(read)
            end = more.end()
        if not folded[end : end + 1].isalnum() or len(numbers) > 1 or numbers[0][1]:
            if match.start() > at:
                spans.append((at, match.start(), []))
            spans.append((match.start(), end, numbers))
            at = end
        position = end
    if at < len(folded):
        spans.append((at, len(folded), []))
    return spans


QUANTITY_AT = re.compile(QUANTITY.pattern.replace(r"(?<![\w.])", "", 1))


@lru_cache(maxsize=8)
def _stop_words(language: str) -> frozenset[str]:
    """The engine's stop words of a language; a language without a list has none."""
    if language != "english":
        return frozenset()
    return frozenset(_ENGLISH_STOP_WORDS.split())


_ENGLISH_STOP_WORDS = """
a an and are as at be but by for from has have i in into is it its my of on or our so that the their this to was we were
what with you your
"""
