"""Listings: what a seller writes about a product, which is not always all, nor always right."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.language import PATTERN_WORDS, misspelt, number_of, one, spellings, thing
from emptor.market.knowledge.palette import ABBREVIATIONS, OTHER_NAMES
from emptor.market.starter.products import Product
from emptor.market.streams import stream

Row = dict[str, object]

_TITLED = {"color": 0.76, "pattern": 0.62, "material": 0.5, "style": 0.82, "measure": 0.8, "extra": 0.35}
"""Chances that a title mentions an attribute."""
_LISTED = {"color": 0.86, "pattern": 0.55, "material": 0.8, "style": 0.75}
"""Chances that a seller fills the form's field; others 0.8."""
_WORDS = {"noun": 0.24, "synonym": 0.13, "abbreviation": 0.05, "misspelling": 0.03}
"""Chances that a word is not the usual one."""

CURRENCY = "USD"


def listing(product: Product, *, seed: int) -> Row:
    """The product's row of the catalogue, in Emptor's field names."""
    rng = stream(seed, "listing", product.product_id)
    row: Row = {
        "product_id": product.product_id,
        "title": _title(product, rng),
        "description": _description(product, rng),
        "category": list(product.category.path),
        "brand": product.brand.name,
        "attributes": _form(product, rng),
        "price": product.price,
        "currency": CURRENCY,
        "seller_id": product.seller_id,
        "listed_at": product.listed_at.isoformat(),
        "in_stock": product.in_stock,
    }
    if product.pictured:
        row["image"] = picture_name(product)
    return row


def picture_name(product: Product) -> str:
    """The name of the product's picture file."""
    return f"{product.product_id}.jpg"


def _worded(usual: str, others: tuple[str, ...], rng: np.random.Generator, *, kind: str = "synonym") -> str:
    """The usual word, sometimes another, sometimes short, sometimes with a slip."""
    word = usual
    if others and rng.random() < _WORDS[kind]:
        word = others[int(rng.integers(len(others)))]
    elif usual in ABBREVIATIONS and rng.random() < _WORDS["abbreviation"]:
        word = ABBREVIATIONS[usual]
    return misspelt(word, rng) if rng.random() < _WORDS["misspelling"] else word


def _title(product: Product, rng: np.random.Generator) -> str:
    category, true = product.category, product.attributes
    told = {part: bool(rng.random() < chance) for part, chance in _TITLED.items()}
    color = _worded(true["color"], OTHER_NAMES.get(true["color"], ()), rng) if told["color"] else ""
    pattern = ""
    if told["pattern"] and true["pattern"] != "plain":
        usual, *others = PATTERN_WORDS[true["pattern"]]
        pattern = _worded(usual, tuple(others), rng)
    material = _worded(true["material"], (), rng) if told["material"] else ""
    name = thing(category, true["style"]) if told["style"] else category.noun
    if name.endswith(category.noun):
        name = name.removesuffix(category.noun) + _worded(category.noun, category.synonyms, rng, kind="noun")
    measure = ""
    if category.measure and told["measure"]:
        ways = spellings(category.measure, number_of(true[category.measure.name]))
        measure = ways[0] if rng.random() < 0.5 else ways[int(rng.integers(len(ways)))]
    extra = ""
    if category.extras and told["extra"]:
        field, _ = category.extras[int(rng.integers(len(category.extras)))]
        extra = f"size {true[field]}" if "size" in field else (f"for {true[field]}" if field == "for" else true[field])
    if product.caption:
        title, _, author = product.caption.partition("\n")
        return _joined(
            f"{title}: {extra} {name}",
            f" by {author}" if rng.random() < 0.7 else "",
            f" ({measure})" if measure else "",
        )
    brand, series = product.brand.name, product.series
    match product.seller % 5:
        case 0:
            title = _joined(
                f"{brand} {series} {color} {pattern} {material} {name}",
                f", {measure}" if measure else "",
                f" {extra}",
            )
        case 1:
            title = _joined(
                f"{series} {pattern} {name} by {brand}",
                *(f" - {part}" for part in (color, material, measure, extra) if part),
            )
        case 2:
            title = _joined(f"{brand.upper()} {name} {color} {pattern} {material} {measure} {extra}")
        case 3:
            title = _joined(f"{color} {pattern} {material} {name}", f" {measure}", f" | {brand} {series}", f" {extra}")
        case _:
            title = _joined(
                f"{brand} {measure} {material} {name} {series}",
                f" in {color}" if color else "",
                f", {pattern}" if pattern else "",
                f" {extra}",
            )
    if product.seller % 5 in (0, 3) and product.seller % 2:
        return " ".join(word if any(c.isupper() for c in word) else word.capitalize() for word in title.split(" "))
    return title[0].upper() + title[1:]


def _joined(*parts: str) -> str:
    """The parts as one line without holes."""
    return " ".join("".join(parts).split()).replace(" ,", ",").replace(": novel", ": a novel").strip(" ,-|")


_OPENINGS = (
    "{One} from {brand} that you will reach for every day.",
    "{brand} designs with care, and it shows.",
    "If you were looking for {one}, here it is.",
    "{One} by {brand}, made to last.",
    "{One} that looks good and does its job.",
    "Simple, sturdy and good to look at: {one} by {brand}.",
)
_DETAILS = (
    "It comes with {first} and {second}.",
    "We like {first}; customers like {second}.",
    "Details such as {first} and {second} make the difference.",
    "You get {first}, and {second} as well.",
)
_CLOSINGS = (
    "Ships within two days.",
    "A good gift, too.",
    "Easy to return within 30 days.",
    "Photos show the actual product.",
    "Small batches, so be quick.",
)


def _description(product: Product, rng: np.random.Generator) -> str:
    category, true = product.category, product.attributes
    name = one(thing(category, true["style"]) if rng.random() < 0.6 else category.noun)
    first, second = rng.choice(len(category.features), size=2, replace=False)
    sentences = [
        _OPENINGS[int(rng.integers(len(_OPENINGS)))].format(
            one=name, One=name[0].upper() + name[1:], brand=product.brand.name
        ),
        _DETAILS[int(rng.integers(len(_DETAILS)))].format(
            first=category.features[first], second=category.features[second]
        ),
    ]
    if rng.random() < 0.55:
        names = (true["color"], *OTHER_NAMES.get(true["color"], ()))
        tone = names[int(rng.integers(len(names)))] if rng.random() < 0.3 else names[0]
        if true["pattern"] != "plain" and rng.random() < 0.6:
            tone += f" {PATTERN_WORDS[true['pattern']][0]}"
        sentences.append(f"The {tone} finish in {true['material']} goes with almost everything.")
    elif rng.random() < 0.6:
        sentences.append(_CLOSINGS[int(rng.integers(len(_CLOSINGS)))])
    return " ".join(sentences)


def _form(product: Product, rng: np.random.Generator) -> dict[str, str]:
    """The attributes that the seller has filled in; the form offers choices, so what is there is right."""
    return {
        name: value
        for name, value in product.attributes.items()
        if rng.random() < _LISTED.get(name, 0.8) and (name, value) != ("pattern", "plain")
    }
