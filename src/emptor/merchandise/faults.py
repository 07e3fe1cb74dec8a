"""What is wrong with a rule as somebody wrote it: which rule, what was found, what was expected, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

MAX_FAULTS = 3
_MISSING = {
    "id": "any text that no other rule has",
    "kind": "pin, boost, bury, block or synonym",
    "at": "when the rule was written, such as 2026-05-01T09:00:00+00:00",
}


@dataclass(frozen=True)
class LeftOut:
    """An entry of the file that is no rule. number: its place in the file, from 1; rule_id: its id, where it has one;
    reason: what is wrong, what was expected; raw: the entry as it stands, which goes on standing there.
    """

    number: int
    rule_id: str | None
    reason: str
    raw: Any

    @classmethod
    def of(cls, number: int, raw: object, reason: str) -> LeftOut:
        own = raw.get("id") if isinstance(raw, dict) else None
        return cls(number, own if isinstance(own, str) and own else None, reason, raw)

    def __str__(self) -> str:
        return f"rule {self.number}{f' (id {self.rule_id[:40]!r})' if self.rule_id else ''}: {self.reason}"


def explained(error: ValidationError, model: type[BaseModel]) -> str:
    """The first faults of a rule in a sentence: `unknown key 'prodct_id'; did you mean product_id? (known: ...)`."""
    faults = error.errors()
    told = [_told(dict(fault), model) for fault in faults[:MAX_FAULTS]]
    if len(faults) > MAX_FAULTS:
        told.append(f"and {len(faults) - MAX_FAULTS} more")
    return "; ".join(told)


def _told(fault: dict[str, Any], model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    known = list(model.model_fields)
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key[:80]!r}{_meant(key, known)} (a rule has {', '.join(known)})"
    if fault["type"] == "missing":
        return f"the key {key!r} is missing; expected {_MISSING.get(key, 'a value')}"
    if fault["type"] == "model_type":
        return f"found {repr(fault['input'])[:80]}, expected an object with id, kind and at"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not key:
        return message
    close = _meant(str(fault["input"]), ["pin", "boost", "bury", "block", "synonym"]) if key == "kind" else ""
    return f"{key}: {message} (found {repr(fault['input'])[:80]}){close}"


def _meant(text: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(text, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
