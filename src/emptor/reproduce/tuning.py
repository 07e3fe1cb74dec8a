"""Tuning: the same number of tries for every model, judged on validation alone; what was chosen is kept as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError
from emptor.progress import console
from emptor.shop.files import append_durably, whole_lines, write_durably


@dataclass(frozen=True)
class Choice:
    """What a model is trained with: options of the training, and of the network."""

    training: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)


def plain(choice: Choice) -> dict[str, Any]:
    """A choice as JSON reads it back: lists for tuples."""
    own: dict[str, Any] = json.loads(json.dumps({"training": dict(choice.training), "network": dict(choice.network)}))
    return own


def made_of(choice: Choice | None, size: str) -> str:
    """A short name of a model's settings (None: one that has none) and of the data's size."""
    content = json.dumps([plain(choice) if choice else None, size], sort_keys=True)
    return blake2b(content.encode(), digest_size=8).hexdigest()


def both(first: Sequence[Any], second: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Every pair of the two: a grid."""
    return list(product(first, second))


def tune(
    models: Sequence[str],
    grid: Callable[[str], Sequence[Choice]],
    validated: Callable[[str, Choice], float],
    *,
    metric: str,
    seed: int,
    size: str = "",
    path: Path,
) -> dict[str, Choice]:
    """Try the grid of every model; the best by what `validated` says of a model with a choice.

    Args:
        metric: what it says. seed: of the data. size: of the data, where it is not always the same. path: of tries, a
            line of JSON each; those that are there, on the same data, are not made again.
    """
    of = {"seed": seed, "size": size}
    tries = [row for row in _read(path) if {name: row.get(name) for name in of} == of]
    chosen = {}
    for model in models:
        found: list[tuple[float, Choice]] = []
        for at, choice in enumerate(grid(model)):
            own = plain(choice)
            known = [row for row in tries if row["model"] == model and row["choice"] == own]
            if known:
                value = known[0][metric]
            else:
                value = validated(model, choice)
                append_durably(path, json.dumps({"model": model, **of, "choice": own, metric: value}).encode() + b"\n")
                console.print(f"{model}, try {at + 1}: {metric} {value:.4f} {own}", markup=False, highlight=False)
            found.append((value, choice))
        chosen[model] = max(found, key=lambda one: one[0])[1]
    return chosen


def write_choices(path: Path, chosen: Mapping[str, Choice]) -> None:
    """Choices as a file that `read_choices` reads."""
    content = {name: plain(choice) for name, choice in chosen.items()}
    write_durably(path, json.dumps(content, indent=1).encode() + b"\n")


def read_choices(path: Path, models: Sequence[str]) -> dict[str, Choice]:
    """Choices of a file, of those models. Raises: EmptorError for one that holds something else."""
    try:
        content = json.loads(path.read_text())
        return {name: Choice(own["training"], own["network"]) for name, own in content.items() if name in models}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmptorError(f"{path}: no choices of a tuning ({error}); make them anew: --tune") from error


def tuned(package: str, dataset: str, models: Sequence[str]) -> dict[str, Choice]:
    """What tuning chose for a data set, as it comes with a package of methods.

    Raises: EmptorError where nothing does.
    """
    own = resources.files(package) / "tuned" / f"{dataset}.json"
    if not own.is_file():
        raise EmptorError(
            f"no settings for {dataset} come with this version; make them anew: --tune (it takes hours; of a market "
            "--users makes it shorter)"
        )
    with resources.as_file(own) as path:
        return read_choices(path, models)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in whole_lines(path)]
    except ValueError as error:
        raise EmptorError(f"{path}: no tries of a tuning ({error}); remove it to start anew") from None
