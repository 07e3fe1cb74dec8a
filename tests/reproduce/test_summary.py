"""What arms say together: a gain that goes with its cause is told from one that does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emptor.errors import EmptorError
from emptor.learn.reproduce import reproduce
from emptor.reproduce.ranking.study import CAUSES, TESTED
from emptor.reproduce.summary import summarise

ON = "two tastes"
GAINS = {ON: (0.02, 0.022, 0.018), "one taste": (0.001, -0.002, 0.0)}


def _reported(folder: Path, arm: str, *, seeds: tuple[int, ...] = (1, 2, 3)) -> None:
    def measure(gains: tuple[float, ...]):  # type: ignore[no-untyped-def]
        return lambda seed: dict.fromkeys(TESTED, 0.6 + seed / 100 + gains[seed - 1])

    models = [("din", measure(GAINS[arm])), ("dnn", measure((0.0, 0.0, 0.0)))]
    reproduce(models, seeds=seeds, folder=folder, method="din", dataset=arm, command="tests")


def test_a_gain_is_paired_with_what_is_left_of_it_without_its_cause(tmp_path: Path) -> None:
    paths = {arm: tmp_path / arm for arm in GAINS}
    for arm, path in paths.items():
        _reported(path, arm)
    found = summarise(tmp_path, tuple(GAINS), path_of=paths, causes=CAUSES, metrics=TESTED)
    assert found == json.loads((tmp_path / "summary.json").read_text())
    (cause,) = [own for own in found["causes"] if own["metric"] == "GAUC"]
    assert (cause["a"], cause["b"], cause["arm"], cause["seeds"]) == ("din", "dnn", "one taste", [1, 2, 3])
    assert cause["on"]["mean"] == pytest.approx(0.02) and cause["off"]["mean"] == pytest.approx(-0.001 / 3)
    assert cause["difference"]["mean"] == pytest.approx(0.02 + 0.001 / 3)
    assert cause["difference"]["ci95"][0] > 0.01 and cause["difference"]["p"] <= cause["difference"]["p_holm"] < 0.05


def test_arms_of_other_seeds_are_compared_by_those_they_share(tmp_path: Path) -> None:
    paths = {arm: tmp_path / arm for arm in GAINS}
    _reported(paths[ON], ON)
    _reported(paths["one taste"], "one taste", seeds=(2,))
    (cause, _) = summarise(tmp_path, tuple(GAINS), path_of=paths, causes=CAUSES, metrics=TESTED)["causes"]
    assert cause["seeds"] == [2] and cause["difference"]["ci95"] is None and "p_holm" not in cause["difference"]


def test_what_was_not_measured_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="no arm has been measured"):
        summarise(tmp_path, (ON,), path_of={ON: tmp_path / ON}, causes=CAUSES, metrics=TESTED)
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(EmptorError, match="cannot be read"):
        summarise(tmp_path, (ON,), path_of={ON: tmp_path}, causes=CAUSES, metrics=TESTED)
