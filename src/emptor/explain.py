"""What happened to a request: stage by stage, and to one product on its way ("where was it lost?")."""

from __future__ import annotations

import math
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from emptor.assembly import Assembled
from emptor.cascade import Candidates, Requests, StageTrace, Trace
from emptor.merchandise import Merchandising, Rule, Rules
from emptor.rerank.names import GREEDY
from emptor.retrieve.channel import Excluded
from emptor.retrieve.reading import Alternative, clip
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
    state: weakref.ref[Assembled]

    @classmethod
    def of(cls, trace: Trace, assembled: Assembled, shown: list[str]) -> Kept:
        view = assembled.view
        return cls(trace, view.ids, view.id, shown, assembled.rules, weakref.ref(assembled))


class KeptTraces:
    """The last requests, by id. Safe between threads."""

    def __init__(self, size: int) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()

    def add(self, request_id: str, kept: Kept) -> None:
        with self._lock:
            self._kept[request_id] = kept
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def get(self, request_id: str) -> Kept | None:
        with self._lock:
            return self._kept.get(request_id)

    def forget_but(self, generations: set[int]) -> None:
        """Drop traces of other generations: they would keep deleted files on the disk."""
        with self._lock:
            old = [key for key, kept in self._kept.items() if int(kept.view.split(".")[0]) not in generations]
            for key in old:
                del self._kept[key]


