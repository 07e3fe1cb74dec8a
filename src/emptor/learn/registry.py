"""Networks by name, and their options by name: what is unknown is told with what is known."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from torch import nn

from emptor.errors import EmptorError

_MAY_BE_0 = ("layers", "joint_layers", "fusion_layers", "head")
"""Counts of which none may be right: parts that a network can do without."""
Net = TypeVar("Net", bound=nn.Module, covariant=True)


@dataclass(frozen=True)
class Builder(Generic[Net]):
    """Makes a network. net: its class, or what makes one, called with a spec and options that have names alone; those
    that it passes on are a TypedDict (`**options: Unpack[...]`). defaults: options that differ from its own.
    """

    net: Callable[..., Net]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options it takes."""
        return tuple(self._kinds)

    def __call__(self, spec: Any, **options: Any) -> Net:
        """Raises: EmptorError for an unknown option, naming those it takes, and for a value of another kind."""
        kinds = self._kinds
        for name, value in options.items():
            one_of("options", name, tuple(kinds))
            _check(name, value, kinds[name])
        return self.net(spec, **{**self.defaults, **options})

    @property
    def _kinds(self) -> dict[str, Any]:
        """Its options, and the types that they are annotated with."""
        made = self.net.__init__ if isinstance(self.net, type) else self.net  # type: ignore[misc]
        hints = get_type_hints(made)
        kinds: dict[str, Any] = {}
        for option in inspect.signature(self.net).parameters.values():
            if option.kind is option.KEYWORD_ONLY:
                kinds[option.name] = hints[option.name]
            elif option.kind is option.VAR_KEYWORD:
                (passed,) = get_args(hints[option.name])
                kinds |= {name: own for name, own in get_type_hints(passed).items() if name not in kinds}
        return kinds


def _check(name: str, value: Any, kind: Any) -> None:
    least = 0 if name in _MAY_BE_0 else 1
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is bool and not isinstance(value, bool):
        raise EmptorError(f"{name}: {value!r}, expected true or false")
    if kind is int and not (number and isinstance(value, int) and value >= least):
        raise EmptorError(f"{name}: {value!r}, expected a whole number from {least}")
    if kind is float and not (number and math.isfinite(value)):
        raise EmptorError(f"{name}: {value!r}, expected a number")
    if get_origin(kind) is tuple and not (
        isinstance(value, list | tuple)
        and all(isinstance(own, int) and not isinstance(own, bool) and own >= 1 for own in value)
    ):
        raise EmptorError(f"{name}: {value!r}, expected a list of whole numbers from 1, as [64, 32]")


def one_of(option: str, value: str, known: Sequence[str]) -> str:
    """The value, if it is a known one.

    Raises: EmptorError naming the option, the value and the known ones.
    """
    if value not in known:
        raise EmptorError(f"{option}: unknown {value!r}; known are {', '.join(known)}")
    return value
