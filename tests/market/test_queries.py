"""Queries: the same again, each with an answer, as frequent as they should be."""

from __future__ import annotations

import numpy as np
import pytest

from emptor.market.config import WorldConfig
from emptor.market.knowledge import CATEGORIES
from emptor.market.knowledge.language import pattern_words
from emptor.market.knowledge.needs import NEEDS
from emptor.market.knowledge.palette import OTHER_NAMES
from emptor.market.world.needs import grades
from emptor.market.world.products import COLOR, COLOR_NAMES, PATTERN, PATTERN_NAMES, SLOTS, Products, make_products
from emptor.market.world.queries import KINDS, MISSPELT, NEED, UNITS, VISUAL, Queries, make_queries

CONFIG = WorldConfig.of("demo")
FIELDS = tuple(Queries.__dataclass_fields__)


@pytest.fixture(scope="module")
def products() -> Products:
    return make_products(CONFIG, until=CONFIG.days)


@pytest.fixture(scope="module")
def queries(products: Products) -> Queries:
    return make_queries(CONFIG, products)


def weight(queries: Queries, kind: int) -> float:
    return float(queries.weight[queries.kind == kind].sum())


def test_the_same_seed_gives_the_same_bytes(products: Products, queries: Queries) -> None:
    again = make_queries(CONFIG, products)
    assert all(
        getattr(again, name).tobytes() == getattr(queries, name).tobytes() for name in Queries.__dataclass_fields__
    )
    other = make_queries(WorldConfig.of("demo", seed=1), products)
    assert len(set(other.text.tolist()) & set(queries.text.tolist())) < 0.9 * len(queries)


def test_columns_have_the_shapes_and_types_that_are_promised(queries: Queries) -> None:
    assert len(queries) == pytest.approx(CONFIG.queries, rel=0.06)
    kinds = {
        name: (getattr(queries, name).dtype.str, getattr(queries, name).shape) for name in Queries.__dataclass_fields__
    }
    count = len(queries)
    assert kinds["text"][0].startswith("<U")
    assert kinds["kind"] == ("|i1", (count,))
    assert kinds["category"] == kinds["brand"] == kinds["need"] == ("<i2", (count,))
    assert kinds["asked"] == ("<i2", (count, SLOTS))
    assert kinds["appetite"] == ("<f4", (count,))
    assert kinds["weight"] == ("<f8", (count,))
    assert queries.start.shape == (len(CATEGORIES) + 1,)


def test_no_text_twice_all_lower_case_and_without_holes(queries: Queries) -> None:
    texts = queries.text.tolist()
    assert len(set(texts)) == len(texts)
    assert all(text == text.lower() == " ".join(text.split()) and text for text in texts)


def test_rows_of_a_category_lie_together_by_falling_weight(queries: Queries) -> None:
    assert queries.weight.sum() == pytest.approx(1)
    for number in range(len(CATEGORIES)):
        own = slice(queries.start[number], queries.start[number + 1])
        assert (queries.category[own] == number).all()
        assert (np.diff(queries.weight[own]) <= 0).all()
        if own.stop > own.start:
            assert queries.text[own.start] == CATEGORIES[number].noun.lower()
    rest = slice(queries.start[-1], None)
    assert (queries.kind[rest] == NEED).all()
    assert (np.diff(queries.weight[rest]) <= 0).all()


def test_each_query_is_answered_on_the_first_day(products: Products, queries: Queries) -> None:
    alive = products.alive(0)
    found = {}
    for number in range(len(CATEGORIES)):
        rows = np.flatnonzero(alive & (products.category == number))
        found[number] = products.values[rows], products.brand[rows]
    for row in range(0, int(queries.start[-1]), 7):
        values, brands = found[int(queries.category[row])]
        asked = queries.asked[row]
        met = ((asked < 0) | (values == asked)).all(1)
        if queries.brand[row] >= 0:
            met &= brands == queries.brand[row]
        assert met.any(), queries.text[row]


