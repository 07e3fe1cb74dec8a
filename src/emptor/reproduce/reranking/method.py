"""ARMMT and PODM-MI against the re-rankers that might win, as methods to reproduce."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from emptor.reproduce.method import DataSet, Method
from emptor.reproduce.reranking import study
from emptor.reproduce.reranking.data import RerankData
from emptor.reproduce.reranking.datasets import dataset
from emptor.reproduce.reranking.quality import good_of, order_of
from emptor.reproduce.reranking.rerankers import fitted
from emptor.reproduce.reranking.tuning import grid
from emptor.reproduce.tuning import Choice


def _validated(model: str, data: RerankData, choice: Choice, seed: int) -> float:
    judged = data.validated
    return good_of(order_of(fitted(model, data, choice, seed=seed).validated, judged.mask), judged)


def _method(own: study.Comparison) -> Method[RerankData]:
    def opened(name: str, *, work: Path, data: Path | None = None, users: int | None = None) -> DataSet[RerankData]:
        found = dataset(name, work=work, data=data, users=users)
        return replace(found, only=tuple(model for model in own.models if model in found.only))

    return Method(
        name=own.method,
        models=own.models,
        settings_of=study.settings_of,
        beside=study.beside,
        package="emptor.reproduce.reranking",
        opened=opened,
        study=partial(study.study, own),
        grid=grid,
        validated=_validated,
        metric="worth",
        shown="clicks",
        tested=study.TESTED,
        causes=own.causes,
    )


ARMMT = _method(study.ARMMT)
PODMMI = _method(study.PODMMI)
