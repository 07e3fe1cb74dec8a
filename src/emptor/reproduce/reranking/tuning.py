"""What is tried of every re-ranker: as many settings of each network; rules have as many balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.reproduce.reranking.rerankers import CHOSEN
from emptor.reproduce.tuning import Choice, both

Options = Mapping[str, tuple[str, tuple[Any, Any]]]
"""Of each network the one option that is tried beside the learning rate, and its two values."""
_RATES = (1e-3, 2e-3, 4e-3)
PURCHASES: Options = {
    "armmt": ("purchase_weight", (1.0, 3.0)),
    "podmmi": ("purchase_gain", (3.0, 10.0)),
    "pointwise": ("purchase_weight", (1.0, 3.0)),
    "prm": ("purchase_gain", (3.0, 10.0)),
    "setrank": ("purchase_weight", (3.0, 10.0)),
    "dlcm": ("purchase_weight", (1.0, 3.0)),
}
"""What a purchase counts in a network's loss beside a click, by its name there. It decides more than the rate: of
thirty clicks about one is an order, and a network that hears little of them brings clicks for orders. Beside 3 it is
10, and 1 for those of which 10 was worse than 3 at every rate: they have had three tries more.
"""
SIZES: Options = {
    "armmt": ("aux", (0.05, 0.2)),
    "podmmi": ("mi", (0.01, 0.1)),
    "pointwise": ("hidden", ((64, 32), (128, 64))),
    "prm": ("dropout", (0.0, 0.1)),
    "setrank": ("dropout", (0.0, 0.1)),
    "dlcm": ("width", (32, 64)),
}
"""Where all that is liked is the same, and a purchase says nothing more."""
_STAYS: Mapping[str, Mapping[str, Any]] = {"armmt": {"aux": 0.05}, "podmmi": {"mi": 0.1}}
"""Weights of the methods' own losses where they are not tried."""


def grid(model: str, training: Mapping[str, Any], *, own: Options = PURCHASES) -> list[Choice]:
    """The six settings that are tried of a network: learning rates by the values of one option.

    Args: training: options of RerankOptions that are the same for all. own: the option of each.
    Raises: KeyError for one that takes the settings of another, or has none.
    """
    if model not in CHOSEN:
        raise KeyError(model)
    stays, (name, values) = _STAYS.get(model, {}), own[model]
    return [Choice({**training, "lr": rate}, {**stays, name: value}) for rate, value in both(_RATES, values)]
