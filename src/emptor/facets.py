"""Facets: how the candidates of a list spread over brands, categories, prices and attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emptor.shop.filters import Clause, escape
from emptor.shop.text.analyser import fold
from emptor.shop.view import View
from emptor.shop.vocabulary import Vocabulary

MAX_VALUES = 12
MAX_ATTRIBUTES = 8
LARGE_VOCABULARY = 50_000
"""Above this, sorting a thousand codes is cheaper than a table of all."""


@dataclass(slots=True)  # not frozen: a page makes dozens, and freezing doubles the cost of making one
class FacetValue:
    """One choice. filter: what to add to the request for it; count: candidates that it keeps."""

    value: str
    filter: str
    count: int
    active: bool


@dataclass(frozen=True)
class Facet:
    """One group of choices; `field` as in a filter."""

    field: str
    values: tuple[FacetValue, ...]


def count_facets(view: View, rows: np.ndarray, active: Sequence[Clause], fields: Sequence[str] | None) -> list[Facet]:
    """Facets of a candidate list: each count is what adding the value's filter would keep of the list.

    Args:
        rows [n]: the candidates. active: filters in force, whose values are marked and never cut.
        fields: compute only these (None: all), for the lists of an active filter's own facet.
    """
    chosen: dict[str, list[Clause]] = {}
    for clause in active:
        chosen.setdefault(clause.field, []).append(clause)
    wanted = lambda name: fields is None or name in fields  # noqa: E731
    facets = []
    if wanted("category"):
        facets.append(_coded("category", view.category[rows], view.categories, chosen.get("category", ())))
    if wanted("brand"):
        facets.append(_coded("brand", view.brand[rows], view.brands, chosen.get("brand", ())))
    if wanted("price"):
        facets.append(_prices(view.price[rows], chosen.get("price", ())))
    if fields is None or any(name.startswith("attr.") for name in fields):
        facets += [facet for facet in _attributes(view, rows, chosen) if wanted(folded_field(facet.field))]
    if wanted("in_stock"):
        stock = int(view.in_stock[rows].sum())
        on = _is_on(chosen.get("in_stock", ()), "true")
        if 0 < stock < len(rows) or "in_stock" in chosen:
            facets.append(Facet("in_stock", (FacetValue("true", "in_stock:true", stock, on),)))
    return [facet for facet in facets if facet.values]


def folded_field(field: str) -> str:
    """A facet's field as a filter names it: letters' case in an attribute's name does not matter."""
    return "attr." + fold(field[5:]) if field.startswith("attr.") else field


def _coded(field: str, codes: np.ndarray, values: Vocabulary, clauses: Sequence[Clause]) -> Facet:
    codes = codes[codes >= 0]
    if values.canonical is not None:
        codes = values.canonical[codes]
    found, counts = _count(codes, len(values))
    if field == "category" and values.parents:
        counts = _with_below(found, counts, values)
    on = (
        {code for code in found.tolist() if any(values.keys[code] in own.values for own in clauses)}
        if clauses
        else set()
    )
    kept = _best(found, counts, on)
    return Facet(field, tuple(FacetValue(*_choice(field, values, c), n, c in on) for c, n in kept))


def _choice(field: str, values: Vocabulary, code: int) -> tuple[str, str]:
    """(value, filter) of a code, remembered with its vocabulary: escaping them anew is half the cost of a facet."""
    found: tuple[str, str] | None = values.derived.get(code)
    if found is None:
        value = values[code]
        found = values.derived[code] = (value, f"{field}:{_written(field, value)}")
    return found


def _attribute(values: Vocabulary, code: int) -> tuple[str, str, str, str]:
    """(folded name, name, value, filter) of an attribute's code, remembered with its vocabulary."""
    found: tuple[str, str, str, str] | None = values.derived.get(code)
    if found is None:
        name, value = values[code].split("\x1f", 1)
        found = values.derived[code] = (fold(name), name, value, f"{escape('attr.' + name)}:{escape(value)}")
    return found


def _with_below(found: np.ndarray, counts: np.ndarray, values: Vocabulary) -> np.ndarray:
    """Counts of paths with what is below them: a path's filter keeps that too."""
    place = {code: at for at, code in enumerate(found.tolist())}
    total = counts.copy()
    for code, at in place.items():
        for below in values.parents.get(code, ()):
            if below in place:
                total[at] += counts[place[below]]
    return total


