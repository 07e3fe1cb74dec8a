"""What happened to a request: stage by stage, and to one product on its way ("where was it lost?")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from emptor.assembly import Assembled
from emptor.cascade import StageTrace, Trace
from emptor.merchandise import Merchandising, Rules
from emptor.shop.filters import Filters, parse_filters
from emptor.shop.view import RowIds


@dataclass(frozen=True)
class Kept:
    """A trace with what turns its rows into ids; not with its view, whose columns it would keep alive."""

    trace: Trace
    ids: RowIds
    view: str
    shown: list[str]
    rules: Rules


def explanation(kept: Kept, *, private: bool = False) -> dict[str, Any]:
    """A request as `/v1/explain` answers it: its fields, and for each stage what came in, stayed and was dropped.

    Args:
        private: tell of rules who wrote them, when and why, too.
    """
    trace, ids = kept.trace, kept.ids.many
    stages: list[dict[str, Any]] = []
    for number, stage in enumerate(trace.stages):
        dropped = trace.dropped(number)
        stages.append(
            {
                "stage": stage.name,
                "method": stage.method,
                "ms": round(stage.ms, 3),
                "budget_ms": stage.budget_ms,
                "came_in": len(trace.stages[number - 1].products) if number else None,
                "products": ids(stage.products),
                "scores": [float(score) for score in stage.scores],
                "columns": {name: _plain(column) for name, column in stage.columns.items()},
                "dropped": ids(dropped),
                "why_dropped": _why_dropped(stage, len(dropped)),
                "rules": _rules_of(stage, kept.rules, private),
            }
        )
    return {
        **trace.request,
        "cascade_hash": trace.cascade,
        "view": kept.view,
        "explored": trace.explored,
        "degraded": [own.as_dict() for own in trace.degraded],
        "stages": stages,
        "page": kept.shown,
    }


def _plain(column: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in column.astype(float).tolist()]


def _why_dropped(stage: StageTrace, count: int) -> str | None:
    if not count:
        return None
    if stage.name == "merchandise":
        return "blocked by a rule, or pushed out by a pin"
    last = f", the last with score {stage.scores[-1]:.4g}" if len(stage.scores) else ""
    return f"below the cut: {len(stage.products):,} are kept{last}"


def _rules_of(stage: StageTrace, rules: Rules, private: bool) -> dict[str, dict[str, Any]]:
    """The rules that the column `rule` of a merchandising stage names, by their number there."""
    column = stage.columns.get("rule") if stage.name == "merchandise" else None
    if column is None:
        return {}
    told = {}
    for number in np.unique(column[~np.isnan(column)]).astype(int).tolist():
        rule = rules.moving[number]
        more = {"author": rule.author, "at": rule.at, "note": rule.note} if private else {}
        told[str(number)] = {"id": rule.id, "kind": rule.kind, "text": str(rule), **more}
    return told


@dataclass(frozen=True)
class Step:
    """What one stage did to the product that is followed. Places are from 0; None: it was not there."""

    stage: str
    method: str
    place_before: int | None
    place: int | None
    score: float | None
    columns: dict[str, float | None]
    words: str
    """In a sentence."""


def follow(kept: Kept, product_id: str, assembled: Assembled) -> list[Step]:
    """One product's way through a request, up to the stage that lost it.

    Reasons are worked out on the present state of the shop; they say so where the request was answered on another.
    """
    trace, view = kept.trace, assembled.view
    row = view.row(product_id)
    first = trace.stages[0]
    if kept.view.split(".")[0] != view.id.split(".")[0]:
        words = "The catalogue was published anew since this request; run the search again to follow a product."
        return [Step(first.name, first.method, None, None, None, {}, words)]
    if row is None:
        return [Step(first.name, first.method, None, None, None, {}, "The shop has no such product.")]
    steps: list[Step] = []
    before: int | None = None
    for number, stage in enumerate(trace.stages):
        hit = np.flatnonzero(stage.products == row)
        place = int(hit[0]) if len(hit) else None
        score = float(stage.scores[place]) if place is not None else None
        columns = {name: _plain(column[hit])[0] for name, column in stage.columns.items()} if len(hit) else {}
        if place is None:
            words = _why_not_found(kept, row, assembled) if number == 0 else _why_lost(kept, number, row, assembled)
        else:
            words = _how_it_moved(stage, before, place, columns, kept.rules)
        if place is None and before is None and number:
            continue  # lost before, and nothing here brought it back
        steps.append(Step(stage.name, stage.method, before, place, score, columns, words))
        before = place
    if before is not None:
        offset, k = trace.request["offset"], trace.request["k"]
        on = product_id in kept.shown
        where = f"on the page, at {before + 1}" if on else f"at {before + 1} of the list, not on this page of {k}"
        if on and kept.shown.index(product_id) + offset != before:
            where = f"on the page, at {kept.shown.index(product_id) + offset + 1}, moved by sorting or exploration"
        steps.append(Step("page", "", before, before, None, {}, f"It is {where}."))
    return steps


def _how_it_moved(
    stage: StageTrace, before: int | None, place: int, columns: dict[str, float | None], rules: Rules
) -> str:
    number = columns.get("rule")
    by = f" by the rule: {rules.moving[int(number)]}" if stage.name == "merchandise" and number is not None else ""
    if before is None:
        return f"{'Pinned' if by else 'Found'} at {place + 1} of {len(stage.products):,}{by}."
    if place == before:
        return f"Stays at {place + 1} of {len(stage.products):,}{by}."
    return f"Moves {'up' if place < before else 'down'} from {before + 1} to {place + 1}{by}."


def _why_lost(kept: Kept, number: int, row: int, assembled: Assembled) -> str:
    stage, request = kept.trace.stages[number], kept.trace.request
    if stage.name == "merchandise":
        layer = Merchandising(assembled.view, rules=kept.rules, depth=1)
        rule = layer.blocking(row, request["query"], parse_filters(request["filters"]))
        return f"Blocked by the rule: {rule}." if rule is not None else "Pushed out at the end of the list by a pin."
    reason = _why_dropped(stage, 1)
    return f"Lost here, {reason}." if reason else "Lost here."


def _why_not_found(kept: Kept, row: int, assembled: Assembled) -> str:
    """Why retrieval did not find a product that the shop has."""
    request, view, stage = kept.trace.request, assembled.view, kept.trace.stages[0]
    filters = parse_filters(request["filters"])
    note = "" if kept.view == view.id else " (The catalogue has changed since this request.)"
    for clause in filters:
        if not view.mask((clause,))[row]:
            return f"Not found: the filter {clause.text} excludes it.{note}"
    if stage.method != assembled.cascades[_cascade(request, assembled)].options.stages[0].method:
        return f"Not found: the fallback {stage.method} ran, which does not look at the query.{note}"
    if not request["query"]:
        return f"Not found: {len(stage.products):,} products are more popular or more similar.{note}"
    return _why_no_match(request["query"], filters, row, stage, assembled) + note


def _why_no_match(query: str, filters: Filters, row: int, stage: StageTrace, assembled: Assembled) -> str:
    words, score = assembled.lexical.match(query, filters, row)
    missing = ", ".join(f"“{word}”" for word, found in words if not found)
    if not any(found for _, found in words):
        return f"Not found: none of the query's words is in it ({missing or 'it has no searchable word'})."
    last = float(stage.scores[-1]) if len(stage.scores) else None
    if missing:
        return (
            f"Not found: it lacks {missing}, and {len(stage.products):,} products that match better fill the list."
            if last is not None
            else f"Not found: it lacks {missing}."
        )
    own = "" if score is None or last is None else f" (it would score {score:.4g}, the last kept has {last:.4g})"
    if set(stage.columns) != {"lexical"}:
        own = ""  # the list's scores are in other units
    elif score is not None and last is not None and math.isclose(score, last, rel_tol=1e-5):
        own = f" (it would score {score:.4g} like the last kept: equal scores go by product_id)"
    return f"Not found: every word is in it, but {len(stage.products):,} products match better{own}."


def _cascade(request: dict[str, Any], assembled: Assembled) -> str:
    return request["cascade"] if request["cascade"] in assembled.cascades else "default"
