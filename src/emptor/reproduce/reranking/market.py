"""The market's log as a re-ranking data set: lists as a ranker gave them, and users who can be shown another order.

On the first days pages stand by what titles and pictures promise, a share of them in random order; a ranking network is
learnt from these. On all days after, its order of the fifty best matching products is shown, a share of the pages
shuffled among the first, and every list is traced with the network's scores. Of these days the first are learnt from,
one is validated on, the last are tested. The ranker knows the log up to the evening before; a re-ranker what its user
did until the very moment.

What is validated or tested can be shown again in another order: the world says what the same user does then, with the
same chances for every order. It is the first page, and nothing that comes after it. No model is trained on users' pages
of the days that it is judged on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from emptor.learn.seeds import numpy_rng
from emptor.market.behaviour.asked import Asked
from emptor.market.cascaded import request_ids
from emptor.market.config import WorldConfig
from emptor.market.loop import Loop
from emptor.market.pages import Pages as Shown
from emptor.market.policies import CANDIDATES, Matching
from emptor.market.record import Recorder
from emptor.market.streams import Draws, paired
from emptor.market.world.world import EPOCH, World
from emptor.progress import step
from emptor.rank.data import Pages, read_pages
from emptor.reproduce.preranking.market import Ranker
from emptor.reproduce.reranking.data import PAGE, Judged, Reaction, RerankData
from emptor.reproduce.shops import Kept, catalogue, queries_of, rows_of_view
from emptor.rerank.loading import list_spec
from emptor.rerank.products import ListProducts
from emptor.rerank.samples import Lists, examples_of, on_page
from emptor.rerank.texts import TextBasis
from emptor.rerank.trained import variety_of
from emptor.shop.ageing import DAY_US
from emptor.shop.features import Features, FeatureSpec
from emptor.shop.shop import Shop
from emptor.shop.view import View

ARMS: dict[str, dict[str, object]] = {
    "neighbours matter": {"page": {"redundancy": 3.0, "contrast": 0.3}},
    "neighbours do not matter": {"page": {"redundancy": 0.0, "contrast": 0.0}},
}
"""What stands around a product moves its chance of a click, or does not."""
PRODUCTS, USERS, DAYS = 6_000, 24_000, 11
FIRST, VALIDATED, TESTED = 3, 1, 4
"""Days at the start that the ranker is learnt from, and days at the end."""
LIST = 50
BROWSING, BUYING = 0.5, 0.3
"""The appetite from which one browses, and below which one buys; between is in no kind."""
_LEARNT_FROM, _VALIDATED_ON = 12_000, 4_000
"""Lists."""
_BUYING, _OTHERS = 6_000, 7_000
"""Tested lists of who buys, and of all others: who buys asks one time in ten, and is drawn more often."""
_MIXED, _AMONG = 0.2, 40
"""Share of the pages whose first products stand in random order, and among how many."""
_AT_ONCE = 256


def config_of(seed: int, arm: str, *, users: int = USERS) -> WorldConfig:
    """The world of a seed and an arm."""
    return WorldConfig.of("study", seed=seed, users=users, products=PRODUCTS, days=DAYS, **ARMS[arm])


@dataclass(frozen=True)
class Traced:
    """First pages with what re-ranking was handed: rows [B, LIST] int32 of the world's products, best first, -1 for
    none; score [B, LIST] float32: of the stage before, 0 for none.
    """

    asked: Asked
    rows: np.ndarray
    score: np.ndarray


class Listed(Matching):
    """The cascade that was there: the best matching products, in the order of the match or of a ranker.

    ranker, features: what orders from now on, and what it knows of the log; tracing: whether lists are kept.
    """

    name = "listed"

    def __init__(self, world: World) -> None:
        super().__init__(world, candidates=CANDIDATES)
        self.ranker: Ranker | None = None
        self.features: Features | None = None
        self.tracing = False
        self.traced: list[Traced] = []
        self._of_view = np.zeros(0, np.int64)

    def __call__(self, asked: Asked) -> Shown:
        rows, shown = self.world.fitting(asked, self._candidates, day=self._day)
        score = np.where(shown, self.score(asked, rows), -np.inf)
        rows, score = _best(rows, score)
        there = np.isfinite(score)
        if self.ranker is not None and self.features is not None:
            rows, score = _best(rows, np.where(there, self._ranked(asked, rows, there), -np.inf))
            there = np.isfinite(score)
        if self.tracing and (own := np.flatnonzero(asked.offset == 0)).size:
            kept = np.where(there[own], rows[own], -1).astype(np.int32)
            scores = np.where(there[own], score[own], 0).astype(np.float32)
            self.traced.append(Traced(asked.rows(own), kept, scores))
        draws, place = Draws(self.world.config.seed, "mixed pages"), np.arange(rows.shape[1])[None]
        chance = draws.uniform(paired(asked.key[:, None], place + 0 * rows), 1)
        mixed = (draws.uniform(asked.key) < _MIXED)[:, None] & (place < np.minimum(_AMONG, there.sum(1))[:, None])
        order = np.argsort(np.where(mixed, chance - 1, place), axis=1, kind="stable")
        skip = np.minimum(asked.offset, max(rows.shape[1] - PAGE, 0))[:, None]
        order = np.take_along_axis(order, skip + np.arange(min(PAGE, rows.shape[1]))[None], axis=1)
        return Shown.of(np.take_along_axis(rows, order, axis=1), np.take_along_axis(there, order, axis=1))

    def rank_by(self, ranker: Ranker, features: Features) -> None:
        """From now on the order is a ranker's, with what is known of the log."""
        self.ranker, self.features = ranker, features
        self._of_view = rows_of_view(self.world, features)

    def _ranked(self, asked: Asked, rows: np.ndarray, there: np.ndarray) -> np.ndarray:
        assert self.ranker is not None and self.features is not None
        world, parts = self.world, []
        for start in range(0, len(asked), _AT_ONCE):
            own = np.arange(start, min(start + _AT_ONCE, len(asked)))
            known = self._of_view[rows[own]]
            users = world.users.user_id[asked.user[own]].tolist()
            mask = there[own] & (known >= 0)
            described = self.features.describe(
                users, queries_of(world, asked.rows(own)), asked.now[own].astype(np.int64), np.maximum(known, 0), mask
            )
            parts.append(self.ranker(described))
        return np.concatenate(parts)


