"""The market as a ranking data set: what is learnt from, what is judged on, and what stays the same between arms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emptor.errors import EmptorError
from emptor.market import making
from emptor.market.config import WorldConfig
from emptor.market.world.world import World
from emptor.rank.quality import grouped_auc
from emptor.reproduce import shops
from emptor.reproduce.ranking.data import RankingData
from emptor.reproduce.ranking.market import ARMS, PERFECT, TESTED, Log, config_of, groups, load
from emptor.reproduce.ranking.rankers import Choice, cut_to, figures, judge, with_histories_of
from emptor.shop.features.spec import OWN
from emptor.shop.holdout import is_held_out
from tests.reproduce.ranking.conftest import CONFIG


def test_parts_follow_each_other_and_who_is_held_out_is_only_tested(log: Log) -> None:
    learnt, validated, tested = log.pages
    assert learnt.day.max() < validated.day.min() <= validated.day.max() < tested.day.min()
    assert tested.day.max() - tested.day.min() == TESTED - 1
    assert not any(is_held_out(user) for part in (learnt, validated) for user in part.user_id)
    assert tested.held_out.any()


def test_tested_pages_are_in_random_order_and_others_are_not(log: Log) -> None:
    """What fits a query stands first where the policy ordered the page, and anywhere where it did not."""
    fits = {}
    for name, part in (("learnt", log.pages[0]), ("tested", log.pages[2])):
        searched = part.take(np.flatnonzero([query is not None for query in part.query]))
        match = log.features.describe(
            searched.user_id.tolist(), searched.query.tolist(), searched.now, searched.rows, searched.mask
        ).numeric[..., 4]
        # of the first row, which everybody sees: how far a page is read depends on what is on it
        whole = np.flatnonzero(searched.mask[:, :4].all(1))
        fit = match[whole, :4] - match[whole, :4].mean(1, keepdims=True)
        fits[name] = np.corrcoef(np.tile(np.arange(4), len(whole)), fit.ravel())[0, 1]
    assert fits["learnt"] < -0.15 and abs(fits["tested"]) < 0.05


def test_the_truth_belongs_to_its_page_and_orders_it_better_than_chance(log: Log, data: RankingData) -> None:
    ids = log.world.users.user_id[log.users].tolist()
    assert ids == log.pages[2].user_id.tolist()
    assert data.truth is not None
    there = data.tested.mask
    page = np.nonzero(there)[0]
    gauc, pages = grouped_auc(data.truth[there], data.tested.outcomes.clicked[there], page)
    assert pages > 30 and gauc > 0.65


def test_arms_sell_the_same_products() -> None:
    worlds = {arm: World(config_of(5, arm, users=50).changed(products=200, queries=100)) for arm in ARMS}
    first = worlds.pop("as it is")
    for arm, other in worlds.items():
        assert np.array_equal(first.products.product_id, other.products.product_id)
        assert np.array_equal(first.products.look, other.products.look)
        switched_off = not np.array_equal(first.users.taste, other.users.taste) or not np.array_equal(
            first.users.weights, other.users.weights
        )
        assert switched_off == (arm != PERFECT)


def test_a_shop_that_sees_through_pictures_is_given_the_true_look(tmp_path: Path) -> None:
    config = WorldConfig.of("study", seed=4, products=400, users=60, queries=60, days=4)
    plain, perfect = (load(tmp_path / "shop", config, perfect=own).learnt for own in (False, True))
    looks, before = perfect.products.own, plain.products.own
    width, first = World(config).products.look.shape[1], len(OWN)
    assert np.array_equal(looks[:, :first], before[:, :first]) and np.array_equal(looks[:, -1], before[:, -1])
    seen = before[:-1, -1] > 0
    assert not looks[:-1][~seen, first:].any() and not looks[:, first + width : -1].any()
    ids = perfect.products.number[:-1][seen]
    assert len(np.unique(looks[:-1][seen, first : first + width], axis=0)) > len(ids) / 4
    true = {tuple(row) for row in World(config).products.look.tolist()}
    assert {tuple(row) for row in looks[:-1][seen, first : first + width].tolist()} <= true
    assert np.array_equal(perfect.asked.rows, plain.asked.rows)


def test_a_catalogue_that_was_cut_off_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = CONFIG.changed(products=150, users=50, queries=50)

    def cut_off(*args: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(making, "list_products", cut_off)
        with pytest.raises(KeyboardInterrupt):
            shops.catalogue(tmp_path / "work" / "shop", config)
    assert not list((tmp_path / "work").iterdir())
    for _ in range(2):  # made, then found
        shops.catalogue(tmp_path / "work" / "shop", config)
    assert [own.name for own in (tmp_path / "work").iterdir()] == ["shop"]
    assert len(load(tmp_path / "work" / "shop", config).learnt) > 20


def test_a_catalogue_without_pictures_cannot_be_seen_through(folder: Path) -> None:
    with pytest.raises(EmptorError, match="no pictures"):
        load(folder, CONFIG, perfect=True)


def test_the_tail_is_sampled_by_user() -> None:
    users = np.array([7, 7, 7, 2, 2, 9])
    action = np.zeros((6, 12), np.uint8)
    action[3:5] = 1  # user 2 is known well
    found = groups(action, users, held_out=np.zeros(6, bool))
    once = found["at most 10, one a user"]
    assert sorted(users[once].tolist()) == [7, 9]
    assert found["nothing known"].sum() == 4 and found["more than 10"].sum() == 2


def test_a_model_is_judged_on_all_that_the_study_reports(data: RankingData) -> None:
    found = judge("dnn", data, Choice({"epochs": 1, "batch": 512}), seed=1)
    assert {"GAUC", "AUC", "NDCG@10", "GAUC lost with others' histories", "weights"} <= found.figures.keys()
    again = judge("dnn", data, Choice({"epochs": 1, "batch": 512}), seed=1)
    assert found.figures == again.figures


def test_who_knows_no_history_loses_nothing_with_others(data: RankingData) -> None:
    found = judge("dnn_no_history", data, Choice({"epochs": 1, "batch": 512}), seed=1)
    assert found.figures["GAUC lost with others' histories"] == pytest.approx(0, abs=1e-6)


def test_the_truth_as_a_model_has_the_figures_of_the_truth(data: RankingData) -> None:
    assert data.truth is not None
    found = figures(np.stack([data.truth, data.truth], axis=-1), data.tested, data.groups)
    turned = figures(-np.stack([data.truth, data.truth], axis=-1), data.tested, data.groups)
    assert found["GAUC"] == pytest.approx(1 - turned["GAUC"]) and found["NDCG@10"] > turned["NDCG@10"]


def test_histories_are_cut_from_the_old_end_and_swapped_whole(data: RankingData) -> None:
    asked = data.tested.asked
    short = cut_to(asked, 2)
    known, left = (asked.action > 0).sum(1), (short.action > 0).sum(1)
    assert np.array_equal(left, np.minimum(known, 2)) and np.array_equal(short.action[:, :2], asked.action[:, :2])
    order = np.arange(len(asked))[::-1]
    swapped = with_histories_of(asked, order)
    assert np.array_equal(swapped.past, asked.past[::-1]) and np.array_equal(swapped.rows, asked.rows)
    assert replace(swapped, past=asked.past, action=asked.action, gap=asked.gap).numeric is asked.numeric
