"""Metric strings such as `ndcg@10` and `recall@100:2.33`: what they mean and how they are written.

`name@cutoff:threshold`: only the first `cutoff` results count; a product is relevant when its grade is at
least `threshold` (without one: Judgements.default_threshold).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from emptor.errors import EmptorError
from emptor.evaluate.judgements import Judgements

MAX_CUTOFF = 100_000
DEFAULT_METRICS = ("ndcg@10", "recall@100", "mrr@10", "pair_accuracy", "judged@10")


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of metric. `cutoff`: whether `@k` must, may or cannot follow; `binary`: takes a threshold.

    `needs`: what a query must have to count: a relevant product, a gain above 0, a pair of different
    grades, or nothing but a judgement.
    """

    cutoff: Literal["must", "may", "never"]
    binary: bool
    needs: Literal["relevant", "gain", "pair", "judged"]
    says: str


FAMILIES = {
    "ndcg": Family(
        cutoff="may",
        binary=False,
        needs="gain",
        says="normalised discounted cumulative gain{cut}: sum of gain / log2(rank + 1), over that of the "
        "best possible order; the gain is {gain}",
    ),
    "recall": Family(cutoff="must", binary=True, needs="relevant", says="share of the relevant products that are{cut}"),
    "p": Family(cutoff="must", binary=True, needs="relevant", says="relevant products{cut}, divided by {k}"),
    "mrr": Family(
        cutoff="may",
        binary=True,
        needs="relevant",
        says="1 / rank of the first relevant product{cut}, else 0",
    ),
    "map": Family(
        cutoff="may",
        binary=True,
        needs="relevant",
        says="average precision{cut}: the precision at each relevant product found, summed and divided by "
        "the number of relevant products",
    ),
    "hit": Family(cutoff="must", binary=True, needs="relevant", says="1 when a relevant product is{cut}, else 0"),
    "pair_accuracy": Family(
        cutoff="never",
        binary=False,
        needs="pair",
        says="share of a query's pairs of judged products with different grades that stand in the right "
        "order; a tie counts half, products that were not retrieved are tied below all others",
    ),
    "judged": Family(
        cutoff="must", binary=False, needs="judged", says="share of the results{cut} that have a judgement"
    ),
}
_ALIASES = {"precision": "p", "r": "recall", "rr": "mrr", "ap": "map", "success": "hit"}
_FORM = re.compile(r"(?P<family>[a-z_]+)(@(?P<cutoff>\d{1,9}))?(:(?P<threshold>\d+(\.\d+)?))?")


@dataclass(frozen=True)
class Metric:
    """One metric; `cutoff` in results, `threshold` a grade; None means no cutoff, the default threshold."""

    family: str
    cutoff: int | None = None
    threshold: float | None = None

    @property
    def name(self) -> str:
        """Its string, which parse_metrics reads back."""
        cutoff = f"@{self.cutoff}" if self.cutoff is not None else ""
        return self.family + cutoff + (f":{self.threshold:g}" if self.threshold is not None else "")

    @property
    def needs(self) -> str:
        return FAMILIES[self.family].needs

    @property
    def is_quality(self) -> bool:
        """False for a metric that describes the judgements' reach and not how good a ranking is."""
        return self.family != "judged"

    def relevant_from(self, judgements: Judgements) -> float:
        """The lowest grade that is relevant."""
        return judgements.default_threshold if self.threshold is None else self.threshold

    def definition(self, judgements: Judgements) -> str:
        """One sentence for the report, with the threshold and gains that hold for these judgements."""
        family = FAMILIES[self.family]
        cut = f" among the first {self.cutoff}" if self.cutoff is not None else ""
        text = family.says.format(cut=cut, k=self.cutoff, gain=judgements.gain_rule)
        if family.binary:
            text += f"; relevant = graded {self.relevant_from(judgements):g} or more"
        return text


def parse_metrics(texts: Iterable[str]) -> list[Metric]:
    """Read metric strings; each may hold several with commas between. Repeats are dropped.

    Raises: EmptorError for a name, cutoff or threshold that makes no sense, naming what is known.
    """
    words = [word.strip().lower() for text in texts for word in text.split(",")]
    metrics = [_parse(word) for word in words if word]
    if not metrics:
        raise EmptorError(f"no metric is named: expected some of {known_metrics()}")
    return list(dict.fromkeys(metrics))


def known_metrics() -> str:
    """Every family with its form, for messages and help."""
    marks = {"must": "@K", "may": "[@K]", "never": ""}
    return ", ".join(
        name + marks[family.cutoff] + ("[:GRADE]" if family.binary else "") for name, family in FAMILIES.items()
    )


def _parse(word: str) -> Metric:
    form = _FORM.fullmatch(word)
    name = form["family"] if form else ""
    name = _ALIASES.get(name, name)
    family = FAMILIES.get(name)
    if form is None or family is None:
        asked, at, rest = word.partition("@")
        close = difflib.get_close_matches(asked, [*FAMILIES, *_ALIASES], n=1) if family is None else []
        hint = f"; did you mean {close[0]}{at}{rest[:20]}?" if close else ""
        raise EmptorError(f"unknown metric {word[:60]!r}: expected one of {known_metrics()}{hint}")
    cutoff = int(form["cutoff"]) if form["cutoff"] else None
    threshold = float(form["threshold"]) if form["threshold"] else None
    if cutoff is None and family.cutoff == "must":
        raise EmptorError(f"metric {word!r} needs a cutoff, such as {name}@10")
    if cutoff is not None and family.cutoff == "never":
        raise EmptorError(f"metric {word!r} cannot have a cutoff: write {name}")
    if cutoff is not None and not 1 <= cutoff <= MAX_CUTOFF:
        raise EmptorError(f"metric {word!r} has a cutoff of {cutoff:,}: expected 1 to {MAX_CUTOFF:,}")
    if threshold is not None and not family.binary:
        raise EmptorError(f"metric {word!r} cannot have a threshold, since {name} uses the grades themselves")
    if threshold is not None and not 0 < threshold < math.inf:
        raise EmptorError(f"metric {word!r} has a threshold of {threshold:g}: expected a grade above 0")
    return Metric(name, cutoff, threshold)
