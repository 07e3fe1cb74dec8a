"""Colours: how each one looks, what else sellers call it, and which ones a customer would take for it."""

from __future__ import annotations

Rgb = tuple[int, int, int]

COLORS: dict[str, Rgb] = {
    "black": (42, 43, 49),
    "charcoal": (78, 82, 92),
    "grey": (150, 155, 163),
    "silver": (192, 197, 204),
    "white": (246, 245, 241),
    "cream": (243, 232, 208),
    "beige": (217, 197, 166),
    "tan": (196, 148, 98),
    "brown": (118, 78, 54),
    "navy": (38, 56, 99),
    "blue": (54, 105, 196),
    "light blue": (142, 190, 229),
    "teal": (22, 122, 128),
    "turquoise": (72, 190, 190),
    "mint": (166, 217, 190),
    "green": (58, 142, 88),
    "olive": (118, 122, 66),
    "yellow": (246, 205, 74),
    "mustard": (210, 158, 46),
    "gold": (207, 170, 98),
    "orange": (236, 132, 52),
    "coral": (244, 127, 108),
    "red": (208, 54, 58),
    "burgundy": (124, 36, 56),
    "pink": (241, 163, 184),
    "purple": (124, 82, 160),
    "lavender": (188, 170, 222),
    "rose gold": (221, 162, 144),
}

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "black": ("jet black", "onyx"),
    "charcoal": ("anthracite", "dark grey"),
    "grey": ("gray", "slate"),
    "white": ("ivory white", "snow"),
    "cream": ("ivory", "ecru"),
    "beige": ("sand", "oatmeal"),
    "tan": ("camel", "cognac"),
    "brown": ("chocolate", "walnut"),
    "navy": ("dark blue", "midnight"),
    "blue": ("cobalt", "royal blue"),
    "light blue": ("sky blue", "baby blue"),
    "teal": ("petrol",),
    "turquoise": ("aqua",),
    "mint": ("seafoam",),
    "green": ("emerald", "forest"),
    "olive": ("khaki", "moss"),
    "yellow": ("lemon",),
    "mustard": ("ochre",),
    "orange": ("tangerine",),
    "coral": ("salmon",),
    "red": ("scarlet", "cherry"),
    "burgundy": ("maroon", "wine"),
    "pink": ("rose", "blush"),
    "purple": ("violet", "plum"),
    "lavender": ("lilac",),
}

ABBREVIATIONS: dict[str, str] = {
    "black": "blk",
    "white": "wht",
    "grey": "gry",
    "navy": "nvy",
    "brown": "brn",
    "green": "grn",
    "burgundy": "burg.",
    "turquoise": "turq.",
}

_ALIKE = (
    "navy blue|blue light_blue|grey charcoal|grey silver|black charcoal|red burgundy|red coral|cream beige|beige tan|"
    "tan brown|white cream|green olive|green teal|teal turquoise|turquoise mint|yellow mustard|mustard gold|"
    "orange coral|pink coral|pink rose_gold|gold rose_gold|purple lavender|orange mustard"
)

ALIKE: frozenset[frozenset[str]] = frozenset(
    frozenset(name.replace("_", " ") for name in pair.split()) for pair in _ALIKE.split("|")
)
"""Pairs of colours that a customer who asked for one might accept for the other."""

_COMPANIONS: dict[str, tuple[str, ...]] = {
    "black": ("white", "gold", "grey", "red"),
    "charcoal": ("white", "mustard", "light blue", "coral"),
    "grey": ("white", "navy", "coral", "mustard"),
    "silver": ("navy", "charcoal", "teal", "white"),
    "white": ("navy", "red", "black", "blue", "green", "coral"),
    "cream": ("burgundy", "navy", "olive", "tan", "coral"),
    "beige": ("brown", "white", "navy", "burgundy"),
    "tan": ("cream", "navy", "brown", "white"),
    "brown": ("cream", "tan", "mustard", "light blue"),
    "navy": ("white", "coral", "light blue", "mustard", "red"),
    "blue": ("white", "yellow", "navy", "light blue"),
    "light blue": ("white", "navy", "coral", "pink"),
    "teal": ("cream", "coral", "mustard", "white"),
    "turquoise": ("white", "navy", "coral", "yellow"),
    "mint": ("white", "teal", "coral", "pink"),
    "green": ("white", "cream", "yellow", "navy"),
    "olive": ("cream", "black", "orange", "beige"),
    "yellow": ("white", "navy", "grey", "teal"),
    "mustard": ("cream", "navy", "burgundy", "charcoal"),
    "gold": ("black", "white", "burgundy", "navy"),
    "orange": ("white", "navy", "teal", "cream"),
    "coral": ("white", "teal", "navy", "cream"),
    "red": ("white", "navy", "black", "cream"),
    "burgundy": ("cream", "pink", "gold", "navy"),
    "pink": ("white", "burgundy", "teal", "purple"),
    "purple": ("lavender", "white", "gold", "mint"),
    "lavender": ("white", "purple", "mint", "navy"),
    "rose gold": ("white", "burgundy", "charcoal", "cream"),
}


def companions(color: str) -> tuple[str, ...]:
    """Colours that go well with `color` as the second colour of a pattern or a trim."""
    return _COMPANIONS[color]


def mixed(first: Rgb, second: Rgb, part: float) -> Rgb:
    """`first` with `part` (0..1) of `second` in it."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def lighter(color: Rgb, part: float) -> Rgb:
    """`color` with `part` (0..1) of white in it."""
    return mixed(color, (255, 255, 255), part)


def darker(color: Rgb, part: float) -> Rgb:
    """`color` with `part` (0..1) of a bluish black in it: shadows look cleaner than with pure black."""
    return mixed(color, (18, 16, 34), part)


def brightness(color: Rgb) -> float:
    """Perceived brightness, 0 (black) to 1 (white)."""
    return (0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]) / 255
