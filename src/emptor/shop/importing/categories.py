r"""Category paths: from one text ("Home > Kitchen"), from a list, and back to one text.

In text a backslash before a separator or a backslash makes it literal: `AC\/DC` is one segment.
"""

from __future__ import annotations

import re

from emptor.shop.importing.text import NULLS, clean_line
from emptor.shop.importing.values import MAX_LEVELS, Misfit, as_text
from emptor.shop.schema import MAX_VALUE

SEPARATORS = (">", "|", "/")
"""Tried in this order: the first that a text contains splits it."""

_MAX_TEXT = 6 * MAX_LEVELS * MAX_VALUE  # an escape makes of one character up to six


def path_of_text(text: str, separator: str | None, *, decode: bool = True) -> list[str]:
    """The segments of a category text, from the department down; blank ones are dropped."""
    if len(text) > _MAX_TEXT:
        raise Misfit(f"a category path of at most {_MAX_TEXT:,} characters")
    text = clean_line(text, decode=decode)
    candidates = (separator,) if separator else SEPARATORS
    if not any(candidate in text for candidate in candidates) and "\\" not in text:
        return checked_path([text])
    escapable = "|".join(re.escape(mark) for mark in {*candidates, *SEPARATORS, "\\"})
    # Tokens: an escaped mark, or any one character (a separator of several characters is tried first).
    for candidate in candidates:
        tokens = re.findall(rf"\\(?:{escapable})|{re.escape(candidate)}|.", text, re.S)
        if candidate in tokens or candidate == candidates[-1]:
            break
    segments = [""]
    for token in tokens:
        if token == candidate:
            segments.append("")
        else:
            segments[-1] += token[1:] if len(token) > 1 and token[0] == "\\" else token
    return checked_path([segment.strip() for segment in segments])


def path_of_list(items: list[object], *, decode: bool = True) -> list[str]:
    """The segments of a category given as a list; of a list of paths, the first counts."""
    if items and isinstance(items[0], list):
        items = items[0]
    texts = [as_text(item) for item in items]
    return checked_path([clean_line(text, decode=decode) for text in texts if text is not None])


def checked_path(segments: list[str]) -> list[str]:
    """The segments that say something. Raises Misfit for too many or too long ones."""
    path = [segment for segment in segments if segment not in NULLS]
    if len(path) > MAX_LEVELS:
        raise Misfit(f"a category path of at most {MAX_LEVELS} levels")
    if any(len(segment) > MAX_VALUE for segment in path):
        raise Misfit(f"a category path with segments of at most {MAX_VALUE:,} characters")
    return path


def path_as_text(path: list[str]) -> str:
    """One text that `path_of_text` reads back as the same path."""
    return "/".join(re.sub(r"[\\/>|]", r"\\\g<0>", segment) for segment in path)
