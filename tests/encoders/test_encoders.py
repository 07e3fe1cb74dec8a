"""The package's names, and that asking for none of them costs nothing."""

import subprocess
import sys

import pytest

import emptor.encoders


def test_every_name_is_there() -> None:
    for name in emptor.encoders.__all__:
        assert getattr(emptor.encoders, name) is not None
    with pytest.raises(AttributeError, match="Nothing"):
        emptor.encoders.Nothing  # noqa: B018


def test_nothing_heavy_is_loaded_before_it_is_asked_for() -> None:
    heavy = "('torch', 'PIL', 'tokenizers', 'transformers')"
    code = f"import sys, emptor.encoders; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
