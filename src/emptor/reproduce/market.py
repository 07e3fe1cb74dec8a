"""The market's log as a ranking data set: the catalogue in a real shop, features as a server makes them.

Pages are made by the market's own matching policy, which knows no user; those of the last days are in random order, so
that nothing can be told by a place. No model is trained on users' pages of the days that it is judged on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.making import list_products, new_market
from emptor.market.pages import Pages as Shown
from emptor.market.policies import Matching
from emptor.market.record import Recorder
from emptor.market.streams import Draws, paired
from emptor.market.world.world import Happened, World
from emptor.progress import step
from emptor.rank.data import read_pages
from emptor.rank.examples import examples_of
from emptor.rank.scale import input_spec
from emptor.reproduce.data import RankingData, sizes
from emptor.shop.features import Features, FeatureSpec
from emptor.shop.shop import Shop
from emptor.shop.view import View

ARMS: dict[str, dict[str, object]] = {
    "as it is": {},
    "one taste": {"taste": {"local": 0.0}},
    "no interactions": {"taste": {"interactions": 0.0}},
}
"""The study's world, and the same with a cause switched off: of attention to the target, of experts chosen by user."""
TESTED, VALIDATED = 2, 1
"""Days at the end of the log, all their pages in random order."""
_MIXED = 0.1
"""Share of the pages before that are in random order."""
_COLUMNS = ("time", "user_id", "request_id", "query", "action", "product_id", "position", "propensity")


class MixedMatching(Matching):
    """The matching policy with a share of its pages in random order."""

    name = "matching, mixed"

    def __init__(self, world: World, *, candidates: int = 60) -> None:
        super().__init__(world, candidates=candidates)
        self.share = _MIXED

    def __call__(self, asked: Asked) -> Shown:
        pages = super().__call__(asked)
        draws, width = Draws(self.world.config.seed, "mixed pages"), pages.rows.shape[1]
        mixed = draws.uniform(asked.key) < self.share
        chance = draws.uniform(paired(asked.key[:, None], np.arange(width)[None]), 1)
        # what is not shown stays behind
        place = np.where(mixed[:, None] & pages.shown, chance - 1, np.arange(width)[None])
        order = np.argsort(place, axis=1, kind="stable")
        return Shown.of(np.take_along_axis(pages.rows, order, axis=1), np.take_along_axis(pages.shown, order, axis=1))


class _Kept:
    """A log in memory."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []

    def append_bulk(self, table: pa.Table) -> None:
        self._tables.append(table.select(_COLUMNS))

    def events(self) -> pl.DataFrame:
        whole = pl.from_arrow(pa.concat_tables(self._tables))
        assert isinstance(whole, pl.DataFrame)
        return whole.with_row_index("seq").with_columns(pl.col("seq").cast(pl.Int64))


class _Truth:
    """Records page views, and of those in the last days what the world knows of them."""

    def __init__(self, world: World, recorder: Recorder) -> None:
        self._world, self._recorder, self.wanted = world, recorder, False
        self._keys: list[np.ndarray] = []
        self._users: list[np.ndarray] = []
        self._drawn: list[np.ndarray] = []

    def __call__(self, asked: Asked, pages: Shown, happened: Happened) -> None:
        self._recorder(asked, pages, happened)
        if self.wanted:
            drawn = self._world.attraction(asked, pages.rows.astype(np.int64)).attraction.astype(np.float32)
            padded = np.zeros((len(asked), PAGE), np.float32)
            padded[:, : drawn.shape[1]] = drawn
            self._keys.append(asked.key)
            self._users.append(asked.user)
            self._drawn.append(padded)

    def of(self, request_id: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(users [R], attraction [R, PAGE]) of requests, by their ids."""
        keys = np.concatenate(self._keys)
        order = np.argsort(keys)
        wanted = np.array([int(own, 16) for own in request_id.tolist()], np.uint64)
        at = order[np.searchsorted(keys, wanted, sorter=order)]
        return np.concatenate(self._users)[at], np.concatenate(self._drawn)[at]


def config_of(seed: int, arm: str, *, users: int | None = None) -> WorldConfig:
    """The world of a seed and an arm. users: fewer than the preset's, for a quick look or for tuning."""
    config = WorldConfig.of("study", seed=seed, **ARMS[arm])
    return config if users is None else config.changed(users=users)


def catalogue(folder: Path, config: WorldConfig) -> None:
    """A shop with everything that is on sale on any of the world's days; made once, the same for all arms."""
    if (folder / "made").exists():
        return
    world, _ = new_market(folder, config, replace=True)
    later = np.flatnonzero((world.products.listed > 0) & (world.products.listed < config.days))
    if len(later):
        with Shop.open(folder) as shop:
            list_products(world, shop, later)
    (folder / "made").touch()


def load(folder: Path, config: WorldConfig) -> RankingData:
    """The data set of a world.

    Args:
        folder: of the shop with its catalogue; made if it is not there. Nothing is written to its log.
    """
    catalogue(folder, config)
    world, kept = World(config), _Kept()
    recorder = Recorder(world, kept)  # type: ignore[arg-type]  # a log that only grows
    policy, truth = MixedMatching(world), _Truth(world, recorder)
    loop = Loop(world, policy, record=truth)
    with step("Users shop", total=config.days) as bar:
        for day in range(config.days):
            policy.share = 1.0 if day >= config.days - TESTED - VALIDATED else _MIXED
            truth.wanted = day >= config.days - TESTED
            loop.day(day)
            recorder.end(day)
            bar.advance()
    with Shop.open(folder) as shop, step("Describing pages", None):
        view = View(shop.view().generation)
        events = kept.events().lazy()
        features = Features(view, FeatureSpec.of(view), events)
        pages = read_pages(events, features.rows)
        days = pages.day - pages.day.min()
        first, last = config.days - TESTED - VALIDATED, config.days - TESTED
        mine = ~pages.held_out
        parts = [
            pages.take(np.flatnonzero(chosen))
            for chosen in (mine & (days < first), mine & (days >= first) & (days < last), days >= last)
        ]
        learnt, validated, tested = (examples_of(features, part) for part in parts)
    users, drawn = truth.of(parts[2].request_id)
    return RankingData(
        inputs=input_spec(features.spec),
        learnt=learnt,
        validated=validated,
        tested=tested,
        groups=groups(tested.asked.action, users, held_out=parts[2].held_out),
        about=sizes(learnt, validated, tested),
        truth=np.where(tested.mask, drawn[:, : tested.mask.shape[1]], 0),
        columns={
            "segment": world.users.segments[users].argmax(1),
            "surest segment": world.users.segments[users].max(1),
        },
    )


def groups(action: np.ndarray, users: np.ndarray, *, held_out: np.ndarray) -> Mapping[str, np.ndarray]:
    """Parts of the test by what was known of the user. action [R, T]: 0 where the history has ended.

    The tail is sampled by user, one request each, so that it is not that of the few who come most.
    """
    known = (action > 0).sum(1)
    draw = np.random.default_rng(0).permutation(len(users))
    _, first = np.unique(users[draw], return_index=True)
    once = np.zeros(len(users), bool)
    once[draw[first]] = True
    return {
        "nothing known": known == 0,
        "1 to 3 known": (known > 0) & (known <= 3),
        "at most 3": known <= 3,
        "at most 10": known <= 10,
        "more than 10": known > 10,
        "at most 10, one a user": once & (known <= 10),
        "held out": held_out,
    }
