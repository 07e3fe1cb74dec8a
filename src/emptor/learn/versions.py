"""Versions of a shop's models: a new one beside the old ones, and which of them is live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from emptor.learn.folder import save_model
from emptor.shop.manifest import Manifest, change_manifest
from emptor.shop.models import models_folder
from emptor.shop.shop import Shop


def put_model(
    shop: Shop,
    stage: str,
    model: str,
    net: nn.Module,
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    card: str,
    feature_hash: str,
    *,
    files: Mapping[str, bytes],
    usable: Callable[[Path], bool],
) -> tuple[str, Path]:
    """Save a model as the next version in `models/STAGE/MODEL/`; returns the version and its folder.

    The first version of a model is the live one. A later one has to be named, unless the live one cannot be used any
    more: a shop whose cascade asks for it does not open, and training again is the cure that it is told.

    Args:
        usable: folder of a version -> whether the shop can use it. The others: see `save_model`.
    """
    # under the lock of writers, so that a backup has the model and what names it, or neither
    with shop.writing(wait_s=60, doing="putting a model into the shop"):
        folder = models_folder(shop.path, stage, model)
        known = [int(own.name) for own in folder.iterdir() if own.name.isdigit()] if folder.is_dir() else []
        version = str(max(known, default=0) + 1)
        save_model(folder / version, net, config, metrics, card, feature_hash, files=files)

        def change(old: Manifest | None) -> Manifest:
            assert old is not None  # a shop without a generation has nothing to learn from
            live = old.models.get(f"{stage}/{model}")
            if live is None or not usable(folder / live):
                live = version
            return old.model_copy(update={"models": {**old.models, f"{stage}/{model}": live}})

        change_manifest(shop.path, change)
    return version, folder / version
