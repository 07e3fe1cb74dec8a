"""Retrievers beside each other over seeds: SMAR, what it is made of, the opponents that might win, and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from emptor.learn.report import Report
from emptor.learn.reproduce import reproduce
from emptor.reproduce.method import DataSet
from emptor.reproduce.retrieval.data import RetrievalData
from emptor.reproduce.retrieval.retrievers import ENTRIES, Searched, beside_words, figures, searched
from emptor.reproduce.tuning import Choice, made_of

METHOD = "smar"
WORDS = "words"
"""Lexical search alone, as a shop has it: BM25 with units, typos and all words first."""
BESIDE = {f"{name} and words": name for name in (METHOD, "text_only", "concatenation")}
"""Networks that words stand beside, joined by ranks; the weight of the network by the validation."""
MODELS = (*ENTRIES, WORDS, *BESIDE)
"""The method first."""
PAIRS = (
    *((METHOD, other) for other in ENTRIES if other != METHOD),
    *((f"{METHOD} and words", other) for other in (WORDS, METHOD, "text_only and words", "concatenation and words")),
    ("text_only and words", WORDS),
)
"""What is tested against what."""
TESTED = ("recall@50", "recall@200", "recall@50, visual")
"""Metrics that pairs are tested by."""
CAUSES = {
    "titles say what is seen": tuple(
        (METHOD, other) for other in ("text_only", "text_only_wide", "late_sum", "concatenation", "smar_no_gate")
    ),
    "pictures read perfectly": tuple((METHOD, other) for other in ("text_only", "late_sum", "concatenation")),
}
"""What pictures add should go where titles say it, and grow where pictures are read without a mistake."""


def study(
    data: DataSet[RetrievalData],
    arm: str,
    choices: Mapping[str, Choice],
    *,
    seeds: Sequence[int],
    models: Sequence[str] = MODELS,
    folder: Path,
    dataset: str,
    command: str,
) -> Report:
    """Train every network on an arm of a data set and ask it, over seeds; goes on where it was cut off.

    Args:
        choices: model -> what tuning chose. folder: see `learn.reproduce.reproduce`.
    """
    kept = lru_cache(maxsize=1)(data.arms[arm])  # seeds come one after the other, all models of each

    @lru_cache(maxsize=len(BESIDE) + 1)  # those that words stand beside are needed twice
    def found(name: str, seed: int) -> Searched:
        return searched(name, kept(seed), choices[_whose(name)], seed=seed)

    def measure(name: str) -> Callable[[int], Mapping[str, ArrayLike]]:
        def own(seed: int) -> Mapping[str, ArrayLike]:
            data = kept(seed)
            if name == WORDS:
                return figures(data.tested.words, data)
            if name in BESIDE:
                return figures(beside_words(found(BESIDE[name], seed), data), data)
            net = found(name, seed)
            return {**figures(net.tested, data), **_gate(net, data), "weights": net.weights}

        return own

    ordered = [name for name in MODELS if name in models]
    # a network that words stand beside is asked just before the two are
    ordered.sort(key=lambda name: (name in BESIDE or name in BESIDE.values(), BESIDE.get(name, name) != METHOD))
    return reproduce(
        [(name, measure(name)) for name in ordered],
        seeds=seeds,
        folder=folder,
        method=METHOD,
        dataset=dataset,
        command=command,
        pairs=[pair for pair in PAIRS if set(pair) <= set(ordered)],
        tested=TESTED,
        made_of={name: made_of(_choice(name, choices), f"{data.size} {_spelt(name)}".strip()) for name in ordered},
    )


def settings_of(name: str) -> str | None:
    """Whose settings a model takes; None of words, which have none."""
    return None if name == WORDS else _whose(BESIDE.get(name, name))


def _whose(network: str) -> str:
    return ENTRIES[network].settings_of or network


def _choice(name: str, choices: Mapping[str, Choice]) -> Choice | None:
    whose = settings_of(name)
    return None if whose is None else choices[whose]


def _spelt(name: str) -> str:
    """What of an entry is not as usual: another entry of its name is another model."""
    entry = ENTRIES.get(BESIDE.get(name, name))
    return "" if entry is None else f"{entry.model} {dict(entry.network)} {entry.stages} {entry.named}"


def _gate(net: Searched, data: RetrievalData) -> dict[str, float]:
    """How often the picture is asked, by kind of query; nothing of a network that has no gate by the query."""
    if np.ptp(net.p) == 0:
        return {}
    asked = net.p > 0.5
    return {"picture asked": float(asked.mean())} | {
        f"picture asked, {name}": float(asked[mine].mean()) for name, mine in data.kinds.items()
    }
