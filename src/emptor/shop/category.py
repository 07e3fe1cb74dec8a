"""Category paths as text: `Women/Dresses`, a slash inside a name written `\\/`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CUT = re.compile(r"((?:\\.|[^/\\])+)")


def join_path(path: Sequence[str]) -> str:
    """`["Home", "Bed/Bath"]` -> `Home/Bed\\/Bath`."""
    return "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in path)


def split_path(text: str) -> list[str]:
    """The inverse of `join_path`; empty parts are dropped."""
    return [
        part.strip() for part in (re.sub(r"\\(.)", r"\1", cut) for cut in _CUT.findall(text)) if part.strip()
    ]
