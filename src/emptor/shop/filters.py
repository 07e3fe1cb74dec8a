"""Filters: `brand:Acme|Beta`, `price:10..50`, `category:A/B`, `attr.color:red`, `in_stock:true`.

Several filters are joined by AND, the alternatives of one by `|`. A backslash takes the next character literally.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from emptor.errors import EmptorError
from emptor.shop.category import join_path, split_path
from emptor.shop.text.analyser import fold

MAX_FILTERS = 20
MAX_ALTERNATIVES = 100
MAX_LENGTH = 2_000
_SHAPE = (
    "expected brand:NAME, category:A/B, price:LOW..HIGH, attr.NAME:VALUE or in_stock:true, alternatives joined by |"
)


@dataclass(frozen=True)
class Clause:
    """One filter: the product's `field` is one of `values` (folded), or in one of `ranges` (inclusive)."""

    field: str
    """brand, category, price, in_stock or attr.NAME (folded)."""
    values: tuple[str, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ()
    text: str = ""
    """As it was written, for showing it again."""


Filters = tuple[Clause, ...]
"""All must hold; hashable, so that results can be memoised by it."""


def parse_filters(texts: Iterable[str]) -> Filters:
    """Read filters as they stand in a URL; EmptorError says which one cannot be read and what was expected."""
    texts = list(texts)
    if len(texts) > MAX_FILTERS:
        raise EmptorError(f"found {len(texts)} filters, expected at most {MAX_FILTERS}")
    clauses = {parse_filter(text) for text in texts}
    return tuple(sorted(clauses, key=lambda clause: (clause.field, clause.text)))


def is_under(filters: Filters, category: str) -> bool:
    """Whether every product that passes is in a category (a folded path) or below it."""
    return any(
        clause.field == "category"
        and all(value == category or value.startswith(category + "/") for value in clause.values)
        for clause in filters
    )


def parse_filter(text: str) -> Clause:
    """Read one filter."""
    if len(text) > MAX_LENGTH:
        raise EmptorError(f"filter of {len(text)} characters, expected at most {MAX_LENGTH}")
    field, colon, rest = _cut(text, ":")
    name = field.strip()
    if not colon or not name:
        raise EmptorError(f"filter {_show(text)} cannot be read; {_SHAPE}")
    pieces = _split(rest, "|")
    if len(pieces) > MAX_ALTERNATIVES:
        raise EmptorError(f"filter on {name} has {len(pieces)} alternatives, expected at most {MAX_ALTERNATIVES}")
    if name == "price":
        return Clause("price", ranges=tuple(sorted({_range(piece, text) for piece in pieces})), text=text)
    if name == "in_stock":
        values = {_unescape(piece).strip().lower() for piece in pieces}
        if not values <= {"true", "false"}:
            raise EmptorError(f"filter {_show(text)}: expected in_stock:true or in_stock:false")
        return Clause(name, values=tuple(sorted(values)), text=text)
    if name == "category":
        paths = {join_path([fold(part) for part in split_path(piece.replace("\\|", "|"))]) for piece in pieces}
        values = paths - {""}
    elif name == "brand":
        values = {fold(_unescape(piece).strip()) for piece in pieces} - {""}
    elif name.startswith("attr.") and len(name) > 5:
        name = "attr." + fold(_unescape(name[5:]))
        values = {fold(_unescape(piece).strip()) for piece in pieces} - {""}
    else:
        raise EmptorError(f"filter {_show(text)} names the unknown field {_show(name)}; {_SHAPE}")
    if not values:
        raise EmptorError(f"filter {_show(text)} has no value; {_SHAPE}")
    return Clause(name, values=tuple(sorted(values)), text=text)


@lru_cache(maxsize=50_000)
def escape(value: str) -> str:
    """A value as it must be written in a brand or attribute filter."""
    return re.sub(r"([\\|:])", r"\\\1", value)


def _range(piece: str, text: str) -> tuple[float, float]:
    low, dots, high = piece.strip().partition("..")
    try:
        start = float(low) if low.strip() else -math.inf
        end = (float(high) if high.strip() else math.inf) if dots else start
    except ValueError:
        start = end = math.nan
    if math.isnan(start) or math.isnan(end) or start > end or (start == -math.inf and end == math.inf):
        raise EmptorError(
            f"filter {_show(text)}: expected price:LOW..HIGH with numbers, LOW at most HIGH; one side may be left out"
        )
    return start, end


def _cut(text: str, mark: str) -> tuple[str, str, str]:
    """Like str.partition, but a backslash protects the mark; escapes stay as they are."""
    match = re.match(rf"((?:\\.|[^\\{mark}])*){re.escape(mark)}", text, re.DOTALL)
    return (match[1], mark, text[match.end() :]) if match else (text, "", "")


def _split(text: str, mark: str) -> list[str]:
    pieces = []
    while True:
        piece, found, rest = _cut(text, mark)
        pieces.append(piece)
        if not found:
            return pieces
        text = rest


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _show(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
