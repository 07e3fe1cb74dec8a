"""Invented names: product series and models, books and their writers. Every name follows from a number's bits."""

from __future__ import annotations

from emptor.market.knowledge.category import words

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
    "{} Suppers",
    "The {} Table",
    "Thirty {} Dinners",
    "The {} Pantry",
    "Cooking at {}",
    "A Year of {} Plates",
)
_LARDERS = words("Quiet, Hidden, Borrowed, Little, Crooked, Weekday, Sunday, Honest, Patient, Generous, Copper, Open")


def _taken(bits: int, choices: tuple[str, ...]) -> tuple[int, str]:
    bits, at = divmod(bits, len(choices))
    return bits, choices[at]


def series_name(bits: int, *, model: bool = False) -> str:
    """A name such as `Valora`; a model's is such as `VX-320`."""
    if model:
        bits, first = _taken(bits, tuple("ABDEGHKLMNPRSTVX"))
        bits, second = _taken(bits, ("", "X", "S", "T", "Q"))
        return f"{first}{second}-{10 * (10 + bits % 89)}"
    bits, start = _taken(bits, _STARTS)
    return start + _taken(bits, _ENDS)[1]


def writer(bits: int) -> str:
    """A writer's name."""
    bits, first = _taken(bits, _FIRST)
    return f"{first} {_taken(bits, _LAST)[1]}"


def book_title(bits: int, *, kitchen: bool = False) -> str:
    """The title of a novel or, of the kitchen, of a cookbook. It says nothing of genre or cuisine."""
    if kitchen:
        bits, form = _taken(bits, _KITCHENS)
        bits, place = _taken(bits, _PLACES)
        return form.format(place if form.endswith("at {}") else _taken(bits, _LARDERS)[1])
    bits, way = divmod(bits, 3)
    bits, kind = _taken(bits, _KINDS)
    bits, thing = _taken(bits, _THINGS)
    place = _taken(bits, _PLACES)[1]
    return (
        f"The {kind.title()} {thing.title()}",
        f"{kind.title()} {thing.title()}",
        f"The {thing.title()} of {place}",
    )[way]
