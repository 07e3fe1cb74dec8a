"""Learning trees: the same examples, places and measure as the networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emptor.errors import EmptorError
from emptor.learn.fit import Fitted
from emptor.progress import step
from emptor.rank.data import LONGEST
from emptor.rank.examples import Examples
from emptor.rank.models.inputs import TASKS, InputSpec
from emptor.rank.scale import Scale
from emptor.rank.train import Made, Trainee, TrainOptions, figures
from emptor.rank.trees import TreeOptions, Trees, lightgbm_package
from emptor.rank.trees_matrix import Columns

_SHARED = ("seed", "position")
"""Options of the networks' training that trees have as well."""


def read_options(own: Mapping[str, Any], training: TrainOptions, resume: Path | None) -> TreeOptions:
    """The options of trees, before anything is learnt.

    Raises: EmptorError for an unknown one, for those of networks, for checkpoints, and where LightGBM is not installed.
    """
    if others := sorted(training.model_fields_set - {*_SHARED}):
        raise EmptorError(
            f"options: {others[0]!r} is of networks; trees have {', '.join((*TreeOptions.model_fields, *_SHARED))}"
        )
    if resume is not None:
        raise EmptorError("trees are learnt in one go and keep no checkpoints: leave --resume away")
    lightgbm_package()
    return TreeOptions.read(own)


def train_trees(
    spec: InputSpec, learnt: Examples, validated: Examples, scale: Scale, *, trees: TreeOptions, options: TrainOptions
) -> Made:
    """Trees as `train_ranker` saves them; of `options` only seed and position count."""
    fitted = fit_trees(spec, learnt, validated, scale, options=trees, seed=options.seed, position=options.position)
    net = fitted.net.net
    assert isinstance(net, Trees)
    told = " and ".join(f"{count:,} of {task}s" for task, count in net.counts.items())
    training = {**trees.model_dump(), **options.model_dump(include=set(_SHARED))}
    return Made(fitted, {"sha256": net.sha256}, training, f"Trees: {told}.", net.files)


def fit_trees(
    spec: InputSpec,
    learnt: Examples,
    validated: Examples,
    scale: Scale,
    *,
    options: TreeOptions,
    seed: int = 0,
    position: bool = True,
) -> Fitted[Trainee]:
    """Learn trees from examples; those of clicks and those of purchases stop by how well they foretell others.

    What a place on the page brings is learnt as with the networks: a number for each place, beside everything else.
    The place is a column that no tree may combine with another, so that its trees add up to such numbers. They go into
    the trainee, and scores are those of one place for all.

    Args:
        position: whether places differ; else the column is empty.
    Returns: with `net.net` the trees; `best_step` counts those of clicks.
    Raises: EmptorError for clicks that are all alike, numbers that are not finite, and where LightGBM is not installed.
    """
    lightgbm = lightgbm_package()
    labels, later = _outcomes(learnt), _outcomes(validated)
    for name, clicked in (("to learn from", labels["click"]), ("to validate on", later["click"])):
        if not clicked.any() or clicked.all():
            raise EmptorError(
                f"of the {len(clicked)} products {name}, {'all' if len(clicked) and clicked.all() else 'none'} were "
                "clicked: trees need both"
            )
    columns = Columns(spec)
    parameters = _parameters(options, columns, seed)
    with step("Trees: sorting numbers into bins"):
        data = lightgbm.Dataset(
            columns.matrix(learnt, scale, position=position),
            feature_name=columns.names,
            categorical_feature=columns.categorical,
            params=parameters,
        ).construct()
        watched = data.create_valid(columns.matrix(validated, scale, position=position), params=parameters).construct()
    texts, history = {}, []
    base = {task: _log_odds(own) for task, own in labels.items()}
    for task in TASKS:
        if not labels[task].any() or labels[task].all():
            texts[task] = ""  # nothing to tell apart
            continue
        for part, own in ((data, labels[task]), (watched, later[task])):
            part.set_label(own.astype(np.float32))
            part.set_init_score(np.full(len(own), base[task]))
        texts[task], fits = _grown(lightgbm, parameters, data, watched, options, task)
        history.append({"task": task, "fit": [round(fit, 6) for fit in fits]})
    trees = Trees(spec, texts)
    trainee = Trainee(trees, learnt, position=False)
    with torch.no_grad():
        trainee.of_place.weight += torch.from_numpy(_places(trees))
    counts = trees.counts
    return Fitted(
        net=trainee.eval(),
        metrics=figures(trees, validated, scale, place=trainee.at),
        best_step=counts["click"],
        steps=len(history[0]["fit"]),
        history=history,
        stopped="patience" if len(history[0]["fit"]) < options.trees else "epochs",
    )


def _outcomes(examples: Examples) -> dict[str, np.ndarray]:
    """Task -> [M] bool."""
    there, became = examples.mask, examples.outcomes
    return {"click": became.clicked[there], "purchase": became.bought[there]}


def _log_odds(label: np.ndarray) -> float:
    """As a trainee's places begin."""
    rate = (label.sum() + 0.5) / (len(label) + 1)
    return float(np.log(rate / (1 - rate)))


def _parameters(options: TreeOptions, columns: Columns, seed: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "boost_from_average": False,  # the base is the initial score
        "learning_rate": options.learning_rate,
        "num_leaves": options.leaves,
        "min_data_in_leaf": options.min_in_leaf,
        "max_bin": options.bins,
        "feature_fraction": options.features,
        "bagging_fraction": options.rows,
        "bagging_freq": 1 if options.rows < 1 else 0,
        "lambda_l2": options.l2,
        "min_data_per_group": options.min_in_group,
        "cat_smooth": options.id_smooth,
        "cat_l2": options.id_l2,
        "interaction_constraints": [list(range(columns.place)), [columns.place]],
        "num_threads": options.threads,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "verbosity": -1,
    }


def _grown(
    lightgbm: Any, parameters: dict[str, Any], data: Any, watched: Any, options: TreeOptions, task: str
) -> tuple[str, list[float]]:
    """(the trees of a task up to the best fit, as text; the fit after each)."""
    booster = lightgbm.Booster(parameters, data)
    booster.add_valid(watched, "validated")
    fits: list[float] = []
    best = 0
    with step(f"Trees: {task}", options.trees) as bar:
        while len(fits) < options.trees and len(fits) - best < options.stop_after:
            booster.update()
            fits.append(-float(booster.eval_valid()[0][2]))
            if fits[-1] > fits[best - 1] or best == 0:
                best = len(fits)
            bar.advance()
            bar.tell(f"fit {fits[-1]:.5f}")
    text: str = booster.model_to_string(num_iteration=best)
    return text, fits


def _places(trees: Trees) -> np.ndarray:
    """What each place adds to what place 0 does [LONGEST + 1, 2] float32."""
    rows = np.zeros((LONGEST + 1, len(trees.columns.names)), np.float32)
    rows[:, trees.columns.place] = np.arange(LONGEST + 1)
    logits = trees.of_rows(rows)
    return logits - logits[:1]
