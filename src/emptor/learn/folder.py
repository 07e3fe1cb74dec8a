"""Model folders: config.json, model.safetensors, metrics.json, card.md. Reading one runs no code of it.

save_model(path, net, config={"method": "dcn", "options": {"width": 64}}, metrics={"auc": 0.71}, card=text,
           feature_hash=spec.hash)
model = load_model(path, lambda config: Net(**config.options), feature_hash=spec.hash)
model.net(inputs)
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.tensors import copied, load_weights, packed, read_tensors
from emptor.shop.files import fsync_folder, fsync_tree

FORMAT = 1
Net = TypeVar("Net", bound=nn.Module)


class ModelConfig(BaseModel):
    """config.json. `method` and `options` are all it takes to build the network; `features`: what the inputs were,
    in any form that says where two differ; `sha256`: of model.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    method: str
    options: dict[str, Any] = {}
    feature_hash: str
    features: dict[str, Any] = {}
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Model(Generic[Net]):
    """A loaded model, its network in evaluation mode."""

    net: Net
    config: ModelConfig
    metrics: dict[str, Any]
    card: str


def save_model(
    path: Path,
    net: nn.Module,
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    card: str,
    feature_hash: str,
    *,
    files: Mapping[str, bytes] | None = None,
) -> None:
    """Write a model folder: it is there whole or not at all, and never in place of another.

    Args:
        config: {"method", "options", "features"}, the last two optional; numbers, texts, lists and tables only.
        card: in Markdown: data, command, metrics. files: what else belongs to it (a tokenizer), by file name.
    Raises: EmptorError when there is something at `path`.
    """
    weights = packed(copied(net.state_dict()))
    own = ModelConfig(**config, feature_hash=feature_hash, sha256=hashlib.sha256(weights).hexdigest())
    texts = {"config.json": own.model_dump(), "metrics.json": dict(metrics)}
    contents = {name: json.dumps(own, indent=1, allow_nan=False).encode() for name, own in texts.items()}
    contents |= {"card.md": card.encode(), "model.safetensors": weights}
    for name in files or {}:
        if not name or name in contents or Path(name).name != name:
            raise ValueError(f"{name!r} is no name for a further file of a model")
    _refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        for name, content in {**contents, **(files or {})}.items():
            (temporary / name).write_bytes(content)
        fsync_tree(temporary)
        _refuse_existing(path)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    fsync_folder(path.parent)


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise EmptorError(f"{path} exists: a model is never overwritten; choose another name or remove it first")


def load_model(
    path: Path,
    build: Callable[[ModelConfig], Net],
    feature_hash: str | None = None,
    *,
    differing: Callable[[ModelConfig], str] | None = None,
    device: torch.device | str = "cpu",
) -> Model[Net]:
    """Read a model folder.

    Args:
        build: config -> the network, with any weights.
        feature_hash: of the features that it will be given; None: not compared.
        differing: config -> how its features differ from these, for the sentence when the hashes do.
    Raises: EmptorError when a file is missing or damaged, the format or the features are others, or the weights do
        not fit the network.
    """
    if not path.is_dir():
        raise EmptorError(f"{path}: no model folder; {_versions(path.parent)}")
    raw = _table(path / "config.json")
    if raw.get("format") != FORMAT:
        raise EmptorError(f"{path / 'config.json'}: format {raw.get('format')!r}, this version reads {FORMAT}")
    try:
        config = ModelConfig.model_validate(raw)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise EmptorError(f"{path / 'config.json'}: {where}: {fault['msg']}") from error
    if feature_hash is not None and config.feature_hash != feature_hash:
        how = differing(config) if differing else f"hash {config.feature_hash}, not {feature_hash}"
        raise EmptorError(f"{path}: trained on other features than those at hand: {how}; train it again")
    metrics, card = _table(path / "metrics.json"), _read(path / "card.md").decode(errors="replace")
    weights_file = path / "model.safetensors"
    weights = read_tensors(weights_file)
    with weights_file.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != config.sha256:
            raise EmptorError(f"{weights_file}: changed since it was saved (its sha256 is another): restore it")
    try:
        net = build(config)
    except (TypeError, ValueError, KeyError) as error:
        raise EmptorError(f"{path / 'config.json'}: no network {config.method!r} of these options: {error}") from error
    load_weights(net, weights, source=weights_file)
    return Model(net=net.to(device).eval(), config=config, metrics=metrics, card=card)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EmptorError(f"{path}: cannot be read ({error.strerror}); a model folder has this file") from error


def _versions(folder: Path) -> str:
    """What versions of a model there are, in words."""
    known = sorted(int(own.name) for own in folder.glob("*") if own.name.isdigit()) if folder.is_dir() else []
    return f"versions there: {', '.join(map(str, known))}" if known else "no version of it is there: train it first"


def _table(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise EmptorError(f"{path}: not JSON ({error})") from error
    if not isinstance(table, dict):
        raise EmptorError(f"{path}: expected a table, found {type(table).__name__}")
    return table
