"""Invented names: product series, books and their writers."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.category import Category, words

_STARTS = words(
    "Al, Bel, Cor, Dal, El, Fen, Gal, Hal, Is, Jor, Kal, Lin, Mor, Nor, Or, Pel, Ros, Sel, Tor, Val, Wes, Zel"
)
_ENDS = words("ba, ena, ia, iva, ora, una, wyn, dor, mar, nik, rin, tis, vik, o, een, sted, ley, ta")
_KINDS = words("quiet, last, hidden, silver, borrowed, winter, crooked, burning, paper, forgotten, salt, midnight")
_THINGS = words("harbour, orchard, lighthouse, garden, letter, river, clockmaker, island, mirror, orphan, road, crown")
_PLACES = words("Ashby, Elmsworth, the North, Marrow Bay, Glass Hill, Tallow Street, the Lowlands, Saint Orla")
_FIRST = words("Ada, Bruno, Clara, Dario, Edith, Felix, Greta, Hugo, Ines, Jonas, Kiri, Leon, Mara, Nils, Olive, Pablo")
_LAST = words(
    "Ashdown, Bellweather, Castell, Dunmore, Ekberg, Farrow, Greaves, Holloway, Ivarsson, Lark, Moreau, Quint"
)
_KITCHENS = (
    "The {} Kitchen",
    "Simply {}",
    "{} in 30 Minutes",
    "My {} Table",
    "Everyday {}",
    "{} for Friends",
    "The Little {} Cookbook",
)


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def series_name(rng: np.random.Generator) -> str:
    """A name such as `Valora`."""
    return _one(rng, _STARTS) + _one(rng, _ENDS)


def writer(rng: np.random.Generator) -> str:
    """A writer's name."""
    return f"{_one(rng, _FIRST)} {_one(rng, _LAST)}"


def book_title(rng: np.random.Generator, category: Category, attributes: dict[str, str]) -> str:
    """The title of a novel, or of a cookbook of the cuisine among the attributes."""
    if category.name == "Cookbooks":
        return _one(rng, _KITCHENS).format(attributes["cuisine"].title())
    kind, thing = _one(rng, _KINDS).title(), _one(rng, _THINGS).title()
    return (f"The {kind} {thing}", f"{kind} {thing}", f"The {thing} of {_one(rng, _PLACES)}")[int(rng.integers(3))]
