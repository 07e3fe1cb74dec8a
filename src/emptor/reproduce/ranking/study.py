"""Rankers beside each other over seeds: AW-MoE, what it is made of, and the opponents that might win."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from emptor.learn.report import Report
from emptor.learn.reproduce import reproduce
from emptor.rank.models.awmoe import AWMoE
from emptor.rank.names import NAMES
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.gates import gates, write_gates
from emptor.reproduce.ranking.rankers import Choice, figures, judge, plain

METHOD = "awmoe"
MODELS = tuple(sorted(NAMES, key=lambda name: name != METHOD))
"""The method first."""
TRUTH = "truth"
"""What the market itself would order by: no model, and nothing can be better."""
PAIRS = (
    *(("awmoe", other) for other in MODELS if other != METHOD),
    *(("din", "dnn"), ("din", "dnn_crosses"), ("din_wide", "din"), ("dnn", "dnn_no_history")),
    *(("dnn_crosses", "dnn"), ("lr_crosses", "lr"), ("dnn_crosses", "lightgbm"), ("din", "lightgbm")),
)
"""What is tested against what."""

Load = Callable[[int], RankingData]
"""seed -> a data set."""


def study(
    load: Load,
    choices: Mapping[str, Choice],
    *,
    seeds: Sequence[int],
    folder: Path,
    dataset: str,
    command: str,
    models: Sequence[str] = MODELS,
    with_truth: bool = False,
    tested: Sequence[str] = ("GAUC",),
    size: str = "",
) -> Report:
    """Fit and judge every model on the data set of every seed; goes on where it was cut off.

    Args:
        choices: model -> what tuning chose. folder: see `learn.reproduce.reproduce`; with what the method's gate makes
            of the segments of the first seed's users, where the data set knows them. with_truth: also judge the truth.
        tested: metrics that pairs are tested by. size: of the data, where it is not always the same.
    """
    kept = lru_cache(maxsize=1)(load)  # seeds come one after the other, all models of each

    def measure(model: str) -> Callable[[int], Mapping[str, ArrayLike]]:
        def own(seed: int) -> dict[str, float]:
            data = kept(seed)
            if model == TRUTH:
                assert data.truth is not None
                return figures(np.repeat(data.truth[..., None], 2, axis=-1), data.tested, data.groups)
            judged = judge(model, data, choices[model], seed=seed)
            if model == METHOD and seed == seeds[0] and "segment" in data.columns:
                assert isinstance(judged.net, AWMoE)
                write_gates(folder, gates(judged.net, data, seed=seed))
            return judged.figures

        return own

    names = [*models, *([TRUTH] if with_truth else [])]
    return reproduce(
        [(name, measure(name)) for name in names],
        seeds=seeds,
        folder=folder,
        method=METHOD,
        dataset=dataset,
        command=command,
        pairs=[pair for pair in PAIRS if set(pair) <= set(names)],
        tested=tested,
        made_of={name: made_of(choices.get(name), size) for name in names},
    )


def made_of(choice: Choice | None, size: str) -> str:
    """A short name of a model's settings (None: the truth, which has none) and of the data's size."""
    content = json.dumps([plain(choice) if choice else None, size], sort_keys=True)
    return blake2b(content.encode(), digest_size=8).hexdigest()
