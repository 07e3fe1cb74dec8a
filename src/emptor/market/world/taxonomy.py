"""The categories of a world and their departments: the invented ones, or those of a real catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emptor.market.knowledge import CATEGORIES


@dataclass(frozen=True)
class Taxonomy:
    """C categories of D departments.

    keys [C]: `Women/Dresses`; departments [D]: names; department [C] int16: place in departments.
    """

    keys: tuple[str, ...]
    departments: tuple[str, ...]
    department: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, paths: Sequence[tuple[str, str]]) -> Taxonomy:
        """From (department, key) of each category."""
        departments = tuple(dict.fromkeys(department for department, _ in paths))
        places = np.array([departments.index(department) for department, _ in paths], np.int16)
        return cls(tuple(key for _, key in paths), departments, places)

    def mates(self) -> np.ndarray:
        """[C, most] int64: the other categories of each one's department, itself where there is none."""
        mates: list[list[int]] = [
            [int(at) for at in np.flatnonzero(self.department == own) if at != number] or [number]
            for number, own in enumerate(self.department)
        ]
        most = max(len(own) for own in mates)
        # even shares: the list is repeated whole, and only the rest of it is cut
        return np.array([(own * (-(-60 * most // len(own))))[: 60 * most] for own in mates])


KNOWN = Taxonomy.of([(category.department, category.key) for category in CATEGORIES])
"""The invented taxonomy."""
