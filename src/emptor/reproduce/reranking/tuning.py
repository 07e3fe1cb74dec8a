"""What is tried of every re-ranker: as many settings of each network; rules have as many balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.reproduce.reranking.rerankers import CHOSEN
from emptor.reproduce.tuning import Choice, both

_RATES = (1e-3, 2e-3, 4e-3)
_PURCHASE = (3.0, 10.0)
_OWN: Mapping[str, str] = {
    "armmt": "purchase_weight",
    "podmmi": "purchase_gain",
    "pointwise": "purchase_weight",
    "prm": "purchase_gain",
    "setrank": "purchase_weight",
    "dlcm": "purchase_weight",
}
"""The name that a network has for what a purchase counts in its loss beside a click. It decides more than the rate: of
thirty clicks one is an order, and a network that hears nothing of them brings clicks for orders.
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
    stays = _STAYS.get(model, {})
    return [
        Choice({**training, "lr": rate}, {**stays, _OWN[model]: purchase}) for rate, purchase in both(_RATES, _PURCHASE)
    ]