def _best(rows: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows, scores) of the LIST highest scores, best first."""
    order = np.argsort(-score, axis=1, kind="stable")[:, :LIST]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(score, order, axis=1)


class AgainInMarket:
    """Requests of a world whose lists are shown again. rows [R, N]: of its products; mask [R, N] bool."""

    def __init__(self, world: World, asked: Asked, rows: np.ndarray, mask: np.ndarray) -> None:
        self._world, self._asked, self._rows, self._mask = world, asked, rows, mask

    def __call__(self, order: np.ndarray) -> Reaction:
        first = order[:, :PAGE]
        rows, shown = (np.take_along_axis(own, first, axis=1) for own in (self._rows, self._mask))
        happened = self._world.happen(self._asked, rows, shown)
        read, done = happened.read, happened.done
        return Reaction(*(own.sum(1).astype(np.float64) for own in (read.looked, read.clicked, done.bought)))


def load(folder: Path, config: WorldConfig) -> RerankData:
    """The data set of a world.

    Args: folder: of the shop with its catalogue; made if it is not there.
    """
    catalogue(folder, config)
    world, log = World(config), Kept()
    recorder, policy = Recorder(world, log), Listed(world)  # type: ignore[arg-type]  # a log that only grows
    loop = Loop(world, policy, record=recorder)
    with Shop.open(folder) as shop:
        view = View(shop.view().generation)
    spec, ranker = FeatureSpec.of(view), None
    with step("Users shop", total=config.days) as bar:
        for day in range(config.days):
            if day >= FIRST:
                events = log.events().lazy()
                features = Features(view, spec, events)
                if ranker is None:
                    ranker = _ranker(features, read_pages(events, features.rows), seed=config.seed)
                policy.rank_by(ranker, features)
                policy.tracing = True
            loop.day(day)
            recorder.end(day)
            bar.advance()
    events = log.events().lazy()
    features = Features(view, spec, events)
    products = ListProducts.of(features, TextBasis.of(features.words, features.count))
    traces = Traces(world, features, policy.traced, read_pages(events, features.rows))
    learnt, validated, tested = traces.split(seed=config.seed)
    with step("Describing lists", None):
        examples = examples_of(features, products, traces.lists(learnt))
        judged = [traces.judged(products, own) for own in (validated, tested)]
    return RerankData(
        spec=list_spec(features.spec),
        scale=examples.scale(seed=config.seed),
        learnt=examples,
        validated=judged[0],
        tested=judged[1],
        about={
            "learnt: lists": len(learnt),
            "learnt: clicks": int(examples.lists.clicked.sum()),
            "learnt: orders": int(examples.lists.bought.sum()),
            "validated: lists": len(validated),
            "tested: lists": len(tested),
            "tested: products of a list, mean": float(judged[1].mask.sum(1).mean()),
            **{f"tested: lists, {name}": int(own.sum()) for name, own in judged[1].kinds.items()},
        },
    )


def _ranker(features: Features, pages: Pages, *, seed: int) -> Ranker:
    with step("Learning to rank", None):
        return Ranker(features, pages.take(np.flatnonzero(~pages.held_out)), seed=seed)


class Traces:
    """Lists that were traced, as a shop knows them, with what became of their pages."""

    def __init__(self, world: World, features: Features, parts: list[Traced], pages: Pages) -> None:
        self._world, self._features, self._pages = world, features, pages
        names = [own.name for own in fields(Asked)]
        self.asked = Asked(**{name: np.concatenate([getattr(own.asked, name) for own in parts]) for name in names})
        self.rows, self.score = (np.concatenate([getattr(own, name) for own in parts]) for name in ("rows", "score"))
        # by the clock, as a shop's log has it: a visit may go on beyond midnight
        self._day = (self.asked.now - round(EPOCH.timestamp() * 1e6)) // DAY_US
        self._of_view = rows_of_view(world, features)[self.rows]
        at = {request: place for place, request in enumerate(pages.request_id.tolist())}
        self._page = np.array([at.get(own, -1) for own in request_ids(self.asked)], np.int64)
        """Of the pages, -1 where nothing was on the screen."""

    def split(self, *, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places of the lists that are learnt from, validated on and tested, each in order of time."""
        day = self._day
        rng, last = numpy_rng(seed, "traced lists"), self._world.config.days - TESTED
        held_out = np.zeros(len(day), bool)
        held_out[self._page >= 0] = self._pages.held_out[self._page[self._page >= 0]]
        good = (self._of_view >= 0).sum(1) > 1
        seen = good & (self._page >= 0) & ~held_out
        buying, tested = self.asked.appetite < BUYING, good & (day >= last)

        def some(chosen: np.ndarray, most: int) -> np.ndarray:
            return rng.permutation(np.flatnonzero(chosen))[:most]

        learnt = some(seen & (day < last - VALIDATED), _LEARNT_FROM)
        validated = some(seen & (day >= last - VALIDATED) & (day < last), _VALIDATED_ON)
        both = np.concatenate([some(tested & buying, _BUYING), some(tested & ~buying, _OTHERS)])
        return self._in_time(learnt), self._in_time(validated), self._in_time(both)

    def lists(self, places: np.ndarray) -> Lists:
        """Some of them as networks learn from them."""
        asked, rows = self.asked.rows(places), self._of_view[places]
        mask, page = rows >= 0, self._page[places]
        done = {name: np.zeros(rows.shape, bool) for name in ("seen", "clicked", "bought")}
        for at in np.flatnonzero(page >= 0).tolist():
            for own, on in zip(done.values(), on_page(self._pages, int(page[at]), rows[at]), strict=True):
                own[at] = on & mask[at]
        return Lists(
            user_id=np.array(self._world.users.user_id, object)[asked.user],
            query=np.array(queries_of(self._world, asked), object),
            now=asked.now.astype(np.int64),
            rows=np.maximum(rows, 0).astype(np.int32),
            mask=mask,
            score=self.score[places],
            **done,
        )

    def judged(self, products: ListProducts, places: np.ndarray) -> Judged:
        """Some of them with the truth, to be shown again."""
        world, asked = self._world, self.asked.rows(places)
        lists = self.lists(places)
        rows = np.maximum(self.rows[places], 0).astype(np.int64)
        examples = examples_of(self._features, products, lists)
        described = examples.asked.described
        category = self._features.products.fields[:, list(self._features.spec.fields).index("category")]
        kinds = {"browsing": asked.appetite >= BROWSING, "buying": asked.appetite < BUYING}
        return Judged(
            examples=examples,
            topics=np.where(lists.mask, world.products.category[rows], -1).astype(np.int64),
            truth=np.concatenate(
                [
                    world.attraction(asked.rows(own), rows[own]).attraction.astype(np.float32)
                    for own in np.array_split(np.arange(len(places)), -(-len(places) // _AT_ONCE))
                ]
            ),
            again=AgainInMarket(world, asked, rows, lists.mask),
            sight=self._sight(),
            appetite=asked.appetite,
            variety=variety_of(category[described.past], described.action > 0),
            kinds=kinds,
            weight=self._stands_for(places, asked.appetite < BUYING),
        )

    def _stands_for(self, places: np.ndarray, buying: np.ndarray) -> np.ndarray:
        """[n]: how many requests of the same days one that was drawn stands for, who buys and all others apart."""
        day, every = self._day, self.asked.appetite < BUYING
        same = (day >= day[places].min()) & (day <= day[places].max())
        of = {kind: (same & (every == kind)).sum() / max((buying == kind).sum(), 1) for kind in (True, False)}
        return np.where(buying, of[True], of[False])

    def _sight(self) -> np.ndarray:
        """[P + 1, K] float32: how products of the view look to users."""
        world, known = self._world, rows_of_view(self._world, self._features)[:-1]
        out = np.zeros((self._features.count + 1, world.products.sight.shape[1]), np.float32)
        out[known[known >= 0]] = world.products.sight[known >= 0]
        return out

    def _in_time(self, places: np.ndarray) -> np.ndarray:
        return places[np.argsort(self.asked.now[places], kind="stable")]
