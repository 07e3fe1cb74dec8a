"""AW-MoE against the rankers that might win, as a method to reproduce."""

from __future__ import annotations

from emptor.reproduce.method import Method
from emptor.reproduce.ranking import study
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.datasets import dataset
from emptor.reproduce.ranking.rankers import judge
from emptor.reproduce.ranking.tuning import grid
from emptor.reproduce.tuning import Choice


def _validated(model: str, data: RankingData, choice: Choice, seed: int) -> float:
    return judge(model, data, choice, seed=seed, thorough=False).validated["click GAUC"]


AWMOE = Method(
    name=study.METHOD,
    models=study.MODELS,
    settings_of=lambda model: model,
    package="emptor.reproduce.ranking",
    opened=dataset,
    study=study.study,
    grid=grid,
    validated=_validated,
    metric="GAUC",
    shown="GAUC",
    tested=study.TESTED,
    causes=study.CAUSES,
)
