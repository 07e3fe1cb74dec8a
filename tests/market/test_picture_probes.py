"""A learner can read off the pictures what the market's users see in them: a quick, small version of the benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emptor.market.knowledge import CATEGORIES
from emptor.market.pictures.draw import draw
from emptor.market.pictures.hidden_style import DIMENSIONS
from emptor.market.pictures.probes import any_example, pixels, probe, truths
from emptor.market.streams import stream


def test_examples_are_random_products_of_every_category() -> None:
    examples = [any_example(0, number) for number in range(500)]
    assert {example.category for example in examples} == set(range(len(CATEGORIES)))
    looks = np.array([example.sitter.look for example in examples])
    assert np.abs(looks.mean(axis=0)).max() < 0.2
    assert np.abs(looks.std(axis=0) - 1).max() < 0.15
    for example in examples:
        category = CATEGORIES[example.category]
        assert example.sitter.color in category.colors
        assert example.sitter.pattern in category.patterns
    assert any_example(0, 5) == any_example(0, 5)


def test_the_hidden_look_of_one_product_can_be_read_by_a_straight_line() -> None:
    """Ridge regression on small pictures of one plain product recovers much of the look, over chance's studio."""
    mug = next(example.sitter for example in (any_example(0, i) for i in range(999)) if example.sitter.drawing == "mug")
    mug = replace(mug, style="classic", color="teal", second="cream", pattern="plain")
    looks = stream(0, "mug looks").standard_normal((500, DIMENSIONS))
    seen = np.stack(
        [
            np.asarray(draw(replace(mug, look=tuple(look)), size=32, chance=stream(0, "mug", i)), dtype=float).ravel()
            for i, look in enumerate(looks)
        ]
    )
    seen = (seen - seen.mean(axis=0)) / 64
    learnt, asked = slice(0, 380), slice(380, None)
    kernel = seen @ seen.T
    weights = np.linalg.solve(kernel[learnt, learnt] + 100 * np.eye(380), looks[learnt])
    missed = looks[asked] - kernel[asked, learnt] @ weights
    explained = 1 - (missed**2).sum(axis=0) / ((looks[asked] - looks[asked].mean(axis=0)) ** 2).sum(axis=0)
    assert explained.mean() > 0.55
    assert explained.min() > 0.4, "every number can be read"


@pytest.mark.slow
def test_a_small_network_reads_names_off_pictures() -> None:
    """Far above chance after a glance at few pictures; the benchmark has the figures of a longer look."""
    numbers = range(1600)
    names, looks = truths(0, numbers)
    figures = probe(pixels(0, numbers), names, looks, held_out=400, epochs=10)
    assert figures.category > 8 * figures.chance_category
    assert figures.color > 2.5 * figures.chance_color
    assert figures.learnt_from + figures.asked == 1600
    assert len(figures.look) == DIMENSIONS
