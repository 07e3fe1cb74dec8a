"""What variety costs, out of a study's rows: curves of rules, and how far PODM-MI is above them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))  # where benchmarks find what they share

from rerank_front import KINDS, above, curve, curves, drawn

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
    "prm and dpp at 0.5": (0.90, 3.0),
    "podmmi": (0.82, 3.0),
    "podmmi times 2.0": (0.84, 2.0),
}


def test_curves_are_compared_where_both_are() -> None:
    found = arm(POINTS)
    assert curve(found, "mmr", "buying")[0][:, 0].tolist() == [0.85, 0.9]
    assert above(found, "mmr", "browsing").mean == pytest.approx(2.5 - 1.2), "from .8 to 1.6 between .82 and .84"
    assert above(found, "dpp", "browsing").mean == pytest.approx(2.5 - 0.3)
    assert above(found, "prm and dpp", "buying").mean == pytest.approx(2.5 - 3.7), "a curve that begins at PRM"
    wider = arm({**POINTS, "podmmi times 0.0": (0.60, 4.0)})
    assert above(wider, "mmr", "buying").mean == pytest.approx(
        (0.5 * (3.0909 + 3) * 0.02 + 2.5 * 0.02) / 0.04 - 0.8, abs=1e-2
    )


@pytest.mark.parametrize("variety", [0.70, 0.95])
def test_where_no_rule_is_as_varied_nothing_is_compared(variety: float) -> None:
    found = arm({**POINTS, "podmmi": (variety, 3.0), "podmmi times 2.0": (variety + 0.01, 3.0)})
    assert above(found, "mmr", "browsing").mean is None


def test_both_kinds_are_drawn_with_every_curve() -> None:
    told = drawn(arm(POINTS)).to_json()
    assert all(name in told for name in ("who is browsing", "who is buying", "DPP behind PRM", "PODM-MI"))
    fewer = {name: own for name, own in POINTS.items() if not name.startswith("prm and dpp")}
    assert curves(arm(fewer)) == ["mmr", "dpp", "podmmi"] and "DPP behind PRM" not in drawn(arm(fewer)).to_json()
