"""Simulated days of a shop: sellers come and go, users shop through its cascade, and the log grows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emptor.engine import Engine
from emptor.errors import EmptorError
from emptor.market.cascaded import CascadePolicy
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop, Tally
from emptor.market.making import list_products, open_world
from emptor.market.record import Recorder
from emptor.market.store import State, load_config, load_state, save_state
from emptor.market.world.world import HORIZON, World
from emptor.progress import step
from emptor.shop.importer import republish
from emptor.shop.shop import Shop

BYTES_PER_VIEW = 1_000
"""Of the log, for one page view at a trace share of 0.25: events and traces, in Parquet; see `benchmarks/market.py`."""


@dataclass(frozen=True)
class Ran:
    """What came of some days. seconds: spent on page views, without publishing; events: written to the log."""

    days: int
    views: int
    events: int
    seconds: float
    tally: Tally


def expected(config: WorldConfig, days: int) -> tuple[int, int]:
    """(page views, bytes of log) that so many days will about come to: said before anything runs."""
    views = round(config.users * config.demand.visits * config.demand.pages * 0.92 * days)
    return views, views * BYTES_PER_VIEW


def run_market(shop_path: Path, *, days: int, cascade: str = "default") -> Ran:
    """Let the market of a shop go on for some days, from where it stopped. Each day is on the disk when it ends.

    Raises: EmptorError where the shop has no market, or no such cascade, or all days that the world knows are over.
    """
    config = load_config(shop_path)
    state = load_state(shop_path, config)
    if state.day + days > HORIZON:
        raise EmptorError(
            f"a world has {HORIZON} days, and {state.day} are over; ask for at most {HORIZON - state.day}"
        )
    with Engine.open(shop_path) as engine:
        with step("Making the world"):
            world = open_world(engine.shop, config)
            _ = world.reading
        engine.cascade(cascade)  # raises for one that there is not, or that is off
        return _run(world, engine, state, days, cascade)


def _run(world: World, engine: Engine, state: State, days: int, cascade: str) -> Ran:
    shop = engine.shop
    recorder = Recorder(world, shop.events, shop.path, shop.options.log, backs=state.backs)
    loop = Loop(
        world,
        CascadePolicy(world, engine, cascade=cascade, log=shop.options.log),
        record=recorder,
        satisfaction=state.satisfaction,
    )
    views, seconds = 0, 0.0
    with step("Users shop", total=expected(world.config, days)[0]) as bar:
        for day in range(state.day, state.day + days):
            bar.tell(f"day {day + 1}")
            _open_day(world, shop, day)
            engine.refresh()
            recorder.view = engine.view
            start = time.perf_counter()
            views += loop.day(day, on_window=bar.advance)
            recorder.end(day)
            seconds += time.perf_counter() - start
            save_state(shop.path, State(day + 1, loop.satisfaction, recorder.backs))
    republish(shop)
    return Ran(days, views, recorder.events, seconds, loop.tally)


def _open_day(world: World, shop: Shop, day: int) -> None:
    """Sellers take down what left and list what is new; what was popular until yesterday is known."""
    products = world.products
    if world.config.stock != "invented":  # whose catalogue it is decides what comes and goes
        if day:
            republish(shop)
        return
    gone = products.product_id[(products.left == day) & (products.listed < day)].tolist()
    gone = [own for own in gone if shop.view().row(own) is not None]
    if gone:
        shop.update([{"product_id": own, "delete": True} for own in gone])
    new = np.flatnonzero((products.listed == day) & (products.left > day))
    if day and len(new):
        list_products(world, shop, new)
    elif day:
        republish(shop)
