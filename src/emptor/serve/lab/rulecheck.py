"""Whether a rule fits the shop it is written for: told before it is stored, not after nothing happens."""

from __future__ import annotations

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.merchandise import Rule
from emptor.retrieve.synonyms import Line, Synonyms
from emptor.shop.filters import parse_filters


def check_rule(engine: Engine, rule: Rule) -> None:
    """Raise EmptorError where the rule names a product, category or value that the shop does not have."""
    view = engine.view
    if rule.product_id is not None and view.row(rule.product_id) is None:
        raise EmptorError(f"product {rule.product_id[:80]!r} is not in the shop")
    if rule.filter is not None and not view.mask(parse_filters([rule.filter])).any():
        raise EmptorError(f"no product of the shop passes the filter {rule.filter[:80]!r}")
    if rule.own_category is not None and not view.categories.under([rule.own_category]):
        raise EmptorError(f"the shop has no category {str(rule.category)[:80]!r}")
    if rule.kind == "synonym":
        Synonyms([Line(rule.synonyms, "words")], view.analyser)
