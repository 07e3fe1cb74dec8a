"""`rules.json` in the shop's folder: replaced as a whole, so that a reader sees all of an edit or nothing of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from emptor.errors import EmptorError
from emptor.merchandise.rules import NAME, Draft, Rule, Rules
from emptor.shop.files import write_durably
from emptor.shop.lock import locked
from emptor.shop.schema import FORMAT_VERSION

MAX_ACTIVE = 5_000
KEPT = 20_000
"""Rules that the file remembers, ended ones included; the oldest ended ones are forgotten."""


def read_rules(shop: Path) -> Rules:
    """The rules of a shop; none where there is no file. Raises EmptorError where it cannot be read."""
    path = shop / NAME
    try:
        content = orjson.loads(path.read_bytes())
        if content["format"] > FORMAT_VERSION:
            raise EmptorError(
                f"{path} says format {content['format']}, but this Emptor knows formats up to {FORMAT_VERSION}; "
                "install a newer Emptor"
            )
        return Rules(tuple(Rule.model_validate(own) for own in content["rules"]))
    except FileNotFoundError:
        return Rules()
    except (OSError, orjson.JSONDecodeError, ValidationError, KeyError, TypeError) as error:
        raise EmptorError(
            f"{path} is damaged ({str(error).splitlines()[0]}); mend it, or remove it to start without rules"
        ) from None


def add_rule(shop: Path, draft: Mapping[str, Any] | Draft, *, author: str, check: Callable[[Rule], None]) -> Rule:
    """Store a rule; it is in force when the shop is refreshed, within a second on a server.

    Args:
        check: called before the rule is stored; raises EmptorError where it does not fit the shop.
    Raises: EmptorError naming what is wrong with the draft.
    """
    try:
        fields = (draft if isinstance(draft, Draft) else Draft.model_validate(draft)).model_dump()
        rule = Rule(**fields, id=uuid.uuid4().hex[:12], author=author, at=_now())
    except ValidationError as error:
        raise EmptorError(f"the rule cannot be stored: {_first(error)}") from None
    check(rule)

    def add(rules: list[Rule]) -> list[Rule]:
        if sum(own.active for own in rules) >= MAX_ACTIVE:
            raise EmptorError(f"there are {MAX_ACTIVE:,} rules in force already; end some before adding more")
        return [*rules, rule]

    _change(shop, add)
    return rule


def end_rule(shop: Path, rule_id: str, *, author: str) -> Rule:
    """Take a rule out of force; the file remembers it. Raises EmptorError where no such rule is in force."""
    ended: list[Rule] = []

    def end(rules: list[Rule]) -> list[Rule]:
        for at, own in enumerate(rules):
            if own.id == rule_id and own.active:
                rules[at] = own.model_copy(update={"ended_by": author, "ended_at": _now()})
                ended.append(rules[at])
        if not ended:
            raise EmptorError(f"no rule {rule_id[:40]!r} is in force")
        return rules

    _change(shop, end)
    return ended[0]


def _change(shop: Path, change: Callable[[list[Rule]], list[Rule]]) -> None:
    with locked(shop / "rules.lock", wait_s=10.0, doing="editing rules"):
        rules = change(list(read_rules(shop).every))
        spare = len(rules) - KEPT
        if spare > 0:
            old = {own.id for own in [own for own in rules if not own.active][:spare]}
            rules = [own for own in rules if own.id not in old]
        content = {"format": FORMAT_VERSION, "rules": [own.model_dump(exclude_none=True) for own in rules]}
        write_durably(shop / NAME, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message} (found {str(first['input'])[:80]!r})" if place else message
