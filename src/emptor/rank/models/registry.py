"""The ranking networks by name, with the options they have by default."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from emptor.errors import EmptorError
from emptor.rank.models.awmoe import AWMoE
from emptor.rank.models.category_moe import CategoryMoE
from emptor.rank.models.din import DIN
from emptor.rank.models.dnn import DNN
from emptor.rank.models.features import FeatureOptions
from emptor.rank.models.inputs import FieldSum, InputSpec
from emptor.rank.models.lr import LogisticRegression
from emptor.rank.models.mmoe import MMoE


@dataclass(frozen=True)
class Builder:
    """Makes a network. net: its class, or what makes one. defaults: options that differ from its own."""

    net: Callable[..., nn.Module]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options it takes."""
        known = inspect.signature(self.net).parameters.values()
        own = [option.name for option in known if option.kind is option.KEYWORD_ONLY]
        passed = FeatureOptions.__annotations__ if any(option.kind is option.VAR_KEYWORD for option in known) else ()
        return (*own, *passed)

    def __call__(self, spec: InputSpec, **options: Any) -> nn.Module:
        """Raises: EmptorError for an unknown option, naming those it takes."""
        for name in options:
            if name not in self.options:
                raise EmptorError(f"options: unknown {name!r}; known are {', '.join(self.options)}")
        return self.net(spec, **{**self.defaults, **options})


def size(net: nn.Module) -> int:
    """How many weights a network has beside its embeddings: what it costs to run, whatever the catalogue."""
    tables = {
        id(weight)
        for part in net.modules()
        if isinstance(part, nn.Embedding | FieldSum)
        for weight in part.parameters()
    }
    return sum(weight.numel() for weight in net.parameters() if id(weight) not in tables)


def _din_wide(spec: InputSpec, *, hidden: tuple[int, ...] | None = None, **features: Any) -> DIN:
    """DIN with the head that makes it as large as AW-MoE with the same features: what the gate adds beside weights."""
    if hidden is None:
        bare = replace(spec, fields=dict.fromkeys(spec.fields, 1), words=1)  # no tables: the rest is as large
        wanted, width = size(AWMoE(bare, **features)), 64
        while size(DIN(bare, hidden=(width, width // 2), **features)) < wanted:
            width += 8
        hidden = (width, width // 2)
    return DIN(spec, hidden=hidden, **features)


MODELS: dict[str, Builder] = {
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
    if name not in MODELS:
        raise EmptorError(f"model: unknown {name!r}; known are {', '.join(MODELS)}")
    return MODELS[name](spec, **options)
