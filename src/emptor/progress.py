"""Progress bars for long work: one look for every command, silent when nobody watches.

Where the environment names a file in EMPTOR_PROGRESS, the running step is written there, too: for whoever started the
command and shows it elsewhere than in a terminal.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
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


FILE = "EMPTOR_PROGRESS"
_EVERY_S = 1.0


class Told:
    """A step as a file for another process: {"label", "done", "total", "note"}, replaced once a second at most."""

    def __init__(self, path: Path, label: str, total: float | None) -> None:
        self._path, self._label, self._total = path, label, total
        self.done, self.note = 0.0, ""
        self._written = 0.0
        self.write()

    def write(self, *, now: bool = True) -> None:
        if not now and time.monotonic() - self._written < _EVERY_S:
            return
        self._written = time.monotonic()
        content = {"label": self._label, "done": self.done, "total": self._total, "note": self.note}
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            temporary.write_text(json.dumps(content), encoding="utf-8")
            temporary.replace(self._path)
        except OSError:  # nobody can watch, and the work goes on
            return


class Step:
    """A running step. `advance(n)` moves the bar by n units; `tell(text)` changes the note behind it."""

    def __init__(self, progress: Progress, task: int, told: Told | None = None) -> None:
        self._progress, self._task, self._told = progress, task, told

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)  # type: ignore[arg-type]
        if self._told is not None:
            self._told.done += amount
            self._told.write(now=False)

    def counted(self, batches: Iterable[B]) -> Iterator[B]:
        """Pass batches through, moving the bar by their rows."""
        for batch in batches:
            yield batch
            self.advance(batch.num_rows)

    def tell(self, note: str) -> None:
        self._progress.update(self._task, note=note)  # type: ignore[arg-type]
        if self._told is not None:
            self._told.note = note
            self._told.write(now=False)


@contextmanager
def step(label: str, total: float | None = None) -> Iterator[Step]:
    """A bar on standard error while the block runs; `total` in the units of `advance`, None when unknown.

    Shown only when standard error is a terminal, so logs and tests stay clean.
    """
    file = os.environ.get(FILE)
    told = Told(Path(file), label, total) if file else None
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
        yield Step(progress, task, told)
        if total is not None:
            progress.update(task, completed=total)
