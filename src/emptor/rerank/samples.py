"""What re-rankers learn from: whole lists as the stage before gave them, and what became of what was on the screen.

Shapes: R requests, N products of a list, T behaviours, Q earlier queries, L words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import torch

from emptor.rank.data import Pages
from emptor.rank.scale import Scale, batch_of
from emptor.rank.traces import first_pages, lists_of
from emptor.rerank.models.inputs import Labels, RerankBatch, Sides
from emptor.rerank.products import ListProducts
from emptor.rerank.scores import as_input
from emptor.shop.features import Described, Features, ProductColumns, arrays_of, joined, taken

COLUMNS = ("request_id", "offset", "sort", "degraded", "place", "stage", "product_ids", "scores")
"""Of a trace log that are read."""
BEHIND = ("rerank", "merchandise")
"""Stages that come after what a re-ranker is handed."""
LONGEST = 50
"""Products of a list, unless said otherwise."""
MOST = 60
"""Products of a list, at most: places that networks know."""
EARLIER = 10
"""Q."""
_AT_ONCE = 4_096
_SCALED_BY = 4_000


@dataclass(frozen=True)
class Lists:
    """R requests in order of time, with a list each, best first.

    user_id, query [R] object; now [R] int64; rows [R, N] int32, mask [R, N] bool; score [R, N] float32: of the stage
    before, whatever it means there, 0 where it is not known; clicked, bought, seen [R, N] bool: seen is on the screen.
    """

    user_id: np.ndarray
    query: np.ndarray
    now: np.ndarray
    rows: np.ndarray
    mask: np.ndarray
    score: np.ndarray
    clicked: np.ndarray
    bought: np.ndarray
    seen: np.ndarray

    def __len__(self) -> int:
        return len(self.now)

    def take(self, places: np.ndarray) -> Lists:
        """Some of the requests, in that order."""
        return taken(self, places)


def read_lists(traces: Iterable[pl.DataFrame], pages: Pages, rows: pl.DataFrame, *, longest: int = LONGEST) -> Lists:
    """Join pages with the lists that the stages before re-ranking gave.

    Args:
        traces: parts of a trace log, one after the other, with at least COLUMNS; rows of a request stand in one part.
        pages: what was on screens, see `rank.data.read_pages`. Pages without a trace are left out, and so are further
            pages of a list, and those in another order than by relevance.
        rows: columns product_id and row; other products are left out. longest: of each list the first so many.

    Scores of a list that another stage gave than should have, or none, are not known: they mean something else.
    """
    page_of = {request: at for at, request in enumerate(pages.request_id.tolist())}
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for part in traces:
        before = first_pages(part, page_of).filter(~pl.col("stage").is_in(BEHIND))
        last = before.filter(pl.col("place") == pl.col("place").max().over("request_id"))
        whole = pl.col("degraded").fill_null("").is_in(["", "[]"])
        last = last.with_columns(pl.when(whole).then(pl.col("scores")).alias("scores"))
        for request, own in lists_of(last, rows, longest=longest).items():
            found[page_of[request]] = own
    return lists_on(pages, found)


def lists_on(pages: Pages, found: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> Lists:
    """Lists of pages. found: which of them -> (rows, scores) of its list, best first; a page of which nothing is in its
    list is left out.
    """
    there = [at for at in sorted(found, key=lambda own: (int(pages.now[own]), own)) if _any_of(pages, at, found[at][0])]
    width = max((len(found[at][0]) for at in there), default=1)
    rows, score = np.zeros((len(there), width), np.int32), np.zeros((len(there), width), np.float32)
    mask, clicked, bought, seen = (np.zeros((len(there), width), bool) for _ in range(4))
    for place, at in enumerate(there):
        own, scores = found[at]
        many = len(own)
        rows[place, :many], score[place, :many], mask[place, :many] = own, scores, True
        for out, done in zip((seen, clicked, bought), on_page(pages, at, own), strict=True):
            out[place, :many] = done
    which = np.array(there, np.int64)
    return Lists(pages.user_id[which], pages.query[which], pages.now[which], rows, mask, score, clicked, bought, seen)


def on_page(pages: Pages, at: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(seen, clicked, bought) of products `rows` [n] on a page: [n] bool; what was bought there was clicked, too."""
    there, clicked, bought = pages.mask[at], pages.clicked[at], pages.bought[at]

    def among(some: np.ndarray) -> np.ndarray:
        return np.isin(rows, pages.rows[at][there & some])

    return among(there), among(clicked | bought), among(bought)


