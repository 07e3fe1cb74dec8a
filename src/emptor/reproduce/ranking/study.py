"""Rankers beside each other over seeds: AW-MoE, what it is made of, and the opponents that might win."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from emptor.learn.report import Report
from emptor.learn.reproduce import reproduce
from emptor.rank.models.awmoe import AWMoE
from emptor.rank.names import NAMES
from emptor.reproduce.method import DataSet
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.gates import gates, write_gates
from emptor.reproduce.ranking.rankers import figures, judge
from emptor.reproduce.tuning import Choice, made_of

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
TESTED = ("GAUC", "GAUC, at most 10, one a user")
"""Metrics that pairs are tested by."""
CAUSES = {
    "one taste": (("din", "dnn"), ("din", "dnn_crosses"), ("dnn", "dnn_no_history"), ("dnn_crosses", "dnn")),
    "no interactions": (
        *(("awmoe", other) for other in ("din", "din_wide", "category_moe", "mmoe", "awmoe_no_attention")),
        ("awmoe_no_attention", "din_wide"),
        ("mmoe", "din_wide"),
    ),
    "pictures read perfectly": (("dnn", "dnn_no_history"), ("din", "dnn"), ("din", "dnn_crosses"), ("awmoe", "din")),
}


def study(
    data: DataSet[RankingData],
    arm: str,
    choices: Mapping[str, Choice],
    *,
    seeds: Sequence[int],
    models: Sequence[str] = MODELS,
    folder: Path,
    dataset: str,
    command: str,
) -> Report:
    """Fit and judge every model on an arm of a data set, over seeds; goes on where it was cut off.

    Args:
        choices: model -> what tuning chose. folder: see `learn.reproduce.reproduce`; with what the method's gate makes
            of the segments of the first seed's users, where the data set knows them.
    """
    kept = lru_cache(maxsize=1)(data.arms[arm])  # seeds come one after the other, all models of each

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

    names = [*models, *([TRUTH] if data.has_truth else [])]
    return reproduce(
        [(name, measure(name)) for name in names],
        seeds=seeds,
        folder=folder,
        method=METHOD,
        dataset=dataset,
        command=command,
        pairs=[pair for pair in PAIRS if set(pair) <= set(names)],
        tested=TESTED,
        made_of={name: made_of(choices.get(name), data.size) for name in names},
    )
