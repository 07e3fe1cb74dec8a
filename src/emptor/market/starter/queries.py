"""Queries of known relevance: what customers ask for, and how well each product answers, from the truth
alone.

Grades: 3 everything asked for; 2 the right category and at least half of what was asked; 1 the right
category only;
0 another category. A colour that customers take for the one asked, and a size within a fifth of it, count
half.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.language import PATTERN_WORDS, misspelt, number_of, spellings, thing
from emptor.market.knowledge.palette import ALIKE, OTHER_NAMES
from emptor.market.starter.products import Product
from emptor.market.streams import stream

MOST_JUDGED = 300
"""Products of grade 1 and more that are judged for one query, the best grades first; what is beyond is left
out.
"""
_SAME_DEPARTMENT, _ELSEWHERE = 30, 20
"""Products of grade 0 that are judged for one query, sampled."""
_NEAR = 0.2
"""A measure this near (relative) to the one asked for counts half."""


@dataclass(frozen=True)
class Query:
    """A query as typed, and what is meant: `asked` holds true attributes, and `brand` where one is named."""

    text: str
    kind: str
    category: Category
    asked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """One line of the judgement file."""

    query: str
    product_id: str
    grade: int
    kind: str


def credit(query: Query, name: str, product: Product) -> float:
    """How far a product meets one thing asked for: 1, a half or 0."""
    wanted = query.asked[name]
    found = product.brand.name if name == "brand" else product.attributes.get(name)
    if found == wanted:
        return 1.0
    if found is None:
        return 0.0
    if name == "color" and frozenset((wanted, found)) in ALIKE:
        return 0.5
    measure = query.category.measure
    if measure and name == measure.name and abs(number_of(found) / number_of(wanted) - 1) <= _NEAR:
        return 0.5
    return 0.0


def grade(query: Query, product: Product) -> int:
    """0 to 3, as this module says."""
    if product.category.key != query.category.key:
        return 0
    if not query.asked:
        return 3
    share = sum(credit(query, name, product) for name in query.asked) / len(query.asked)
    return 3 if share == 1 else 2 if share >= 0.5 else 1


def make_queries(products: Sequence[Product], *, seed: int) -> list[Query]:
    """Queries of seven kinds, each answered in full by some product; no text twice."""
    queries: dict[str, Query] = {}
    for kind, count, write in _KINDS:
        candidates = _every_category(products) if write is _category_name else _some(products, kind, seed)
        made = 0
        for number, product in enumerate(candidates):
            query = write(kind, product, stream(seed, f"query {kind}", number))
            if query is not None and query.text not in queries:
                queries[query.text] = query
                made += 1
            if made == count:
                break
    return list(queries.values())


def judge(query: Query, products: Sequence[Product], *, seed: int) -> list[Judgement]:
    """Judgements of one query: the best grade first, within a grade by product_id."""
    graded = [(grade(query, product), product) for product in products if product.category.key == query.category.key]
    graded = sorted(graded, key=lambda pair: (-pair[0], pair[1].product_id))[:MOST_JUDGED]
    rng = stream(seed, "judged wrong", query.text)
    key, department = query.category.key, query.category.department
    near = [p for p in products if p.category.department == department and p.category.key != key]
    far = [p for p in products if p.category.department != department]
    wrong = [*_sample(near, _SAME_DEPARTMENT, rng), *_sample(far, _ELSEWHERE, rng)]
    graded += [(0, product) for product in sorted(wrong, key=lambda product: product.product_id)]
    return [Judgement(query.text, product.product_id, value, query.kind) for value, product in graded]


def _sample(products: Sequence[Product], count: int, rng: np.random.Generator) -> list[Product]:
    return [products[i] for i in rng.permutation(len(products))[:count]]


def _every_category(products: Sequence[Product]) -> Iterator[Product]:
    """The first product of each category, in the order of CATEGORIES."""
    first: dict[str, Product] = {}
    for product in products:
        first.setdefault(product.category.key, product)
    return (first[category.key] for category in CATEGORIES if category.key in first)


def _some(products: Sequence[Product], kind: str, seed: int) -> Iterator[Product]:
    """Products in a random order that takes one of each category in turn."""
    groups: dict[str, list[Product]] = defaultdict(list)
    for i in stream(seed, f"products for {kind}").permutation(len(products)):
        groups[products[i].category.key].append(products[i])
    while groups:
        for key in list(groups):
            yield groups[key].pop()
            if not groups[key]:
                del groups[key]


def _category_name(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    return Query(product.category.noun, kind, product.category)


def _with_attribute(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    category, true = product.category, product.attributes
    match int(rng.integers(4)):
        case 0:
            return Query(f"{true['color']} {category.noun}", kind, category, {"color": true["color"]})
        case 1:
            return Query(f"{true['material']} {category.noun}", kind, category, {"material": true["material"]})
        case 2:
            return Query(thing(category, true["style"]), kind, category, {"style": true["style"]})
        case _:
            text = f"{true['color']} {thing(category, true['style'])}"
            return Query(text, kind, category, {"color": true["color"], "style": true["style"]})


def _with_brand(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    brand, noun = product.brand.name.lower(), product.category.noun
    text = f"{brand} {noun}" if rng.random() < 0.7 else f"{noun} {brand}"
    return Query(text, kind, product.category, {"brand": product.brand.name})


def _misspelt(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    right = (_with_brand if rng.random() < 0.4 else _with_attribute)(kind, product, rng)
    if right is None:
        return None
    text = misspelt(right.text, rng)
    return None if text == right.text else Query(text, kind, right.category, right.asked)


def _synonym(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    category, color = product.category, product.attributes["color"]
    words = [word for word in category.synonyms if word != category.noun]
    if not words:
        return None
    word = words[int(rng.integers(len(words)))]
    other = OTHER_NAMES.get(color, ())
    match int(rng.integers(3)):
        case 0:
            return Query(word, kind, category)
        case 1 if other:
            return Query(f"{other[int(rng.integers(len(other)))]} {category.noun}", kind, category, {"color": color})
        case _:
            return Query(f"{color} {word}", kind, category, {"color": color})


def _visual(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    """Colour and pattern: what the picture shows and the title may leave out."""
    category, color, pattern = product.category, product.attributes["color"], product.attributes["pattern"]
    if pattern == "plain":
        return None
    words = PATTERN_WORDS[pattern]
    word = words[0] if rng.random() < 0.7 else words[int(rng.integers(len(words)))]
    if rng.random() < 0.35:
        return Query(f"{word} {category.noun}", kind, category, {"pattern": pattern})
    return Query(f"{color} {word} {category.noun}", kind, category, {"color": color, "pattern": pattern})


def _with_measure(kind: str, product: Product, rng: np.random.Generator) -> Query | None:
    category = product.category
    if category.measure is None:
        return None
    value = product.attributes[category.measure.name]
    ways = spellings(category.measure, number_of(value))
    text = ways[int(rng.integers(len(ways)))]
    asked = {category.measure.name: value}
    if rng.random() < 0.3:
        color = product.attributes["color"]
        return Query(f"{color} {category.noun} {text}", kind, category, {**asked, "color": color})
    return Query(f"{text} {category.noun}", kind, category, asked)


_KINDS: tuple[tuple[str, int, Callable[[str, Product, np.random.Generator], Query | None]], ...] = (
    ("category", len(CATEGORIES), _category_name),
    ("category+attribute", 50, _with_attribute),
    ("brand+category", 32, _with_brand),
    ("misspelt", 30, _misspelt),
    ("synonym", 30, _synonym),
    ("visual", 44, _visual),
    ("units", 24, _with_measure),
)
"""Kind, how many, how one is written from a product that answers it."""
