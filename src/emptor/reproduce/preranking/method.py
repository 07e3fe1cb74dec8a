"""HCCP against the pre-rankers that might win, as a method to reproduce."""

from __future__ import annotations

from emptor.prerank.quality import figures
from emptor.reproduce.method import Method
from emptor.reproduce.preranking import study
from emptor.reproduce.preranking.data import PrerankData
from emptor.reproduce.preranking.datasets import dataset
from emptor.reproduce.preranking.prerankers import fitted
from emptor.reproduce.preranking.tuning import grid
from emptor.reproduce.tuning import Choice


def _validated(model: str, data: PrerankData, choice: Choice, seed: int) -> float:
    return figures(fitted(model, data, choice, seed=seed), data.validated, data.scale)["kept"]


HCCP = Method(
    name=study.METHOD,
    models=study.MODELS,
    settings_of=study.settings_of,
    package="emptor.reproduce.preranking",
    opened=dataset,
    study=study.study,
    grid=grid,
    validated=_validated,
    metric="kept",
    shown="true best kept@30",
    tested=study.TESTED,
    causes=study.CAUSES,
)
