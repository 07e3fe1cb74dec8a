"""How well products answer needs: the truth, as far above any text as the encyclopaedia is."""

from __future__ import annotations

import numpy as np

from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.needs import NEEDS
from emptor.market.world.products import Products, slots_of


def grades(products: Products) -> np.ndarray:
    """uint8 [needs, P] by what is true: 3 all requirements met, 2 of a wanted category and at least half of them met,
    1 of a wanted category, 0 else. A category wanted without requirements is met by any of its products.
    """
    found = np.zeros((len(NEEDS), len(products)), np.uint8)
    places = {category.key: number for number, category in enumerate(CATEGORIES)}
    of_category = {number: np.flatnonzero(products.category == number) for number in range(len(CATEGORIES))}
    for own, need in zip(found, NEEDS, strict=True):
        for key, requirements in need.wants.items():
            number = places[key]
            rows = of_category[number]
            met = np.zeros(len(rows), np.int64)
            slots = {name: (at, values) for at, (name, values) in enumerate(slots_of(CATEGORIES[number])) if name}
            for name, wanted in requirements.items():
                at, values = slots[name]
                met += np.isin(products.values[rows, at], [values.index(value) for value in wanted])
            count = len(requirements)
            own[rows] = np.where(met == count, 3, np.where(2 * met >= count, 2, 1))
    return found
