"""The training under way, as the lab shows it: what is done, how far the rest is, and why something failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import orjson

from emptor.errors import EmptorError
from emptor.serve.models import printable
from emptor.shop.training import NAME, PROGRESS, Training, is_running, read_training

_MAX_BYTES = 10_000
_LONGEST = 200


@dataclass(frozen=True)
class Progress:
    """What the running command says of itself. percent: None where its length is unknown."""

    label: str
    note: str
    percent: int | None


@dataclass(frozen=True)
class Watched:
    """state: running, over, or cut off (its process is gone, and it had not ended). fault: why it cannot be told."""

    state: Literal["running", "over", "cut off"]
    training: Training | None
    progress: Progress | None
    fault: str | None = None

    def seconds(self, began_at: str | None) -> int | None:
        """How long a step runs already; None where that is not known."""
        try:
            began = datetime.fromisoformat(began_at or "")
            return max(int((datetime.now(UTC) - began).total_seconds()), 0)
        except (ValueError, TypeError):  # no time, or one without a zone
            return None


def watch(shop: Path) -> Watched | None:
    """How the training of a shop stands; None where nothing was ever trained in this way."""
    runs = is_running(shop)  # before the status, which is written last
    try:
        training = read_training(shop)
    except (EmptorError, OSError) as error:
        return Watched("running" if runs else "over", None, None, str(error))
    if training is None:
        return None
    state: Literal["running", "over", "cut off"] = "over"
    if training.ended_at is None:
        state = "running" if runs else "cut off"
    return Watched(state, training, _progress(shop) if state == "running" else None)


def _progress(shop: Path) -> Progress | None:
    """None where there is none to read: between two commands there is no file."""
    try:
        with (shop / NAME / PROGRESS).open("rb") as file:
            own = orjson.loads(file.read(_MAX_BYTES))
        total = own["total"]
        percent = None if not total else min(max(int(100 * own["done"] / total), 0), 100)
        return Progress(printable(str(own["label"]))[:_LONGEST], printable(str(own["note"]))[:_LONGEST], percent)
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError):
        return None
