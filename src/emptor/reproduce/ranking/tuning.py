"""Tuning: the same number of tries for every model, judged on validation alone; what was chosen is kept as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError
from emptor.progress import console
from emptor.rank.names import NAMES, TREES
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.rankers import Choice, judge, plain
from emptor.shop.files import append_durably, whole_lines, write_durably

_RATES, _SLOW = (3e-3, 6e-3, 1.2e-2), (7.5e-4, 1.5e-3, 3e-3)
_OWN: Mapping[str, tuple[str, tuple[Any, Any]]] = {
    **dict.fromkeys(("dnn_no_history", "dnn", "dnn_crosses"), ("hidden", ((128, 64), (256, 128)))),
    **dict.fromkeys(("din", "din_wide"), ("normalised", (True, False))),
    **dict.fromkeys(("category_moe", "mmoe"), ("experts", (4, 8))),
    **dict.fromkeys(("awmoe", "awmoe_no_contrast", "awmoe_no_attention"), ("gate_norm", ("none", "softmax"))),
}
"""Beside the learning rate, the one option of a network that is tried; a method and what is taken from it try alike."""


def grid(model: str, training: Mapping[str, Any]) -> list[Choice]:
    """The six settings that are tried of a model.

    Args:
        training: options of TrainOptions that are the same for all networks.
    """
    if model == TREES:
        return [
            Choice({}, {"learning_rate": rate, "leaves": leaves}) for rate, leaves in _both((0.05, 0.1, 0.2), (31, 127))
        ]
    if model in _OWN:
        name, values = _OWN[model]
        return [Choice({**training, "lr": rate}, {name: value}) for rate, value in _both(_RATES, values)]
    # logistic regression: nothing of its own but how strongly weights are held down, and it wants smaller steps
    return [Choice({**training, "lr": rate, "weight_decay": decay}) for rate, decay in _both(_SLOW, (1e-4, 1e-2))]


def tune(
    data: RankingData, models: Sequence[str], training: Mapping[str, Any], *, seed: int, size: str = "", path: Path
) -> dict[str, Choice]:
    """Try the grid of every model; the best by GAUC on the validation.

    Args:
        size: of the data, where it is not always the same. path: of tries, a line of JSON each; those that are there,
            on the same data, are not made again.
    """
    of = {"seed": seed, "size": size}
    tries = [row for row in _read(path) if {name: row.get(name) for name in of} == of]
    chosen = {}
    for model in models:
        found: list[tuple[float, Choice]] = []
        for at, choice in enumerate(grid(model, training)):
            own = plain(choice)
            known = [row for row in tries if row["model"] == model and row["choice"] == own]
            if known:
                gauc = known[0]["GAUC"]
            else:
                gauc = judge(model, data, choice, seed=seed, thorough=False).validated["click GAUC"]
                append_durably(path, json.dumps({"model": model, **of, "choice": own, "GAUC": gauc}).encode() + b"\n")
                console.print(f"{model}, try {at + 1}: GAUC {gauc:.4f} {own}", markup=False, highlight=False)
            found.append((gauc, choice))
        chosen[model] = max(found, key=lambda one: one[0])[1]
    return chosen


def write_choices(path: Path, chosen: Mapping[str, Choice]) -> None:
    """Choices as a file that `read_choices` reads."""
    content = {name: plain(choice) for name, choice in chosen.items()}
    write_durably(path, json.dumps(content, indent=1).encode() + b"\n")


def read_choices(path: Path) -> dict[str, Choice]:
    """Choices of a file. Raises: EmptorError for one that holds something else."""
    try:
        content = json.loads(path.read_text())
        return {name: Choice(own["training"], own["network"]) for name, own in content.items() if name in NAMES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmptorError(f"{path}: no choices of a tuning ({error}); make them anew: --tune") from error


def tuned(dataset: str) -> dict[str, Choice]:
    """What tuning chose for a data set, as it comes with the package."""
    with resources.as_file(resources.files("emptor.reproduce.ranking") / "tuned" / f"{dataset}.json") as path:
        return read_choices(path)


def _both(first: Sequence[Any], second: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(product(first, second))


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in whole_lines(path)]
    except ValueError as error:
        raise EmptorError(f"{path}: no tries of a tuning ({error}); remove it to start anew") from None
