"""A filter that no product passes: what was probably meant by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

from emptor.shop.category import join_path, split_path
from emptor.shop.filters import Clause, Filters, escape
from emptor.shop.view import View
from emptor.shop.vocabulary import Vocabulary

_ALIKE = 60.0
"""Of 100: below that a suggestion is a guess."""


def nearest_filters(view: View, filters: Filters) -> list[tuple[str, str | None]]:
    """(filter that no product passes, the filter that is nearest to it and finds some) for each such filter.

    Numbers and in_stock have no nearest: what they say was meant.
    """
    missed = [clause for clause in filters if clause.field not in ("price", "in_stock")]
    return [(clause.text, _nearest(view, clause)) for clause in missed if not view.mask((clause,)).any()]


def has_prices(view: View) -> bool:
    """Whether any product has a price: without one no price filter finds anything."""
    return bool((~np.isnan(view.price[view.alive])).any())


def _nearest(view: View, clause: Clause) -> str | None:
    wanted = clause.values[0]
    if clause.field == "brand":
        code = _best(wanted, view.brands.keys)
        return None if code is None else f"brand:{escape(view.brands[code])}"
    if clause.field == "category":
        return _nearest_category(view.categories, wanted)
    names, groups = view.attributes.groups
    name = clause.field.removeprefix("attr.")
    if name not in names:
        at = _best(name, names)
        if at is None:
            return None
        name = names[at]
    own = [code for code, group in enumerate(groups.tolist()) if names[group] == name]
    values = [view.attributes.keys[code].split("\x1f", 1)[1] for code in own]
    at = values.index(wanted) if wanted in values else _best(wanted, values)
    if at is None:
        return None
    label, value = view.attributes[own[at]].split("\x1f", 1)
    return f"attr.{escape(label)}:{escape(value)}"


def _nearest_category(categories: Vocabulary, wanted: str) -> str | None:
    """The nearest path, or the nearest beginning of one: `hom` means Home, and `mugs` the Mugs in Home."""
    paths: dict[str, str] = {}
    for code, key in enumerate(categories.keys):
        folded, parts = split_path(key), split_path(categories[code])
        for depth in range(1, len(parts) + 1):
            whole = join_path(parts[:depth])
            paths.setdefault(join_path(folded[:depth]), whole)
            paths.setdefault(folded[depth - 1], whole)
    if wanted in paths:
        return f"category:{paths[wanted]}"
    at = _best(wanted, list(paths))
    return None if at is None else f"category:{list(paths.values())[at]}"


def _best(wanted: str, choices: Sequence[str]) -> int | None:
    found = process.extractOne(wanted, choices, scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return None if found is None else int(found[2])
