"""`manifest.json`: the one file that says what is live. Replacing it is publishing."""

from __future__ import annotations

from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from emptor.errors import EmptorError
from emptor.shop.files import write_durably
from emptor.shop.schema import FORMAT_VERSION

NAME = "manifest.json"
PREVIOUS = "manifest.previous.json"


class Manifest(BaseModel):
    """The live generation and model versions together, so that a reader never mixes two states.

    `models`: "stage/method" -> version.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT_VERSION
    generation: int
    models: dict[str, str] = {}
    published_at: str = ""


def read_manifest(shop: Path, *, name: str = NAME) -> Manifest | None:
    """The manifest, or None where nothing was ever published."""
    path = shop / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        manifest = Manifest.model_validate(orjson.loads(content))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise EmptorError(
            f'{path} is damaged ({str(error).splitlines()[0]}); write {{"format": 1, "generation": N}} into it, '
            "with N the highest number in generations/"
        ) from None
    if manifest.format > FORMAT_VERSION:
        raise EmptorError(
            f"{path} says format {manifest.format}, but this Emptor knows formats up to {FORMAT_VERSION}; "
            "install a newer Emptor"
        )
    return manifest


def write_manifest(shop: Path, manifest: Manifest) -> None:
    """Publish: keep the old manifest as the previous one, then replace it atomically and durably."""
    path = shop / NAME
    if path.exists():
        write_durably(shop / PREVIOUS, path.read_bytes())
    write_durably(path, orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")
