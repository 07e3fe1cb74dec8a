"""What is known of users, against a plain reading of the same log."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emptor.engine import Engine
from emptor.shop import history as module
from emptor.shop.history import KEPT, History, read_history
from emptor.shop.shop import Shop
from tests.acting import PASTS, act, acted


@pytest.fixture(scope="module")
def known(golden_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine over the golden shop with a past; only ask it."""
    import shutil

    path = Path(shutil.copytree(golden_path, tmp_path_factory.mktemp("acted") / "shop"))
    with Engine.open(acted(path)) as engine:
        yield engine


def read(shop: Shop) -> History:
    return read_history(shop, shop.view().generation)


def products(shop: Shop, history: History, user_id: str) -> list[str]:
    return shop.view().product_ids(history.row[history.of(user_id)])


def test_a_shop_without_a_log_knows_nobody(golden: Engine) -> None:
    history = golden.taste.history
    assert len(history) == 0 and "ANNA7Q" not in history and history.find() == ([], 0)
    assert golden.taste.summary("ANNA7Q") is None
    assert not golden.taste.affinity(["ANNA7Q", None], np.array([[0, 1], [2, 3]])).any()


def test_actions_come_by_user_and_in_order_of_time(known: Engine) -> None:
    history = known.taste.history
    assert list(history.user_ids) == sorted(PASTS)
    for user, past in PASTS.items():
        assert products(known.shop, history, user) == [product for _, product in past]
    assert history.places(["BORIS2", None, "nobody"]).tolist() == [1, -1, -1]
    owner, index = history.actions(np.array([2, -1, 0]))
    assert owner.tolist() == [0] + [2] * 5 and index.tolist() == [9, 0, 1, 2, 3, 4]


def test_a_weight_halves_in_thirty_days(shop: Shop) -> None:
    past = [("click", "P00")] + [("impression", "P01")] * 29 + [("purchase", "P02")]
    act(shop, {"u": past})
    history = read(shop)
    assert history.weight.tolist() == pytest.approx([0.5, 5.0], rel=1e-6)
    assert products(shop, history, "u") == ["P00", "P02"], "an impression is no action"