def _attributes(view: View, rows: np.ndarray, chosen: dict[str, list[Clause]]) -> list[Facet]:
    values = view.attributes
    codes, sizes = view.attributes_of(rows)
    if values.canonical is not None:
        # "Red" and "red" of one product are one value
        places = np.repeat(np.arange(len(rows)), sizes)
        both = np.unique(places * len(values) + values.canonical[codes])
        codes = both % len(values)
    found, counts = _count(codes, len(values))
    groups: dict[str, list[int]] = {}
    shown: dict[str, str] = {}
    for at, code in enumerate(found.tolist()):
        key, name, _, _ = _attribute(values, code)
        groups.setdefault(key, []).append(at)
        shown.setdefault(key, name)
    totals = {key: int(counts[places].sum()) for key, places in groups.items()}
    # an attribute that nearly every product has for itself (a serial number) is no choice
    useful = [
        key
        for key, places in groups.items()
        if f"attr.{key}" in chosen or len(places) <= max(MAX_VALUES, totals[key] // 4)
    ]
    useful.sort(key=lambda key: (f"attr.{key}" not in chosen, -totals[key], key))
    facets = []
    for key in useful[: max(MAX_ATTRIBUTES, sum(f"attr.{key}" in chosen for key in useful))]:
        own = np.array(groups[key])
        clauses = chosen.get(f"attr.{key}", [])
        on = {c for c in found[own].tolist() if _is_on(clauses, _attribute(values, c)[2])} if clauses else set()
        kept = _best(found[own], counts[own], on)
        facets.append(
            Facet(f"attr.{shown[key]}", tuple(FacetValue(*_attribute(values, c)[2:], n, c in on) for c, n in kept))
        )
    return facets


def _best(found: np.ndarray, counts: np.ndarray, on: set[int]) -> list[tuple[int, int]]:
    """The most frequent codes with their counts; active ones stay though rare, or nobody could take them off again."""
    order = np.argsort(-counts, kind="stable")  # codes come in order: equal counts stay so
    kept = order[:MAX_VALUES]
    if on:
        kept = np.concatenate([kept, [at for at in order[MAX_VALUES:].tolist() if int(found[at]) in on]]).astype(int)
    return list(zip(found[kept].tolist(), counts[kept].tolist(), strict=True))


def _written(field: str, value: str) -> str:
    """A value as it stands in a filter. A category comes with its slashes and backslashes escaped already."""
    return value.replace("|", "\\|") if field == "category" else escape(value)


def _count(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(different codes in order, how often each occurs) of codes below `size`."""
    if size > LARGE_VOCABULARY:
        return np.unique(codes, return_counts=True)
    counts = np.bincount(codes, minlength=1)
    found = np.flatnonzero(counts)
    return found, counts[found]


def _prices(prices: np.ndarray, clauses: Sequence[Clause]) -> Facet:
    """Up to four ranges with round borders that hold about as many candidates each."""
    known = np.sort(prices[~np.isnan(prices)])
    if len(known) == 0 or known[0] == known[-1]:
        return Facet("price", ())
    borders = sorted({_round(float(known[len(known) * part // 4])) for part in (1, 2, 3)})
    values = []
    # both ends count, as they do in a filter
    firsts = [0, *np.searchsorted(known, borders, "left").tolist()]
    lasts = [*np.searchsorted(known, borders, "right").tolist(), len(known)]
    for low, high, first, last in zip([None, *borders], [*borders, None], firsts, lasts, strict=True):
        text = f"{_show(low)}..{_show(high)}"
        bounds = (-math.inf if low is None else low, math.inf if high is None else high)
        if last > first:
            chosen = any(bounds in clause.ranges for clause in clauses)
            values.append(FacetValue(text, f"price:{text}", last - first, chosen))
    return Facet("price", tuple(values))


def _round(value: float) -> float:
    """To two leading digits: 137.2 -> 140."""
    if value <= 0:
        return 0.0
    return float(f"{value:.1e}")


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _is_on(clauses: Sequence[Clause], value: str) -> bool:
    return any(_fold(value) in clause.values for clause in clauses)


@lru_cache(maxsize=50_000)
def _fold(text: str) -> str:
    return fold(text)
