"""How good an order is offline: pages with purchases weigh what their purchases do."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from emptor.rerank.quality import PURCHASE, figures_of
from emptor.rerank.samples import Examples, Lists


class Some:
    """Examples of which nothing but the lists is looked at."""

    def __init__(self, clicked: list[list[int]], bought: list[list[int]], seen: list[list[int]]) -> None:
        shape = (len(clicked), len(clicked[0]))
        self.lists = Lists(
            user_id=np.array([""] * len(clicked), object),
            query=np.array([""] * len(clicked), object),
            now=np.zeros(len(clicked), np.int64),
            rows=np.zeros(shape, np.int32),
            mask=np.ones(shape, bool),
            score=np.zeros(shape, np.float32),
            clicked=np.array(clicked, bool),
            bought=np.array(bought, bool),
            seen=np.array(seen, bool),
        )


def figures(
    value: list[list[float]], clicked: list[list[int]], bought: list[list[int]], seen: list[list[int]] | None = None
) -> dict[str, float]:
    seen = seen or [[1] * len(row) for row in clicked]
    return figures_of(np.array(value, np.float32), cast(Examples, Some(clicked, bought, seen)))


def test_a_page_with_a_purchase_counts_as_many_as_its_purchase_is_worth() -> None:
    value = [[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]
    clicked, bought = [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
    found = figures(30 * value, 30 * clicked, 30 * bought)
    assert found["click GAUC"] == pytest.approx((1 + 0.5 + 0) / 3) and found["purchase GAUC"] == 0
    assert found["worth GAUC"] == pytest.approx((1 + 0.5 + 0) / (3 + PURCHASE))
    few = figures(29 * value, 29 * clicked, 29 * bought)
    assert few["worth GAUC"] == few["click GAUC"] == found["click GAUC"]


def test_without_purchases_it_is_that_of_clicks_and_without_either_a_half() -> None:
    value, none = [[2.0, 1.0]], [[0, 0]]
    found = figures(value, [[0, 1]], none)
    assert found["worth GAUC"] == found["click GAUC"] == 0 and "purchase GAUC" not in found
    assert figures(value, none, none)["worth GAUC"] == 0.5


def test_what_was_not_seen_counts_nothing() -> None:
    value, clicked, seen = [[1.0, 2.0, 9.0]], [[1, 0, 0]], [[1, 1, 0]]
    found = figures(value, clicked, clicked, seen)
    assert found == figures([[1.0, 2.0, -9.0]], clicked, clicked, seen) and found["worth GAUC"] == 0
