"""What a reproduction found, as JSON, as Markdown and as a picture: a claim without such a file is not a claim."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from emptor.learn.chart import interval_chart
from emptor.shop.files import write_durably


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model and metric: a value per seed (in the order of the report's seeds), their mean and 95% interval."""

    model: str
    metric: str
    mean: float
    ci95: tuple[float, float] | None
    per_seed: list[float]


@dataclass(frozen=True, kw_only=True)
class Test:
    """Paired difference a - b over `n` seeds or users; `p_holm`: corrected for all tests over the same, in this report.

    None where it cannot be told: a single seed, or differences all alike.
    """

    a: str
    b: str
    metric: str
    over: Literal["seeds", "users"]
    diff: float | None
    ci95: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of one reproduction; `env`: the software and machine that ran it."""

    method: str
    dataset: str
    command: str
    env: dict[str, Any]
    seeds: list[int]
    rows: list[Row]
    tests: list[Test]

    def json(self) -> str:
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    def markdown(self) -> str:
        """Mean ± 95% of each model and metric, and the tests below."""
        models, metrics = (list(dict.fromkeys(getattr(row, name) for row in self.rows)) for name in ("model", "metric"))
        found = {(row.model, row.metric): row for row in self.rows}
        means = [[model, *(_mean(found.get((model, metric))) for metric in metrics)] for model in models]
        tests = [
            [own.a, own.b, own.metric, f"{own.n} {own.over}", _number(own.diff, "+.4f"), _span(own.ci95), *_ps(own)]
            for own in self.tests
        ]
        seeds = f"Mean ± 95% confidence interval (Student's t) over the seeds {', '.join(map(str, self.seeds))}."
        parts = [f"# {_cell(self.method)} on {_cell(self.dataset)}", f"    {self.command}", seeds]
        parts.append(_table(["model", *metrics], means))
        if tests:
            parts.append("Paired differences a - b; p two-sided, then corrected by Holm over the tests of its kind.")
            parts.append(_table(["a", "b", "metric", "over", "a - b", "95% interval", "p", "p (Holm)"], tests))
        parts.append("Run with " + ", ".join(f"{name} {value}" for name, value in self.env.items()) + ".")
        return "\n\n".join(parts) + "\n"

    def svg(self) -> str:
        return interval_chart([(row.metric, row.model, row.mean, row.ci95, row.per_seed) for row in self.rows])

    def write(self, folder: Path) -> None:
        """report.json, report.md and report.svg in `folder`."""
        for name, text in (("json", self.json()), ("md", self.markdown()), ("svg", self.svg())):
            write_durably(folder / f"report.{name}", text.encode())


def _mean(row: Row | None) -> str:
    if row is None:
        return "–"
    return f"{row.mean:.4f}" if row.ci95 is None else f"{row.mean:.4f} ± {(row.ci95[1] - row.ci95[0]) / 2:.4f}"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _span(ci95: tuple[float, float] | None) -> str:
    return "–" if ci95 is None else f"{ci95[0]:+.4f} to {ci95[1]:+.4f}"


def _ps(test: Test) -> list[str]:
    return ["< 0.001" if p is not None and p < 0.001 else _number(p, ".3f") for p in (test.p, test.p_holm)]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
