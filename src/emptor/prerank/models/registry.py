"""The pre-ranking networks by name, with the options they have by default."""

from __future__ import annotations

from typing import Any

from emptor.learn.registry import Builder, one_of
from emptor.prerank.models.cold import COLD
from emptor.prerank.models.distilled import Distilled
from emptor.prerank.models.exposed import Exposed
from emptor.prerank.models.hccp import HCCP
from emptor.prerank.models.infonce import InfoNCE
from emptor.prerank.models.listwise import Listwise
from emptor.prerank.models.preranker import Preranker
from emptor.prerank.models.weak_negatives import WeakNegatives
from emptor.rank.models.inputs import InputSpec

MODELS: dict[str, Builder[Preranker]] = {
    "hccp": Builder(HCCP),
    "exposed": Builder(Exposed),
    "weak_negatives": Builder(WeakNegatives),
    "cold": Builder(COLD),
    "distilled": Builder(Distilled),
    "infonce": Builder(InfoNCE),
    "listwise": Builder(Listwise),
}
"""Every network by its name."""


def build(name: str, spec: InputSpec, **options: Any) -> Preranker:
    """The network of a name.

    Args: name: of MODELS. spec: see rank.models.InputSpec. options: of the network, in the place of its defaults.
    Raises: EmptorError for an unknown name or option, naming the known ones.

    Example:
        >>> from emptor.prerank.models.example import example
        >>> spec, batch = example()
        >>> build("hccp", spec, vector=8)(batch.asked).shape
        torch.Size([3, 8])
    """
    return MODELS[one_of("model", name, tuple(MODELS))](spec, **options)
