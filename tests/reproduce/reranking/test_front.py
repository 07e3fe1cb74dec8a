"""What variety costs, out of a study's rows: curves of rules, and how far PODM-MI is above them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))  # where benchmarks find what they share

from rerank_front import KINDS, above, curve, drawn

sys.path.pop(0)


def arm(points: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """A study's arm with two seeds, alike; points: model -> (variety, clicks), the same for all kinds."""
    return {
        "rows": [
            {"model": model, "metric": metric, "per_seed": [value, value]}
            for model, own in points.items()
            for kind in KINDS
            for metric, value in zip((f"ILD@20, {kind}", f"change of clicks, %, {kind}"), own, strict=True)
        ]
    }


POINTS = {
    "ranker": (0.80, 0.0),
    "mmr at 0.5": (0.90, 4.0),
    "mmr at 0.9": (0.85, 2.0),
    "dpp at 0.5": (0.90, 1.0),
    "prm": (0.70, 5.0),
    "prm and dpp at 0.5": (0.86, 3.0),
    "podmmi": (0.82, 3.0),
    "podmmi times 2.0": (0.84, 2.5),
}


def test_it_is_measured_where_the_rule_is_as_varied() -> None:
    found = arm(POINTS)
    assert curve(found, "mmr", "buying")[0][:, 0].tolist() == [0.85, 0.9]
    assert above(found, "mmr", "browsing").mean == pytest.approx(3.0 - 0.8), "between the ranker's order and .9"
    assert above(found, "dpp", "browsing").mean == pytest.approx(3.0 - 0.2)
    assert above(found, "prm and dpp", "buying").mean == pytest.approx(3.0 - 3.5), "a curve that begins at PRM"


@pytest.mark.parametrize("variety", [0.79, 0.95])
def test_where_no_rule_is_as_varied_nothing_is_compared(variety: float) -> None:
    found = arm({**POINTS, "podmmi": (variety, 3.0)})
    assert above(found, "mmr", "browsing").mean is None


def test_both_kinds_are_drawn_with_every_curve() -> None:
    told = drawn(arm(POINTS)).to_json()
    assert all(name in told for name in ("who is browsing", "who is buying", "DPP behind PRM", "PODM-MI"))
