"""Named tensors on the disk as safetensors: reading one runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from emptor.errors import EmptorError

Tensors = dict[str, Tensor]


def copied(tensors: Mapping[str, Tensor]) -> Tensors:
    """Copies on the CPU, each with memory of its own: tied weights are kept once per name."""
    return {name: own.detach().to("cpu", copy=True).contiguous() for name, own in tensors.items()}


def packed(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors (on the CPU, none sharing memory) as the content of a safetensors file."""
    return safetensors.torch.save(dict(tensors))


def read_tensors(path: Path) -> Tensors:
    """The tensors of a file, on the CPU.

    Raises: EmptorError when the file is missing or damaged.
    """
    try:
        return safetensors.torch.load_file(path)
    except FileNotFoundError as error:
        raise EmptorError(f"{path}: the file is missing") from error
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise EmptorError(f"{path}: not a whole safetensors file ({error}); restore it from a copy") from error


def load_weights(net: nn.Module, weights: Mapping[str, Tensor], *, source: Path) -> None:
    """Put weights into a network of just these names, shapes and types.

    Raises: EmptorError that names the first tensor that does not fit.
    """
    own = net.state_dict()
    for what, names in (("lacks", own.keys() - weights.keys()), ("has an unknown", weights.keys() - own.keys())):
        if names:
            raise EmptorError(f"{source}: {what} tensor {min(names)!r} ({len(names)} such): made by another network")
    for name, tensor in own.items():
        found, expected = weights[name], tensor
        if (found.shape, found.dtype) != (expected.shape, expected.dtype):
            raise EmptorError(
                f"{source}: tensor {name!r} is {_form(found)}, the network expects {_form(expected)}: "
                "made with other options"
            )
    net.load_state_dict(dict(weights))


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def bad_values(tensor: Tensor) -> int:
    """How many values are nan or infinite."""
    return int((~torch.isfinite(tensor)).sum()) if tensor.is_floating_point() else 0
