"""What is tried of every re-ranker: as many settings of each network; rules have as many balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.reproduce.reranking.rerankers import CHOSEN
from emptor.reproduce.tuning import Choice, both

_RATES = (1e-3, 2e-3, 4e-3)
_OWN: Mapping[str, tuple[str, tuple[Any, Any]]] = {
    "armmt": ("aux", (0.05, 0.2)),
    "podmmi": ("mi", (1e-2, 1e-1)),
    "pointwise": ("purchase", (0.5, 1.0)),
    "prm": ("purchase_gain", (1.0, 3.0)),
    "setrank": ("purchase_gain", (1.0, 3.0)),
    "dlcm": ("purchase_gain", (1.0, 3.0)),
}
"""Beside the learning rate, the one option of a network that is tried: what its own loss counts beside that of the
responses, or what a purchase counts.
"""


def grid(model: str, training: Mapping[str, Any]) -> list[Choice]:
    """The six settings that are tried of a network.

    Args: training: options of RerankOptions that are the same for all.
    Raises: KeyError for one that takes the settings of another, or has none.
    """
    if model not in CHOSEN:
        raise KeyError(model)
    name, values = _OWN[model]
    return [Choice({**training, "lr": rate}, {name: value}) for rate, value in both(_RATES, values)]
