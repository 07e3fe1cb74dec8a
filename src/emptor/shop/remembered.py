"""`mapping.json`: what an import was told about a file's columns and actions, so that the next need not be told.

Written when an import is published, never by one that failed. Delete the file, and imports go by the names alone again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from emptor.errors import EmptorError
from emptor.shop.files import write_durably

NAME = "mapping.json"


class Remembered(BaseModel):
    """catalogue: field or attr.NAME -> its columns; ignore: columns left out; events: field -> its column.

    actions: value of a behaviour log, in lower case -> the action that it means. session_per_file: its session ids are
    those of one file each.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    catalogue: dict[str, list[str]] = {}
    ignore: list[str] = []
    category_separator: str | None = None
    events: dict[str, str] = {}
    actions: dict[str, str] = {}
    session_per_file: bool = False


def read_remembered(shop: Path) -> Remembered:
    """What the shop remembers; nothing where there is no file. Raises EmptorError where it cannot be read."""
    path = shop / NAME
    try:
        return Remembered.model_validate(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return Remembered()
    except (OSError, orjson.JSONDecodeError, ValidationError) as error:
        raise EmptorError(
            f"{path} is damaged ({str(error).splitlines()[0]}); remove it, and say with --map what it said"
        ) from None


def remember_catalogue(
    shop: Path, *, maps: Mapping[str, list[str]], dropped: Collection[str], ignore: Sequence[str], separator: str | None
) -> None:
    """Keep what an import went by; what earlier ones went by and this file had no columns for stays known.

    Args:
        dropped: fields that this import was told otherwise about, so that they are not taken up again.
    """
    old = read_remembered(shop)
    taken = {column for columns in maps.values() for column in columns}
    catalogue = {field: columns for field, columns in old.catalogue.items() if field not in dropped} | dict(maps)
    columns = [column for column in dict.fromkeys([*old.ignore, *ignore]) if column not in taken]
    new = {"catalogue": catalogue, "ignore": columns, "category_separator": separator or old.category_separator}
    _write(shop, old, old.model_copy(update=new))


def remember_events(
    shop: Path, columns: Mapping[str, str], actions: Mapping[str, str], *, session_per_file: bool = False
) -> None:
    """Keep which column of a behaviour log became which field, which value which action, and what sessions are."""
    old = read_remembered(shop)
    known = {"events": old.events | dict(columns), "actions": old.actions | dict(actions)}
    new = {**known, "session_per_file": session_per_file}
    _write(shop, old, old.model_copy(update=new))


def _write(shop: Path, old: Remembered, new: Remembered) -> None:
    if new != old:
        write_durably(shop / NAME, orjson.dumps(new.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")
