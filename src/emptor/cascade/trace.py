"""What happened to a request, stage by stage: enough to explain a page and to learn from what was never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

SAMPLE = 50
"""Dropped candidates kept of each stage, drawn evenly, with the rate they were drawn at."""


@dataclass(frozen=True)
class StageTrace:
    """One stage's part. products [n] int64 and scores [n] float32: its survivors, best first; rows of the view.

    `method`: what really ran (a fallback's name, "skipped", or the method); `columns`: the values that it named.
    A stage that is running is never killed: `ms` above `budget_ms` is an overrun, on record here.
    """

    name: str
    method: str
    ms: float
    budget_ms: float
    products: np.ndarray
    scores: np.ndarray
    columns: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Degraded:
    """A stage that did not run as declared: why, and what stood in."""

    stage: str
    reason: str
    fallback: str | None

    def as_dict(self) -> dict[str, str | None]:
        return {"stage": self.stage, "reason": self.reason, "fallback": self.fallback}


@dataclass(frozen=True)
class Trace:
    """One request's way through its cascade."""

    request: dict[str, Any]
    cascade: str
    """Hash of the cascade."""
    stages: tuple[StageTrace, ...]
    degraded: tuple[Degraded, ...]
    explored: bool

    def dropped(self, stage: int) -> np.ndarray:
        """Rows that a stage got and did not return, in the order it got them."""
        if stage == 0:
            return np.zeros(0, np.int64)
        before = self.stages[stage - 1].products
        return before[~np.isin(before, self.stages[stage].products)]

    def sampled(self, stage: int, *, whole: bool) -> tuple[np.ndarray, float]:
        """(dropped rows to log, share of all dropped): all of them when `whole`, else an even sample of 50.

        The draw depends on the request's seed only.
        """
        dropped = self.dropped(stage)
        if whole or len(dropped) <= SAMPLE:
            return dropped, 1.0
        draw = np.random.Generator(np.random.Philox(key=[self.request["seed"] & (2**64 - 1), stage]))
        return np.sort(draw.choice(dropped, SAMPLE, replace=False)), SAMPLE / len(dropped)
