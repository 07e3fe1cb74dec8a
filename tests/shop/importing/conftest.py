"""What the tests of reading share: a file from text, and everything that is read from it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shop.importing.whole import Reading, read_all


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """read(content, name="shop.csv", **options): write `content` to a file of this name and read it."""

    def write_and_read(content: str | bytes, name: str = "shop.csv", **options) -> Reading:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return read_all(path, **options)

    return write_and_read
