"""Networks by name: which options one takes, those it passes on among them, and what is said of others."""

from typing import TypedDict, Unpack

import pytest
from torch import nn

from emptor.errors import EmptorError
from emptor.learn.registry import Builder, one_of


class Passed(TypedDict, total=False):
    width: int


class MorePassed(Passed, total=False):
    dropout: float


class Net(nn.Module):
    def __init__(self, spec: str, *, depth: int = 1, **passed: Unpack[MorePassed]) -> None:
        super().__init__()
        self.given = (spec, depth, passed)


def wide(spec: str, **passed: Unpack[Passed]) -> Net:
    return Net(spec, width=64 * passed.get("width", 1))


def test_options_are_those_of_the_signature_and_those_passed_on() -> None:
    assert set(Builder(Net).options) == {"depth", "width", "dropout"}
    assert Builder(wide).options == ("width",)


def test_defaults_give_way_and_unknown_options_are_told() -> None:
    builder = Builder(Net, {"depth": 3})
    assert builder("spec").given == ("spec", 3, {})
    assert builder("spec", depth=2, dropout=0.5).given == ("spec", 2, {"dropout": 0.5})
    assert Builder(wide)("spec", width=2).given[2] == {"width": 128}
    with pytest.raises(EmptorError, match="options: unknown 'height'; known are depth, width, dropout"):
        builder("spec", height=1)


def test_one_of_what_is_known() -> None:
    assert one_of("gate", "none", ("none", "query")) == "none"
    with pytest.raises(EmptorError, match="gate: unknown 'all'; known are none, query"):
        one_of("gate", "all", ("none", "query"))
