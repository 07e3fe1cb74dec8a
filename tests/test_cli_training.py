"""`emptor train`: an option that nobody takes is told with those that there are, before anything is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emptor.cli.training import train
from emptor.errors import EmptorError


@pytest.mark.parametrize(
    ("stage", "model", "setting", "told"),
    [
        ("rank", None, "hiden=8", "--set hiden: unknown; the training takes epochs, .*; awmoe takes experts, hidden"),
        ("prerank", None, "x=1", "--set x: unknown; the training takes .*epochs.*; hccp takes "),
        ("rerank", "mi", "x=1", "nowhere"),
        ("rerank", "podmmi", "balance=1", "--set balance: unknown; the training takes epochs.*; podmmi takes width"),
        ("retrieve", "smar", "x=1", "--set x: unknown; the training takes preset, .*; smar takes .*fusion"),
        ("rank", None, "lr", "--set lr: give key=value"),
        ("rank", None, "lr=-1", "--set lr: Input should be greater than 0"),
    ],
)
def test_an_option_that_nobody_takes_is_told_with_those_that_there_are(
    stage: str, model: str | None, setting: str, told: str
) -> None:
    with pytest.raises(EmptorError) as error:
        train(Path("nowhere"), stage=stage, model=model, settings=[setting])  # type: ignore[arg-type]
    assert re.search(told, str(error.value)), str(error.value)
