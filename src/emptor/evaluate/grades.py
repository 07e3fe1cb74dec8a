"""Labels to grades: numbers as they are, the label sets of public shop data, or the user's own mapping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emptor.errors import EmptorError
from emptor.evaluate.judgements import MAX_GRADE

ESCI = {"e": 3, "s": 2, "c": 1, "i": 0, "exact": 3, "substitute": 2, "complement": 1, "irrelevant": 0}
"""Amazon's shopping queries (Reddy et al. 2022)."""

WANDS = {"exact": 2, "partial": 1, "irrelevant": 0}
"""Wayfair's annotation data set (Chen et al. 2022); taken when a label `Partial` occurs."""


@dataclass(frozen=True)
class Grades:
    """label -> grade for the labels that were understood, and what was expected of the others."""

    numbers: dict[str, float]
    expected: str


def read_grades(labels: Iterable[str], given: Mapping[str, int | float] | None = None) -> Grades:
    """Understand the distinct labels of a file.

    Raises: EmptorError when a grade in `given` is not a number between -MAX_GRADE and MAX_GRADE.
    """
    labels = list(labels)
    if given is not None:
        for label, value in given.items():
            if not isinstance(value, int | float) or not abs(value) <= MAX_GRADE:
                raise EmptorError(f"the grade of label {label!r} is {value!r}: expected a number up to {MAX_GRADE:,g}")
        known = {label.strip().casefold(): float(value) for label, value in given.items()}
        expected = "one of " + ", ".join(given)
    else:
        folded = {label.casefold() for label in labels}
        known = {label: float(value) for label, value in (WANDS if "partial" in folded else ESCI).items()}
        expected = f"a number between {-MAX_GRADE:,g} and {MAX_GRADE:,g}, or {', '.join(known).title()}"
    numbers = {}
    for label in labels:
        grade = known.get(label.casefold())
        if grade is None and given is not None:
            number = _number(label)  # a given "3" also means 3.0
            grade = known.get(f"{number:g}") if number is not None else None
        elif grade is None:
            grade = _number(label)
        if grade is not None:
            numbers[label] = grade
    return Grades(numbers, expected)


def _number(label: str) -> float | None:
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= MAX_GRADE else None
