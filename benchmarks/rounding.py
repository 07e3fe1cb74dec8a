"""Figures of result files: six digits are more than any of them has."""

from __future__ import annotations

from typing import Any


def rounded(value: Any) -> Any:
    """Plain values, however nested, with floats of six digits."""
    if isinstance(value, dict):
        return {key: rounded(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(own) for own in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
