"""SMAR against the retrievers that might win, as a method to reproduce."""

from __future__ import annotations

from emptor.reproduce.method import Method
from emptor.reproduce.retrieval import study
from emptor.reproduce.retrieval.datasets import dataset
from emptor.reproduce.retrieval.retrievers import validated
from emptor.reproduce.retrieval.tuning import grid

SMAR = Method(
    name=study.METHOD,
    models=study.MODELS,
    settings_of=study.settings_of,
    package="emptor.reproduce.retrieval",
    opened=dataset,
    study=study.study,
    grid=grid,
    validated=validated,
    metric="recall@50",
    shown="recall@50",
    tested=study.TESTED,
    causes=study.CAUSES,
)
