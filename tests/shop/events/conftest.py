"""What the tests of the event log share."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from emptor.shop.events import EventLog

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `fsync`, which the tests of publishing use too


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog(tmp_path) as log:
        yield log


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[[str, Sequence[Any]], Path]:
    """Writes documents (or raw text) as JSON lines into a file beside the shop."""

    def write(name: str, documents: Sequence[Any]) -> Path:
        path = tmp_path / name
        lines = [document if isinstance(document, str) else json.dumps(document) for document in documents]
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    return write