def test_only_the_last_actions_count_however_the_log_is_cut(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    pasts = {
        f"u{number}": [(draw.choice(["click", "purchase"]), f"P{draw.randrange(6)}{draw.randrange(8)}")] * length
        + [("click", f"P{number % 6}0")]
        for number, length in enumerate([0, 1, 48, 49, 50, 70, 120])
    }
    act(shop, pasts, publish=False)
    shop.events.rollup()
    act(shop, {"later": [("click", "P00")]})
    whole = read(shop)
    for user, past in pasts.items():
        assert products(shop, whole, user) == [product for _, product in past][-KEPT:]
    monkeypatch.setattr(module, "_REDUCE_AT", 10)
    again = read(shop)
    assert list(again.user_ids) == list(whole.user_ids)
    for name in ("start", "row", "weight", "time", "kind", "visits", "orders"):
        assert np.array_equal(getattr(again, name), getattr(whole, name)), name
    monkeypatch.setattr(module, "MAX_USERS", 2)
    assert list(read(shop).user_ids) == ["u5", "u6"], "those who did something last"


def test_what_came_after_the_publish_does_not_count(shop: Shop) -> None:
    act(shop)
    before = read(shop)
    act(shop, {"LATE": [("click", "P00")], "ANNA7Q": [("click", "P10")] * 9}, publish=False)
    after = read(shop)
    assert "LATE" not in after and np.array_equal(before.row, after.row)


def test_the_engine_learns_of_users_with_the_next_generation(engine: Engine) -> None:
    assert "ANNA7Q" not in engine.taste.history
    with Shop.open(engine.shop.path) as writer:
        act(writer)
    assert engine.refresh() and "ANNA7Q" in engine.taste.history
    known = engine.taste.history
    engine.shop.update([{"product_id": "P00", "price": 1.0}])
    assert engine.refresh() and engine.taste.history is known, "an update reads no log"


def test_users_are_found_by_how_their_ids_begin(known: Engine) -> None:
    history = known.taste.history
    assert history.find() == (["ANNA7Q", "BORIS2", "CARLA9"], 3), "those who did most first"
    assert history.find("B") == (["BORIS2"], 1)
    assert history.find("BORIS2") == (["BORIS2"], 1)
    assert history.find("BORIS22") == ([], 0)
    assert history.find(offset=1, k=1) == (["BORIS2"], 3)


def test_a_summary_says_what_somebody_likes(known: Engine) -> None:
    summary = known.taste.summary("ANNA7Q")
    assert summary is not None
    assert (summary.visits, summary.orders) == (3, 1)
    assert (summary.clicks, summary.carts, summary.purchases) == (3, 1, 1)
    assert [(own.name, own.share) for own in summary.departments] == [("Women", 1.0)]
    assert [own.name for own in summary.brands] == ["Aurelle"] and summary.colours[0].name == "red"
    assert summary.price == 40.0
    assert known.view.product_ids(np.array(summary.last)) == ["P04", "P00"]


def test_affinity_knows_category_brand_colour_and_price(known: Engine) -> None:
    view = known.view
    of = lambda user, *ids: known.taste.affinity([user], np.array([[view.row(own) for own in ids]]))[0]  # noqa: E731
    red_dress, blue_dress, red_mug, blue_lamp, bare = of("ANNA7Q", "P04", "P01", "P34", "P41", "odd-2")
    assert red_dress > blue_dress > 0 > blue_lamp
    assert red_mug > of("ANNA7Q", "P31")[0], "a colour is liked across categories"
    assert blue_lamp < bare
    dear, cheap = of("BORIS2", "P47", "P40")
    assert dear != cheap


def test_one_click_is_not_a_taste(engine: Engine) -> None:
    others = {f"other{number}": [("click", f"P{number % 6}{number % 7}")] for number in range(30)}
    with Shop.open(engine.shop.path) as writer:
        act(writer, {**others, "ONCE": [("click", "P50")], "OFTEN": [("click", "P50")] * 9})
    engine.refresh()
    once, often = engine.taste.affinity(["ONCE", "OFTEN"], np.full((2, 1), engine.view.row("P50")))[:, 0]
    assert 0 < once < often


def test_an_affinity_is_the_same_in_every_batch(known: Engine) -> None:
    draw = np.random.default_rng(3)
    users = draw.choice(np.array([*PASTS, None, "nobody"], object), 40)
    rows = draw.integers(0, known.view.rows, (40, 17))
    whole = known.taste.affinity(users, rows)
    assert whole.dtype == np.float32 and whole[[own in PASTS for own in users]].any(axis=1).all()
    for at in range(40):
        assert np.array_equal(known.taste.affinity(users[at : at + 1], rows[at : at + 1]), whole[at : at + 1])
        assert np.array_equal(known.taste.affinity(users[at : at + 1], rows[at : at + 1, :5]), whole[at : at + 1, :5])


def test_products_of_an_update_have_an_affinity(engine: Engine) -> None:
    with Shop.open(engine.shop.path) as writer:
        act(writer)
        kind = {"brand": "Aurelle", "category": ["Women", "Dresses"], "price": 41.0}
        other = {"brand": "Brand new", "category": ["Pets"], "attributes": {"smell": ["wet dog"]}}
        writer.update(
            [
                {"product_id": "new", "title": "Red dress", **kind},
                {"product_id": "odd", "title": "Pet bed", "price": 4.0, **other},
            ]
        )
    engine.refresh()
    rows = np.array([[engine.view.row("new"), engine.view.row("odd")]])
    liked, other = engine.taste.affinity(["ANNA7Q"], rows)[0]
    assert liked > 0.3 and other == 0.0
