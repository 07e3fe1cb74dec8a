"""Run models over seeds, keep every result as it comes, and report means, intervals and paired tests.

report = reproduce([("dcn", train_dcn), ("lightgbm", train_trees)], seeds=range(5), folder=Path("results/dcn"),
                   method="dcn", dataset="market", command="emptor reproduce dcn")
print(report.markdown())
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from emptor.errors import EmptorError
from emptor.learn.compare import Mean, over_seeds, paired_over_seeds, paired_over_users
from emptor.learn.report import Report, Row, Test
from emptor.learn.resampling import Floats, holm
from emptor.progress import console
from emptor.shop.files import append_durably, whole_lines, write_durably

Measure = Callable[[int], Mapping[str, ArrayLike]]
"""seed -> metric -> a value, or a value per user: the same users in the same order for all models and seeds, nan for
a user without one."""
Results = dict[tuple[str, int], dict[str, Floats]]


def reproduce(
    models: Sequence[tuple[str, Measure]],
    *,
    seeds: Sequence[int],
    folder: Path,
    method: str,
    dataset: str,
    command: str,
    pairs: Sequence[tuple[str, str]] | None = None,
    tested: Sequence[str] | None = None,
    made_of: Mapping[str, str] | None = None,
    env: Mapping[str, Any] | None = None,
) -> Report:
    """Measure what is not yet in `folder`/runs.jsonl, seed by seed, then write and return the report.

    Args:
        models: by name, the method first. seeds: of at least one run of each.
        folder: of this reproduction; made anew or continued.
        pairs: models to test against each other; by default the first against each other one.
        tested: metrics that are tested, all unless given: each more makes the correction for all harder.
        made_of: by model, whatever its results depend on (settings, size of the data): others are not continued.
        env: what else the results depend on (device, commit), beside the software and machine recorded anyway.
    Raises: EmptorError when the folder's results are of another reproduction, or a model gives no finite number.
    """
    names, seeds = [name for name, _ in models], [int(seed) for seed in seeds]
    pairs = [(names[0], other) for other in names[1:]] if pairs is None else pairs
    if len(set(names)) < len(names) or len(set(seeds)) < len(seeds) or not models or not seeds:
        raise ValueError("models and seeds: at least one of each, all different")
    if unknown := {name for pair in pairs for name in pair} - set(names):
        raise ValueError(f"pairs name unknown models: {', '.join(sorted(unknown))}")
    about: dict[str, Any] = {
        "method": method,
        "dataset": dataset,
        "command": command,
        "env": {**environment(), **(env or {})},
    }
    folder.mkdir(parents=True, exist_ok=True)
    made_of = made_of or {}
    results = _resumed(folder / "runs.jsonl", about, made_of)
    wanted = [(name, measure, seed) for seed in seeds for name, measure in models]
    for at, (name, measure, seed) in enumerate(wanted):
        if (name, seed) in results:
            continue
        found = {metric: np.asarray(values, dtype=np.float64) for metric, values in measure(seed).items()}
        for metric, values in found.items():
            if values.ndim > 1 or not np.isfinite(values).any() or np.isinf(values).any():
                raise EmptorError(f"{name}, seed {seed}: {metric} is {values}: expected a number, or one per user")
        results[name, seed] = found
        kept = {metric: _plain(values) for metric, values in found.items()}
        of = {"made_of": made_of[name]} if name in made_of else {}
        append_durably(folder / "runs.jsonl", _line({"model": name, "seed": seed, **of, "metrics": kept}))
        if console.is_terminal:
            means = ", ".join(f"{metric} {np.nanmean(values):.4f}" for metric, values in found.items())
            console.print(f"{at + 1}/{len(wanted)} {name}, seed {seed}: {means}", markup=False)
    rows = [
        _row(name, metric, [results[name, seed][metric] for seed in seeds])
        for name in names
        for metric in results[name, seeds[0]]
    ]
    report = Report(seeds=seeds, rows=rows, tests=_tests(results, pairs, seeds, tested), **about)
    report.write(folder)
    return report


def environment() -> dict[str, Any]:
    """The software and machine that results depend on."""
    packages = {name: version(name) for name in ("emptor", "torch", "numpy", "scikit-learn")}
    machine = {"machine": platform.machine(), "cpus": os.cpu_count(), "threads": torch.get_num_threads()}
    return {"python": platform.python_version(), **packages, **machine}


def _row(model: str, metric: str, per_seed: Sequence[Floats]) -> Row:
    values = [float(np.nanmean(own)) for own in per_seed]
    found = over_seeds(values)
    assert found.mean is not None
    return Row(model=model, metric=metric, mean=found.mean, ci95=_interval(found), per_seed=values)


def _tests(
    results: Results, pairs: Sequence[tuple[str, str]], seeds: Sequence[int], tested: Sequence[str] | None
) -> list[Test]:
    """Each pair and metric over seeds, and where there are values per user, over users averaged over the seeds."""
    found: list[tuple[dict[str, Any], Mean]] = []
    for a, b in pairs:
        for metric in results[a, seeds[0]]:
            if metric not in results[b, seeds[0]] or (tested is not None and metric not in tested):
                continue
            left, right = ([results[name, seed][metric] for seed in seeds] for name in (a, b))
            over = {"a": a, "b": b, "metric": metric}
            means = ([float(np.nanmean(own)) for own in side] for side in (left, right))
            found.append(({**over, "over": "seeds"}, paired_over_seeds(*means)))
            if len({own.shape for own in [*left, *right]}) > 1:
                raise ValueError(f"{metric} of {a} and {b}: the users differ between models or seeds")
            if left[0].ndim == 1:
                users = (np.mean(side, axis=0) for side in (left, right))
                found.append(({**over, "over": "users"}, paired_over_users(*users)))
    corrected: dict[int, float] = {}
    for kind in ("seeds", "users"):
        at = [place for place, (over, test) in enumerate(found) if over["over"] == kind and test.p is not None]
        corrected |= zip(at, holm([found[place][1].p or 0.0 for place in at]), strict=True)
    return [
        Test(**over, diff=test.mean, ci95=_interval(test), p=test.p, p_holm=corrected.get(place), n=test.n)
        for place, (over, test) in enumerate(found)
    ]


def _interval(found: Mean) -> tuple[float, float] | None:
    return None if found.low is None or found.high is None else (found.low, found.high)


def _plain(values: Floats) -> Any:
    """A number, or a list with null for nan."""
    return float(values) if values.ndim == 0 else [None if np.isnan(own) else float(own) for own in values]


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=False).encode() + b"\n"


def _resumed(path: Path, about: dict[str, Any], made_of: Mapping[str, str]) -> Results:
    """What was measured before; the first line says of what. A last line cut short by a kill is dropped, and results of
    a model that is made of something else by now do not count.
    """
    head = _line(about)
    lines = whole_lines(path)
    if not lines:
        write_durably(path, head)
        return {}
    results: Results = {}
    try:
        before, *runs = map(json.loads, lines)
        for run in runs:
            metrics = {metric: np.array(own, dtype=np.float64) for metric, own in run["metrics"].items()}
            if run.get("made_of") == made_of.get(run["model"]):
                results[run["model"], run["seed"]] = metrics
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmptorError(f"{path}: not the results of a reproduction ({error}); remove it to start anew") from error
    now = json.loads(head)
    for name in now:
        if before.get(name) != now[name]:
            raise EmptorError(
                f"{path}: results of another {name}: {before.get(name)}, not {now[name]}; "
                "choose another folder or remove it"
            )
    return results
