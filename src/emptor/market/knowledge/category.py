"""What is known about a kind of product: its words, its attributes, its prices, and how it may look."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Measure:
    """A size with a unit: the attribute's name, usual numbers, the listed unit and its other spellings."""

    name: str
    numbers: tuple[float, ...]
    unit: str
    spellings: tuple[str, ...] = ()

    def values(self) -> tuple[str, ...]:
        """The listed values, for example `12 oz`."""
        return tuple(f"{number:g} {self.unit}" for number in self.numbers)


@dataclass(frozen=True, kw_only=True)
class Category:
    """One category and the truth about its products.

    `styles` and `patterns` change the picture, the first one named being the most common; `colors` likewise.
    `price` is the median in US dollars of a middling brand; `share` how many designs there are beside others.
    """

    department: str
    name: str
    noun: str
    drawing: str
    price: float
    styles: tuple[str, ...]
    colors: tuple[str, ...]
    materials: tuple[str, ...]
    patterns: tuple[str, ...] = ("plain",)
    synonyms: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    measure: Measure | None = None
    features: tuple[str, ...] = ()
    share: int = 2

    @property
    def path(self) -> tuple[str, str]:
        """Department and category, as in the catalogue."""
        return self.department, self.name

    @cached_property
    def key(self) -> str:
        """`Women/Dresses`."""
        return f"{self.department}/{self.name}"


def words(text: str) -> tuple[str, ...]:
    """The items of a comma-separated list."""
    return tuple(item.strip() for item in text.split(","))
