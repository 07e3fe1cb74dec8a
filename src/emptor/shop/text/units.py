"""Units and dimensions: `1/2 inch`, `0.5"` and `1/2-in.` become one term.

Numbers are spelled as the shortest decimal; metric units are brought to one base unit (0.5 l = 500 ml), imperial
ones only to one spelling, since shops name a pipe of 12 in and one of 1 ft differently on purpose.
"""

from __future__ import annotations

import re

_SPELLINGS = {
    "in": "in inch inches",
    "ft": "ft foot feet",
    "yd": "yd yard yards",
    "sqft": "sqft sq.ft sq.ft. sf",
    "cuft": "cuft cu.ft cu.ft.",
    "oz": "oz ounce ounces",
    "floz": "floz fl.oz fl.oz.",
    "lb": "lb lbs pound pounds",
    "gal": "gal gallon gallons",
    "qt": "qt quart quarts",
    "pt": "pt pint pints",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "cl": "cl",
    "l": "l liter liters litre litres",
    "mg": "mg",
    "g": "g gram grams gr",
    "kg": "kg kilo kilos kilogram kilograms",
    "w": "w watt watts",
    "kw": "kw kilowatt kilowatts",
    "v": "v volt volts",
    "a": "amp amps ampere amperes",
    "mah": "mah",
    "hp": "hp horsepower",
    "hz": "hz hertz",
    "ghz": "ghz",
    "mhz": "mhz",
    "mb": "mb megabyte megabytes",
    "gb": "gb gigabyte gigabytes",
    "tb": "tb terabyte terabytes",
    "mp": "mp megapixel megapixels",
    "psi": "psi",
    "gpm": "gpm",
    "cfm": "cfm",
    "btu": "btu btus",
    "ga": "ga gauge",
    "deg": "degree degrees",
    "pk": "pk pack packs",
    "pc": "pc pcs piece pieces",
    "ct": "ct count",
    "port": "port ports",
    "step": "step steps",
    "lm": "lumen lumens",
}
UNIT = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
"""Spelling -> canonical unit."""

_METRIC = {
    "cm": ("mm", 10.0),
    "m": ("mm", 1000.0),
    "cl": ("ml", 10.0),
    "l": ("ml", 1000.0),
    "kg": ("g", 1000.0),
}
_FRACTION_BOTTOMS = {2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64}

_NUMBER = r"(?:\d+[- ]\d+/\d+|\d+/\d+|\d*\.\d+|\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_UNIT = "|".join(sorted((re.escape(spelling) for spelling in UNIT), key=len, reverse=True))
QUANTITY = re.compile(
    rf"(?<![\w.])(?P<number>{_NUMBER})"
    rf"(?:(?:[ -]?(?P<area>sq|cu|fl)\.?[ -]?(?P<areaunit>ft|feet|foot|oz|ounces?)\b\.?)"
    rf"|(?:[ -]?(?P<unit>{_UNIT})(?![\w/])\.?)|(?P<quote>''|[\"”″'’′])(?!\w))?",
)
"""A number and, where one follows, its unit; matched against lower-case text."""


def spell(number: str) -> str | None:
    """The shortest decimal of `1-1/2`, `1,000`, `.50` ... ; None where the slash is no fraction (24/7, 2019/20)."""
    whole, _, fraction = number.replace("-", " ").rpartition(" ")
    top, slash, bottom = fraction.partition("/")
    if slash:
        if len(top) > 3 or len(bottom) > 3 or int(bottom) not in _FRACTION_BOTTOMS or int(top) >= int(bottom):
            return None
        value = (int(whole) if whole else 0) + int(top) / int(bottom)
    else:
        value = float(fraction.replace(",", ""))
    return decimal(value)


def decimal(value: float) -> str:
    """`0.5`, `12`, `0.3333`: at most four decimals, no exponent."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def quantity(match: re.Match[str]) -> tuple[str, str] | None:
    """(number, unit) of a QUANTITY match in canonical spelling, unit "" where there is none; None: not a number."""
    number = spell(match["number"])
    if number is None:
        return None
    unit = match["unit"]
    if match["area"]:
        unit = match["area"] + ("oz" if match["areaunit"].startswith("o") else "ft")
        if unit not in _SPELLINGS:
            return number, ""
        return number, unit
    if match["quote"]:
        return number, "ft" if match["quote"] in "'’′" else "in"
    if not unit:
        return number, ""
    unit = UNIT[unit]
    if unit in _METRIC:
        unit, factor = _METRIC[unit]
        number = decimal(float(number) * factor)
    return number, unit
