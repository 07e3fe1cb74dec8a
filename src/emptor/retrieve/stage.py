"""The retrieval stage: channels asked side by side, their finds fused. Gets no candidates, makes the first ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emptor.cascade import Candidates, Methods, Requests, Stage
from emptor.errors import EmptorError
from emptor.retrieve.channel import NOTHING, Channel, Excluded, Excluding, Found, empty
from emptor.retrieve.dense import Sides
from emptor.retrieve.fusion import fuse
from emptor.retrieve.lexical import LexicalChannel
from emptor.retrieve.names import NAMES
from emptor.retrieve.popular import PopularChannel
from emptor.shop.config import StageOptions
from emptor.shop.filters import Filters
from emptor.shop.view import View


class RetrieveOptions(BaseModel):
    """Options of the hybrid method: which channels, their weights, and how they are joined."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: dict[str, float] = Field(default={"lexical": 1.0, "dense": 1.0})
    """Weights; a channel that the shop does not have (no encoder) is left out. Trained ones have their model's name."""
    fusion: Literal["rrf", "weighted"] = "rrf"


class HybridRetrieval:
    """Searches by words (and vectors, where there is an encoder); a home page gets what is popular.

    Requests with a `product_id` and no query get products similar to it.

    Args:
        excluding: what rules keep out of a search; kept out here, before the cut, it leaves no list short.
    """

    name = "retrieve"

    def __init__(
        self,
        view: View,
        *,
        depth: int,
        options: RetrieveOptions,
        lexical: LexicalChannel,
        popular: PopularChannel,
        others: Mapping[str, Channel] | None = None,
        excluding: Excluding | None = None,
    ) -> None:
        self._view, self._depth, self._options, self._excluding = view, depth, options, excluding
        self._lexical, self._popular, self._others = lexical, popular, dict(others or {})
        known = {"lexical", "popular", "dense", *self._others}
        for name in options.channels:
            if name not in known:
                told = ", ".join([*sorted(known), *NAMES])
                raise EmptorError(f"retrieve: unknown channel {name!r}; there are {told}")
        weighty = {name for name, weight in options.channels.items() if weight > 0}
        self._seeing = {name for name in weighty if getattr(self._others.get(name), "sees", False)}
        """Channels that know a product by its picture: beside them, who says nothing need not be found by words."""
        if self._seeing:
            _ = view.worded  # reads all titles of a generation once, and no request should wait for it

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        excluded = excluded_from(requests, self._excluding)
        by_channel = self._ask(requests, excluded)
        lists, columns = [], []
        for at in range(len(requests)):
            found = {name: own for name, answers in by_channel.items() if (own := answers[at]) is not None}
            if not found:
                one = requests.rows(slice(at, at + 1))
                found = {"popular": self._popular(one, depth=self._depth, excluded=[excluded[at]])[0] or empty()}
            covers = {name: getattr(self._others.get(name), "covers", None) for name in found}
            if self._seeing & found.keys():
                covers["lexical"] = self._lexical.covers
            weights = {name: self._options.channels.get(name, 1.0) for name in found}
            joined, own_scores = fuse(
                found,
                weights=weights,
                covers=covers,
                order=self._view.order,
                method=self._options.fusion,
                depth=self._depth,
            )
            lists.append(joined)
            columns.append(own_scores)
        names = sorted({name for own in columns for name in own})
        return Candidates.of_lists(
            [own.products for own in lists],
            [own.scores for own in lists],
            {
                name: [
                    own.get(name, np.full(len(joined.products), np.nan, np.float32))
                    for own, joined in zip(columns, lists, strict=True)
                ]
                for name in names
            },
        )

    def _meant(self, requests: Requests) -> np.ndarray:
        """Queries [B] object with misspelt words corrected."""
        out = requests.query.copy()
        for at, query in enumerate(out):
            if query is not None:
                out[at] = self._lexical.reader.read(query, requests.filters[at]).meant or query
        return out

    def by_side(self, query: str, filters: Filters) -> dict[str, Sides]:
        """What pictures bring to a search, by channel that can tell."""
        excluded = NOTHING if self._excluding is None else self._excluding(query, filters)
        query = self._lexical.reader.read(query, filters).meant or query
        found = {}
        for name in sorted(self._seeing):
            tell = getattr(self._others[name], "by_side", None)
            own = None if tell is None else tell(query, filters, excluded, depth=self._depth)
            if own is not None:
                found[name] = own
        return found

    def _ask(self, requests: Requests, excluded: Sequence[Excluded]) -> dict[str, list[Found | None]]:
        answers: dict[str, list[Found | None]] = {}
        wanted = {name for name, weight in self._options.channels.items() if weight > 0}
        if "lexical" in wanted:
            queries, filters = list(requests.query), list(requests.filters)
            answers["lexical"] = self._lexical(queries, filters, depth=self._depth, excluded=excluded)
        if "popular" in wanted:
            answers["popular"] = self._popular(requests, depth=self._depth, excluded=excluded)
        others = {name: channel for name, channel in self._others.items() if name in wanted}
        if others:
            # a network has not learnt every misspelling, and words know what is meant by most of them
            meant = replace(requests, query=self._meant(requests))
            answers |= {
                name: list(channel(meant, depth=self._depth, excluded=excluded)) for name, channel in others.items()
            }
        for at, product_id in enumerate(requests.product_id):
            if product_id is not None and requests.query[at] is None:
                row = self._view.row(product_id)
                if row is not None:
                    similar = self._lexical.similar(row, requests.filters[at], depth=self._depth, excluded=excluded[at])
                    answers.setdefault("similar", [None] * len(requests))[at] = similar
        return answers


