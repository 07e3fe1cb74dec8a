"""The stage: lists ranked anew by rules and by a network, page by page, whatever stands beside them in a batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptor.cascade import Candidates, Requests
from emptor.cascade.contract import check_answer
from emptor.errors import EmptorError
from emptor.rank.trained import RankerOptions, TrainedRankers, TrainedRanking
from emptor.rerank.dpp import dpp
from emptor.rerank.mmr import mmr
from emptor.rerank.stage import GreedyOptions, Reranking, by_pages
from emptor.rerank.trained import TrainedRerankers, variety_of
from emptor.shop.config import StageOptions
from emptor.shop.features import Features
from emptor.shop.manifest import read_manifest
from emptor.shop.shop import Shop
from tests.rerank.traced import QUICK

NOW = 1_772_900_000_000_000
METHODS = ("mmr", "dpp", "armmt")


class Made:
    """What makes stages over the trained shop."""

    def __init__(self, shop: Shop) -> None:
        manifest = read_manifest(shop.path)
        assert manifest is not None
        self.shop, self.view, self._live = shop, shop.view(), manifest.models
        self._rerankers = TrainedRerankers(shop, TrainedRankers(shop))

    def __call__(self, method: str, **options: Any) -> Reranking:
        own = StageOptions(stage="rerank", method=method, options=options)
        made = self._rerankers.method(method, self._live) if method == "armmt" else self._rerankers.greedy(method)
        stage = made(self.view, own)
        assert isinstance(stage, Reranking)
        return stage

    def given(self, lengths: list[int], *, seed: int = 0, width: int | None = None) -> Candidates:
        """Lists of products drawn at random, with scores that fall."""
        chance = np.random.default_rng(seed)
        lists = [chance.permutation(self.view.rows)[:own] for own in lengths]
        scores = [np.sort(chance.normal(size=own).astype(np.float32))[::-1] for own in lengths]
        found = Candidates.of_lists(lists, scores)
        if width is None:
            return found
        more = [(0, 0), (0, width - found.width)]
        return Candidates(
            np.pad(found.product, more),
            np.pad(found.score, more, constant_values=-np.inf),
            np.pad(found.mask, more),
        )


@pytest.fixture(scope="module")
def made(reranked_path: Path) -> Iterator[Made]:
    with Shop.open(reranked_path) as shop:
        yield Made(shop)


def asked(users: list[str | None], queries: list[str | None] | None = None, **options: Any) -> Requests:
    return Requests.of(queries or ["mug"] * len(users), user_ids=users, now=NOW, **options)


@pytest.mark.parametrize("method", METHODS)
def test_answers_keep_the_contract_and_are_the_same_in_any_batch(made: Made, method: str) -> None:
    stage = made(method, best=20, page=5, personal=0.2)
    lengths, users = [40, 1, 0, 7, 20, 60], ["user01", None, "user02", "nobody", "user03", "user04"]
    candidates, requests = made.given(lengths), asked(users, ["mug", None, "mug", "red lamp", "", "zzz"])
    answer = stage(requests, candidates)
    check_answer(candidates, answer, adds=False, order=made.view.order, stage="rerank")
    again = stage(requests, candidates)
    for name in ("product", "score", "mask"):
        assert np.array_equal(getattr(answer, name), getattr(again, name))
    for at, length in enumerate(lengths):
        rows, scores = answer.row(at)
        before = candidates.row(at)[0].tolist()
        assert sorted(rows.tolist()) == sorted(before), "all of them, and none twice"
        assert rows[20:].tolist() == before[20:], "those behind the best stay behind, as they were"
        if length > 1:
            assert scores.tolist() == list(range(length, 0, -1)), "places, counted down"
        alone = stage(requests.rows(slice(at, at + 1)), made_alone(candidates, at, width=length + 3))
        assert alone.row(0)[0].tolist() == rows.tolist()
        place, value = answer.columns["place_before"][at], answer.columns["rerank"][at]
        there = int(answer.mask[at].sum())
        known = min(20, length) if length > 1 else 0
        assert np.isfinite(place[:known]).all() and np.isnan(place[known:]).all() and np.isnan(value[known:]).all()
        assert [before[int(own)] for own in place[:known]] == rows[:known].tolist() and there == length
    assert any(answer.row(at)[0].tolist() != candidates.row(at)[0].tolist() for at in range(6))


def made_alone(candidates: Candidates, at: int, *, width: int) -> Candidates:
    """One list of some, with padding behind it."""
    rows, scores = candidates.row(at)
    more = (0, width - len(rows))
    return Candidates(
        np.pad(rows, more)[None],
        np.pad(scores, more, constant_values=-np.inf)[None],
        (np.arange(width) < len(rows))[None],
    )


@pytest.mark.parametrize("method", METHODS)
def test_lists_with_another_sort_stay_beside_those_that_are_ranked_anew(made: Made, method: str) -> None:
    candidates = made.given([15, 15])
    answer = made(method, balance=0.1)(asked([None, None], sorts=["price_asc", "relevance"]), candidates)
    assert answer.row(0)[0].tolist() == candidates.row(0)[0].tolist()
    assert answer.row(0)[1].tolist() == candidates.row(0)[1].tolist()
    assert np.isnan(answer.columns["rerank"][0]).all() and np.isfinite(answer.columns["rerank"][1]).all()
    check_answer(candidates, answer, adds=False, order=made.view.order, stage="rerank")
    only = made(method)(asked([None], sorts=["newest"]), made.given([9]))
    assert only.row(0)[0].tolist() == made.given([9]).row(0)[0].tolist() and np.isnan(only.columns["rerank"]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lengths", [[], [0], [1], [0, 1], [2]])
def test_short_lists_and_none(made: Made, method: str, lengths: list[int]) -> None:
    candidates = made.given(lengths)
    answer = made(method)(asked([None] * len(lengths)), candidates)
    check_answer(candidates, answer, adds=False, order=made.view.order, stage="rerank")
    assert {"rerank", "place_before"} <= answer.columns.keys()
    assert np.isnan(answer.columns["rerank"][answer.mask.sum(1) < 2]).all()


@pytest.mark.parametrize("method", METHODS)
def test_products_that_are_all_equal_and_those_of_which_nothing_is_known(made: Made, method: str) -> None:
    """Three twins; a product without picture or a word of others; one that an update brought behind all rows."""
    view = made.view
    twins = [view.row(f"dup-{at}") for at in range(3)]
    dark = [view.row("odd-4"), view.rows + 5, view.row("P07")]
    stage = made(method, balance=0.5)
    order = np.append(view.order, np.arange(view.rows, view.rows + 9))
    for rows in (twins, dark, [*dark, *twins, view.row("P00")]):
        products = np.array([rows], np.int64)
        same = Candidates(products, np.ones(products.shape, np.float32), np.ones(products.shape, bool))
        stage._view = Ordered(order)  # type: ignore[assignment]
        answer = stage(asked([None]), same)
        assert sorted(answer.product[0].tolist()) == sorted(rows) and np.isfinite(answer.score).all()
    stage._view = view


class Ordered:
    """A view of which nothing but the order of its products is asked."""

    def __init__(self, order: np.ndarray) -> None:
        self.order = order


def test_twins_do_not_stand_side_by_side_where_variety_counts(made: Made) -> None:
    view = made.view
    rows = [view.row(own) for own in ("dup-0", "dup-1", "dup-2", "P00", "P51")]
    list_ = Candidates.of_lists([np.array(rows)], [np.array([5, 4.9, 4.8, 1, 0.9], np.float32)])
    for method in ("mmr", "dpp"):
        varied = made(method, balance=0.2)(asked([None]), list_).row(0)[0].tolist()
        assert varied[0] == rows[0] and set(varied[1:3]) == set(rows[3:]), method
        fit = made(method, balance=1.0)(asked([None]), list_).row(0)[0].tolist()
        assert fit == rows, method


def test_a_network_orders_by_what_it_says_and_a_rule_may_follow(made: Made) -> None:
    candidates, requests = made.given([30, 12]), asked(["user01", None])
    plain, same = made("armmt")(requests, candidates), made("armmt", then="dpp", balance=1.0)(requests, candidates)
    varied = made("armmt", then="dpp", balance=0.1)(requests, candidates)
    for at in range(2):
        value = plain.columns["rerank"][at][plain.mask[at]][: QUICK.longest]
        assert (np.diff(value) <= 1e-6).all(), "the highest first"
        assert same.row(at)[0].tolist() == plain.row(at)[0].tolist()
        assert varied.row(at)[0].tolist() != plain.row(at)[0].tolist()
        assert varied.row(at)[0][0] == plain.row(at)[0][0], "what the network likes best stays first"
        mine, its = (
            dict(zip(found.product[at][found.mask[at]].tolist(), told, strict=True))
            for found in (plain, varied)
            for told in [np.nan_to_num(found.columns["rerank"][at][found.mask[at]], nan=-9.0).tolist()]
        )
        assert mine == its, "the rule changes places, not what the network says"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.sampled_from(["mmr", "dpp"]), st.integers(1, 14))
def test_pages_are_filled_one_after_the_other(seed: int, page: int, rule: Any, many: int) -> None:
    """Against the rule itself, asked for each page anew about what is left."""
    chance = np.random.default_rng(seed)
    value, alike = chance.normal(size=(2, 14)), chance.normal(size=(2, 14, 3))
    alike /= np.linalg.norm(alike, axis=2, keepdims=True)
    there = np.arange(14)[None] < np.array([[many], [14]])
    options = GreedyOptions(page=page, balance=0.4, sharp=2)
    found = by_pages(rule, value, alike, there, options)
    for at, own in enumerate((many, 14)):
        left = np.argsort(-value[at, :own], kind="stable").tolist()
        wanted: list[int] = []
        while left:
            arguments = (value[at, left][None], alike[at, left][None], np.ones((1, len(left)), bool))
            order = (
                mmr(*arguments, balance=0.4, depth=page, sharp=2)
                if rule == "mmr"
                else dpp(*arguments, balance=0.4, depth=page, sharp=2)
            )
            chosen = [left[place] for place in order[0, :page].tolist()]
            wanted += chosen
            left = [place for place in left if place not in chosen]
        assert found[at, :own].tolist() == wanted
        assert sorted(found[at, own:].tolist()) == list(range(own, 14)), "padding stays behind"


def test_a_page_is_the_whole_of_what_it_differs_from() -> None:
    """Four kinds, two pages of four: each page has every kind, rather than a second page of what is left."""
    kind = np.repeat(np.arange(4), 2)
    alike = np.eye(4)[kind][None]
    value = -np.arange(8.0)[None]
    for rule in ("mmr", "dpp"):
        order = by_pages(rule, value, alike, np.ones((1, 8), bool), GreedyOptions(page=4, balance=0.1))
        assert sorted(kind[order[0, :4]].tolist()) == sorted(kind[order[0, 4:]].tolist()) == [0, 1, 2, 3]


def test_who_looked_at_more_gets_more_variety() -> None:
    chance = np.random.default_rng(3)
    alike = np.tile(chance.normal(size=(1, 12, 4)), (3, 1, 1))
    value, there = np.tile(np.sort(chance.normal(size=(1, 12)))[:, ::-1], (3, 1)), np.ones((3, 12), bool)
    variety = np.array([0.0, 0.5, 1.0], np.float32)
    options = GreedyOptions(page=12, balance=0.5, personal=0.5)
    found = by_pages("mmr", value, alike, there, options, variety)
    for at, balance in enumerate((1.0, 0.5, 0.0)):
        plain = by_pages("mmr", value, alike, there, GreedyOptions(page=12, balance=balance))
        assert found[at].tolist() == plain[at].tolist()
    assert found[0].tolist() == list(range(12)), "fit alone"
    apart = by_pages("mmr", value, alike, there, options.model_copy(update={"personal": 0.0}), variety)
    assert (apart == apart[1]).all() and apart[1].tolist() == found[1].tolist()


def test_variety_is_the_entropy_of_what_was_looked_at_over_the_most_there_could_be() -> None:
    categories = np.array([[4, 4, 4, 9], [1, 2, 3, 9], [5, 6, 9, 9], [7, 9, 9, 9], [9, 9, 9, 9]])
    there = np.arange(4)[None] < np.array([3, 3, 2, 1, 0])[:, None]
    assert variety_of(categories, there).tolist() == pytest.approx([0, 1, 1, 0.5, 0.5])


def test_a_user_of_whom_nothing_is_known_gets_the_balance_itself(made: Made) -> None:
    candidates = made.given([30, 30])
    both = asked([None, "somebody new"])
    personal, plain = (made("mmr", personal=own)(both, candidates) for own in (0.3, 0.0))
    assert np.array_equal(personal.product, plain.product)


@pytest.mark.parametrize(
    ("method", "options", "sentence"),
    [
        (
            "mmr",
            {"then": "dpp"},
            "options.then: unknown; method mmr takes best, page, sharp, balan",
        ),
        ("dpp", {"balance": 1.5}, "options.balance: Input should be less than or equal to 1; method dpp takes best"),
        ("armmt", {"then": "both"}, "options.then: Input should be 'none', 'mmr' or 'dpp'; method armmt takes best"),
        ("armmt", {"best": 100}, "options.best: Input should be less than or equal to 60"),
        ("armmt", {"page": 0}, "options.page: Input should be greater than or equal to 1"),
    ],
)
def test_an_option_that_cannot_be_used_is_one_sentence(
    made: Made, method: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(EmptorError) as told:
        made(method, **options)
    assert str(told.value).startswith(f"stage rerank, {sentence}")


def test_a_ranker_that_orders_fewer_leaves_its_order_to_a_rule(made: Made) -> None:
    """What stands behind the ranked follows them closely: far below, it would make all of them the same."""

    class Ranks:
        def __call__(self, arrays: Any) -> np.ndarray:
            size, width = arrays.mask.shape
            return np.repeat(np.linspace(2, -2, size * width).reshape(size, width, 1), 2, axis=2).astype(np.float32)

    candidates, requests = made.given([30]), asked(["user01"])
    stage = made("mmr", balance=0.95)
    ranker = TrainedRanking(stage._view, Ranks(), Features.of(made.shop), RankerOptions(best=10))  # type: ignore[arg-type]
    ranked = ranker(requests, candidates)
    gaps = -np.diff(ranked.score[0])
    assert gaps[:9].min() > 0.1 > gaps[9:].max() > 0, "close behind"
    found = stage(requests, ranked)
    first = ranked.row(0)[0][:10].tolist()
    assert set(found.row(0)[0][:10].tolist()) == set(first)
    places = [first.index(own) for own in found.row(0)[0][:10].tolist()]
    assert np.corrcoef(places, range(10))[0, 1] > 0.8