def lists_of_pages(pages: Pages) -> Lists:
    """Pages themselves as lists, for a log without traces: nothing is known of what stood behind them, or of scores."""
    every = {at: pages.rows[at][pages.mask[at]] for at in range(len(pages))}
    return lists_on(pages, {at: (own, np.zeros(len(own), np.float32)) for at, own in every.items() if len(own)})


def _any_of(pages: Pages, at: int, rows: np.ndarray) -> bool:
    return bool(np.isin(pages.rows[at][pages.mask[at]], rows).any())


@dataclass(frozen=True)
class Asked:
    """Requests as re-rankers are given them: described [R] (see `shop.features`); score [R, N] float32, standardised
    over its list; earlier [R, Q, L] int32, earlier_gap [R, Q] uint8: see RerankBatch.
    """

    described: Described
    score: np.ndarray
    earlier: np.ndarray
    earlier_gap: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    def take(self, places: np.ndarray) -> Asked:
        """Some of the requests, in that order, no wider than their longest list."""
        described = taken(self.described, places)
        width = max(int(described.mask.sum(1).max(initial=1)), 1)
        described = replace(
            described,
            rows=described.rows[:, :width],
            mask=described.mask[:, :width],
            numeric=described.numeric[:, :width],
        )
        return Asked(described, self.score[places, :width], self.earlier[places], self.earlier_gap[places])


def asked_of(features: Features, described: Described, score: np.ndarray) -> Asked:
    """Requests with scores [R, N] of the stage before, as networks are given them."""
    return Asked(described, as_input(score, described.mask), *earlier_of(features, described))


def earlier_of(features: Features, described: Described, *, most: int = EARLIER) -> tuple[np.ndarray, np.ndarray]:
    """(words [R, Q, L] int32, gaps [R, Q] uint8) of the queries under which a user did something before, each once, the
    newest first; without the one that is asked now, and those without a word.
    """
    width = described.words.shape[1]
    words = np.zeros((len(described), most, width), np.int32)
    gap = np.zeros((len(described), most), np.uint8)
    numbers = np.unique(described.typed)
    numbers = numbers[numbers > 0]
    if not len(numbers):
        return words, gap
    table = features.typed_words(numbers)
    # texts of the same words are one query, whatever their case
    table, said = np.unique(table, axis=0, return_inverse=True)
    owner, at = np.nonzero(described.typed)
    which = said.reshape(-1)[np.searchsorted(numbers, described.typed[owner, at])]
    # each query of a request once, where it was typed last
    _, first = np.unique(np.stack([owner, which]), axis=1, return_index=True)
    first = np.sort(first)
    owner, at, which = owner[first], at[first], which[first]
    new = table[which].any(1) & (table[which] != described.words[owner]).any(1)
    owner, at, which = owner[new], at[new], which[new]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = place < most
    owner, at, which, place = owner[kept], at[kept], which[kept], place[kept]
    words[owner, place], gap[owner, place] = table[which], described.gap[owner, at]
    return words, gap


def batch_of_lists(columns: ProductColumns, products: ListProducts, asked: Asked, scale: Scale) -> RerankBatch:
    """Requests as a batch. columns, products: what the rows of `asked` mean."""
    arrays = arrays_of(columns, asked.described)
    described, length = asked.described, arrays.there.shape[1]
    mask = described.mask
    place = np.where(mask, np.arange(mask.shape[1])[None], 0)
    return RerankBatch(
        asked=batch_of(arrays, scale),
        score=torch.from_numpy(np.where(mask, asked.score, np.float32(0))),
        place=torch.from_numpy(place),
        sides=_sides(products, described.rows, mask),
        past=_sides(products, described.past[:, :length], arrays.there),
        earlier=torch.from_numpy(asked.earlier.astype(np.int64)),
        earlier_gap=torch.from_numpy(asked.earlier_gap.astype(np.int64)),
        alike=torch.from_numpy(products.alike[described.rows] * mask[..., None]),
    )


