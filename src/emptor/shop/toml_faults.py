"""What is wrong in shop.toml, in a sentence of ours: the key, the table it stands in, what may stand there."""

from __future__ import annotations

import difflib
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails


def explained(first: ErrorDetails, model: type[BaseModel]) -> str:
    """A fault, as `[search]: unknown key 'typo'; did you mean typos? (known here: ...)`."""
    *table, key = first["loc"] or ("",)
    where = _table(table)
    if first["type"] == "extra_forbidden":
        what = f"unknown {'table' if isinstance(first['input'], dict) else 'key'} {str(key)[:80]!r}"
        known = _keys(model, table)
        close = difflib.get_close_matches(str(key), known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{where}: {what}{hint} (known here: {', '.join(known) or 'nothing'})"
    if first["type"] == "missing":
        return f"{where}: the key {str(key)[:80]!r} is missing (known here: {', '.join(_keys(model, table))})"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        return f"{_table([*table, key])}: {message}"  # a whole table was looked at
    return f"{where}, {key}: {message} (found {first['input']!r:.80})"


def _table(loc: list[int | str]) -> str:
    """A place as it is written in the file: `[cascade.second], entry 1 of stages`."""
    at = next((at for at, part in enumerate(loc) if isinstance(part, int)), None)
    outer = loc if at is None else loc[: at - 1]
    place = f"[{'.'.join(map(str, outer))}]" if outer else "the top of the file"
    if at is None:
        return place
    inner = "".join(f", {part}" for part in loc[at + 1 :])
    return f"{place}, entry {int(loc[at]) + 1} of {loc[at - 1]}{inner}"


def _keys(model: type[BaseModel], loc: list[int | str]) -> list[str]:
    """The keys that may stand in a table; none where it is not known."""
    kind: Any = model
    for part in loc:
        kind = _inside(kind, part)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _inside(kind: Any, part: int | str) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return None if field is None else field.annotation
    arguments = get_args(kind)
    return arguments[-1] if get_origin(kind) in (dict, list) and arguments else None
