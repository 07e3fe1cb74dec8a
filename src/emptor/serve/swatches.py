"""Colours by name, as little dots: only names known here become colours, whatever a catalogue calls its own."""

from __future__ import annotations

_COLOURS = {
    "beige": "#e2d3b5",
    "black": "#1d1d1f",
    "blue": "#2f62c9",
    "bronze": "#a8713a",
    "brown": "#7a4b2a",
    "burgundy": "#6d1730",
    "charcoal": "#3f444b",
    "copper": "#b8683c",
    "coral": "#f5765c",
    "cream": "#f5ebd2",
    "gold": "#d2a33c",
    "gray": "#8d9296",
    "green": "#2f8f4e",
    "grey": "#8d9296",
    "ivory": "#f6f1e0",
    "khaki": "#a89a66",
    "lavender": "#b7a4dc",
    "lilac": "#c3a3d6",
    "maroon": "#6b1f2a",
    "mint": "#a5dcc0",
    "mustard": "#d2a02a",
    "navy": "#1f2d5c",
    "olive": "#70742f",
    "orange": "#ee8130",
    "peach": "#f8bd98",
    "pink": "#ee8fb0",
    "plum": "#6c3461",
    "purple": "#7a3fa0",
    "red": "#cc2b32",
    "rose": "#e0718c",
    "rust": "#a5472a",
    "sand": "#d8c29a",
    "silver": "#c2c7cb",
    "tan": "#c79f70",
    "teal": "#1c7f80",
    "terracotta": "#c5643f",
    "turquoise": "#36bdb8",
    "violet": "#7d4fc0",
    "white": "#ffffff",
    "yellow": "#f0c92e",
}


def swatch(name: str) -> str | None:
    """A colour to show for a name, None for one that is not known."""
    return _COLOURS.get(name.strip().lower())