class PopularRetrieval:
    """What is popular, whatever was asked: the fallback that cannot fail for want of words."""

    name = "retrieve"

    def __init__(self, *, depth: int, popular: PopularChannel, excluding: Excluding | None = None) -> None:
        self._depth, self._popular, self._excluding = depth, popular, excluding

    def __call__(self, requests: Requests, candidates: Candidates) -> Candidates:
        excluded = excluded_from(requests, self._excluding)
        found = [own or empty() for own in self._popular(requests, depth=self._depth, excluded=excluded)]
        scores = [own.scores for own in found]
        return Candidates.of_lists([own.products for own in found], scores, {"popular": scores})


def excluded_from(requests: Requests, excluding: Excluding | None) -> list[Excluded]:
    """What is kept out of each search."""
    if excluding is None:
        return [NOTHING] * len(requests)
    return [excluding(query, filters) for query, filters in zip(requests.query, requests.filters, strict=True)]


def methods(
    *,
    lexical: LexicalChannel,
    popular: PopularChannel,
    others: Mapping[str, Channel] | None = None,
    trained: Callable[[str, str], Channel] | None = None,
    excluding: Excluding | None = None,
) -> Methods:
    """The retrieval methods a cascade may name, over channels built for one view.

    Args:
        trained: (model of NAMES, its version or "live") -> its channel; none where models cannot be loaded.
    """

    def hybrid(view: View, options: StageOptions) -> Stage:
        try:
            own = RetrieveOptions.model_validate(options.options)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise EmptorError(f"stage retrieve, options.{place}: {first['msg']}") from None
        learnt = {name: trained(name, options.model) for name in own.channels if name in NAMES} if trained else {}
        return HybridRetrieval(
            view,
            depth=options.depth,
            options=own,
            lexical=lexical,
            popular=popular,
            others={**(others or {}), **learnt},
            excluding=excluding,
        )

    def most_popular(view: View, options: StageOptions) -> Stage:
        return PopularRetrieval(depth=options.depth, popular=popular, excluding=excluding)

    return {"retrieve": {"hybrid": hybrid, "popular": most_popular}}
