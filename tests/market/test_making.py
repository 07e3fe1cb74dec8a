"""Making a market, letting it run, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from PIL import Image

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.market.config import WorldConfig
from emptor.market.gallery import Painter, draw_all
from emptor.market.making import new_market
from emptor.market.running import run_market
from emptor.market.store import State, folder_of, load_config, load_state, save_state
from emptor.market.world.world import HORIZON, World
from emptor.shop.shop import Shop
from tests.market.worlds import small_world


def test_a_market_is_a_shop_like_any_other(tiny_market: Path) -> None:
    with Engine.open(tiny_market) as engine:
        page = engine.search("dress")
        assert len(page.results) > 3 and page.results[0].product["image_file"]
        events = engine.shop.events.read().collect()
    world = World(load_config(tiny_market))
    assert {"impression", "click"} <= set(events["action"]) and set(events["user_id"]) <= set(world.users.user_id)
    assert (tiny_market / "judgements.csv").exists() and (tiny_market / "encyclopaedia.jsonl").exists()
    share = events["explored"].mean()
    assert isinstance(share, float) and 0.02 < share < 0.25
    traces = pl.read_parquet(tiny_market / "logs" / "date=*" / "traces-*.parquet")
    traced = traces["request_id"].n_unique() / events["request_id"].n_unique()
    assert 0.1 < traced < 0.5, "a share of them, see SETTINGS"
    row = traces.filter(pl.col("shown_ids").is_not_null()).row(0, named=True)
    own = events.filter(pl.col("request_id") == row["request_id"])
    assert own["cascade"].unique().to_list() == [row["cascade"]] and set(own["product_id"]) <= set(row["shown_ids"])


def test_the_same_market_again(tmp_path: Path, tiny_market: Path) -> None:
    """Same seed and config: the same log, event for event, and the same pictures."""
    again = tmp_path / "again"
    new_market(again, WorldConfig.of("tiny"))
    run_market(again, days=1)
    run_market(again, days=1)  # in two goes
    logs = []
    for shop_path in (tiny_market, again):
        with Shop.open(shop_path) as shop:
            logs.append(shop.events.read().drop("seq").collect())
    assert logs[0].equals(logs[1])
    names = [sorted(path.name for path in (own / "images").rglob("*.jpg")) for own in (tiny_market, again)]
    assert names[0] == names[1] and len(names[0]) > 300


def test_pictures_do_not_depend_on_who_draws(tmp_path: Path) -> None:
    world = small_world()
    rows = np.flatnonzero(world.products.pictured)[:12]
    hashes = []
    for number, own in enumerate((rows, rows[::-1])):
        draw_all(world.products, own, tmp_path / str(number), seed=0, workers=1 + number)
        files = sorted((tmp_path / str(number)).iterdir())
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert hashes[0] == hashes[1] and len(hashes[0]) == 12


def test_larger_pictures_are_drawn_when_somebody_looks() -> None:
    world = small_world()
    painter = Painter(world.config, world.products)
    row = int(np.flatnonzero(world.products.pictured)[0])
    from io import BytesIO

    picture = painter(str(world.products.product_id[row]), 256)
    assert picture is not None and Image.open(BytesIO(picture)).size == (256, 256)
    bare = int(np.flatnonzero(~world.products.pictured)[0])
    assert painter(str(world.products.product_id[bare]), 256) is None and painter("nothing", 256) is None
    with pytest.raises(EmptorError, match="16 to 1024 pixels"):
        painter(str(world.products.product_id[row]), 5_000)


def test_products_come_and_go(market_path: Path) -> None:
    world = World(load_config(market_path))
    run_market(market_path, days=3)
    with Shop.open(market_path) as shop:
        view = shop.view()
        on_sale = {view.product_id(row) for row in np.flatnonzero(view.alive)}
    assert on_sale == set(world.products.product_id[world.products.alive(4)].tolist())
    state = load_state(market_path, world.config)
    assert state.day == 5 and state.satisfaction.any()


def test_returns_come_days_later(market_path: Path) -> None:
    config = load_config(market_path).changed(page={"clicks": 0.3, "purchase": 0.3})
    from emptor.market.store import save_config

    save_config(market_path, config)
    run_market(market_path, days=7)
    with Shop.open(market_path) as shop:
        events = shop.events.read().collect()
    back = events.filter(pl.col("action") == "return")
    bought = events.filter(pl.col("action") == "purchase").select(
        "request_id", "product_id", pl.col("time").alias("at")
    )
    joined = back.join(bought, on=["request_id", "product_id"], how="left")
    assert len(back) > 0 and joined["at"].is_not_null().all()
    days = (joined["time"].dt.date() - joined["at"].dt.date()).dt.total_days()
    assert days.min() >= 3 and days.max() <= 6  # type: ignore[operator]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda folder: (folder / "world.json").unlink(), "sells in no simulated market.*emptor market new"),
        (lambda folder: (folder / "world.json").write_text("{"), "is not JSON"),
        (lambda folder: _edit(folder, market="v0"), "a world of market v0"),
        (lambda folder: _edit(folder, users=300), "was changed by hand"),
        (lambda folder: (folder / "state.npz").write_bytes(b"PK nothing"), "is damaged"),
    ],
)
def test_a_spoilt_world_is_told_in_a_sentence(market_path: Path, spoil: object, expected: str) -> None:
    spoil(folder_of(market_path))  # type: ignore[operator]
    with pytest.raises(EmptorError, match=expected) as raised:
        run_market(market_path, days=1)
    assert "\n" not in str(raised.value)


def _edit(folder: Path, **changes: object) -> None:
    content = orjson.loads((folder / "world.json").read_bytes())
    (folder / "world.json").write_bytes(orjson.dumps({**content, **changes}))


def test_what_cannot_be_is_refused(market_path: Path, tmp_path: Path) -> None:
    with pytest.raises(EmptorError, match="unknown cascade 'nonsense'; known: default"):
        run_market(market_path, days=1, cascade="nonsense")
    with pytest.raises(EmptorError, match=f"a world has {HORIZON} days, and 2 are over"):
        run_market(market_path, days=HORIZON)
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious").write_text("x")
    with pytest.raises(EmptorError, match="exists and is no invented market"):
        new_market(other, WorldConfig.of("tiny"))
    assert (other / "precious").exists()
    with pytest.raises(EmptorError, match="holds a market already; say --replace"):
        new_market(market_path, WorldConfig.of("tiny"))
    with pytest.raises(EmptorError, match="import it and adopt"):
        new_market(tmp_path / "new", WorldConfig.of("tiny", stock="catalogue"))
    with pytest.raises(EmptorError, match="nobody visits"):
        new_market(tmp_path / "quiet", WorldConfig.of("tiny", users=10, demand={"visits": 1e-9}))
    assert not (tmp_path / "quiet").exists()


def test_a_state_of_other_users_is_refused(market_path: Path) -> None:
    save_state(market_path, State(2, np.zeros(7, np.float32)))
    with pytest.raises(EmptorError, match="has 7 users, the world 200"):
        run_market(market_path, days=1)
