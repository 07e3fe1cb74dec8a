"""Progress bars for long work: one look for every command, silent when nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(stderr=True)


class _Batch(Protocol):
    @property
    def num_rows(self) -> int: ...


B = TypeVar("B", bound=_Batch)


class Step:
    """A running step. `advance(n)` moves the bar by n units; `tell(text)` changes the note behind it."""

    def __init__(self, progress: Progress, task: int) -> None:
        self._progress, self._task = progress, task

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)  # type: ignore[arg-type]

    def counted(self, batches: Iterable[B]) -> Iterator[B]:
        """Pass batches through, moving the bar by their rows."""
        for batch in batches:
            yield batch
            self.advance(batch.num_rows)

    def tell(self, note: str) -> None:
        self._progress.update(self._task, note=note)  # type: ignore[arg-type]


@contextmanager
def step(label: str, total: float | None = None) -> Iterator[Step]:
    """A bar on standard error while the block runs; `total` in the units of `advance`, None when unknown.

    Shown only when standard error is a terminal, so logs and tests stay clean.
    """
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=False,
        disable=not sys.stderr.isatty(),
    )
    with progress:
        task = progress.add_task(label, total=total, note="")
        yield Step(progress, task)
        if total is not None:
            progress.update(task, completed=total)
