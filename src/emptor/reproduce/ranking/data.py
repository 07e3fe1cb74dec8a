"""A data set as every ranker is given it: what to learn from, to choose by, and to be judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from emptor.rank.examples import Examples
from emptor.rank.models import InputSpec


@dataclass(frozen=True)
class RankingData:
    """One ranking data set.

    Args:
        inputs: widths of what networks are given. learnt, validated, tested: examples; nothing is chosen by the last.
        groups: parts of the test that are reported apart, name -> [R tested] bool.
        about: figures of the data set (pages, impressions, clicks ...), for the report.
        truth: [R tested, N] float32, what no model can beat; only a simulated market knows it.
        columns: what else is known of the tested requests, for pictures: name -> [R tested].
    """

    inputs: InputSpec
    learnt: Examples
    validated: Examples
    tested: Examples
    groups: Mapping[str, np.ndarray]
    about: Mapping[str, float]
    truth: np.ndarray | None = None
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)


def sizes(learnt: Examples, validated: Examples, tested: Examples) -> dict[str, float]:
    """Pages, impressions and clicks of the parts, for `about`."""
    found: dict[str, float] = {}
    for name, part in (("learnt", learnt), ("validated", validated), ("tested", tested)):
        found[f"{name}: pages"] = len(part)
        found[f"{name}: impressions"] = int(part.mask.sum())
        found[f"{name}: clicks"] = int(part.outcomes.clicked.sum())
    found["behaviours known, mean of tested"] = float((tested.asked.action > 0).sum(1).mean())
    return found
