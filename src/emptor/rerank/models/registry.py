"""The re-ranking networks by name, with the options they have by default."""

from __future__ import annotations

from typing import Any

from emptor.learn.registry import Builder, one_of
from emptor.rerank.models.armmt import ARMMT
from emptor.rerank.models.dlcm import DLCM
from emptor.rerank.models.inputs import ListSpec
from emptor.rerank.models.podmmi import PODMMI
from emptor.rerank.models.pointwise import Pointwise
from emptor.rerank.models.prm import PRM
from emptor.rerank.models.reranker import Reranker
from emptor.rerank.models.setrank import SetRank

MODELS: dict[str, Builder[Reranker]] = {
    "pointwise": Builder(Pointwise),
    "prm": Builder(PRM),
    "setrank": Builder(SetRank),
    "dlcm": Builder(DLCM),
    "armmt": Builder(ARMMT),
    "podmmi": Builder(PODMMI),
}
"""Every network by its name."""


def build(name: str, spec: ListSpec, **options: Any) -> Reranker:
    """The network of a name.

    Args: name: of MODELS. spec: see ListSpec. options: of the network, in the place of its defaults.
    Raises: EmptorError for an unknown name or option, naming the known ones.

    Example:
        >>> from emptor.rerank.models.example import example
        >>> spec, batch, _ = example()
        >>> build("setrank", spec, blocks=1)(batch).shape
        torch.Size([4, 6])
    """
    return MODELS[one_of("model", name, tuple(MODELS))](spec, **options)