def _sides(products: ListProducts, rows: np.ndarray, there: np.ndarray) -> Sides:
    return Sides(
        torch.from_numpy(products.text[rows] * there[..., None]),
        torch.from_numpy(products.image[rows] * there[..., None]),
        torch.from_numpy(products.has_text[rows] & there),
        torch.from_numpy(products.has_image[rows] & there),
    )


@dataclass(frozen=True)
class Examples:
    """R lists to learn from, or to be judged on. columns, products: what their rows mean."""

    columns: ProductColumns
    products: ListProducts
    asked: Asked
    lists: Lists

    def __len__(self) -> int:
        return len(self.lists)

    def reordered(self, order: np.ndarray, *, score: np.ndarray | None = None) -> Examples:
        """The same requests with the products at places [R, n] of their lists, n at most as many as these have.

        Args: score [R, N]: of each product where it stood, instead of the one it came with.
        """
        lists, asked, described = self.lists, self.asked, self.asked.described

        def own(values: np.ndarray) -> np.ndarray:
            return np.take_along_axis(values, order if values.ndim == 2 else order[..., None], axis=1)

        given = lists.score if score is None else score
        columns = {name: own(getattr(lists, name)) for name in ("rows", "mask", "clicked", "bought", "seen")}
        lists = replace(lists, score=own(given), **columns)
        described = replace(described, **{name: own(getattr(described, name)) for name in ("rows", "mask", "numeric")})
        standing = own(asked.score) if score is None else as_input(lists.score, lists.mask)
        return replace(self, asked=replace(asked, described=described, score=standing), lists=lists)

    def seen(self) -> Examples:
        """The same requests with what was on the screen alone, each product with the score that it had in its list."""
        there = self.lists.seen
        width = max(int(there.sum(1).max(initial=1)), 1)
        found = self.reordered(np.argsort(~there, axis=1, kind="stable")[:, :width])
        there, described = found.lists.seen, found.asked.described
        asked = replace(found.asked, described=replace(described, mask=there))
        return replace(found, asked=asked, lists=replace(found.lists, mask=there))

    def batch(self, places: np.ndarray, scale: Scale) -> tuple[RerankBatch, Labels]:
        """Some of the lists as tensors, no wider than the longest."""
        batch = batch_of_lists(self.columns, self.products, self.asked.take(places), scale)
        own, width = self.lists.take(places), batch.score.shape[1]
        clicked, bought, seen = (torch.from_numpy(column[:, :width]) for column in (own.clicked, own.bought, own.seen))
        return batch, Labels(clicked.float(), bought.float(), seen)

    def batches(self, scale: Scale, *, size: int, seed: int, epoch: int) -> Iterator[tuple[RerankBatch, Labels]]:
        """Batches of `size` lists; their order follows from (seed, epoch)."""
        order = np.random.default_rng([seed, epoch]).permutation(len(self))
        for start in range(0, len(order), size):
            yield self.batch(order[start : start + size], scale)

    def scale(self, *, seed: int) -> Scale:
        """The scale of numbers, from some requests drawn at random."""
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:_SCALED_BY])
        return Scale.of(arrays_of(self.columns, taken(self.asked.described, chosen)))


def examples_of(features: Features, products: ListProducts, lists: Lists) -> Examples:
    """Lists as examples: each request knows what a server knew."""
    parts = []
    for at in range(0, max(len(lists), 1), _AT_ONCE):
        own = lists.take(np.arange(at, min(at + _AT_ONCE, len(lists))))
        users, queries = own.user_id.tolist(), own.query.tolist()
        parts.append(features.describe(users, queries, own.now, own.rows.astype(np.int64), own.mask))
    return Examples(features.products, products, asked_of(features, joined(parts), lists.score), lists)
