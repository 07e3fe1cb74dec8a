"""Pairs of a log: what counts as a choice, whose, and what a batch makes of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from emptor.retrieve.samples import Source, asked, pairs_of, read_pairs, with_missed
from emptor.shop.holdout import is_held_out
from tests.retrieve.stalls import stalls

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def log(rows: list[tuple[str | None, str | None, str, str | None]]) -> pl.LazyFrame:
    """(user, query, action, product) each."""
    names = ("user_id", "query", "action", "product_id")
    schema = dict.fromkeys(names, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(time=NOW).lazy()


def test_pairs_are_choices_of_who_may_be_learnt_from() -> None:
    kept = next(f"u{at}" for at in range(99) if not is_held_out(f"u{at}"))
    out = next(f"u{at}" for at in range(99) if is_held_out(f"u{at}"))
    events = log(
        [
            (kept, "Red  Mug", "click", "a"),
            (kept, "red mug", "click", "a"),
            (kept, "red mug", "purchase", "a"),
            (None, "red mug", "click", "a"),
            (kept, "red mug", "impression", "b"),
            (kept, "café", "add_to_cart", "b"),
            (kept, "red mug", "click", "gone"),
            (kept, None, "click", "b"),
            (kept, " ", "click", "b"),
            (out, "blue mug", "click", "b"),
        ]
    )
    pairs = read_pairs(events, pl.DataFrame({"product_id": ["a", "b"], "row": [0, 1]}))
    found = [(pairs.queries[query], row) for query, row in zip(pairs.query.tolist(), pairs.row.tolist(), strict=True)]
    assert found == [("cafe", 1), ("red mug", 0)]


def test_a_query_is_read_in_one_way_and_to_a_bound() -> None:
    assert asked("  Red\tMUG ") == "red mug" and len(asked("a" * 10_000)) <= 200


def test_parts_of_the_queries_do_not_meet_and_follow_from_the_words_alone() -> None:
    words = [f"query {at}" for at in range(2_000)]
    pairs = pairs_of(words, np.arange(2_000))
    held, gate = pairs.validated, pairs.of_gate
    assert not (held & gate).any() and 0.07 < held.mean() < 0.13 and 0.03 < gate.mean() < 0.07
    few = pairs_of(words[:50], np.arange(50))
    mine = dict(zip(pairs.queries, held, strict=True))
    assert all(mine[text] == own for text, own in zip(few.queries, few.validated, strict=True))
    assert not np.isin(pairs.of(held).query, pairs.of(~held).query).any()


def test_what_words_find_and_nobody_chose_is_missed() -> None:
    pairs = pairs_of(["a", "a", "b"], np.array([3, 1, 2]))
    found = with_missed(pairs, [np.array([1, 7, 3, 8, 9]), np.array([2])], most=2)
    assert found.missed.tolist() == [[7, 8], [-1, -1]]


def test_a_batch_has_each_product_once_and_knows_all_that_fits(tmp_path: Path) -> None:
    source, pairs, _ = stalls(tmp_path)
    pairs = with_missed(pairs, [np.arange(30) for _ in pairs.queries], most=8)
    seen = []
    for sample in source.batches(pairs, size=50, seed=1, epoch=0, hard=0.5, untold=0.3):
        batch = sample.batch
        assert len(batch.query) == len(sample.query) == len(batch.target)
        assert batch.positive[np.arange(len(batch.query)), batch.target].all()
        assert 0 < (~batch.has_text).sum() < len(batch.text) and batch.has_image.all()
        seen += sample.query.tolist()
        # a product fits a query where its row is among the three of it
        for at, query in enumerate(sample.query.tolist()):
            mine = pairs.row[pairs.query == query]
            assert batch.positive[at].sum() <= len(mine) == 3
    assert sorted(seen) == sorted(pairs.query.tolist())
    again = [own.query.tolist() for own in source.batches(pairs, size=50, seed=1, epoch=0, hard=0.5)]
    other = [own.query.tolist() for own in source.batches(pairs, size=50, seed=1, epoch=1, hard=0.5)]
    assert [at for own in again for at in own] == seen and again != other


def test_products_bring_several_queries_at_once_and_stand_beside_their_category(tmp_path: Path) -> None:
    source, _, _ = stalls(tmp_path)
    category = source.listings.category

    def batches(many: np.ndarray, near: float) -> tuple[Source, list[np.ndarray]]:
        row = np.repeat(np.arange(216), many)
        pairs = pairs_of([f"query {at}" for at in range(len(row))], row)
        own = Source(source.listings, np.ones((len(pairs.queries), 2), np.int32), pairs)
        found = own._in_batches(pairs, 15, np.random.default_rng(2), together=4, near=near)
        assert len(found) == 15 and sorted(np.concatenate(found).tolist()) == list(range(len(pairs)))
        return own, found

    def kinds(near: float) -> float:
        """How many categories a batch has, the mean."""
        own, found = batches(np.full(216, 2), near)
        return float(np.mean([len(np.unique(category[own.known.row[places]])) for places in found]))

    assert kinds(1.0) < 0.5 * kinds(0.0)
    # a few are chosen far more than others
    own, found = batches(np.minimum(1 + np.random.default_rng(1).zipf(1.5, 216), 60), 0.5)
    pairs = own.known
    assert max(np.bincount(pairs.row[places]).max() for places in found) == 4
    # how often a product is a target beyond once a batch is its prior
    batch = next(iter(own.batches(pairs, size=len(pairs) // 15, seed=1, epoch=0, together=4))).batch
    assert batch.prior is not None and float(batch.prior.min()) >= 0 and float(batch.prior.max()) <= np.log(4) + 1e-6
