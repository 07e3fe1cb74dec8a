"""What is tried of every retriever: as many settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.reproduce.retrieval.retrievers import CHOSEN
from emptor.reproduce.tuning import Choice

_RATE, _TEMPERATURES = 4e-3, (1 / 30, 1 / 15)


def grid(model: str, training: Mapping[str, Any]) -> list[Choice]:
    """The two settings that are tried of a network: how sharply it tells products apart.

    Args:
        training: options of RetrievalOptions that are the same for all.
    Raises: KeyError for one that takes the settings of another.
    """
    if model not in CHOSEN:
        raise KeyError(model)
    return [Choice({**training, "lr": _RATE, "temperature": heat}) for heat in _TEMPERATURES]
