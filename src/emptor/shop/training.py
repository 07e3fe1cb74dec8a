"""What is being trained for a shop, for whoever watches: `SHOP/training/status.json`, written by who trains.

Whether that process still lives is told by the lock it holds, which the system frees when it dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emptor.errors import EmptorError
from emptor.shop.files import write_durably
from emptor.shop.lock import locked

NAME = "training"
PROGRESS = "progress.json"
"""Beside the status: how far the command has got that runs now, see `emptor.progress`."""
MAX_BYTES = 1_000_000
CALLED = {"retrieve": "retrieval", "prerank": "pre-ranking", "rank": "ranking", "rerank": "re-ranking"}
"""Stages as people call them."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Part):
    """One command of a stage. told: what came of it; began_at: ISO 8601; seconds: that it took, once it has ended."""

    name: str = Field(max_length=200)
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    told: str = Field("", max_length=5_000)
    began_at: str | None = Field(None, max_length=100)
    seconds: float | None = None


class StageTraining(_Part):
    """A stage: the model that is trained, and the cascade that uses it.

    outcome: promoted, or kept (the default stays; `why`), or failed (`why`); None while it is not known.
    experiment: file in `SHOP/experiments/` of the comparison with the default.
    """

    stage: str = Field(max_length=200)
    model: str = Field(max_length=200)
    cascade: str = Field(max_length=200)
    steps: tuple[Step, ...] = Field((), max_length=50)
    outcome: Literal["promoted", "kept", "failed"] | None = None
    why: str = Field("", max_length=5_000)
    experiment: str | None = Field(None, max_length=500)

    @property
    def called(self) -> str:
        """The stage as people call it."""
        return CALLED.get(self.stage, self.stage)


class Training(_Part):
    """All of it. started_at, ended_at: ISO 8601; ended_at is None while it runs, or where it was cut off."""

    format: Literal[1] = 1
    started_at: str = Field(max_length=100)
    ended_at: str | None = Field(None, max_length=100)
    stages: tuple[StageTraining, ...] = Field((), max_length=50)


def write_training(shop: Path, training: Training) -> None:
    """Replace the status. The folder must be there, see `being_the_one`."""
    write_durably(shop / NAME / "status.json", orjson.dumps(training.model_dump(), option=orjson.OPT_INDENT_2))


def read_training(shop: Path) -> Training | None:
    """The status; None where nothing was ever trained this way. Raises EmptorError for a file that cannot be read."""
    path = shop / NAME / "status.json"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > MAX_BYTES:
        raise EmptorError(f"{NAME}/{path.name} has more than {MAX_BYTES:,} bytes; remove it")
    try:
        return Training.model_validate(orjson.loads(content))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise EmptorError(f"{NAME}/{path.name} is damaged ({str(error).splitlines()[0]}); remove it") from None


@contextmanager
def being_the_one(shop: Path) -> Iterator[None]:
    """Be the one process that trains for the shop while the block runs. Raises ShopBusy where another is."""
    folder = shop / NAME
    folder.mkdir(exist_ok=True)
    with locked(folder / "lock", doing="training"):
        yield


def is_running(shop: Path) -> bool:
    """Whether a process trains for the shop now."""
    try:
        fd = os.open(shop / NAME / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
