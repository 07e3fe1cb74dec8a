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
_COMPLETED: dict[str, str] = {
    "rocking": "rocking chair",
    "tote": "tote bag",
    "satchel": "satchel bag",
    "crossbody": "crossbody bag",
    "bucket bag": "bucket bag",
    "clutch": "clutch bag",
    "polo": "polo shirt",
    "tennis": "tennis ball",
    "rugby": "rugby ball",
    "beach": "beach ball",
    "bear": "teddy bear",
    "bunny": "plush bunny",
    "cat": "plush cat",
    "elephant": "plush elephant",
    "penguin": "plush penguin",
    "truck": "toy truck",
    "bus": "toy bus",
    "fire engine": "toy fire engine",
    "racer": "toy racing car",
    "dslr": "DSLR camera",
    "sandal": "heeled sandals",
    "bomber": "bomber jacket",
    "puffer": "puffer jacket",
    "straight": "straight leg trousers",
    "bottle": "bottle vase",
}


def thing(category: Category, style: str) -> str:
    """What a seller calls a product of this style: `wrap dress`, `saucepan`, `teddy bear`."""
    if category.department == "Books":
        return f"{category.noun} {style}"
    if style in _ALONE or category.noun in style:
        return style
    if style == "bucket":
        return "bucket bag" if category.noun == "handbag" else "bucket hat"
    return _COMPLETED.get(style, f"{style} {category.noun}")


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
    return f"an {name}" if name[0] in "aeio" or name.startswith("umb") else f"a {name}"


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


def misspelt(text: str, rng: np.random.Generator) -> str:
    """One slip in one word of five letters or more; the text itself where there is no such word."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return text
    at = int(rng.choice(long))
    word = words[at]
    place = int(rng.integers(1, len(word) - 1))
    match int(rng.integers(3)):
        case 0:
            slip = word[:place] + word[place + 1 :]
        case 1:
            slip = word[:place] + word[place] + word[place:]
        case _:
            slip = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if slip == word:  # two equal letters changed places
        slip = word[:place] + word[place + 1 :]
    words[at] = slip
    return " ".join(words)
