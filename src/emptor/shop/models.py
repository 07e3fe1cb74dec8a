"""Where a shop's models are, and which version of one is meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from emptor.errors import EmptorError

LIVE = "live"
"""Stands for the version that the manifest names."""


def model_folder(shop: Path, live: Mapping[str, str], stage: str, model: str, version: str, *, asked_as: str) -> Path:
    """The folder of a version of a model, which may be missing or damaged.

    Args:
        live: "stage/model" -> version, of the manifest. version: a number, or LIVE. asked_as: how a cascade names it,
            for the sentence when it cannot be had: "method dnn".
    Raises: EmptorError where the shop has no such model yet, and for what is no version.
    """
    found = live.get(f"{stage}/{model}") if version == LIVE else version
    if found is None:
        raise EmptorError(
            f"stage {stage}, {asked_as}: the shop has no such model yet; "
            f"train one: emptor train {shop} --stage {stage} --model {model}"
        )
    if not found.isdigit():
        raise EmptorError(f"stage {stage}, {asked_as}: model {found!r} is no version; a number or {LIVE!r}")
    return models_folder(shop, stage, model) / found


def models_folder(shop: Path, stage: str, model: str) -> Path:
    """The folder of all versions of a model."""
    return shop / "models" / stage / model
