"""What is tried of every pre-ranker: as many settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.reproduce.preranking.prerankers import CHOSEN
from emptor.reproduce.tuning import Choice, both

_RATES = (1.5e-3, 3e-3, 6e-3)
_OWN: Mapping[str, tuple[str, tuple[Any, Any]]] = {
    "hccp": ("alpha", (0.1, 1.0)),
    "infonce": ("weight", (0.1, 1.0)),
    "listwise": ("weight", (0.1, 1.0)),
    "distilled": ("weight", (0.1, 1.0)),
    "weak_negatives": ("weak", (0.5, 2.0)),
    "exposed": ("purchase", (0.5, 1.0)),
    "cold": ("purchase", (0.5, 1.0)),
}
"""Beside the learning rate, the one option of a network that is tried: what its own loss counts beside the responses,
or what a purchase counts in the score of who has no other loss.
"""


def grid(model: str, training: Mapping[str, Any]) -> list[Choice]:
    """The six settings that are tried of a network.

    Args: training: options of PrerankOptions that are the same for all.
    Raises: KeyError for one that takes the settings of another.
    """
    if model not in CHOSEN:
        raise KeyError(model)
    name, values = _OWN[model]
    return [Choice({**training, "lr": rate}, {name: value}) for rate, value in both(_RATES, values)]
