"""The ranking networks by name, with the options they have by default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from torch import nn

from emptor.learn.registry import Builder, one_of
from emptor.rank.models.awmoe import AWMoE
from emptor.rank.models.category_moe import CategoryMoE
from emptor.rank.models.din import DIN
from emptor.rank.models.dnn import DNN
from emptor.rank.models.features import FeatureOptions
from emptor.rank.models.inputs import FieldSum, InputSpec
from emptor.rank.models.lr import LogisticRegression
from emptor.rank.models.mmoe import MMoE


def size(net: nn.Module) -> int:
    """How many weights a network has beside its embeddings: what it costs to run, whatever the catalogue."""
    tables = {
        id(weight)
        for part in net.modules()
        if isinstance(part, nn.Embedding | FieldSum)
        for weight in part.parameters()
    }
    return sum(weight.numel() for weight in net.parameters() if id(weight) not in tables)


def _din_wide(spec: InputSpec, *, hidden: tuple[int, ...] | None = None, **features: Unpack[FeatureOptions]) -> DIN:
    """DIN with the head that makes it as large as AW-MoE with the same features: what the gate adds beside weights."""
    if hidden is None:
        bare = replace(spec, fields=dict.fromkeys(spec.fields, 1), words=1)  # no tables: the rest is as large
        wanted, width = size(AWMoE(bare, **features)), 64
        while size(DIN(bare, hidden=(width, width // 2), **features)) < wanted:
            width += 8
        hidden = (width, width // 2)
    return DIN(spec, hidden=hidden, **features)


MODELS: dict[str, Builder[nn.Module]] = {
    "lr": Builder(LogisticRegression),
    "lr_crosses": Builder(LogisticRegression, {"crosses": True}),
    "dnn_no_history": Builder(DNN, {"history": "none"}),
    "dnn": Builder(DNN),
    "dnn_crosses": Builder(DNN, {"crosses": True}),
    "din": Builder(DIN),
    "din_wide": Builder(_din_wide),
    "category_moe": Builder(CategoryMoE),
    "mmoe": Builder(MMoE),
    "awmoe": Builder(AWMoE),
    "awmoe_no_contrast": Builder(AWMoE, {"contrast_weight": 0.0}),
    "awmoe_no_attention": Builder(AWMoE, {"attention_gate": False}),
}
"""Every network by its name."""


def build(name: str, spec: InputSpec, **options: Any) -> nn.Module:
    """The network of a name.

    Args: name: of MODELS. spec: see InputSpec. options: of the network, in the place of its defaults.
    Raises: EmptorError for an unknown name or option, naming the known ones.

    Example:
        >>> from emptor.rank.models.example import example
        >>> spec, batch = example()
        >>> build("awmoe", spec, experts=2)(batch).shape
        torch.Size([2, 3, 2])
    """
    return MODELS[one_of("model", name, tuple(MODELS))](spec, **options)
