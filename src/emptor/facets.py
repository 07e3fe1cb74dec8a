"""Facets: how the candidates of a list spread over brands, categories, prices and attributes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from emptor.cascade import Cascade, Degraded, Requests
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


def count_facets(
    view: View,
    lists: Sequence[np.ndarray],
    active: Sequence[Sequence[Clause]],
    fields: Sequence[str] | None = None,
) -> list[list[Facet]]:
    """Facets of candidate lists: each count is what adding the value's filter would keep of the list.

    Counted for all lists at once: with eight requests in a batch, numpy is called an eighth as often.

    Args:
        lists: B lists of rows, the candidates. active: filters in force for each, whose values are marked and never
            cut.
        fields: compute only these (None: all), for the lists of an active filter's own facet.
    """
    batch = _Batch.of(view, lists, active)
    wanted = lambda name: fields is None or name in fields  # noqa: E731
    groups: list[list[Facet]] = []
    if wanted("category"):
        groups.append(_coded("category", view.category, view.categories, batch))
    if wanted("brand"):
        groups.append(_coded("brand", view.brand, view.brands, batch))
    if wanted("price"):
        prices = view.price[batch.rows]
        groups.append([_prices(prices[own], chosen.get("price", ())) for own, chosen in batch.each()])
    facets = [[group[at] for group in groups] for at in range(len(lists))]
    if fields is None or any(name.startswith("attr.") for name in fields):
        for own, found in zip(facets, _attributes(batch), strict=True):
            own += [facet for facet in found if wanted(folded_field(facet.field))]
    if wanted("in_stock"):
        stock = view.in_stock[batch.rows]
        for own, (part, chosen) in zip(facets, batch.each(), strict=True):
            own.append(_stock(stock[part], chosen.get("in_stock", ())))
    return [[facet for facet in own if facet.values] for own in facets]


def facets_of(
    runner: Cascade,
    requests: Requests,
    lists: Sequence[np.ndarray],
    wanted: Sequence[int],
    *,
    deadline: float | None,
    degraded: list[list[Degraded]],
) -> list[list[Facet]]:
    """Facets of a cascade's lists; an active filter's own facet is counted over the list without that filter.

    Where there is no time for that list, the facet is counted over the page's own, and `degraded` is told so.

    Args:
        lists: B lists of rows; wanted: places of those whose facets are asked for.
    """
    view, facets = runner.view, [list[Facet]() for _ in lists]
    if not wanted:
        return facets
    active = [requests.filters[at] for at in wanted]
    counted = count_facets(view, [lists[at] for at in wanted], active)
    for at, every, filters in zip(wanted, counted, active, strict=True):
        own = sorted({clause.field for clause in filters})
        facets[at] = [facet for facet in every if folded_field(facet.field) not in own]
        for name in own:
            without = tuple(clause for clause in filters if clause.field != name)
            wider = requests.rows(slice(at, at + 1), filters=[without])
            outcome = runner.run(wider, deadline=deadline, exploring=False)
            found = lists[at] if outcome.degraded else outcome.candidates.row(0)[0]
            degraded[at] += [Degraded(f"facet {name}", lost.reason, None) for lost in outcome.degraded]
            (alone,) = count_facets(view, [found], [filters], [name])
            facets[at] += [facet for facet in alone if folded_field(facet.field) == name]
        # a facet keeps its place when it becomes active
        facets[at].sort(key=lambda facet: (_RANKS.get(facet.field, 5), facet.field))
    return facets


_RANKS = {"category": 0, "brand": 1, "price": 2, "in_stock": 9}


def folded_field(field: str) -> str:
    """A facet's field as a filter names it: letters' case in an attribute's name does not matter."""
    return "attr." + fold(field[5:]) if field.startswith("attr.") else field


