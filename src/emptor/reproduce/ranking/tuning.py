"""What is tried of every ranker: as many settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emptor.rank.names import TREES
from emptor.reproduce.tuning import Choice, both

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
            Choice({}, {"learning_rate": rate, "leaves": leaves}) for rate, leaves in both((0.05, 0.1, 0.2), (31, 127))
        ]
    if model in _OWN:
        name, values = _OWN[model]
        return [Choice({**training, "lr": rate}, {name: value}) for rate, value in both(_RATES, values)]
    # logistic regression: nothing of its own but how strongly weights are held down, and it wants smaller steps
    return [Choice({**training, "lr": rate, "weight_decay": decay}) for rate, decay in both(_SLOW, (1e-4, 1e-2))]
