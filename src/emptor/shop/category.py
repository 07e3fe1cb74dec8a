"""Category paths as text: `Women/Dresses`, a slash inside a name written `\\/`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_CUT = re.compile(r"((?:\\.|[^/\\])+)")


def join_path(path: Sequence[str]) -> str:
    """`["Home", "Bed/Bath"]` -> `Home/Bed\\/Bath`."""
    return "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in path)


def split_path(text: str) -> list[str]:
    """The inverse of `join_path`; empty parts are dropped."""
    return list(_split(text))


@lru_cache(maxsize=50_000)
def _split(text: str) -> tuple[str, ...]:
    parts = (re.sub(r"\\(.)", r"\1", cut).strip() for cut in _CUT.findall(text))
    return tuple(part for part in parts if part)
