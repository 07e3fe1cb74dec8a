"""A tiny market's lists: what is learnt from, who is asked again, and what an order of them is worth."""

from __future__ import annotations

import numpy as np
import pytest

from emptor.reproduce.reranking.data import Judged, RerankData
from emptor.reproduce.reranking.market import ARMS, BUYING, AgainInMarket, config_of
from emptor.reproduce.reranking.quality import figures, mean_of
from emptor.reproduce.reranking.study import ORDERS, ordered
from tests.reproduce.reranking.conftest import OFF, ON, SIZES

DAY_US = 86_400_000_000


def test_lists_are_of_other_days_and_users_than_those_they_are_judged_on(data: RerankData) -> None:
    learnt, validated, tested = data.learnt.lists, data.validated.examples.lists, data.tested.examples.lists
    days = [set((own.now // DAY_US).tolist()) for own in (learnt, validated, tested)]
    assert max(days[0]) < min(days[1]) and max(days[1]) < min(days[2])
    # the first day has no ranker, and no lists; a visit of the last may go on beyond midnight
    assert [len(own) for own in days[:2]] == [1, 1] and len(days[2]) in (2, 3)
    for own in (learnt, validated, tested):
        assert (np.diff(own.now) >= 0).all()
        # in the order of the ranker's scores, and with no product twice
        assert (np.diff(np.where(own.mask, own.score, -np.inf), axis=1)[own.mask[:, 1:]] <= 0).all()
        assert all(len(set(row[there])) == there.sum() for row, there in zip(own.rows, own.mask, strict=True))
        assert not (own.clicked & ~own.seen).any() and not (own.bought & ~own.clicked).any()
    assert learnt.seen.any(1).all() and learnt.clicked.sum() > 100
    assert learnt.mask.sum(1).mean() > 2 * SIZES["PAGE"] > learnt.seen.sum(1).max()


def test_a_share_of_the_pages_is_in_another_order_than_the_list(data: RerankData) -> None:
    lists = data.learnt.lists
    beyond = (lists.seen & (np.arange(lists.mask.shape[1]) >= SIZES["PAGE"])).any(1).mean()
    assert 0.05 < beyond < 0.3, "most pages show the first of their list, some any of it"


def test_truth_is_better_than_the_ranker_and_that_than_chance(data: RerankData) -> None:
    found = {name: figures(ordered(name, data, 0), data.tested) for name in ORDERS}
    clicks = {name: own["clicks"] for name, own in found.items()}
    assert clicks["truth"] > 1.2 * clicks["ranker"] > 1.2 * clicks["random"]
    assert found["truth"]["orders"] > found["random"]["orders"]
    assert found["truth"]["click GAUC"] > found["ranker"]["click GAUC"] > 0.5
    for name in ("clicks", "orders"):
        assert found["ranker"][f"change of {name}, %"] == 0
    for kind in ("browsing", "buying"):
        assert found["truth"][f"change of clicks, %, {kind}"] > 10


def test_the_same_order_has_the_same_figures_and_only_the_first_page_counts(data: RerankData) -> None:
    judged = data.tested
    value = ordered("random", data, 5)
    assert figures(value, judged) == figures(value, judged) != figures(ordered("random", data, 6), judged)
    assert judged.again is not None
    order = np.argsort(-value, axis=1)
    turned = np.concatenate([order[:, : SIZES["PAGE"]], order[:, SIZES["PAGE"] :][:, ::-1]], axis=1)
    one, two = judged.again(order), judged.again(turned)
    assert np.array_equal(one.clicks, two.clicks) and np.array_equal(one.orders, two.orders)
    assert one.clicks.sum() > one.orders.sum() > 0


def test_who_buys_is_drawn_more_often_and_counts_as_often_as_they_ask(data: RerankData) -> None:
    judged = data.tested
    assert judged.appetite is not None and judged.weight is not None
    buying = judged.kinds["buying"]
    assert np.array_equal(buying, judged.appetite < BUYING) and not (buying & judged.kinds["browsing"]).any()
    share = judged.weight[buying].sum() / judged.weight.sum()
    assert share < 0.2 < buying.mean()
    seen = np.arange(len(judged), dtype=float)
    assert mean_of(seen, judged.weight) == pytest.approx((seen * judged.weight).sum() / judged.weight.sum())


def test_arms_differ_in_what_neighbours_do_and_in_nothing_else(data: RerankData, other: RerankData) -> None:
    on, off = (config_of(3, arm) for arm in ARMS)
    assert on.changed(page={"redundancy": 0, "contrast": 0}).model_dump() == off.model_dump()
    assert list(ARMS) == [ON, OFF]
    assert np.array_equal(data.learnt.products.alike, other.learnt.products.alike), "one catalogue"

    def chances(judged: Judged, before: slice) -> np.ndarray:
        """[R]: of a click on the product at place 7, behind the seven of these places."""
        again, (size, width) = judged.again, judged.mask.shape
        assert isinstance(again, AgainInMarket)
        order = np.broadcast_to(np.r_[np.arange(width)[before], 7], (size, 8))
        rows, shown = (np.take_along_axis(own, order, axis=1) for own in (again._rows, again._mask))
        found: np.ndarray = again._world.happen(again._asked, rows, shown).read.chance[:, 7]
        return found

    for own, matters in ((data.tested, True), (other.tested, False)):
        one, two = chances(own, slice(0, 7)), chances(own, slice(8, 15))
        read = (one > 0) & (two > 0)  # 0 where nobody reads so far
        assert read.sum() > 20
        assert (np.abs(one - two)[read] > 1e-6).mean() > 0.5 if matters else np.allclose(one[read], two[read])
