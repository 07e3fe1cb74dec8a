"""Markdown of tables."""

from __future__ import annotations


def line(cells: list[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(cells) + " |"


def listed(seeds: list[int]) -> str:
    """Seeds in a sentence."""
    return ", ".join(map(str, seeds))