@dataclass(frozen=True)
class _Batch:
    """Lists one after the other: rows [n], owner [n] (which list), chosen: by list, the clauses of each field."""

    view: View
    rows: np.ndarray
    owner: np.ndarray
    slices: list[slice]
    chosen: list[dict[str, list[Clause]]]

    @classmethod
    def of(cls, view: View, lists: Sequence[np.ndarray], active: Sequence[Sequence[Clause]]) -> _Batch:
        sizes = [len(rows) for rows in lists]
        ends = np.cumsum(sizes).tolist()
        chosen: list[dict[str, list[Clause]]] = []
        for clauses in active:
            chosen.append({})
            for clause in clauses:
                chosen[-1].setdefault(clause.field, []).append(clause)
        return cls(
            view,
            np.concatenate(lists) if len(lists) != 1 else lists[0],
            np.repeat(np.arange(len(lists)), sizes),
            [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)],
            chosen,
        )

    def each(self) -> Iterable[tuple[slice, dict[str, list[Clause]]]]:
        return zip(self.slices, self.chosen, strict=True)

    def count(self, codes: np.ndarray, owner: np.ndarray, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each list: (its different codes, ascending; how often each occurs) of codes below `size`."""
        lists = len(self.slices)
        keys = codes if lists == 1 else owner * size + codes
        if size > LARGE_VOCABULARY:
            found, counts = np.unique(keys, return_counts=True)
        else:
            counts = np.bincount(keys, minlength=1)
            found = np.flatnonzero(counts)
            counts = counts[found]
        if lists == 1:
            return [(found, counts)]
        borders = np.searchsorted(found, np.arange(lists + 1) * size)
        return [(found[start:end] - at * size, counts[start:end]) for at, (start, end) in enumerate(pairwise(borders))]


def _coded(field: str, column: np.ndarray, values: Vocabulary, batch: _Batch) -> list[Facet]:
    """One facet a list, of a column [rows] of codes."""
    codes = column[batch.rows]
    known = codes >= 0
    codes, owner = codes[known], batch.owner[known]
    if values.canonical is not None:
        codes = values.canonical[codes]
    facets = []
    for (found, counts), chosen in zip(batch.count(codes, owner, len(values)), batch.chosen, strict=True):
        if field == "category" and values.parents:
            counts = _with_below(found, counts, values)
        clauses = chosen.get(field, ())
        on = {c for c in found.tolist() if any(values.keys[c] in own.values for own in clauses)} if clauses else set()
        kept = _best(found, counts, on)
        facets.append(Facet(field, tuple(FacetValue(*_choice(field, values, c), n, c in on) for c, n in kept)))
    return facets


def _with_below(found: np.ndarray, counts: np.ndarray, values: Vocabulary) -> np.ndarray:
    """Counts of paths with what is below them: a path's filter keeps that too."""
    place = {code: at for at, code in enumerate(found.tolist())}
    total = counts.copy()
    for code, at in place.items():
        for below in values.parents.get(code, ()):
            if below in place:
                total[at] += counts[place[below]]
    return total


def _attributes(batch: _Batch) -> list[list[Facet]]:
    """For each list a facet of each attribute that is a choice."""
    values = batch.view.attributes
    codes, sizes = batch.view.attributes_of(batch.rows)
    owner = np.repeat(batch.owner, sizes)
    if values.canonical is not None:
        # "Red" and "red" of one product are one value
        places = np.repeat(np.arange(len(batch.rows)), sizes)
        both = np.unique(places * len(values) + values.canonical[codes])
        codes, owner = both % len(values), batch.owner[both // len(values)]
    counted = batch.count(codes, owner, len(values))
    return [
        _attributes_of(values, found, counts, chosen)
        for (found, counts), chosen in zip(counted, batch.chosen, strict=True)
    ]


def _attributes_of(
    values: Vocabulary, found: np.ndarray, counts: np.ndarray, chosen: dict[str, list[Clause]]
) -> list[Facet]:
    if not len(found):
        return []
    names, group_of = values.groups
    group = group_of[found]
    sizes, totals = np.bincount(group), np.bincount(group, counts)
    ranked: list[tuple[bool, float, str, int]] = []
    # an attribute that nearly every product has for itself (a serial number) is no choice
    useful = sizes <= np.maximum(MAX_VALUES, totals // 4)
    for own in np.flatnonzero(sizes).tolist():
        is_chosen = f"attr.{names[own]}" in chosen
        if useful[own] or is_chosen:
            ranked.append((not is_chosen, -float(totals[own]), names[own], own))
    ranked.sort()
    facets = []
    for _, _, name, own in ranked[: max(MAX_ATTRIBUTES, sum(not free for free, *_ in ranked))]:
        mine = group == own
        codes, clauses = found[mine], chosen.get(f"attr.{name}", [])
        on = {c for c in codes.tolist() if _is_on(clauses, _attribute(values, c)[1])} if clauses else set()
        kept = _best(codes, counts[mine], on)
        shown = _attribute(values, int(codes[0]))[0]
        facets.append(
            Facet(f"attr.{shown}", tuple(FacetValue(*_attribute(values, c)[1:], n, c in on) for c, n in kept))
        )
    return facets


def _stock(in_stock: np.ndarray, clauses: Sequence[Clause]) -> Facet:
    """A choice only where it would keep some products and drop others."""
    count = int(np.count_nonzero(in_stock))
    if not clauses and not 0 < count < len(in_stock):
        return Facet("in_stock", ())
    return Facet("in_stock", (FacetValue("true", "in_stock:true", count, _is_on(clauses, "true")),))


def _best(found: np.ndarray, counts: np.ndarray, on: set[int]) -> list[tuple[int, int]]:
    """The most frequent codes with their counts; active ones stay though rare, or nobody could take them off again."""
    order = np.argsort(-counts, kind="stable")  # codes come in order: equal counts stay so
    kept = order[:MAX_VALUES]
    if on:
        kept = np.array(kept.tolist() + [at for at in order[MAX_VALUES:].tolist() if int(found[at]) in on], np.int64)
    return list(zip(found[kept].tolist(), counts[kept].tolist(), strict=True))


def _choice(field: str, values: Vocabulary, code: int) -> tuple[str, str]:
    """(value, filter) of a code, remembered with its vocabulary: escaping them anew is half the cost of a facet."""
    found: tuple[str, str] | None = values.derived.get(code)
    if found is None:
        value = values[code]
        found = values.derived[code] = (value, f"{field}:{_written(field, value)}")
    return found


def _attribute(values: Vocabulary, code: int) -> tuple[str, str, str]:
    """(name, value, filter) of an attribute's code, remembered with its vocabulary."""
    found: tuple[str, str, str] | None = values.derived.get(code)
    if found is None:
        name, value = values[code].split("\x1f", 1)
        found = values.derived[code] = (name, value, f"{escape('attr.' + name)}:{escape(value)}")
    return found


def _written(field: str, value: str) -> str:
    """A value as it stands in a filter. A category comes with its slashes and backslashes escaped already."""
    return value.replace("|", "\\|") if field == "category" else escape(value)


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
    return round(float(f"{value:.1e}"), 2)


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _is_on(clauses: Sequence[Clause], value: str) -> bool:
    return any(_fold(value) in clause.values for clause in clauses)


@lru_cache(maxsize=50_000)
def _fold(text: str) -> str:
    return fold(text)
