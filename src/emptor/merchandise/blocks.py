"""Which products blocking rules keep out of a search: retrieval is told, so that no list is left short by them."""

from __future__ import annotations

import numpy as np

from emptor.merchandise.rules import Rule, Rules, normalised
from emptor.shop.filters import Clause, Filters, parse_filters
from emptor.shop.view import View


class Blocks:
    """The blocking rules of a shop over one view. Safe between threads."""

    def __init__(self, view: View, rules: Rules) -> None:
        self._by_query: dict[str | None, list[tuple[Rule, int | None, Clause | None]]] = {}
        for rule in rules.moving:
            if rule.kind == "block":
                row = None if rule.product_id is None else view.row(rule.product_id)
                clause = None if rule.filter is None else parse_filters([rule.filter])[0]
                self._by_query.setdefault(rule.own_query, []).append((rule, row, clause))

    def of(self, query: str | None, filters: Filters) -> tuple[tuple[int, ...], Filters]:
        """What is kept out of a search: (rows, clauses of which a product passes one)."""
        held = self._holding(query, filters)
        rows = sorted({row for _, row, _ in held if row is not None})
        clauses = {clause for _, _, clause in held if clause is not None}
        return tuple(rows), tuple(sorted(clauses, key=lambda own: (own.field, own.text)))

    def everywhere(self, view: View) -> np.ndarray | None:
        """[rows] bool: products that no search shows, whatever it asks; None where there are none."""
        held = [own for own in self._by_query.get(None, ()) if own[0].own_category is None]
        if not held:
            return None
        mask = np.zeros(view.rows, bool)
        for _, row, clause in held:
            if row is not None:
                mask[row] = True
            if clause is not None:
                mask |= view.mask((clause,))
        return mask

    def _holding(self, query: str | None, filters: Filters) -> list[tuple[Rule, int | None, Clause | None]]:
        if not self._by_query:
            return []
        text = normalised(query) if query else ""
        held = self._by_query.get(None, []) + (self._by_query.get(text, []) if text else [])
        return [own for own in held if own[0].holds(text, filters)]
