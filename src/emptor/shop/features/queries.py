"""Queries that users typed before, as numbers: histories hold thousands of the same."""

from __future__ import annotations

import threading
from collections.abc import Iterable

MANY = 1_000_000
"""Texts that are kept; later ones are as if nothing had been typed."""
_CHARACTERS = 256


class QueryTexts:
    """Numbers of texts, from 1 on in the order in which they came; 0 is none. Safe between threads."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._text = [""]
        self._lock = threading.Lock()

    def numbers(self, texts: Iterable[str | None]) -> list[int]:
        """Of texts, which are kept: the first 256 characters of each."""
        found = []
        with self._lock:
            for text in texts:
                own = text[:_CHARACTERS] if text else ""
                number = self._number.get(own, 0) if own else 0
                if own and not number and len(self._text) <= MANY:
                    number = self._number[own] = len(self._text)
                    self._text.append(own)
                found.append(number)
        return found

    def text(self, number: int) -> str:
        """The text of a number; "" for 0."""
        return self._text[number]
