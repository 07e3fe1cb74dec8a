"""Folders that `save_pretrained` of transformers wrote: what all encoders of such folders share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError

SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""Nothing is fetched, and no code of the folder is run."""


def config_of(folder: Path) -> dict[str, Any]:
    """The folder's config.json. Raises EmptorError where it or the weights are not there."""
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise EmptorError(
                f"encoder folder {folder} has no {name}; expected a folder that save_pretrained wrote (safetensors)"
            )
    return json_of(folder / "config.json")


def json_of(file: Path) -> dict[str, Any]:
    """A JSON object. Raises EmptorError for anything else."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise EmptorError(f"encoder folder {file.parent}: {file.name} cannot be read: {first_line(error)}") from None
    if not isinstance(content, dict):
        raise EmptorError(f"encoder folder {file.parent}: {file.name} holds no JSON object")
    return content


def loaded(folder: Path, kind: Any, **options: Any) -> Any:
    """The folder's model, as `kind` (a class of transformers that has `from_pretrained`) reads it, for inference.

    Raises: EmptorError where it cannot be read, or where its weights are not those of its configuration: transformers
        would draw the missing ones by chance. The pooling layer is not used, and need not be there.
    """
    from safetensors import SafetensorError

    try:
        with _quiet():
            model, found = kind.from_pretrained(
                str(folder), use_safetensors=True, output_loading_info=True, **SAFE, **options
            )
    except (
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        ImportError,
        TypeError,
        AttributeError,
        SafetensorError,
    ) as error:
        raise EmptorError(f"encoder folder {folder} cannot be loaded: {first_line(error)}") from None
    missing = sorted(str(name) for name in found["missing_keys"] if "pooler" not in str(name))
    if missing:
        raise EmptorError(
            f"encoder folder {folder}: its weights lack {missing[0]} and {len(missing) - 1} others that its "
            "config.json asks for; expected config.json and model.safetensors of the same model"
        )
    return model.eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' tables and bars: a tower of two is read on purpose, and what is wrong is told here."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def fingerprint_of(folder: Path, names: Sequence[str]) -> str:
    """32 hex digits of the named files that are there."""
    digest = hashlib.blake2b(digest_size=16)
    for name in names:
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
