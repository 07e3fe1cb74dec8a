"""Facets: how the candidates of a list spread over brands, categories, prices and attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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


@dataclass(frozen=True)
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
    totals = dict(zip(found.tolist(), counts.tolist(), strict=True))
    if field == "category":
        # a path's filter keeps what is below it too
        for code in [code for code in totals if code in values.parents]:
            totals[code] += sum(int(counts[at]) for at, c in enumerate(found) if int(c) in values.parents[code])
    is_on = lambda code: any(_holds(clause, values.keys[code]) for clause in clauses)  # noqa: E731
    kept = _best(totals, is_on if clauses else None)
    return Facet(
        field,
        tuple(
            FacetValue(
                values[code], f"{field}:{_written(field, values[code])}", totals[code], bool(clauses) and is_on(code)
            )
            for code in kept
        ),
    )


def _attributes(view: View, rows: np.ndarray, chosen: dict[str, list[Clause]]) -> list[Facet]:
    codes, places = view.attributes_of(rows)
    if view.attributes.canonical is not None:
        # "Red" and "red" of one product are one value
        both = np.unique(places * len(view.attributes) + view.attributes.canonical[codes])
        codes = both % len(view.attributes)
    found, counts = _count(codes, len(view.attributes))
    groups: dict[str, dict[int, int]] = {}
    shown: dict[str, str] = {}
    for code, count in zip(found.tolist(), counts.tolist(), strict=True):
        name = view.attributes[code].split("\x1f", 1)[0]
        groups.setdefault(_fold(name), {})[code] = count
        shown.setdefault(_fold(name), name)
    # an attribute that nearly every product has for itself (a serial number) is no choice
    useful = {
        name: totals
        for name, totals in groups.items()
        if f"attr.{name}" in chosen or len(totals) <= max(MAX_VALUES, sum(totals.values()) // 4)
    }
    ranked = sorted(useful, key=lambda name: (f"attr.{name}" not in chosen, -sum(useful[name].values()), name))
    facets = []
    for name in ranked[: max(MAX_ATTRIBUTES, sum(f"attr.{name}" in chosen for name in ranked))]:
        clauses = chosen.get(f"attr.{name}", [])
        field = f"attr.{shown[name]}"
        value_of = lambda code: view.attributes[code].split("\x1f", 1)[1]  # noqa: E731
        kept = _best(useful[name], (lambda code: _is_on(clauses, value_of(code))) if clauses else None)  # noqa: B023
        values = [
            FacetValue(
                value_of(code),
                f"{escape(field)}:{escape(value_of(code))}",
                useful[name][code],
                bool(clauses) and _is_on(clauses, value_of(code)),
            )
            for code in kept
        ]
        facets.append(Facet(field, tuple(values)))
    return facets


def _best(totals: dict[int, int], is_on: Callable[[int], bool] | None) -> list[int]:
    """The most frequent codes; active ones stay even when they are rare, or nobody could take them off again."""
    ranked = sorted(totals, key=lambda code: (-totals[code], code))
    if is_on is None:
        return ranked[:MAX_VALUES]
    return ranked[:MAX_VALUES] + [code for code in ranked[MAX_VALUES:] if is_on(code)]


def _holds(clause: Clause, key: str) -> bool:
    return key in clause.values


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
    for low, high in zip([None, *borders], [*borders, None], strict=True):
        # both ends count, as they do in a filter
        first = 0 if low is None else int(np.searchsorted(known, low, "left"))
        last = len(known) if high is None else int(np.searchsorted(known, high, "right"))
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
    size = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(round(value / size) * size, 2)


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _is_on(clauses: Sequence[Clause], value: str) -> bool:
    return any(_fold(value) in clause.values for clause in clauses)


@lru_cache(maxsize=50_000)
def _fold(text: str) -> str:
    return fold(text)
