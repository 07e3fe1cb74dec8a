"""The encyclopaedia: what a language model may read of the world. An article for each need, and one for each category.

Only here is it said what a need takes. Nothing here is about a product, a user or a world's seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from emptor.market.knowledge import CATEGORIES, Category
from emptor.market.knowledge.language import one, plural
from emptor.market.knowledge.needs import NEEDS


def articles() -> Iterator[tuple[str, str]]:
    """(title, text) of every article: needs in their order, then categories in theirs."""
    for need in NEEDS:
        yield need.name, need.article
    for category in CATEGORIES:
        yield plural(category.noun), _about(category)


def write_encyclopaedia(path: Path) -> None:
    """Write all articles as JSON lines with `title` and `text`."""
    with path.open("wb") as file:
        for title, text in articles():
            file.write(orjson.dumps({"title": title, "text": text}, option=orjson.OPT_APPEND_NEWLINE))


def _about(category: Category) -> str:
    """What is known of a category: its names, kinds, materials and sizes."""
    name = one(category.noun)
    sentences = [f"{name[0].upper()}{name[1:]} is what shops list under {category.department}, {category.name}."]
    if category.synonyms:
        sentences.append(f"People also say {_either(category.synonyms)}.")
    sentences.append(f"The usual kinds are {_all(category.styles)}.")
    if len(category.materials) > 1:
        sentences.append(f"{_all(category.materials).capitalize()} are what it is made of.")
    prints = [pattern for pattern in category.patterns if pattern != "plain"]
    if prints:
        sentences.append(f"Beside plain ones there are {_all(prints)} ones.")
    sentences += [f"It is told apart by {name}: {_either(values)}." for name, values in category.extras]
    if category.measure:
        sizes = category.measure.values()
        sentences.append(f"Its {category.measure.name} runs from {sizes[0]} to {sizes[-1]}.")
    return " ".join(sentences)


def _all(words: tuple[str, ...] | list[str]) -> str:
    return " and ".join([own for own in (", ".join(words[:-1]), words[-1]) if own])


def _either(words: tuple[str, ...]) -> str:
    return " or ".join([own for own in (", ".join(words[:-1]), words[-1]) if own])
