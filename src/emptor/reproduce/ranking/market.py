"""The market's log as a ranking data set: the catalogue in a real shop, features as a server makes them.

Pages are made by the market's own matching policy, which knows no user; those of the last days are in random order, so
that nothing can be told by a place. No model is trained on users' pages of the days that it is judged on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emptor.errors import EmptorError
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.pages import Pages as Shown
from emptor.market.policies import Shuffled
from emptor.market.record import Recorder
from emptor.market.world.world import Happened, World
from emptor.progress import step
from emptor.rank.data import Pages, read_pages
from emptor.rank.examples import examples_of
from emptor.rank.scale import input_spec
from emptor.reproduce.ranking.data import RankingData, sizes
from emptor.reproduce.shops import Kept, catalogue
from emptor.shop.features import Features, FeatureSpec, ProductColumns
from emptor.shop.features.spec import OWN
from emptor.shop.shop import Shop
from emptor.shop.view import View

ARMS: dict[str, dict[str, object]] = {
    "as it is": {},
    "one taste": {"taste": {"local": 0.0}},
    "no interactions": {"taste": {"interactions": 0.0}},
    "pictures read perfectly": {},
}
"""The study's world, and the same with a cause switched off: of attention to the target, of experts chosen by user. The
last is the first again, for a shop that sees in a picture all that its users see in it: what a better reading of
pictures could bring at most.
"""
PERFECT = "pictures read perfectly"
USERS = 48_000
"""Of the preset's 60,000: with these its days make four million impressions."""
TESTED, VALIDATED = 2, 1
"""Days at the end of the log, all their pages in random order."""
_MIXED = 0.1
"""Share of the pages before that are in random order."""


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


def config_of(seed: int, arm: str, *, users: int = USERS) -> WorldConfig:
    """The world of a seed and an arm."""
    return WorldConfig.of("study", seed=seed, users=users, **ARMS[arm])


@dataclass(frozen=True)
class Log:
    """A market's log, and what a shop with it makes of a request. pages: to learn from, to choose by, to be judged on;
    users [R], truth [R, PAGE]: of those that are judged on, the world's row of who asked, and the true attraction.
    """

    world: World
    features: Features
    pages: tuple[Pages, Pages, Pages]
    users: np.ndarray
    truth: np.ndarray


def log_of(folder: Path, config: WorldConfig) -> Log:
    """Let users shop for the days of a world. Nothing is written to the shop's own log.

    Args:
        folder: of the shop with the catalogue; made if it is not there.
    """
    catalogue(folder, config)
    world, kept = World(config), Kept()
    recorder = Recorder(world, kept)  # type: ignore[arg-type]  # a log that only grows
    policy, truth = Shuffled(world, share=_MIXED), _Truth(world, recorder)
    loop = Loop(world, policy, record=truth)
    with step("Users shop", total=config.days) as bar:
        for day in range(config.days):
            policy.share = 1.0 if day >= config.days - TESTED - VALIDATED else _MIXED
            truth.wanted = day >= config.days - TESTED
            loop.day(day)
            recorder.end(day)
            bar.advance()
    with Shop.open(folder) as shop:
        view, events = View(shop.view().generation), kept.events().lazy()
        features = Features(view, FeatureSpec.of(view), events)
    pages = read_pages(events, features.rows)
    day, mine = pages.day - pages.day.min(), ~pages.held_out
    first, last = config.days - TESTED - VALIDATED, config.days - TESTED
    learnt, validated, tested = (
        pages.take(np.flatnonzero(chosen))
        for chosen in (mine & (day < first), mine & (day >= first) & (day < last), day >= last)
    )
    return Log(world, features, (learnt, validated, tested), *truth.of(tested.request_id))


def load(folder: Path, config: WorldConfig, *, perfect: bool = False) -> RankingData:
    """The data set of a world; see `log_of`. perfect: give models the true look in the place of a picture's numbers."""
    log = log_of(folder, config)
    with step("Describing pages", None):
        learnt, validated, tested = (examples_of(log.features, part) for part in log.pages)
    if perfect:
        seen = seen_through(learnt.products, log)
        learnt, validated, tested = (replace(part, products=seen) for part in (learnt, validated, tested))
    segments = log.world.users.segments[log.users]
    return RankingData(
        inputs=input_spec(log.features.spec),
        learnt=learnt,
        validated=validated,
        tested=tested,
        groups=groups(tested.asked.action, log.users, held_out=log.pages[2].held_out),
        about=sizes(learnt, validated, tested),
        truth=np.where(tested.mask, log.truth[:, : tested.mask.shape[1]], 0),
        columns={"segment": segments.argmax(1), "surest segment": segments.max(1)},
    )


def seen_through(columns: ProductColumns, log: Log) -> ProductColumns:
    """Products with their true look where their picture's numbers stand; those without a picture keep their zeros.

    Raises: EmptorError where the catalogue has no pictures.
    """
    if not log.features.spec.pictures:
        raise EmptorError(f"arm {PERFECT!r}: the catalogue has no pictures; make the world with them")
    products = log.world.products
    place = {product_id: at for at, product_id in enumerate(products.product_id.tolist())}
    world = [place[product_id] for product_id in log.features.view.product_ids(np.arange(columns.nobody))]
    look, first = products.look[world], len(OWN)
    own = columns.own.copy()
    own[:-1, first:-1] = 0
    own[:-1, first : first + look.shape[1]] = look * own[:-1, -1:]
    return replace(columns, own=own)


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
