"""Events age by days on which the shop has events: a pause makes nothing old."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from emptor.shop.ageing import DAY_US, ShopDays
from emptor.shop.checking import check
from emptor.shop.history import read_history
from emptor.shop.importer import republish
from emptor.shop.popularity import popularity
from emptor.shop.shop import Shop

OLD = 1_293_840_000_000_000  # 2011-01-01
NEW = 1_767_225_600_000_000  # 2026-01-01


def store(shop: Shop, *rows: tuple[str, str, int]) -> None:
    """Store (action, product_id, time) of one user."""
    fields: list[dict[str, Any]] = [
        {"action": action, "product_id": product, "time": time, "user_id": "u"} for action, product, time in rows
    ]
    shop.events.append_columns(pl.DataFrame(fields).to_arrow())


def old_log() -> list[tuple[str, str, int]]:
    """Fifty days of 2011, an action a day: ever more clicks of ever fewer products."""
    return [
        ("purchase" if day % 9 == 0 else "click", f"P0{day % (day % 7 + 1)}", OLD + day * DAY_US + day * 777_000_000)
        for day in range(50)
    ]


def ranks(liked: dict[str, float], leaving_out: str) -> list[str]:
    return sorted(liked.keys() - {leaving_out}, key=lambda own: -liked[own])


@pytest.mark.parametrize("rolled_up", [False, True])
def test_one_live_click_leaves_an_old_log_as_it_was(shop: Shop, rolled_up: bool) -> None:
    store(shop, *old_log())
    republish(shop)
    before, history = popularity(shop), read_history(shop, shop.view().generation)
    if rolled_up:
        shop.events.rollup()
    store(shop, ("click", "P41", NEW))
    republish(shop)
    after, later = popularity(shop), read_history(shop, shop.view().generation)
    assert ranks(after, "P41") == ranks(before, "P41") and len(before) > 5
    faded = np.array([after[own] / before[own] for own in before])
    assert faded.min() > 2 ** (-1 / 30) - 1e-9 and np.ptp(faded) < 1e-9, "a day at most, and of all alike"
    view = shop.view()
    assert view.popularity[view.row("P00")] > view.popularity[view.row("P41")] > 0  # type: ignore[index]
    past = later.weight[later.of("u")]
    assert np.allclose(past[:-1] / history.weight[history.of("u")][-49:], faded[0], rtol=1e-6) and past[-1] == 1


def test_days_in_a_row_count_as_they_always_did(shop: Shop) -> None:
    store(shop, *old_log())
    expected: dict[str, float] = {}
    newest = old_log()[-1][2]
    for action, product, time in old_log():
        weight = (5.0 if action == "purchase" else 1.0) * 0.5 ** ((newest - time) / DAY_US / 30)
        expected[product] = expected.get(product, 0.0) + weight
    assert popularity(shop) == pytest.approx(expected, rel=1e-9)


def test_a_day_with_any_event_counts() -> None:
    times = [
        datetime(2011, 1, 1, 23, tzinfo=UTC),
        datetime(2014, 7, 1, 1, tzinfo=UTC),
        datetime(2014, 7, 1, 2, tzinfo=UTC),
    ]
    events = pl.LazyFrame({"time": times}, schema={"time": pl.Datetime("us", "UTC")})
    days = ShopDays.of(events)
    micros = events.collect()["time"].dt.epoch("us").to_numpy()
    assert days.clock(micros) == pytest.approx([23 / 24, 1 + 1 / 24, 1 + 2 / 24])
    assert events.select(days.expression()).collect()["time"].to_list() == pytest.approx(days.clock(micros).tolist())


def test_a_log_without_events_is_liked_by_nobody(shop: Shop) -> None:
    assert shop.events.count() == 0 and popularity(shop) == {}


def test_the_half_life_is_a_setting(shop_path: Path) -> None:
    with Shop.open(shop_path) as shop:
        store(shop, *[("impression", "P05", OLD + day * DAY_US) for day in range(5)])
        store(shop, ("click", "P00", OLD), ("click", "P01", OLD + 4 * DAY_US))
        republish(shop)
    with (shop_path / "shop.toml").open("a") as file:
        file.write("[popular]\nhalf_life_days = 2\n")
    with Shop.open(shop_path) as shop:
        assert popularity(shop) == pytest.approx({"P00": 0.25, "P01": 1.0})
        told = [own.what for own in check(shop).findings]
        assert "shop.toml's popular.half_life_days is 2, the generation was built with 30" in told
        was = read_history(shop, shop.view().generation)
        republish(shop)
        now = read_history(shop, shop.view().generation)
        assert was.weight.tolist() == pytest.approx([0.5 ** (4 / 30), 1]) and now.weight.tolist() == [0.25, 1]
        assert not [own.what for own in check(shop).findings if "half_life" in own.what]
