"""Networks by name: which options one takes, those it passes on among them, and what is said of others."""

import re
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


class Sized(nn.Module):
    def __init__(self, spec: int, *, width: int = 4, layers: int = 1, rate: float = 0.1, wide: bool = False) -> None:
        super().__init__()


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("width", 0, "width: 0, expected a whole number from 1"),
        ("width", "abc", "width: 'abc', expected a whole number from 1"),
        ("width", 2.5, "width: 2.5, expected a whole number from 1"),
        ("width", True, "width: True, expected a whole number from 1"),
        ("layers", -1, "layers: -1, expected a whole number from 0"),
        ("rate", "fast", "rate: 'fast', expected a number"),
        ("rate", float("nan"), "rate: nan, expected a number"),
        ("wide", 1, "wide: 1, expected true or false"),
    ],
)
def test_an_option_of_another_kind_is_told(option: str, value: object, told: str) -> None:
    with pytest.raises(EmptorError, match=re.escape(told)):
        Builder(Sized)(3, **{option: value})


def test_options_of_their_kind_are_taken() -> None:
    assert isinstance(Builder(Sized)(3, width=1, layers=0, rate=1, wide=True), Sized)
