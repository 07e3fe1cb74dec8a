"""The values that a column's codes stand for, and which of them a filter cannot tell apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from emptor.shop.category import join_path, split_path
from emptor.shop.index import attribute_term
from emptor.shop.text.analyser import fold


class Vocabulary:
    """Values in the order of their codes.

    Args:
        folded: how a filter sees a value: two values of the same folded form are one choice.
    """

    def __init__(self, values: Sequence[str], folded: Callable[[str], str]) -> None:
        self.values = values
        self.folded = folded
        self.derived: dict[int, Any] = {}
        """What readers made of a value and want again, by code; freed with the vocabulary."""

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, code: int) -> str:
        return self.values[code]

    @cached_property
    def keys(self) -> list[str]:
        """The folded form of each value."""
        return [self.folded(value) for value in self.values]

    @cached_property
    def codes(self) -> dict[str, list[int]]:
        """Folded form -> codes."""
        found: dict[str, list[int]] = {}
        for code, key in enumerate(self.keys):
            found.setdefault(key, []).append(code)
        return found

    @cached_property
    def canonical(self) -> np.ndarray | None:
        """[values] int64: the first code of the same folded form; None where all forms differ."""
        if len(self.codes) == len(self.values):
            return None
        first = np.empty(len(self.values), np.int64)
        for codes in self.codes.values():
            first[codes] = codes[0]
        return first

    @cached_property
    def parents(self) -> dict[int, list[int]]:
        """For paths: code of each value with others below it -> codes of those."""
        found: dict[int, list[int]] = {}
        for code, key in enumerate(self.keys):
            cut = key.rfind("/")
            while cut > 0:
                for above in self.codes.get(key[:cut], ()):
                    found.setdefault(above, []).append(code)
                cut = key.rfind("/", 0, cut)
        return found

    @cached_property
    def groups(self) -> tuple[list[str], np.ndarray]:
        """For `name\\x1fvalue` terms: (the folded names, [values] int64: which of them each value belongs to)."""
        names: dict[str, int] = {}
        group = [names.setdefault(key.split("\x1f", 1)[0], len(names)) for key in self.keys]
        return list(names), np.array(group, np.int64)

    def under(self, prefixes: Sequence[str]) -> list[int]:
        """For paths: codes of the folded prefixes and of everything below them."""
        starts = tuple(prefix + "/" for prefix in prefixes)
        return [code for code, key in enumerate(self.keys) if key in prefixes or key.startswith(starts)]

    def growing(self) -> Growing:
        return Growing(self)


class Growing:
    """A vocabulary that may get new values behind the old ones; `done` gives the one to go on with."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._old = vocabulary
        self._more: dict[str, int] = {}

    def code(self, value: str | None) -> int:
        """The code of a value, a new one if need be; -1 for none."""
        if not value:
            return -1
        for code in self._old.codes.get(self._old.folded(value), ()):
            if self._old[code] == value:
                return code
        return self._more.setdefault(value, len(self._old) + len(self._more))

    def done(self) -> Vocabulary:
        if not self._more:
            return self._old
        return Vocabulary([*self._old.values, *self._more], self._old.folded)


def brands(values: Sequence[str]) -> Vocabulary:
    return Vocabulary(values, fold)


def categories(values: Sequence[str]) -> Vocabulary:
    return Vocabulary(values, lambda path: join_path([fold(part) for part in split_path(path)]))


def attributes(values: Sequence[str]) -> Vocabulary:
    """Of `name\\x1fvalue` terms."""
    return Vocabulary(values, lambda term: attribute_term(*term.split("\x1f", 1)))
