"""What is tried of every re-ranker: as many settings of each network; rules have as many balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.reproduce.reranking.rerankers import CHOSEN
from emptor.reproduce.tuning import Choice, both

_RATES = (1e-3, 2e-3, 4e-3)
_OWN: Mapping[str, tuple[str, tuple[float, float]]] = {
    "armmt": ("purchase_weight", (1.0, 3.0)),
    "podmmi": ("purchase_gain", (3.0, 10.0)),
    "pointwise": ("purchase_weight", (1.0, 3.0)),
    "prm": ("purchase_gain", (3.0, 10.0)),
    "setrank": ("purchase_weight", (3.0, 10.0)),
    "dlcm": ("purchase_weight", (1.0, 3.0)),
}
"""What a purchase counts in a network's loss beside a click, by its name there. It decides more than the rate: of
thirty clicks one is an order, and a network that hears little of them brings clicks for orders. Beside 3 it is 1 or 10,
whichever is better: both were tried once of every network.
"""
_STAYS: Mapping[str, Mapping[str, Any]] = {"armmt": {"aux": 0.05}, "podmmi": {"mi": 0.1}}
"""Weights of the methods' own losses, which earlier tries chose among (.05, .2) and (.01, .1) by GAUC of clicks."""


def grid(model: str, training: Mapping[str, Any]) -> list[Choice]:
    """The six settings that are tried of a network: learning rates by what a purchase counts.

    Args: training: options of RerankOptions that are the same for all.
    Raises: KeyError for one that takes the settings of another, or has none.
    """
    if model not in CHOSEN:
        raise KeyError(model)
    stays, (name, values) = _STAYS.get(model, {}), _OWN[model]
    return [Choice({**training, "lr": rate}, {**stays, name: value}) for rate, value in both(_RATES, values)]
