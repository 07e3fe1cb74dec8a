"""The last stage of every cascade: what the rules of people make of a list. Deterministic; adds what is pinned."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from emptor.cascade import Candidates, Methods, Requests, Stage
from emptor.merchandise.rules import Rule, Rules, normalised
from emptor.shop.config import StageOptions
from emptor.shop.filters import Filters, parse_filters
from emptor.shop.view import View

COLUMNS = ("place_before", "rule", "pinned")


@dataclass(frozen=True)
class _List:
    """One list after the rules: rows [m], and for each its place before (-1: it was not there), the number of the
    last rule that moved it (-1: none), and whether it is pinned.
    """

    rows: np.ndarray
    before: np.ndarray
    rule: np.ndarray
    pinned: np.ndarray


class Merchandising:
    """Blocks, boosts, buries and pins. A list that no rule is for stays as it is, scores included.

    Retrieval has left out what is blocked (see `blocks`); here nothing comes in again, whatever stands between.

    Places are what rules speak of, since scores mean something else in every cascade: a touched list gets the scores
    m, m - 1, ... 1. Columns (float32): `place_before` from 0 (NaN: pinned, and not found before), `rule`, number of
    the last rule that moved the product (NaN: none), `pinned` 0 or 1.
    """

    name = "merchandise"
    adds = True
    mandatory = True
    """Not left out for want of time: what is blocked stays blocked on a busy day."""

    def __init__(self, view: View, *, rules: Rules, depth: int) -> None:
        self._view, self._rules, self._depth = view, rules.moving, depth
        self._by_query: dict[str | None, list[int]] = {}
        for number, rule in enumerate(self._rules):
            self._by_query.setdefault(rule.own_query, []).append(number)
        self._targets: dict[int, np.ndarray] = {}
        self._found: dict[int, int | None] = {}

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        numbers = [
            self._at_work(candidates.row(at)[0], self.matching(query, filters))
            for at, (query, filters) in enumerate(zip(requests.query, requests.filters, strict=True))
        ]
        if not any(numbers):
            return candidates
        lists = [
            self._apply(candidates.row(at)[0], requests.filters[at], own) if own else self._same(candidates, at)
            for at, own in enumerate(numbers)
        ]
        return self._collect(candidates, lists, [bool(own) for own in numbers])

    def _at_work(self, rows: np.ndarray, numbers: list[int]) -> list[int]:
        """The rules that are for a list, if any of them changes it: a pin does, or one with a product in it."""
        if any(self._rules[number].kind == "pin" for number in numbers):
            return numbers
        return [number for number in numbers if self._hit(number, rows).any()]

    def matching(self, query: str | None, filters: Filters) -> list[int]:
        """Numbers of the rules that are for a search, oldest first."""
        text = normalised(query) if query else ""
        numbers = self._by_query.get(None, []) + (self._by_query.get(text, []) if text else [])
        return sorted(number for number in numbers if self._rules[number].holds(text, filters))

    def blocking(self, row: int, query: str | None, filters: Filters) -> Rule | None:
        """The rule that keeps a product out of a search; None where none does."""
        for number in self.matching(query, filters):
            if self._rules[number].kind == "block" and self._hit(number, np.array([row]))[0]:
                return self._rules[number]
        return None

    def _apply(self, rows: np.ndarray, filters: Filters, numbers: list[int]) -> _List:
        places = np.arange(1.0, len(rows) + 1)
        touched = np.full(len(rows), -1)
        kept = np.ones(len(rows), bool)
        for number in numbers:
            rule = self._rules[number]
            if rule.kind == "pin":
                continue
            hit = self._hit(number, rows)
            touched[hit] = number
            if rule.kind == "block":
                kept &= ~hit
            else:
                places[hit] *= 1 / rule.factor if rule.kind == "boost" else rule.factor
        pins = self._pins(filters, numbers)
        order = np.flatnonzero(kept & ~np.isin(rows, [row for _, _, row in pins]))
        # who comes to a place stands before who is there when moved up, and behind when moved down
        side = np.sign(places - np.arange(1.0, len(rows) + 1))
        free = iter(order[np.lexsort((order, side[order], places[order]))].tolist())
        where = {row: at for at, row in enumerate(rows.tolist())}
        result: list[tuple[int, int, int, bool]] = []
        for position, newest, row in pins:
            above = islice(free, max(position - len(result), 0))
            result += [(int(rows[at]), at, int(touched[at]), False) for at in above]
            result.append((row, where.get(row, -1), -newest, True))
        result += [(int(rows[at]), at, int(touched[at]), False) for at in free]
        columns = np.array(result[: self._depth], np.int64).reshape(-1, 4)
        return _List(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3].astype(bool))

    def _pins(self, filters: Filters, numbers: list[int]) -> list[tuple[int, int, int]]:
        """(position, -number, row) of the products to pin, in order: of two pins at one place the newer stands first.

        A product that the shop has no more, that the visitor's filters exclude or that a rule blocks is not pinned.
        """
        allowed = self._view.mask(filters)
        blocks = [number for number in numbers if self._rules[number].kind == "block"]
        pins: dict[int, tuple[int, int, int]] = {}
        for number in numbers:
            rule = self._rules[number]
            if rule.kind != "pin" or rule.position is None or rule.product_id is None:
                continue
            row = self._view.row(rule.product_id)
            if row is not None and allowed[row] and not any(self._hit(block, np.array([row]))[0] for block in blocks):
                pins[row] = (rule.position, -number, row)
        return sorted(pins.values())

    def _hit(self, number: int, rows: np.ndarray) -> np.ndarray:
        """Which of the rows [n] a rule moves: bool [n]."""
        rule = self._rules[number]
        if rule.filter is None:
            row = self._row_of(number)
            return np.zeros(len(rows), bool) if row is None else rows == row
        packed = self._targets.get(number)
        if packed is None:
            # packed: a thousand rules over a million products are 125 MB
            mask = self._view.mask(parse_filters([rule.filter]))
            packed = self._targets[number] = np.packbits(mask, bitorder="little")
        return (packed[rows >> 3] >> (rows & 7).astype(np.uint8) & 1).astype(bool)

    def _row_of(self, number: int) -> int | None:
        if number not in self._found:
            self._found[number] = self._view.row(self._rules[number].product_id or "")
        return self._found[number]

    def _same(self, candidates: Candidates, at: int) -> _List:
        rows = candidates.row(at)[0]
        count = len(rows)
        return _List(rows, np.arange(count), np.full(count, -1), np.zeros(count, bool))

    def _collect(self, candidates: Candidates, lists: list[_List], touched: list[bool]) -> Candidates:
        """The lists as candidates; earlier columns move with their products, and are unknown for those added."""
        scores, columns = [], {name: list[np.ndarray]() for name in (*candidates.columns, *COLUMNS)}
        for at, (own, changed) in enumerate(zip(lists, touched, strict=True)):
            known = own.before >= 0
            pick = np.where(known, own.before, 0)
            for name, column in candidates.columns.items():
                values = column[at, pick] if column.shape[1] else np.zeros(len(pick))
                columns[name].append(np.where(known, values, np.nan).astype(np.float32))
            columns["place_before"].append(np.where(known, own.before, np.nan).astype(np.float32))
            columns["rule"].append(np.where(own.rule >= 0, own.rule, np.nan).astype(np.float32))
            columns["pinned"].append(own.pinned.astype(np.float32))
            count = len(own.rows)
            scores.append(np.arange(count, 0, -1, dtype=np.float32) if changed else candidates.score[at, :count])
        return Candidates.of_lists([own.rows for own in lists], scores, columns)


def methods(rules: Rules) -> Methods:
    """The merchandising methods a cascade may name."""

    def by_rules(view: View, options: StageOptions) -> Stage:
        return Merchandising(view, rules=rules, depth=options.depth)

    return {"merchandise": {"rules": by_rules}}
