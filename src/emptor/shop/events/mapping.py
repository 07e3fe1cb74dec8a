"""Which column of a behaviour log becomes which field of an event: what the user says, else what was said before."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emptor.errors import EmptorError
from emptor.shop import schema
from emptor.shop.events.times import parse_time
from emptor.shop.events.validate import EventFault, check_word

FIELDS = (*schema.EVENT.names, "timestamp")
_NEEDED = {
    ("action",): "say which it is with --map action=COLUMN, or --action click where all are of one kind",
    ("time", "timestamp"): "say which it is with --map time=COLUMN, or --time 2024-01-01T00:00:00Z for all where "
    "none is known",
    ("user_id", "session_id"): "say which it is with --map session_id=COLUMN or --map user_id=COLUMN",
}
"""Fields of which a table needs one, and what to do where it has none."""


def parse_event_maps(texts: Iterable[str]) -> dict[str, str]:
    """Read "field=column" texts, as given to --map for a behaviour log. Raises EmptorError for anything else."""
    parsed: dict[str, str] = {}
    for text in texts:
        field, equals, column = (part.strip() for part in text.partition("="))
        if not equals or not field or not column:
            raise EmptorError(f"cannot read --map {text!r}: expected field=column, such as product_id=sku")
        if field not in FIELDS:
            close = difflib.get_close_matches(field, FIELDS, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise EmptorError(f"--map names an unknown field {field!r} of an event: expected {', '.join(FIELDS)}{hint}")
        if field in parsed:
            raise EmptorError(f"--map names {field} twice: an event's field comes from one column")
        other = next((name for name, own in parsed.items() if own == column), None)
        if other is not None:
            raise EmptorError(f"--map takes the column {column!r} for {other} and for {field}: a column is one field")
        parsed[field] = column
    return parsed


def parse_actions(texts: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """Read `--action`: (the action of events without one, what values of the log mean).

    "click" is the former, "True=click" the latter; values are compared without case.
    """
    default: str | None = None
    meanings: dict[str, str] = {}
    for text in texts:
        value, equals, name = (part.strip() for part in text.rpartition("="))
        try:
            check_word("action", name)
        except EventFault as fault:
            raise EmptorError(
                f"cannot read --action {text!r}: found {fault.found}, expected NAME or VALUE=NAME, a name of "
                f"{fault.expected}, such as click or True=click"
            ) from None
        if equals:
            meanings[value.lower()] = name
        elif default is not None:
            raise EmptorError(f"--action names two actions for events without one, {default} and {name}: name one")
        else:
            default = name
    return default, meanings


def parse_one_time(text: str, option: str = "--time") -> int:
    """Read `--time`, or another option: microseconds. Raises EmptorError where it is none."""
    micros = parse_time(text)
    if micros is None:
        raise EmptorError(f"{option}: found {text[:60]!r}, expected a time as ISO 8601, such as 2024-01-01T00:00:00Z")
    return micros


class Columns:
    """The names of a file as fields of an event.

    Args:
        given: field -> column, as said. remembered: the same from an earlier log; it counts where the file has the
            column and lacks the field.
        filled: fields that need no column, since every event without them gets one.

    `reused`: field -> column of what was remembered and taken up.
    """

    def __init__(self, given: Mapping[str, str], remembered: Mapping[str, str], filled: Iterable[str]) -> None:
        self.given = dict(given)
        self._fields = {column: field for field, column in given.items()}
        self._remembered = {
            column: field for field, column in remembered.items() if field not in given and column not in self._fields
        }
        self._filled = set(filled)
        self.reused: dict[str, str] = {}

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """One object with its keys as fields; a key that was said to be a field wins over one of the same name."""
        if not self._fields and not self._remembered:
            return record
        names = self._names(record)
        said = {field: record[name] for name, field in names.items() if field != name}
        return {**{field: record[name] for name, field in names.items() if field == name}, **said}

    def header(self, names: Sequence[str], where: str) -> list[str]:
        """The columns of a table as fields. Raises EmptorError for a table no row of which can be an event."""
        found = ", ".join(names)[:200]
        missing = next((column for column in self.given.values() if column not in names), None)
        if missing is not None:
            raise EmptorError(f"{where} has no column {missing!r}: its columns are {found}")
        known = self._names(dict.fromkeys(names))
        fields = [known[name] for name in names]
        repeated = next((field for field in fields if fields.count(field) > 1), None)
        if repeated is not None:
            raise EmptorError(f"{where}: column {repeated!r} is there twice; rename one of the two")
        for wanted, cure in _NEEDED.items():
            if not {*fields, *self._filled} & set(wanted):
                raise EmptorError(
                    f"{where}: found the columns {found}, expected one named {' or '.join(wanted)}; {cure}"
                )
        return fields

    def _names(self, record: Mapping[str, Any]) -> dict[str, str]:
        names = {name: self._fields.get(name, name) for name in record}
        taken = set(names.values())
        for name in record:
            field = self._remembered.get(name)
            if field is not None and field not in taken:
                names[name] = field
                self.reused[field] = name
        return names
