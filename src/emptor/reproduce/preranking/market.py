"""The market's stream as a pre-ranking data set: a cascade cuts, ranks and shows; the truth of all candidates is known.

For each page view as many products are drawn as its category has on sale, 240 at most: all of that category, or two in
five from other categories of the department (`demand.unexposed`). So lists of both arms are as long. What was there
before is a cut by what titles and pictures promise, read badly: a quarter of the longest list stays. Pages show what is
promised best of that, read well, a share of them with the first forty in random order: of kinds that were not asked for
next to nothing. A ranking network is learnt from these pages; it is the teacher, and what ranks behind every
pre-ranking that is judged.

No model is trained on users' pages of the days that it is judged on. Nothing is known of a product's place in what was
found: a network that knew it would learn to repeat the cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from emptor.evaluate.sets import by_popularity, kept_of
from emptor.learn.seeds import numpy_rng, seeded
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.behaviour.attraction import link
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.pages import Pages as Shown
from emptor.market.policies import Matching
from emptor.market.record import Recorder
from emptor.market.streams import Draws, paired
from emptor.market.world.world import World
from emptor.prerank.models.inputs import Level
from emptor.prerank.samples import Drawn, Stream, candidates_of, examples_of, stream_of
from emptor.progress import step
from emptor.rank.data import Pages, read_pages
from emptor.rank.examples import examples_of as pages_as_examples
from emptor.rank.models import build
from emptor.rank.scale import batch_of, input_spec
from emptor.rank.train import TrainOptions, fit_ranker
from emptor.reproduce.preranking.data import PrerankData, Tested
from emptor.reproduce.shops import Kept, catalogue, queries_of, rows_of_view
from emptor.shop.features import Described, Features, FeatureSpec, arrays_of, joined
from emptor.shop.shop import Shop
from emptor.shop.view import View

ARMS: dict[str, dict[str, object]] = {
    "kinds nobody asked for": {"demand": {"unexposed": 0.4}},
    "only what was asked for": {"demand": {"unexposed": 0.0}},
}
"""Hidden from who learns from pages alone are kinds of products that pages do not show: with and without them."""
PRODUCTS, USERS, DAYS = 12_000, 24_000, 10
FOUND, KEPT = 240, 60
VALIDATED, TESTED = 1, 2
"""Days at the end of the log."""
_LEARNT_FROM, _VALIDATED_ON, _TESTED_ON = 24_000, 3_000, 1_500
"""Requests whose candidates are kept."""
_MISREAD = 0.3
"""Of the cut, in units of the match; the order of a page is read half as badly."""
_MIXED, _AMONG = 0.2, 40
"""Share of the pages whose first products stand in random order, and among how many."""
RANKER = "dnn_crosses"
_AT_ONCE = 128


def config_of(seed: int, arm: str, *, users: int = USERS) -> WorldConfig:
    """The world of a seed and an arm."""
    return WorldConfig.of("study", seed=seed, users=users, products=PRODUCTS, days=DAYS, **ARMS[arm])


@dataclass(frozen=True)
class Traced:
    """Page views whose candidates are kept: rows [B, FOUND] int32 of the world's products, -1 for none; before, behind
    [B, FOUND] float32: what the cut was made by, and what the page was; kept [B, FOUND] bool.
    """

    asked: Asked
    rows: np.ndarray
    before: np.ndarray
    behind: np.ndarray
    kept: np.ndarray


class Staged(Matching):
    """The cascade that was there: a bad cut, and an order by what is promised. share: of first pages, traced ones."""

    name = "staged"

    def __init__(self, world: World) -> None:
        super().__init__(world, candidates=FOUND)
        self.share = 0.0
        self.traced: list[Traced] = []
        self._shown = np.zeros(2)

    def __call__(self, asked: Asked) -> Shown:
        seed = self.world.config.seed
        rows, there = self.found(asked)
        match = self.score(asked, rows)
        before = np.where(there, self.cut_by(match, asked, rows), -np.inf)
        kept = kept_of(before, there, KEPT)
        order = np.argsort(np.where(kept, -match, np.inf), axis=1, kind="stable")
        draws, place = Draws(seed, "mixed pages"), np.arange(order.shape[1])[None]
        chance = draws.uniform(paired(asked.key[:, None], place + 0 * order), 1)
        mixed = (draws.uniform(asked.key) < _MIXED)[:, None] & (place < np.minimum(_AMONG, kept.sum(1))[:, None])
        order = np.take_along_axis(order, np.argsort(np.where(mixed, chance - 1, place), axis=1, kind="stable"), axis=1)
        skip = np.minimum(asked.offset, KEPT - PAGE)[:, None]
        order = np.take_along_axis(order, skip + np.arange(PAGE)[None], axis=1)
        self._trace(asked, rows, there, before, match, kept)
        rows, shown = np.take_along_axis(rows, order, axis=1), np.take_along_axis(kept, order, axis=1)
        self._shown += (shown & (self.world.products.category[rows] != asked.category[:, None])).sum(), shown.sum()
        return Shown.of(rows, shown)

    def cut_by(self, match: np.ndarray, asked: Asked, rows: np.ndarray) -> np.ndarray:
        """match [B, FOUND], badly read."""
        misread = Draws(self.world.config.seed, "cut").normal(paired(asked.key[:, None], rows))
        badly: np.ndarray = match + _MISREAD * misread
        return badly

    def _trace(
        self,
        asked: Asked,
        rows: np.ndarray,
        there: np.ndarray,
        before: np.ndarray,
        behind: np.ndarray,
        kept: np.ndarray,
    ) -> None:
        drawn = Draws(self.world.config.seed, "traced").uniform(asked.key) < self.share
        own = np.flatnonzero((asked.offset == 0) & drawn)
        if len(own):
            found = np.where(there[own], rows[own], -1).astype(np.int32)
            values = (before[own].astype(np.float32), behind[own].astype(np.float32))
            self.traced.append(Traced(asked.rows(own), found, *values, kept[own]))

    def foreign(self) -> float:
        """The share of what pages showed that is of another category than was asked for."""
        return float(self._shown[0] / max(self._shown[1], 1))

    def found(self, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
        """Candidates [B, FOUND] and whether each is there: as many as the asked category has on sale."""
        products = self.world.products
        on_sale = np.bincount(products.category[products.alive(self._day)], minlength=len(self.world.taxonomy))
        many = np.minimum(on_sale[asked.category], FOUND)
        # twice as many are drawn, as some come twice; those that are there stand in front, in the order of the draw
        rows, there = self.world.fitting(asked, 2 * FOUND, day=self._day)
        there &= np.arange(2 * FOUND)[None] < many[:, None]
        return rows[:, :FOUND], there[:, :FOUND]


def load(folder: Path, config: WorldConfig) -> PrerankData:
    """The data set of a world.

    Args: folder: of the shop with its catalogue; made if it is not there.
    """
    catalogue(folder, config)
    world, log = World(config), Kept()
    recorder, policy = Recorder(world, log), Staged(world)  # type: ignore[arg-type]  # a log that only grows
    loop, last = Loop(world, policy, record=recorder), config.days - VALIDATED - TESTED
    visits = config.users * config.demand.visits
    with step("Users shop", total=config.days) as bar:
        for day in range(config.days):
            wanted = _LEARNT_FROM / last if day < last else (_VALIDATED_ON + _TESTED_ON) / (VALIDATED + TESTED)
            policy.share = min(1.5 * wanted / visits, 1.0)
            loop.day(day)
            recorder.end(day)
            bar.advance()
    with Shop.open(folder) as shop:
        view, events = View(shop.view().generation), log.events().lazy()
        features = Features(view, FeatureSpec.of(view), events)
    pages = read_pages(events, features.rows)
    day_of = pages.day - pages.day.min()
    with step("Learning to rank", None):
        ranker = Ranker(features, pages.take(np.flatnonzero(~pages.held_out & (day_of < last))), seed=config.seed)
    traced = Requests(world, features, policy.traced)
    at = {request: place for place, request in enumerate(pages.request_id.tolist())}
    page = np.array([at.get(f"{key:016x}", -1) for key in traced.asked.key.tolist()], np.int64)
    mine = (page >= 0) & ~pages.held_out[page]
    rng, when = numpy_rng(config.seed, "traced requests"), traced.asked.day

    def some(chosen: np.ndarray, most: int) -> np.ndarray:
        return np.sort(rng.permutation(np.flatnonzero(chosen))[:most])

    learnt, validated, tested = (
        some(mine & (when < last), _LEARNT_FROM),
        some(mine & (when == last), _VALIDATED_ON),
        some(when > last, _TESTED_ON),
    )
    with step("Ranking what was kept", None):
        parts = [
            examples_of(features, traced.stream(own, pages, page[own], ranker, seed=config.seed))
            for own in (learnt, validated)
        ]
    judged = traced.tested(tested, ranker)
    shown = np.bincount(pages.rows[pages.mask & (day_of < last)[:, None]], minlength=features.products.nobody + 1)
    return PrerankData(
        inputs=input_spec(features.spec),
        scale=parts[0].scale(seed=config.seed),
        learnt=parts[0],
        validated=parts[1],
        tested=judged,
        parts=by_popularity(shown),
        about={
            "learnt: requests": len(learnt),
            "learnt: choices": int((parts[0].stream.level >= Level.CLICKED).sum()),
            "learnt: dropped candidates": parts[0].stream.count(Level.DROPPED),
            "tested: requests": len(tested),
            "tested: candidates, mean": float(judged.mask.sum(1).mean()),
            "tested: candidates of kinds nobody asked for": float(traced.foreign(tested).mean()),
            "shown: products of kinds nobody asked for": policy.foreign(),
        },
    )


class Ranker:
    """The network that ranks behind every pre-ranking, and that a teacher's order is of."""

    def __init__(self, features: Features, pages: Pages, *, seed: int) -> None:
        whole = pages_as_examples(features, pages)
        cut = len(whole) * 9 // 10
        learnt, validated = whole.take(np.arange(cut)), whole.take(np.arange(cut, len(whole)))
        self._scale, self._products = learnt.scale(seed=seed), features.products
        with seeded(seed, "weights"):
            net = build(RANKER, input_spec(features.spec))
        options = TrainOptions(epochs=1, patience=1, batch=2_048, lr=6e-3, seed=seed)
        self._net = fit_ranker(net, learnt, validated, self._scale, options=options).net.net

    def __call__(self, asked: Described) -> np.ndarray:
        """[B, N] float32, as the cascade orders by: click, and half of purchase."""
        with torch.inference_mode():
            logits = self._net(batch_of(arrays_of(self._products, asked), self._scale)).numpy()
        score: np.ndarray = logits[..., 0] + 0.5 * logits[..., 1]
        return score


