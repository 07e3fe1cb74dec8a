"""`emptor reproduce`: choose settings, measure, go on, and say what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from emptor.cli import app
from emptor.errors import EmptorError
from emptor.reproduce.method import method
from emptor.reproduce.ranking import datasets
from tests.reproduce.ranking.test_beauty import made, write

WORDS = ["reproduce", "awmoe", "--dataset", "beauty", "--model", "lr", "--model", "dnn"]


def run(*words: object) -> str:
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False, standalone_mode=False)
    return done.output


def test_settings_are_chosen_and_results_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "AGAIN", {"batch": 512, "epochs": 1, "patience": 1})
    data, folder = write(tmp_path, *made()), tmp_path / "results"
    told = run(*WORDS, "--data", data, "--folder", folder, "--seed", 1, "--seed", 2, "--seed", 1, "--tune")
    home = folder / "awmoe_beauty"
    assert "dnn" in told and len((home / "tries.jsonl").read_text().splitlines()) == 12
    report = json.loads((home / "all" / "report.json").read_text())
    assert report["seeds"] == [1, 2] and {row["model"] for row in report["rows"]} == {"lr", "dnn"}
    assert json.loads((home / "summary.json").read_text())["arms"] == {"all": "all"}
    before = (home / "all" / "runs.jsonl").read_text()
    run(*WORDS, "--data", data, "--folder", folder, "--seed", 1, "--seed", 2)
    assert (home / "all" / "runs.jsonl").read_text() == before
    # other settings: measured again
    chosen = json.loads((home / "tuned.json").read_text())
    chosen["lr"]["training"]["lr"] = 0.5
    (home / "tuned.json").write_text(json.dumps(chosen))
    run(*WORDS, "--data", data, "--folder", folder, "--seed", 1, "--seed", 2)
    more = (home / "all" / "runs.jsonl").read_text().removeprefix(before).splitlines()
    assert [json.loads(line)["model"] for line in more] == ["lr", "lr"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--dataset", "beauty"], "--data: give the folder with the files of beauty"),
        (["--arm", "all tastes"], "--arm: unknown 'all tastes'; known are as it is"),
        (["--model", "bert"], "--model: unknown 'bert'; known are awmoe"),
        (["--seed", "11"], "--seed 11: settings are chosen on it"),
    ],
)
def test_what_cannot_be_is_told(words: list[str], told: str, tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match=told):
        run("reproduce", "awmoe", "--folder", tmp_path, *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--dataset", "beauty"], "--dataset: unknown 'beauty'; known are market, fashion, homedepot"),
        (["--dataset", "homedepot"], "--data: give the folder with the files of homedepot"),
        (["--dataset", "homedepot", "--data", ".", "--model", "smar"], "--model: unknown 'smar'; known are text_only"),
    ],
)
def test_what_cannot_be_of_retrieval_is_told(words: list[str], told: str, tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match=told):
        run("reproduce", "smar", "--folder", tmp_path, "--work", tmp_path, *words)
    assert not list(tmp_path.iterdir())


def test_what_was_never_tuned_is_told() -> None:
    with pytest.raises(EmptorError, match="no settings for moons come with this version; make them anew: --tune"):
        method("hccp").tuned("moons")
