"""`manifest.json`: the one file that says what is live. Replacing it is publishing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from emptor.errors import EmptorError
from emptor.shop.files import write_durably
from emptor.shop.lock import locked
from emptor.shop.schema import FORMAT_VERSION

NAME = "manifest.json"
PREVIOUS = "manifest.previous.json"


class Promotion(BaseModel):
    """A change of the default cascade: the history is kept with what it changed, so that neither is without the other.

    `action`: promote | rollback; `before`, `after`: cascades of shop.toml that "default" stood and stands for;
    `figures`: what the gate measured, `metric -> [challenger, champion]`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["promote", "rollback"]
    before: str
    after: str
    at: str
    author: str = ""
    judgements: str | None = None
    figures: dict[str, list[float | None]] = {}


class Manifest(BaseModel):
    """The live generation, model versions and default cascade together, so that a reader never mixes two states.

    `models`: "stage/method" -> version; `cascade`: the cascade of shop.toml that "default" stands for; `promotions`:
    how it came to be that one, oldest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT_VERSION
    generation: int
    models: dict[str, str] = {}
    cascade: str = "default"
    promotions: tuple[Promotion, ...] = ()
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


def change_manifest(shop: Path, change: Callable[[Manifest | None], Manifest], *, wait_s: float = 10.0) -> Manifest:
    """Publish what `change` makes of the manifest: it replaces the old one atomically and durably. A generation may be
    published while a cascade is promoted; neither undoes the other.

    The previous manifest is the last one of another generation: a promotion must not take from a shop the generation
    that it could go back to.
    """
    with locked(shop / "manifest.lock", wait_s=wait_s, doing="changing what is live"):
        path = shop / NAME
        old = read_manifest(shop)
        manifest = change(old)
        if old is not None and old.generation != manifest.generation:
            write_durably(shop / PREVIOUS, path.read_bytes())
        write_durably(path, orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2) + b"\n")
    return manifest