def explanation(kept: Kept, assembled: Assembled, *, private: bool = False) -> dict[str, Any]:
    """A request as `/v1/explain` answers it: its fields, how its query was read, and for each stage what came in,
    stayed and was dropped.

    Args:
        assembled: the present state of the shop, from which the reading and what rules keep out are worked out anew.
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
                "blocked": [] if number else _blocked(kept, assembled, private),
            }
        )
    return {
        **trace.request,
        "reading": reading(kept, assembled),
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
    if stage.name == "prerank" and "prerank" in stage.columns and len(stage.products):
        least = float(stage.columns["prerank"].min())
        if math.isnan(least):
            return f"below the cut: the first {len(stage.products):,} that retrieval found are kept"
        return f"below the cut: {len(stage.products):,} are kept, of which pre-ranking says {least:.4g} at least"
    if stage.name == "rerank":
        return f"below the cut: {len(stage.products):,} are kept"  # its scores are places
    last = f", the last with score {stage.scores[-1]:.4g}" if len(stage.scores) else ""
    return f"below the cut: {len(stage.products):,} are kept{last}"


def _rules_of(stage: StageTrace, rules: Rules, private: bool) -> dict[str, dict[str, Any]]:
    """The rules that the column `rule` of a merchandising stage names, by their number there."""
    column = stage.columns.get("rule") if stage.name == "merchandise" else None
    if column is None:
        return {}
    numbers = np.unique(column[~np.isnan(column)]).astype(int).tolist()
    return {str(number): _told(rules.moving[number], private) for number in numbers}


def _told(rule: Rule, private: bool) -> dict[str, Any]:
    more = {"author": rule.author, "at": rule.at, "note": rule.note} if private else {}
    return {"id": rule.id, "kind": rule.kind, "text": str(rule), **more}


def _blocked(kept: Kept, assembled: Assembled, private: bool) -> list[dict[str, Any]]:
    """What blocking rules kept out of retrieval: each rule with the products that would have been in the list."""
    request, stage, view = kept.trace.request, kept.trace.stages[0], assembled.view
    filters = parse_filters(request["filters"])
    layer = Merchandising(view, rules=kept.rules, depth=1)
    held = [kept.rules.moving[number] for number in layer.matching(request["query"], filters)]
    build = assembled.unblocked["retrieve"].get(stage.method)
    if build is None or not any(rule.kind == "block" for rule in held) or _is_of_old(kept, assembled):
        return []
    options = assembled.cascades[_cascade(request, assembled)].options.stages[0]
    asked = Requests.of(
        [request["query"]], product_ids=[request["product_id"]], filters=[filters], sorts=[request["sort"]]
    )
    rows, _ = build(view, options)(asked, Candidates.empty(1)).cut(options.depth).row(0)
    by_rule: dict[str, dict[str, Any]] = {}
    for row in rows.tolist():
        rule = layer.blocking(row, request["query"], filters)
        if rule is not None:
            by_rule.setdefault(rule.id, {"rule": _told(rule, private), "products": []})
            by_rule[rule.id]["products"].append(view.product_id(row))
    return list(by_rule.values())


def reading(kept: Kept, assembled: Assembled) -> dict[str, Any] | None:
    """How the query of a request was read: its words, what may stand for each, whether all of them had to match.

    None for a request without a query.
    """
    request, stage, lexical = kept.trace.request, kept.trace.stages[0], assembled.lexical
    if not request["query"]:
        return None
    query, filters = clip(request["query"]), parse_filters(request["filters"])
    read, reader = lexical.reader.read(query, filters), lexical.reader
    parts = list(reader.parts(read.words, filters))
    options = assembled.cascades[_cascade(request, assembled)].options.stages[0]
    excluded = Excluded(*assembled.blocks.of(query, filters))
    whole, relaxed = lexical.coverage(query, filters, depth=options.depth, excluded=excluded)
    asked = "lexical" in stage.columns  # not a fallback, nor a cascade without words
    return {
        "text": query,
        "words": [
            {
                "word": word.surface or word.terms[0][0],
                "term": word.terms[0][0],
                "kind": "word" if word.surface else "quantity",
                "optional": word.optional,
                "alternatives": [
                    _alternative(own) for own in reader.alternatives(word, filters, typos=not part.others)[1:]
                ],
            }
            for part in parts
            for word in part.words
        ],
        "phrases": [
            {
                "phrase": " ".join(word.surface or word.terms[0][0] for word in part.words),
                "alternatives": [_alternative(own) for own in part.others],
            }
            for part in parts
            if part.others
        ],
        "did_you_mean": read.meant,
        "with_all_words": whole,
        "relaxed": relaxed,
        "by_scores_alone": lexical.by_scores_alone,
        "filtered": bool(filters),
        "note": _note(asked, kept, assembled),
    }


def _alternative(own: Alternative) -> dict[str, Any]:
    return {"text": " ".join(own.terms), "weight": round(own.weight, 4), "why": own.why}


def _note(asked: bool, kept: Kept, assembled: Assembled) -> str | None:
    if not asked:
        return "The words were not matched in this request: nothing but other channels, or a fallback, found its list."
    if kept.state() is not assembled:
        return "The shop has changed since this request; this is how it reads the query now."
    return None


def reading_lines(told: dict[str, Any]) -> list[str]:
    """A reading in sentences, for a terminal."""
    if not told["words"]:
        return ["No word of the query can be searched for."]
    names = {"quantity": " (a quantity)", "word": ""}
    words = [
        own["word"]
        + (f" as {own['term']}" if own["term"] != own["word"] else "")
        + names[own["kind"]]
        + (" (need not match)" if own["optional"] else "")
        for own in told["words"]
    ]
    lines = [f"Read: {', '.join(words)}."]
    for own in [*told["words"], *told["phrases"]]:
        others = [f"{other['text']} at {other['weight']:g} ({other['why']})" for other in own["alternatives"]]
        if others:
            lines.append(f"Beside {own.get('word') or own.get('phrase')}: {', '.join(others)}.")
    if told["did_you_mean"]:
        lines.append(f"Did you mean: {told['did_you_mean']}.")
    lines.append(matched(told))
    return [*lines, told["note"]] if told["note"] else lines


def matched(told: dict[str, Any]) -> str:
    """Whether all words had to match, in a sentence."""
    count = told["with_all_words"]
    passing = " that passes the filters" if told["filtered"] else ""
    passing_all = " that pass the filters" if told["filtered"] else ""
    which = f"1 product{passing} has" if count == 1 else f"{count:,} products{passing_all} have"
    if told["relaxed"] and told["by_scores_alone"]:
        return f"Any word is always enough in this shop, and scores alone decide; {which} every word."
    if told["relaxed"]:
        return (
            f"Any word was enough, since only {which} every word; those stand first."
            if count
            else f"Any word was enough, since no product{passing} has every word."
        )
    return f"Every word had to match: {which if count else f'no product{passing} has'} them all."


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
    if _is_of_old(kept, assembled):
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


def _is_of_old(kept: Kept, assembled: Assembled) -> bool:
    """Whether the request was answered on another generation, whose rows say nothing of this one."""
    return kept.view.split(".")[0] != assembled.view.id.split(".")[0]


def _how_it_moved(
    stage: StageTrace, before: int | None, place: int, columns: dict[str, float | None], rules: Rules
) -> str:
    number = columns.get("rule")
    by = f" by the rule: {rules.moving[int(number)]}" if stage.name == "merchandise" and number is not None else ""
    if "place_before" in stage.columns and stage.name == "rerank":
        by = _why_reranked(stage, columns["rerank"])
    if before is None:
        return f"{'Pinned' if by else 'Found'} at {place + 1} of {len(stage.products):,}{by}."
    if place == before:
        return f"Stays at {place + 1} of {len(stage.products):,}{by}."
    return f"Moves {'up' if place < before else 'down'} from {before + 1} to {place + 1}{by}."


def _why_reranked(stage: StageTrace, value: float | None) -> str:
    """What re-ranking knew of a product: what a network says of it, or the score that a rule was given."""
    if value is None:
        return ", and was not ranked anew"
    if stage.method in GREEDY:
        return f" by {stage.method}, which was given the score {value:.4g} for it"
    values = stage.columns["rerank"]
    better, many = int((values > np.float32(value)).sum()), int((~np.isnan(values)).sum())
    return f": {stage.method} values it at {value:.4g}, number {better + 1} of {many:,} by that"


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
    blocking = Merchandising(view, rules=kept.rules, depth=1).blocking(row, request["query"], filters)
    if blocking is not None:
        return f"Blocked by the rule: {blocking}."
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
