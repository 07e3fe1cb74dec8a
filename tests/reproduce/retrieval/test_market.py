"""The market as a retrieval data set: choices from a log, and a truth that no title decides."""

from __future__ import annotations

import numpy as np
import pytest

from emptor.market.world.products import SEEN
from emptor.market.world.queries import KINDS
from emptor.market.world.world import World
from emptor.reproduce.retrieval.data import RetrievalData, is_tested
from emptor.reproduce.retrieval.market import ARMS, config_of, load, shown_by
from emptor.reproduce.retrieval.retrievers import recalls

CONFIG = config_of(3, "as it is").changed(
    products=300, users=500, queries=400, days=3, catalogue={"pictures": False}, demand={"visits": 0.5}
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RetrievalData:
    return load(tmp_path_factory.mktemp("market") / "shop", CONFIG)


def test_the_pair_of_worlds_differs_in_what_titles_leave_out_alone() -> None:
    on, off, perfect = (config_of(7, arm) for arm in ARMS)
    assert perfect == on
    assert off.catalogue.omit_seen == 0 and on.catalogue.omit_seen >= 0.35
    assert off == on.changed(catalogue={"omit_seen": 0.0})


def test_what_fits_is_the_truth_and_what_is_learnt_are_choices(made: RetrievalData) -> None:
    world = World(CONFIG)
    texts = made.learnt.queries
    assert len(made.learnt) > 100 and not any(is_tested(texts[at]) for at in made.learnt.query.tolist())
    assert set(made.kinds) <= set(KINDS) and sum(int(own.sum()) for own in made.kinds.values()) == len(made.tested)
    many = [len(own) for own in made.tested.fitting]
    wanted = {
        int((world.relevance.grades_of_all(query)[world.products.listed < CONFIG.days] >= 3).sum())
        for query in range(len(world.queries))
    }
    assert min(many) > 0 and set(many) <= wanted


def test_words_find_much_of_it_and_nothing_that_is_hidden(made: RetrievalData) -> None:
    found = recalls(made.tested.words, made.tested.fitting, 50)
    assert 0.3 < found.mean() < 0.98
    untold = np.concatenate(made.parts["that say nothing"])
    assert not np.isin(untold, made.tested.words).any()
    assert not made.source.listings.has_text[untold.astype(int)].any()


def test_a_picture_that_is_read_perfectly_shows_what_can_be_seen() -> None:
    world = World(CONFIG)
    rows = np.arange(len(world.products))
    pictured = rows % 3 > 0
    shown = shown_by(world, rows, pictured)
    assert shown.shape[:2] == (len(rows), 1) and not shown[~pictured].any()
    known = 1 + (world.products.values[:, list(SEEN)] >= 0).sum(1)
    assert np.array_equal(shown[pictured].sum((1, 2)), known[pictured])
    same = (shown[1, 0] == shown[:, 0]).all(1) & pictured
    assert (world.products.category[same] == world.products.category[1]).all()
