"""Facets: how the candidates of a list spread over brands, categories, prices and attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emptor.shop.filters import Clause, escape
from emptor.shop.text.analyser import fold
from emptor.shop.view import View

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
    """Facets of a candidate list.

    Args:
        rows [n]: the candidates. active: filters in force, whose values are marked.
        fields: compute only these (None: all), for the lists of an active filter's own facet.
    """
    chosen = {clause.field: clause for clause in active}
    wanted = lambda name: fields is None or name in fields  # noqa: E731
    facets = []
    if wanted("category"):
        facets.append(_coded("category", view.category[rows], view.categories, chosen.get("category")))
    if wanted("brand"):
        facets.append(_coded("brand", view.brand[rows], view.brands, chosen.get("brand")))
    if wanted("price"):
        facets.append(_prices(view.price[rows], chosen.get("price")))
    if fields is None or any(name.startswith("attr.") for name in fields):
        facets += [facet for facet in _attributes(view, rows, chosen) if wanted(facet.field)]
    if wanted("in_stock"):
        stock = int(view.in_stock[rows].sum())
        if 0 < stock < len(rows) or "in_stock" in chosen:
            facets.append(Facet("in_stock", (FacetValue("true", "in_stock:true", stock, "in_stock" in chosen),)))
    return [facet for facet in facets if facet.values]


def _coded(field: str, codes: np.ndarray, values: Sequence[str], clause: Clause | None) -> Facet:
    found, counts = _count(codes[codes >= 0], len(values))
    best = np.lexsort((found, -counts))[:MAX_VALUES]
    picked = [(values[found[at]], int(counts[at])) for at in best]
    return Facet(
        field,
        tuple(
            # a category is already written with its escapes
            FacetValue(value, f"{field}:{value if field == 'category' else escape(value)}", n, _is_on(clause, value))
            for value, n in picked
        ),
    )


def _attributes(view: View, rows: np.ndarray, chosen: dict[str, Clause]) -> list[Facet]:
    codes, _ = view.attributes_of(rows)
    found, counts = _count(codes, len(view.attributes))
    groups: dict[str, list[tuple[str, int]]] = {}
    for code, count in zip(found.tolist(), counts.tolist(), strict=True):
        name, value = view.attributes[code].split("\x1f", 1)
        groups.setdefault(name, []).append((value, count))
    # an attribute that nearly every product has for itself (a serial number) is no choice
    useful = {
        name: values
        for name, values in groups.items()
        if f"attr.{fold(name)}" in chosen or len(values) <= max(MAX_VALUES, sum(n for _, n in values) // 4)
    }
    ranked = sorted(useful.items(), key=lambda pair: (-sum(n for _, n in pair[1]), pair[0]))[:MAX_ATTRIBUTES]
    facets = []
    for name, values in ranked:
        clause = chosen.get(f"attr.{fold(name)}")
        best = sorted(values, key=lambda pair: (-pair[1], pair[0]))[:MAX_VALUES]
        field = f"attr.{name}"
        facets.append(
            Facet(
                field,
                tuple(FacetValue(v, f"{escape(field)}:{escape(v)}", n, _is_on(clause, v)) for v, n in best),
            )
        )
    return facets


def _count(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(different codes in order, how often each occurs) of codes below `size`."""
    if size > LARGE_VOCABULARY:
        return np.unique(codes, return_counts=True)
    counts = np.bincount(codes, minlength=1)
    found = np.flatnonzero(counts)
    return found, counts[found]


def _prices(prices: np.ndarray, clause: Clause | None) -> Facet:
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
            chosen = clause is not None and bounds in clause.ranges
            values.append(FacetValue(text, f"price:{text}", last - first, chosen))
    return Facet("price", tuple(values))


def _round(value: float) -> float:
    """To two leading digits: 137.2 -> 140."""
    if value <= 0:
        return 0.0
    size = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(round(value / size) * size, 2)


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _is_on(clause: Clause | None, value: str) -> bool:
    return clause is not None and fold(value) in clause.values
