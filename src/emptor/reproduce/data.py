"""A data set as every ranker is given it: what to learn from, to choose by, and to be judged on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    """

    inputs: InputSpec
    learnt: Examples
    validated: Examples
    tested: Examples
    groups: Mapping[str, np.ndarray]
    about: Mapping[str, float]
