"""A modest behaviour log: what some hundreds of users saw, clicked, put in the basket and bought in the last
30 days.

Clicks follow the place on the page, the true relevance and the product's appeal, so that popularity learnt
from them
means something. Nothing is shown before it was listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from emptor.market.starter.products import Product
from emptor.market.starter.queries import Query, grade
from emptor.market.streams import opaque_id, stream

USERS = 800
DAYS = 30
_PAGE = 10
_SESSIONS_PER_PRODUCT = 0.22
_CLICK_BY_GRADE = np.array([0.02, 0.11, 0.3, 0.5])

Event = dict[str, object]


def make_events(products: Sequence[Product], queries: Sequence[Query], *, seed: int, until: datetime) -> list[Event]:
    """Events in order of time, in Emptor's field names: some four thousand for a thousand products."""
    log = _Log(products, queries, seed=seed, until=until)
    events: list[Event] = []
    for number in range(max(20, round(_SESSIONS_PER_PRODUCT * len(products)))):
        events += log.session(number)
    return sorted(events, key=lambda event: (str(event["time"]), str(event["event_id"])))


class _Log:
    """What a session needs to know of the market."""

    def __init__(self, products: Sequence[Product], queries: Sequence[Query], *, seed: int, until: datetime) -> None:
        self.products, self.queries, self.seed, self.until = products, queries, seed, until
        self.appeal = np.array([product.appeal for product in products])
        self.listed = np.array([product.listed_at.timestamp() for product in products])
        self.departments = sorted({product.category.department for product in products})
        self.department = np.array([self.departments.index(product.category.department) for product in products])
        rng = stream(seed, "popular queries")
        demand = 1 / (1 + rng.permutation(len(queries))) ** 0.7
        self.demand = demand / demand.sum()
        of_query = np.array([self.departments.index(query.category.department) for query in queries])
        self.queries_of = [np.flatnonzero(of_query == i) for i in range(len(self.departments))]
        self.activity = stream(seed, "active users").pareto(1.6, USERS) + 0.3
        self.activity /= self.activity.sum()
        self.rows_of: dict[str, list[int]] = defaultdict(list)
        for row, product in enumerate(products):
            self.rows_of[product.category.key].append(row)
        self._grades: dict[int, np.ndarray] = {}

    def grades(self, query: int) -> np.ndarray:
        """The grade of every product for a query, as uint8 [products]."""
        if query not in self._grades:
            wanted, grades = self.queries[query], np.zeros(len(self.products), dtype=np.uint8)
            for row in self.rows_of[wanted.category.key]:  # every other product has grade 0
                grades[row] = grade(wanted, self.products[row])
            self._grades[query] = grades
        return self._grades[query]

    def session(self, number: int) -> list[Event]:
        """One visit: one to four pages, mostly of searches."""
        rng = stream(self.seed, "session", number)
        user = int(rng.choice(USERS, p=self.activity))
        liked = stream(self.seed, "tastes", user).choice(len(self.departments), size=2, replace=False)
        moment = self.until - timedelta(days=float(DAYS * rng.random()))
        events: list[Event] = []
        for page in range(1 + min(3, int(rng.geometric(0.55)) - 1)):
            query = None if rng.random() < 0.2 else self._wanted(rng, liked)
            events += self._page((number, page), user, query, liked, moment, rng)
            moment += timedelta(seconds=float(rng.uniform(20, 240)))
        latest = self.until.isoformat(timespec="milliseconds")
        return [event for event in events if str(event["time"]) <= latest]

    def _wanted(self, rng: np.random.Generator, liked: np.ndarray) -> int:
        choices = self.queries_of[int(rng.choice(liked))] if rng.random() < 0.6 else np.arange(len(self.queries))
        if not len(choices):
            choices = np.arange(len(self.queries))
        weights = self.demand[choices]
        return int(rng.choice(choices, p=weights / weights.sum()))

    def _shown(
        self, query: int | None, liked: np.ndarray, moment: datetime, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """The products on a page, best first, and how likely each is clicked when looked at."""
        if query is None:
            relevance = np.where(np.isin(self.department, liked), 2, 0)
        else:
            relevance = self.grades(query)
        score = 1.1 * relevance + 0.5 * np.log(self.appeal) + rng.gumbel(size=len(self.products))
        score[self.listed > moment.timestamp()] = -np.inf
        page = np.argsort(-score, kind="stable")[:_PAGE]
        page = page[np.isfinite(score[page])]
        return page, _CLICK_BY_GRADE[relevance[page]] * np.clip(self.appeal[page] ** 0.6, 0.3, 3)

    def _page(
        self,
        key: tuple[int, int],
        user: int,
        query: int | None,
        liked: np.ndarray,
        moment: datetime,
        rng: np.random.Generator,
    ) -> list[Event]:
        page, chance = self._shown(query, liked, moment, rng)
        request = opaque_id(self.seed, "request", key, length=16)
        events: list[Event] = []

        def note(action: str, row: int, position: int, when: datetime, quantity: int | None = None) -> None:
            product = self.products[row]
            event: Event = {
                "event_id": opaque_id(self.seed, "event", (key, action, position), length=16),
                "time": when.isoformat(timespec="milliseconds"),
                "user_id": f"user-{user:04d}",
                "session_id": opaque_id(self.seed, "session", key[0], length=12),
                "request_id": request,
                "scenario": "recommend" if query is None else "search",
                "query": None if query is None else self.queries[query].text,
                "action": action,
                "product_id": product.product_id,
                "position": position,
                "price": product.price,
                "quantity": quantity,
            }
            events.append({name: value for name, value in event.items() if value is not None})

        for position, row in enumerate(page.tolist()):
            note("impression", row, position, moment)
            looked_at = rng.random() < 1 / (1 + 0.35 * position) ** 0.8
            if not looked_at or rng.random() >= chance[position]:
                continue
            clicked = moment + timedelta(seconds=float(2 + 3 * position + rng.uniform(0, 6)))
            note("click", row, position, clicked)
            if rng.random() < 0.22:
                note("add_to_cart", row, position, clicked + timedelta(seconds=float(rng.uniform(8, 60))))
                if rng.random() < 0.5:
                    when = clicked + timedelta(seconds=float(rng.uniform(70, 400)))
                    note("purchase", row, position, when, quantity=1 + int(rng.random() < 0.12))
        return events
