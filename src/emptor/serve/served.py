"""What was served lately, so that an event need only name its request to be good for learning."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emptor.page import Page

KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Served:
    """One page: what was asked, by whom it was made, and what stood where with which chance."""

    scenario: str
    query: str | None
    cascade: str
    explored: bool
    first: int
    product_ids: list[str]
    propensities: list[float]
    user_id: str | None = None

    @classmethod
    def of(cls, page: Page, scenario: str, user_id: str | None = None) -> Served:
        return cls(
            scenario,
            page.query,
            page.cascade,
            page.explored,
            page.results[0].position if page.results else 0,
            [hit.product["product_id"] for hit in page.results],
            [hit.propensity for hit in page.results],
            user_id,
        )


class Recent:
    """The last pages by request_id. Safe between threads."""

    def __init__(self, *, keep: int = KEPT) -> None:
        self._pages: OrderedDict[str, Served] = OrderedDict()
        self._keep = keep
        self._lock = threading.Lock()

    def add(self, request_id: str, served: Served) -> None:
        with self._lock:
            self._pages[request_id] = served
            while len(self._pages) > self._keep:
                self._pages.popitem(last=False)

    def complete(self, event: Any) -> Any:
        """The event with what the server knows of its request; what the client says itself stays as it is.

        Adds user_id, scenario, query, cascade and explored, and for a product of that page position and propensity.
        """
        if not isinstance(event, Mapping):
            return event
        request_id = event.get("request_id")
        with self._lock:
            served = self._pages.get(request_id) if isinstance(request_id, str) else None
        if served is None:
            return event
        known: dict[str, Any] = {
            "user_id": served.user_id,
            "scenario": served.scenario,
            "query": served.query,
            "cascade": served.cascade,
            "explored": served.explored,
        }
        product_id = event.get("product_id")
        if product_id in served.product_ids:
            place = served.product_ids.index(product_id)
            known["position"] = served.first + place
            known["propensity"] = served.propensities[place]
        return {**known, **{name: value for name, value in event.items() if value is not None}}