class Requests:
    """Page views that were traced, as a shop knows them."""

    def __init__(self, world: World, features: Features, parts: list[Traced]) -> None:
        self._world, self._features = world, features
        columns = vars(parts[0].asked)
        self.asked = Asked(**{name: np.concatenate([getattr(own.asked, name) for own in parts]) for name in columns})
        self._rows, self._before, self._behind, self._kept = (
            np.concatenate([getattr(own, name) for own in parts]) for name in ("rows", "before", "behind", "kept")
        )
        self._of_view = rows_of_view(world, features)[self._rows]
        """Rows of the view, -1 for none."""

    def stream(self, places: np.ndarray, pages: Pages, page: np.ndarray, ranker: Ranker | None, *, seed: int) -> Stream:
        """Some of them with candidates of all levels. page: of each, in `pages`. ranker: ranks anew what was kept;
        without one it stands as it did.
        """
        scratch = np.full(self._features.count, -1, np.int64)
        drawn, found = Drawn(), []
        for start in range(0, len(places), _AT_ONCE):
            own = places[start : start + _AT_ONCE]
            kept = self._kept[own] & (self._of_view[own] >= 0)
            order = np.argsort(~kept, axis=1, kind="stable")[:, :KEPT]
            rows, there = (np.take_along_axis(column, order, axis=1) for column in (self._of_view[own], kept))
            rows = np.maximum(rows, 0)
            if ranker is None:
                score = np.take_along_axis(self._behind[own], order, axis=1)
            else:
                score = ranker(self._described(own, rows, there))
            for at, place in enumerate(own.tolist()):
                best = np.argsort(np.where(there[at], -score[at], np.inf), kind="stable")[: int(there[at].sum())]
                every = self._of_view[place]
                found.append(
                    candidates_of(
                        *(pages, int(page[start + at]), every[every >= 0], rows[at][there[at]], rows[at][best]),
                        *(scratch, drawn, np.random.default_rng([seed, place])),
                    )
                )
        return stream_of(pages, page.tolist(), found)

    def foreign(self, places: np.ndarray) -> np.ndarray:
        """[n]: the share of the candidates that is of another category than was asked for."""
        rows, category = self._rows[places], self._world.products.category
        other = category[np.maximum(rows, 0)] != self.asked.category[places][:, None]
        return ((rows >= 0) & other).sum(1) / np.maximum((rows >= 0).sum(1), 1)

    def tested(self, places: np.ndarray, ranker: Ranker) -> Tested:
        """Some of them with all that was found, and the truth of it."""
        config, level = self._world.config, self._world.reading.level
        asked, truth, orders, ranked = [], [], [], []
        for start in range(0, len(places), _AT_ONCE):
            own = places[start : start + _AT_ONCE]
            asked.append(self.described(own))
            ranked.append(ranker(asked[-1]))
            world_rows = np.maximum(self._rows[own], 0).astype(np.int64)
            who = self.asked.rows(own)
            drawn = self._world.attraction(who, world_rows)
            truth.append(drawn.attraction)
            orders.append(self._world.buying.chance(who, world_rows, drawn))
        true = np.concatenate(truth).astype(np.float32)
        clicks = link(config, level, true).astype(np.float32)
        return Tested(
            joined(asked),
            true,
            clicks,
            clicks * np.concatenate(orders),
            np.concatenate(ranked),
            self._before[places],
        )

    def described(self, places: np.ndarray) -> Described:
        """Some of them with all that was found."""
        return self._described(places, np.maximum(self._of_view[places], 0), self._of_view[places] >= 0)

    def _described(self, places: np.ndarray, rows: np.ndarray, there: np.ndarray) -> Described:
        asked, world = self.asked.rows(places), self._world
        users = [world.users.user_id[own] for own in asked.user.tolist()]
        return self._features.describe(users, queries_of(world, asked), asked.now.astype(np.int64), rows, there)
