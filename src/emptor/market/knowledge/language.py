"""How sellers and customers put things: words for patterns and styles, spellings of measures, slips of the
keyboard.
"""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge.category import Category, Measure

PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "striped": ("striped", "stripe", "stripes"),
    "checked": ("checked", "plaid", "tartan", "gingham"),
    "dotted": ("dotted", "polka dot", "spotted"),
    "floral": ("floral", "flower print", "flowery"),
    "camo": ("camo", "camouflage"),
    "chevron": ("chevron", "zigzag"),
    "leopard": ("leopard", "animal print", "leopard print"),
    "stars": ("star print", "starry"),
}
"""Pattern -> words for it, the usual one first."""

_ALONE = frozenset(
    [
        "armchair",
        "stool",
        "saucepan",
        "casserole",
        "wok",
        "teapot",
        "earbuds",
        "beanie",
        "tumbler",
        "kettlebell",
        "joggers",
        "shorts",
        "camisole",
        "blouse",
        "turtleneck",
        "blazer",
        "raincoat",
        "smartphone",
        "chromebook",
        "ultrabook",
        "football",
        "basketball",
        "hardcover",
        "paperback",
    ]
)
_COMPLETED: dict[str, dict[str, str]] = {
    "chair": {"rocking": "rocking chair"},
    "handbag": {
        "tote": "tote bag",
        "satchel": "satchel bag",
        "crossbody": "crossbody bag",
        "bucket": "bucket bag",
        "clutch": "clutch bag",
    },
    "t-shirt": {"polo": "polo shirt"},
    "ball": {"tennis": "tennis ball", "rugby": "rugby ball", "beach": "beach ball"},
    "plush toy": {
        "bear": "teddy bear",
        "bunny": "plush bunny",
        "cat": "plush cat",
        "elephant": "plush elephant",
        "penguin": "plush penguin",
    },
    "toy car": {"truck": "toy truck", "bus": "toy bus", "fire engine": "toy fire engine", "racer": "toy racing car"},
    "camera": {"dslr": "DSLR camera"},
    "heels": {"sandal": "heeled sandals", "block heel": "block heels", "wedge": "wedge heels"},
    "trousers": {"straight": "straight leg trousers"},
    "cap": {"bucket": "bucket hat"},
}
"""Noun -> style -> name, where style and noun one after the other would not do."""


def thing(category: Category, style: str) -> str:
    """What a seller calls a product of this style: `wrap dress`, `saucepan`, `teddy bear`."""
    if category.department == "Books":
        return f"{category.noun} {style}"
    if style in _ALONE or category.noun in style:
        return style
    return _COMPLETED.get(category.noun, {}).get(style, f"{style} {category.noun}")


_PAIRS = (
    "sneakers",
    "boots",
    "heels",
    "sandals",
    "trousers",
    "sunglasses",
    "headphones",
    "earbuds",
    "shorts",
    "joggers",
)


def one(name: str) -> str:
    """With its article: `a wrap dress`, `an armchair`, `a pair of boots`."""
    if name.endswith(_PAIRS):
        return f"a pair of {name}"
    return f"an {name}" if name[0] in "aeio" or name.startswith(("umb", "ultra", "upr")) else f"a {name}"


def spellings(measure: Measure, number: float) -> tuple[str, ...]:
    """Ways to write a measure, the listed one first: `12 oz`, `12oz`, `12 ounce`."""
    plain = f"{number:g}"
    ways = [f"{plain} {measure.unit}", f"{plain}{measure.unit}"]
    ways += [f"{plain}{other}" if other in ('"', "h", "hrs") else f"{plain} {other}" for other in measure.spellings]
    if measure.unit == "ml" and number >= 500:
        ways.append(f"{number / 1000:g} l")
    if measure.unit == "l" and number < 10:
        ways.append(f"{number * 1000:g} ml")
    return tuple(ways)


def number_of(value: str) -> float:
    """The number of a listed measure: 12.0 for `12 oz`."""
    return float(value.split()[0])


def pattern_words(pattern: str) -> tuple[str, ...]:
    """Words for a pattern, the usual one first."""
    return PATTERN_WORDS.get(pattern, (pattern,))


def extra_words(name: str, value: str) -> tuple[tuple[str, str], ...]:
    """Ways to say an extra attribute, the usual one first, each as (what stands before the noun, what after it)."""
    whose = {"women": "women's", "men": "men's", "kids": "kids'"}
    if value in ("yes", "no"):
        return ((name if value == "yes" else f"no {name}", ""),)
    if name == "for":
        return ("", f"for {value}"), (whose.get(value, f"{value}'s"), "")
    if "size" in name:
        return ("", f"size {value}"), ("", value if value.isalpha() else f"sz {value}")
    if name == "fit":
        return (f"{value} fit", ""), ("", f"{value} fit")
    if name in ("room", "occasion"):
        place = {"office": "the office", "party": "parties", "holiday": "holidays", "casual": "every day"}.get(value)
        return (value, ""), ("", f"for {place or value}")
    if name == "age":
        return ("", f"age {value}"), ("", f"ages {value}")
    if name == "language":
        return ("", f"in {value}"), (value, "")
    if name == "memory":
        return ("", f"{value} RAM"), ("", f"{value.replace(' ', '')} RAM")
    if any(letter.isdigit() for letter in value):
        return ("", value), (value, "")
    return (value, ""), ("", value)


def plural(noun: str) -> str:
    """`dresses`, `watches`, `toy cars`; what is a pair or a plural already stays."""
    if noun.endswith("s") and not noun.endswith(("ss", "us")):
        return noun
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"


def misspelt(text: str, rng: np.random.Generator) -> str:
    """One slip in one word of five letters or more; the text itself where there is no such word."""
    words = text.split(" ")
    if not any(len(word) >= 5 and word.isalpha() for word in words):
        return text
    return slip(text, int(rng.integers(2**62)))


def slip(text: str, bits: int) -> str:
    """Like `misspelt`, the slip being chosen by the bits of a number of at least 32 of them."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return text
    bits, at = divmod(bits, len(long))
    word = words[long[at]]
    bits, place = divmod(bits, len(word) - 2)
    place += 1
    match bits % 4:
        case 0:
            slipped = word[:place] + word[place + 1 :]
        case 1:
            slipped = word[:place] + word[place] + word[place:]
        case 2:
            slipped = word[:place] + _BESIDE.get(word[place], word[place + 1]) + word[place + 1 :]
        case _:
            slipped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if slipped == word:  # two equal letters changed places
        slipped = word[:place] + word[place + 1 :]
    words[long[at]] = slipped
    return " ".join(words)


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {letter: row[(at + 1) % len(row)] for row in _ROWS for at, letter in enumerate(row)}
"""Letter -> the key beside it."""
