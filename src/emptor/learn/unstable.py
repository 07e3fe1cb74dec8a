"""Why training broke: the first input, or weight, that is not a finite number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emptor.learn.tensors import bad_values


def reason(step: int, values: Mapping[str, float], batch: Any, net: nn.Module) -> str:
    """One sentence: which of `values` broke at which step (from 0), and what to look at first."""
    broken = ", ".join(f"{name} is {value}" for name, value in values.items() if not math.isfinite(value))
    what = f"training stopped at step {step}: {broken}"
    for name, tensor in _inputs(batch, "batch"):
        if bad := bad_values(tensor):
            return f"{what}, for {name} holds {bad} values that are not finite; check where that input comes from"
    for name, tensor in net.state_dict().items():
        if isinstance(tensor, Tensor) and (bad := bad_values(tensor)):
            return f"{what}, for the weights {name} hold {bad} values that are not finite; try a lower lr or clip"
    largest = max(
        ((float(own.abs().max()), name) for name, own in _inputs(batch, "batch") if own.numel()), default=(0.0, "")
    )
    return (
        f"{what}, though inputs and weights are finite; look for a logarithm, root or division in the loss, and at "
        f"{largest[1] or 'the batch'}, whose values reach {largest[0]:g}"
    )


def _inputs(part: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a batch, whatever holds them, by where they are."""
    if isinstance(part, np.ndarray) and part.dtype.kind in "fiub":
        part = torch.from_numpy(part)
    if isinstance(part, Tensor):
        yield name, part
    elif isinstance(part, Mapping):
        for key, own in part.items():
            yield from _inputs(own, f"{name}[{key!r}]")
    elif isinstance(part, tuple | list):
        names = getattr(part, "_fields", None)
        for at, own in enumerate(part):
            yield from _inputs(own, f"{name}.{names[at]}" if names else f"{name}[{at}]")
    elif is_dataclass(part):
        for own in fields(part):
            yield from _inputs(getattr(part, own.name), f"{name}.{own.name}")
