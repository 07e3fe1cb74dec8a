"""A need: what people set out to do, and what it takes, which neither their words nor any product's text says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Requirements = Mapping[str, frozenset[str]]
"""Name of a slot -> values of which a product must have one."""


@dataclass(frozen=True)
class Need:
    """A need and all that is known of it.

    Args:
        name: for people. phrases: ways to type it, the usual one first; none names a product that it wants.
        wants: key of a category (`Shoes/Boots`) -> what its products must be; empty where any of them will do.
        article: what an encyclopaedia says of it, from which all of `wants` follows.
    """

    name: str
    phrases: tuple[str, ...]
    wants: Mapping[str, Requirements]
    article: str


def need(name: str, phrases: str, wants: str, article: str) -> Need:
    """A need from its short form.

    Args:
        phrases: separated by `|`.
        wants: categories separated by `;`, each with its requirements: `Shoes/Boots: style=rain|hiking, for=men`.
    """
    parsed: dict[str, Requirements] = {}
    for part in wants.split(";"):
        key, _, requirements = part.partition(":")
        parsed[key.strip()] = {
            slot.strip(): frozenset(value.strip() for value in values.split("|"))
            for slot, _, values in (own.partition("=") for own in requirements.split(",") if own.strip())
        }
    return Need(name, tuple(own.strip() for own in phrases.split("|")), parsed, " ".join(article.split()))
