"""The gate before promotion: a challenger is judged beside the default, and must pass the floors of shop.toml."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.evaluate.metrics import parse_metrics
from emptor.evaluate.report import Report
from emptor.evaluate.shop import evaluate_shop

NAME = "judgements.csv"
"""In the shop's folder: what grading in the lab writes."""
ENOUGH_QUERIES = 50
"""Fewer judged queries are noted: their means move by chance more than a gate allows for."""
LESS_JUDGED = 0.05
"""The challenger's judged@10 may lie so far below the default's before that is told."""
_JUDGED = "judged@10"


@dataclass(frozen=True)
class Check:
    """One demand. least: what the challenger's mean must reach; champion: the mean of the present default."""

    metric: str
    value: float | None
    champion: float | None
    least: float

    @property
    def passed(self) -> bool:
        """A metric that is defined for no query shows nothing, and so does not pass."""
        return self.value is not None and self.value >= self.least


@dataclass(frozen=True)
class Trial:
    """notes: what to know before trusting the figures, in sentences."""

    checks: tuple[Check, ...]
    judgements: str
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def figures(self) -> dict[str, list[float | None]]:
        """metric -> [challenger, champion], for the history."""
        return {check.metric: [check.value, check.champion] for check in self.checks}

    def to_dict(self) -> dict[str, Any]:
        """The trial as plain values, ready for JSON."""
        checks = [{**asdict(check), "passed": check.passed} for check in self.checks]
        return {"passed": self.passed, "judgements": self.judgements, "checks": checks, "notes": list(self.notes)}


def challenge(engine: Engine, cascade: str, *, judgements: Path | None = None) -> Trial:
    """Judge a cascade and the present default on the same queries.

    Args:
        judgements: judged queries; by default the file that shop.toml's [gate] names, or the shop's own.
    Raises: EmptorError where shop.toml has no floors, there are no judgements, or the cascade is unknown or the
        default already.
    """
    gate = engine.shop.options.gate
    path = engine.shop.path
    if not gate.floors and not gate.max_loss:
        raise EmptorError(
            f"{path / 'shop.toml'} has no floors, so nothing could fail; write, for example, [gate] with "
            'floors = { "ndcg@10" = 0.3 } and max_loss = { "ndcg@10" = 0.01 }'
        )
    if judgements is None:
        judgements = path / (gate.judgements or NAME)
        if not judgements.is_file():
            named = " that [gate] of shop.toml names" if gate.judgements else ""
            raise EmptorError(
                f"nothing to judge by: {judgements}{named} is not there; give --judgements FILE (CSV with query, "
                f"product_id, grade), or grade results at /lab/judge of `emptor serve {path}`, which writes "
                f"{path / NAME}"
            )
    if cascade == "default" != engine.promoted:
        raise EmptorError("the cascade that shop.toml calls default is brought back by `emptor rollback`")
    if cascade == engine.promoted:
        raise EmptorError(f"{cascade!r} is the default cascade of {path} already")
    floors = {parse_metrics([name])[0].name: floor for name, floor in gate.floors.items()}
    max_loss = {parse_metrics([name])[0].name: loss for name, loss in gate.max_loss.items()}
    metrics = list(dict.fromkeys([*floors, *max_loss]))
    report = evaluate_shop(
        engine, judgements, metrics=[*metrics, _JUDGED], cascade=cascade, against="default", losses=False
    )
    means = {
        (figure.cascade, figure.summary.metric.name): figure.summary.mean
        for figure in report.figures
        if figure.summary.kind is None
    }
    checks = []
    for name in metrics:
        value, champion = means[cascade, name], means["default", name]
        demands = [floors[name]] if name in floors else []
        if name in max_loss and champion is not None:
            demands.append(champion - max_loss[name])
        checks.append(Check(name, value, champion, max(demands, default=0.0)))
    notes = _notes(cascade, report, means[cascade, _JUDGED], means["default", _JUDGED])
    return Trial(tuple(checks), str(judgements), tuple(notes))


def _notes(cascade: str, report: Report, judged: float | None, champion: float | None) -> list[str]:
    notes = []
    if report.same_lists:
        notes.append(f"{cascade} and the default returned the same lists for all queries: nothing was compared")
    if judged is not None and champion is not None and round(champion - judged, 6) >= LESS_JUDGED:
        notes.append(
            f"products of the challenger's pages are not graded: {_JUDGED} is {judged:.2f}, the default's "
            f"{champion:.2f}, and what nobody graded counts as irrelevant; grade them in the lab's Judge with that "
            "cascade, or use --unjudged removed when evaluating"
        )
    if (queries := report.judgements.queries.height) < ENOUGH_QUERIES:
        only = "1 judged query is" if queries == 1 else f"{queries:,} judged queries are"
        notes.append(f"{only} few for a gate, whose figures then move by chance: at least {ENOUGH_QUERIES} are better")
    return notes