def test_needs_ask_for_no_category_and_are_all_there(products: Products, queries: Queries) -> None:
    own = queries.kind == NEED
    assert (queries.category[own] == -1).all()
    assert (queries.asked[own] == -1).all()
    assert set(queries.need[own].tolist()) == set(range(len(NEEDS)))
    assert (queries.need[~own] == -1).all()
    assert all(text in NEEDS[at].phrases for text, at in zip(queries.text[own], queries.need[own], strict=True))
    assert ((grades(products) == 3) & products.alive(0)).any(1).all()


def test_kinds_have_their_shares(queries: Queries) -> None:
    assert weight(queries, NEED) == pytest.approx(CONFIG.demand.needs, abs=1e-6)
    assert weight(queries, MISSPELT) == pytest.approx(CONFIG.demand.misspelt, abs=0.015)
    for kind in range(len(KINDS)):
        assert weight(queries, kind) > 0.03, KINDS[kind]
    count = np.bincount(queries.kind, minlength=len(KINDS)) / len(queries)
    assert count[VISUAL] > 0.08
    assert count[UNITS] > 0.05


def test_frequencies_fall_as_the_config_says(products: Products, queries: Queries) -> None:
    for zipf, own in (
        (CONFIG.demand.zipf, queries),
        (0.5, make_queries(CONFIG.changed(demand={"zipf": 0.5}), products)),
    ):
        for number in np.argsort(np.diff(own.start))[-5:]:
            weights = own.weight[own.start[number] : own.start[number + 1]]
            ranks = np.log(np.arange(1, len(weights) + 1))
            assert np.polyfit(ranks, np.log(weights), 1)[0] == pytest.approx(-zipf, abs=0.02)


def test_no_needs_and_no_slips_when_they_are_off(products: Products) -> None:
    own = make_queries(CONFIG.changed(demand={"needs": 0.0, "misspelt": 0.0}), products)
    assert set(own.kind.tolist()) == set(range(len(KINDS))) - {MISSPELT, NEED}
    assert own.start[-1] == len(own) == pytest.approx(CONFIG.queries, rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_a_tiny_world_has_queries_of_every_kind(seed: int) -> None:
    config = WorldConfig.of("tiny", seed=seed)
    own = make_queries(config, make_products(config, until=config.days))
    assert set(own.kind.tolist()) == set(range(len(KINDS)))
    assert len(own) == pytest.approx(config.queries, rel=0.1)
    assert weight(own, MISSPELT) == pytest.approx(config.demand.misspelt, abs=0.05)


def test_a_visual_query_says_pattern_and_colour(queries: Queries) -> None:
    rows = np.flatnonzero(queries.kind == VISUAL)
    assert (queries.asked[rows, PATTERN] >= 0).all()
    assert np.mean(queries.asked[rows, COLOR] >= 0) > 0.6
    for row in rows[::11].tolist():
        text, asked = str(queries.text[row]), queries.asked[row]
        assert any(word in text for word in pattern_words(PATTERN_NAMES[asked[PATTERN]]))
        if asked[COLOR] >= 0:
            color = COLOR_NAMES[asked[COLOR]]
            assert any(word in text for word in (color, *OTHER_NAMES.get(color, ())))


def test_browsing_gives_way_to_buying_as_more_is_said(queries: Queries) -> None:
    said = (queries.asked >= 0).sum(1) + (queries.brand >= 0)
    right = (queries.kind != NEED) & (queries.kind != MISSPELT)
    means = [queries.appetite[right & (said == count)].mean() for count in range(4)]
    assert means == sorted(means, reverse=True)
    assert means[0] > 0.75
    assert means[3] < 0.4
    assert queries.appetite[queries.kind == UNITS].max() <= 0.2


def test_the_tail_is_long(queries: Queries) -> None:
    order = np.argsort(-queries.weight)
    words = np.array([len(text.split()) for text in queries.text[order]])
    named = queries.kind[order] != NEED
    assert words[named][: len(order) // 100].mean() + 1 < words[named][-len(order) // 2 :].mean()
    assert queries.weight[order][: len(order) // 100].sum() > 0.25
