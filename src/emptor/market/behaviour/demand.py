"""Who comes on a day, for what, and which page they ask for next."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.stats import poisson

from emptor.market.behaviour.asked import PAGE, Asked
from emptor.market.config import WorldConfig
from emptor.market.streams import Draws, paired
from emptor.market.world.products import DAY_US
from emptor.market.world.queries import Queries
from emptor.market.world.users import Users

MOST_VISITS = 6
"""Of one user on one day."""
MOST_PAGES = 12
"""Of one visit."""
WINDOWS = 8
"""Of a day. Visits of one window run side by side; what a cascade learns, it learns between windows."""
LIKED = 8
_HOME_APPETITE = 0.85
_SAME_QUERY = 0.3
_OTHER_QUERY = 0.8
"""Below it (and above _SAME_QUERY), the next page of a visit is another search."""
_HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 6, 5, 5, 5, 6, 7, 9, 10, 10, 8, 5], float)


@dataclass(frozen=True)
class Visits:
    """V visits of one day, in order of time.

    user, visit, start (UTC microseconds), window, pages (how many the user means to see), category, need (row of
    Queries or -1): each [V] int64.
    """

    user: np.ndarray
    visit: np.ndarray
    start: np.ndarray
    window: np.ndarray
    pages: np.ndarray
    category: np.ndarray
    need: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    def rows(self, places: np.ndarray) -> Visits:
        return Visits(**{field.name: getattr(self, field.name)[places] for field in fields(self)})


class Demand:
    """The visits and page views of a world.

    Args:
        wanted: the categories of each need. epoch: UTC microseconds of the world's day 0. luck: see `Reading`.
    """

    def __init__(
        self,
        config: WorldConfig,
        users: Users,
        queries: Queries,
        *,
        wanted: tuple[tuple[int, ...], ...],
        epoch: int,
        luck: int = 0,
    ) -> None:
        self._config, self._users, self._queries, self._epoch = config, users, queries, epoch
        weights = np.concatenate([[0.0], np.cumsum(queries.weight)])
        start = np.asarray(queries.start)
        self._edges = weights[1:]
        self._base, self._mass = weights[start[:-1]], np.diff(weights[start])
        categories = users.interest.shape[1]
        self._asked = self._mass[:categories] > 0
        need_rows = np.arange(int(start[categories]), len(queries.text))
        self._need_rows, self._need_weight = need_rows, queries.weight[need_rows]
        most = max(map(len, wanted), default=1)
        self._wanted = np.array([(*own, *own[:1] * (most - len(own))) for own in wanted]).reshape(-1, most)
        self._wanted_count = np.array([len(own) for own in wanted])
        interest = np.where(self._asked, users.interest, 0)
        self._interest = np.cumsum(interest, axis=1)
        self._interest /= self._interest[:, -1:]
        self._draws = {
            kind: Draws(config.seed, f"{kind} {luck}")
            for kind in ("comes", "when", "pages", "about", "asks", "then", "reads")
        }

    def visits(self, day: int, satisfaction: np.ndarray) -> Visits:
        """Visits of a day.

        Args:
            satisfaction [U] float32: of what was met so far, 0 for nobody's fault; it moves how often users come.
        """
        user = np.arange(len(self._users))
        rate = self._users.rate * np.exp(self._config.demand.loyalty * satisfaction)
        count = poisson.ppf(self._draws["comes"].uniform(paired(user, np.full(1, day))), np.minimum(rate, MOST_VISITS))
        count = np.clip(count, 0, MOST_VISITS).astype(np.int64)
        user = np.repeat(user, count)
        visit = np.arange(len(user)) - np.repeat(np.cumsum(count) - count, count)
        key = paired(user, np.full(1, day), visit)
        hour = self._draws["when"].choice(key, _HOURS)
        within = self._draws["when"].uniform(key, 1)
        start = self._epoch + day * DAY_US + ((hour + within) * (DAY_US / 24)).astype(np.int64)
        # two visits of one user in one window would not know of each other: the second does not happen
        window = hour * WINDOWS // 24
        order = np.lexsort((start, window, user))
        repeat = np.zeros(len(user), bool)
        repeat[order[1:]] = (user[order[1:]] == user[order[:-1]]) & (window[order[1:]] == window[order[:-1]])
        kept = order[~repeat[order]]
        kept = kept[np.argsort(start[kept], kind="stable")]
        return self._missions(user[kept], visit[kept], start[kept], window[kept], key[kept])

    def _missions(
        self, user: np.ndarray, visit: np.ndarray, start: np.ndarray, window: np.ndarray, key: np.ndarray
    ) -> Visits:
        mean = self._config.demand.pages
        stop = 1 / mean
        length = np.log(self._draws["pages"].uniform(key)) / np.log(1 - stop) if stop < 1 else np.zeros(len(key))
        pages = np.minimum(1 + np.floor(length), MOST_PAGES).astype(np.int64)
        about = self._draws["about"]
        # counting edges below is a search in each user's own row
        category = (about.uniform(key)[:, None] > self._interest[user]).sum(1)
        category = np.minimum(category, self._users.interest.shape[1] - 1)
        need = np.full(len(user), -1)
        if len(self._need_rows) and self._config.demand.needs > 0:
            needy = about.uniform(key, 1) < self._config.demand.needs
            need[needy] = self._need_rows[about.choice(key[needy], self._need_weight, 2)]
            which = self._queries.need[need[needy]]
            category[needy] = self._wanted[which, about.integer(key[needy], self._wanted_count[which], 3)]
        return Visits(user, visit, start, window, pages, category.astype(np.int64), need)

    def first(self, visits: Visits, day: int) -> Asked:
        """The first page of each visit."""
        size = len(visits)
        nothing = np.full(size, -1)
        asked = Asked(
            user=visits.user,
            day=np.full(size, day),
            visit=visits.visit,
            page=np.zeros(size, np.int64),
            query=nothing,
            offset=np.zeros(size, np.int64),
            category=visits.category,
            appetite=np.full(size, _HOME_APPETITE, np.float32),
            now=visits.start,
            liked=np.full((size, LIKED), -1),
        )
        searches = self._draws["asks"].uniform(asked.key) < self._config.demand.search
        query = np.where(visits.need >= 0, visits.need, np.where(searches, self._search(asked), -1))
        return self._with_query(asked, query, asked.offset)

    def next(self, before: Asked, liked: np.ndarray) -> Asked:
        """The page after: the same list's next page, another search of the mission, or recommendations."""
        key = before.key
        gap = (15e6 + 150e6 * self._draws["reads"].uniform(key) ** 2).astype(np.int64)
        asked = Asked(
            **{
                **{field.name: getattr(before, field.name) for field in fields(before)},
                "page": before.page + 1,
                "now": before.now + gap,
                "liked": liked,
            }
        )
        then = self._draws["then"].uniform(asked.key)
        same = (then < _SAME_QUERY) & (before.offset < 4 * PAGE)
        search = ~same & (then < _OTHER_QUERY * self._config.demand.search + _SAME_QUERY * 0.25)
        query = np.where(same, before.query, np.where(search, self._search(asked), -1))
        return self._with_query(asked, query, np.where(same, before.offset + PAGE, 0))

    def _search(self, asked: Asked) -> np.ndarray:
        """A query of the mission's category, the frequent ones oftener: rows [B] of Queries, -1 where there is none."""
        u = self._draws["asks"].uniform(asked.key, 1)
        category = asked.category
        row = np.searchsorted(self._edges, self._base[category] + u * self._mass[category], side="right")
        row = np.clip(row, self._queries.start[category], self._queries.start[category + 1] - 1)
        return np.where(self._asked[category], row, -1)

    def _with_query(self, asked: Asked, query: np.ndarray, offset: np.ndarray) -> Asked:
        appetite = np.where(query >= 0, self._queries.appetite[query], _HOME_APPETITE).astype(np.float32)
        own = {field.name: getattr(asked, field.name) for field in fields(asked)}
        return Asked(**{**own, "query": query, "offset": offset, "appetite": appetite})
