"""A shop's own cascade as a policy: the stages that serve, in batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emptor.cascade import Requests
from emptor.chance import mixed
from emptor.engine import Engine
from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.events import ACTIONS, done_on, events_of
from emptor.market.pages import Pages
from emptor.market.streams import paired
from emptor.market.world.world import Happened, World
from emptor.serve.traces import Choice
from emptor.shop.ageing import DAY_US
from emptor.shop.config import LogOptions
from emptor.shop.features import Heard, Told, hearing


class CascadePolicy:
    """Answers page views with a cascade of a shop that sells the world's products.

    The engine gets what a browser would send: ids and the text of the query.

    Args:
        cascade: as in shop.toml. log: which requests are traced; None traces nothing.
        remembers: nobody appends to the shop's log what happens here, so that this policy tells its cascade of all days
            that it has answered; without it, of the one that has not ended.
    """

    def __init__(
        self,
        world: World,
        engine: Engine,
        *,
        cascade: str = "default",
        log: LogOptions | None = None,
        remembers: bool = False,
    ) -> None:
        self.name, self._world, self._engine, self._log = cascade, world, engine, log
        self._heard, self._remembers = Heard(), remembers
        self._user_ids = world.users.user_id.tolist()
        self._texts = world.queries.text.tolist()
        self._view = ""
        self._rows = np.zeros(0, np.int64)

    def begin(self, day: int) -> None:
        """Take up what the shop has published."""
        self._engine.refresh()
        if not self._remembers:  # the days before are in the log by now, and must not count twice
            self._heard = Heard()

    def hear(self, asked: Asked, pages: Pages, happened: Happened) -> None:
        """What users do is in the histories of their next pages, as it is in a shop that logs it at once."""
        action, view, at, time = events_of(self._world.config.seed, asked, pages, done_on(happened))
        self._heard.tell(
            Told(
                user_id=[self._user_ids[user] for user in asked.user[view].tolist()],
                product_id=self._world.products.product_id[pages.rows[view, at]].tolist(),
                action=[ACTIONS[own] for own in action.tolist()],
                time=time.tolist(),
                query=[self._texts[own] if own >= 0 else None for own in asked.query[view].tolist()],
                days=np.unique(np.concatenate([asked.now, time]) // DAY_US),
            )
        )

    def learn(self) -> None:
        """Nothing is learned between windows; stages that follow the log do so when the engine is refreshed."""

    def __call__(self, asked: Asked) -> Pages:
        requests = self._requests(asked)
        traced = np.zeros(len(asked), bool)
        if self._log is not None:
            traced = np.array([Choice.of(seed, self._log).logged for seed in requests.seed.tolist()], bool)
        with hearing(self._heard):
            outcome = self._engine.run(requests, cascade=self.name, traced=traced)
        rows = self._world_rows()
        found = outcome.candidates
        size, width = len(asked), found.width
        at = asked.offset[:, None] + np.arange(PAGE)[None]
        inside = at < width
        at = np.minimum(at, max(width - 1, 0))
        if not width:
            return Pages.of(np.zeros((size, PAGE), np.int64), np.zeros((size, PAGE), bool))
        take = lambda array: np.take_along_axis(array, at, axis=1)  # noqa: E731
        product = rows[take(found.product)]
        shown = take(found.mask) & inside & (product >= 0)
        return Pages(
            np.where(shown, product, 0),
            shown,
            take(found.columns["propensity"]),
            outcome.explored,
            self._engine.cascades[self.name].hash,
            list(zip(np.flatnonzero(traced).tolist(), outcome.traces, strict=True)),
        )

    def _requests(self, asked: Asked) -> Requests:
        queries = [self._texts[row] if row >= 0 else None for row in asked.query.tolist()]
        # one seed for all pages of a list, so that what is explored agrees from page to page
        seeds = paired(asked.visit_key, asked.query) >> np.uint64(1)
        requests = Requests.of(
            queries,
            request_ids=request_ids(asked),
            user_ids=[self._user_ids[user] for user in asked.user.tolist()],
            session_ids=session_ids(asked),
            k=PAGE,
            offset=asked.offset.tolist(),
            seeds=seeds.astype(np.int64).tolist(),
            cascade=self.name,
        )
        return replace(requests, now=asked.now.astype(np.int64))

    def _world_rows(self) -> np.ndarray:
        """The world's row of each row of the view, -1 for products that the world does not know."""
        view = self._engine.view
        if view.id != self._view or len(self._rows) != view.rows:
            known = self._world.products.rows
            self._rows = np.array([known.get(key, -1) for key in view.ids.many(np.arange(view.rows))], np.int64)
            self._view = view.id
        return self._rows


def request_ids(asked: Asked) -> list[str]:
    """One for each page view."""
    return [f"{key:016x}" for key in asked.key.tolist()]


def session_ids(asked: Asked) -> list[str]:
    """One for each page view, the same for all of a visit."""
    return [f"{key:013x}" for key in (mixed(asked.visit_key) >> np.uint64(12)).tolist()]
