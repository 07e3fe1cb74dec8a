"""What the arms of a reproduction say together: a method's gain, and what is left of it with its cause switched off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emptor.errors import EmptorError
from emptor.learn.compare import over_seeds
from emptor.learn.resampling import holm
from emptor.shop.files import write_durably

Causes = Mapping[str, Sequence[tuple[str, str]]]
"""Arm -> the gains that its change should move, a pair of models each."""


def summarise(
    folder: Path, arms: Sequence[str], *, path_of: Mapping[str, Path], causes: Causes, metrics: Sequence[str]
) -> dict[str, Any]:
    """All arms that have a report, and where there are two, what their difference is.

    Args:
        folder: where summary.json is written; it names the arms' folders beside it, whose reports have their figures.
        arms: in their order, the first with every cause on. path_of: arm -> folder of its report. causes: of the
            method. metrics: by which.
    Raises: EmptorError where no arm has one, or a report cannot be read.
    """
    reports = {arm: _read(path_of[arm] / "report.json") for arm in arms if (path_of[arm] / "report.json").exists()}
    if not reports:
        raise EmptorError(f"{folder}: no arm has been measured yet")
    first = next(iter(reports.values()))
    found = {
        **{name: first[name] for name in ("method", "dataset", "command", "env")},
        "arms": {arm: path_of[arm].name for arm in reports},
        "causes": [
            asked
            for arm, pairs in causes.items()
            if arms[0] in reports and arm in reports
            for asked in _causes(reports[arms[0]], reports[arm], arm, pairs, metrics)
        ],
    }
    write_durably(folder / "summary.json", json.dumps(found, indent=1, allow_nan=False).encode() + b"\n")
    return found


def _causes(
    on: Mapping[str, Any],
    off: Mapping[str, Any],
    arm: str,
    pairs: Sequence[tuple[str, str]],
    metrics: Sequence[str],
) -> list[dict[str, Any]]:
    """Gains with and without, over the seeds that both have; p by Student's t over them, corrected within the arm."""
    seeds = [seed for seed in on["seeds"] if seed in off["seeds"]]
    values = {
        (name, row["model"], row["metric"]): dict(zip(own["seeds"], row["per_seed"], strict=True))
        for name, own in (("on", on), ("off", off))
        for row in own["rows"]
    }
    found: list[dict[str, Any]] = []
    for a, b in pairs:
        for metric in metrics:
            if any((name, model, metric) not in values for name in ("on", "off") for model in (a, b)) or not seeds:
                continue
            gains = {
                name: [values[name, a, metric][seed] - values[name, b, metric][seed] for seed in seeds]
                for name in ("on", "off")
            }
            differences = over_seeds([one - other for one, other in zip(gains["on"], gains["off"], strict=True)])
            found.append(
                {
                    **{"a": a, "b": b, "arm": arm, "metric": metric, "seeds": seeds},
                    **{name: _mean(over_seeds(own)) for name, own in gains.items()},
                    "difference": {**_mean(differences), "p": differences.p},
                }
            )
    tested = [own for own in found if own["difference"]["p"] is not None]
    for own, p in zip(tested, holm([own["difference"]["p"] for own in tested]), strict=True):
        own["difference"]["p_holm"] = p
    return found


def _mean(found: Any) -> dict[str, Any]:
    return {"mean": found.mean, "ci95": None if found.low is None else [found.low, found.high]}


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        return content
    except (OSError, ValueError) as error:
        raise EmptorError(f"{path}: cannot be read ({error}); remove it and measure again") from error
