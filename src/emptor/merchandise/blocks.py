"""Which products blocking rules keep out of a search: retrieval is told, so that no list is left short by them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emptor.merchandise.rules import Rule, Rules, normalised
from emptor.shop.filters import Clause, Filters, parse_filters
from emptor.shop.view import View


class Blocks:
    """The blocking rules of a shop over one view. Safe between threads."""

    def __init__(self, view: View, rules: Rules) -> None:
        always: list[_Block] = []
        self._sometimes: dict[str | None, list[_Block]] = {}
        for rule in rules.moving:
            if rule.kind == "block":
                row = None if rule.product_id is None else view.row(rule.product_id)
                clause = None if rule.filter is None else parse_filters([rule.filter])[0]
                own = _Block(rule, row, clause)
                if rule.own_query is None and rule.own_category is None:
                    always.append(own)
                else:
                    self._sometimes.setdefault(rule.own_query, []).append(own)
        self._always_held = always
        self._always = _joined(always)
        """Made once: thousands of products may be blocked in every search."""

    def of(self, query: str | None, filters: Filters) -> tuple[tuple[int, ...], Filters]:
        """What is kept out of a search: (rows, clauses of which a product passes one)."""
        if not self._sometimes:
            return self._always
        text = normalised(query) if query else ""
        held = self._sometimes.get(None, []) + (self._sometimes.get(text, []) if text else [])
        held = [own for own in held if own.rule.holds(text, filters)]
        return _joined([*self._always_held, *held]) if held else self._always

    def everywhere(self, view: View) -> np.ndarray | None:
        """[rows] bool: products that no search shows, whatever it asks; None where there are none."""
        rows, clauses = self._always
        if not rows and not clauses:
            return None
        mask = np.zeros(view.rows, bool)
        mask[list(rows)] = True
        for clause in clauses:
            mask |= view.mask((clause,))
        return mask


class _Block(NamedTuple):
    """A blocking rule; row: of its product, None where it has none in this view; clause: its filter."""

    rule: Rule
    row: int | None
    clause: Clause | None


def _joined(held: list[_Block]) -> tuple[tuple[int, ...], Filters]:
    rows = sorted({own.row for own in held if own.row is not None})
    clauses = {own.clause for own in held if own.clause is not None}
    return tuple(rows), tuple(sorted(clauses, key=lambda own: (own.field, own.text)))
