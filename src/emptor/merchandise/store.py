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
from emptor.merchandise.faults import LeftOut, explained
from emptor.merchandise.rules import NAME, Draft, Rule, Rules
from emptor.shop.files import write_durably
from emptor.shop.lock import locked
from emptor.shop.schema import FORMAT_VERSION

MAX_ACTIVE = 5_000
KEPT = 20_000
"""Rules that the file remembers, ended ones included; the oldest ended ones are forgotten."""


def read_rules(shop: Path) -> Rules:
    """The rules of a shop; none where there is no file. An entry that is no rule is left out, and told.

    Raises: EmptorError where the file as a whole cannot be read.
    """
    content = _read(shop)
    rules: list[Rule] = []
    left_out: list[LeftOut] = []
    for number, raw in enumerate(content["rules"], start=1):
        try:
            rules.append(Rule.model_validate(raw))
        except ValidationError as error:
            left_out.append(LeftOut.of(number, raw, explained(error, Rule)))
    return Rules(tuple(rules), tuple(left_out))


def _read(shop: Path) -> dict[str, Any]:
    """The file as it stands: an object whose `rules` are a list."""
    path = shop / NAME
    try:
        content = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {"format": FORMAT_VERSION, "rules": []}
    except (OSError, orjson.JSONDecodeError) as error:
        raise EmptorError(
            f"{path} is damaged ({str(error).splitlines()[0]}); mend it, or remove it to start without rules"
        ) from None
    version = content.get("format") if isinstance(content, dict) else None
    if not isinstance(version, int) or not isinstance(content.get("rules"), list):
        raise EmptorError(
            f'{path} is damaged (it is JSON, but not {{"format": {FORMAT_VERSION}, "rules": [...]}}); mend it, or '
            "remove it to start without rules"
        )
    if version > FORMAT_VERSION:
        raise EmptorError(
            f"{path} says format {version}, but this Emptor knows formats up to {FORMAT_VERSION}; "
            "install a newer Emptor"
        )
    return dict(content)


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
        raise EmptorError(f"the rule cannot be stored: {explained(error, Draft)}") from None
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
    """Replace the file by what `change` makes of its rules: some changed in their places, others added at the end.

    Entries that are left out stay in the file as they are, where they are.
    """
    with locked(shop / "rules.lock", wait_s=10.0, doing="editing rules"):
        content, before = _read(shop), read_rules(shop)
        after = change(list(before.every))
        spare = len(after) - KEPT
        old = {own.id for own in [own for own in after if not own.active][:spare]} if spare > 0 else set()
        others = {own.number: own.raw for own in before.left_out}
        changed = iter(after)
        entries = [others[at] if at in others else next(changed) for at in range(1, len(content["rules"]) + 1)]
        entries += changed
        content["rules"] = [
            _stored(own) if isinstance(own, Rule) else own
            for own in entries
            if not (isinstance(own, Rule) and own.id in old)
        ]
        write_durably(shop / NAME, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def _stored(rule: Rule) -> dict[str, Any]:
    """A rule as the file has it: with what its kind needs."""
    moves = rule.kind in ("boost", "bury")
    return rule.model_dump(exclude_none=True, exclude=set() if moves else {"factor"})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
