"""What pre-ranking learns from: pages of the log, and what the cascade had found, ranked and dropped for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import torch

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.prerank.models.losses import chunk_of
from emptor.rank.data import Pages
from emptor.rank.scale import Scale, batch_of
from emptor.rank.traces import first_pages, lists_of
from emptor.shop.features import Described, Features, ProductColumns, arrays_of, joined, taken

COLUMNS = ("request_id", "offset", "place", "stage", "product_ids", "degraded", "sort")
"""Of a trace that are read."""
RANK = "rank"
"""The stage whose order is learnt from."""
_AT_ONCE = 2_048
_SCALED_BY = 2_000


@dataclass(frozen=True)
class Drawn:
    """How many candidates of each kind a request is given, at most.

    shown: of those on the screen; what was chosen is never left out. ranked: of those that were ranked and not shown,
    as many from each chunk of the ranker's list, chunks twice as long each. dropped: of those that were retrieved and
    not ranked, evenly.
    """

    shown: int = 20
    ranked: int = 10
    dropped: int = 40


@dataclass(frozen=True)
class Stream:
    """R requests with candidates of all stages, N each at most, in order of time.

    user_id, query [R] object; now [R] int64, UTC microseconds; rows [R, N] int32; level [R, N] int8, of Level: padding
    at the end; place [R, N] int16: where the ranker put it, -1 where it did not; found [R, F] int32: rows of all that
    was found, rising, -1 padding in front.

    Where retrieval put a candidate is not among it: where the first of what it found are kept, all the others are
    dropped for their place, and a network that knew the place would learn nothing but that.
    """

    user_id: np.ndarray
    query: np.ndarray
    now: np.ndarray
    rows: np.ndarray
    level: np.ndarray
    place: np.ndarray
    found: np.ndarray

    def __len__(self) -> int:
        return len(self.now)

    def take(self, places: np.ndarray) -> Stream:
        """Some of the requests, in that order."""
        return taken(self, places)

    @property
    def mask(self) -> np.ndarray:
        """[R, N] bool: False is padding."""
        return self.level > Level.PADDING

    def count(self, level: Level) -> int:
        """Candidates of a level."""
        return int((self.level == level).sum())


def read_stream(
    traces: Iterable[pl.DataFrame], pages: Pages, rows: pl.DataFrame, *, drawn: Drawn | None = None, seed: int = 0
) -> Stream:
    """Join pages with the traces of their requests.

    What was handed to the ranking stage, or was left at the end where there is none, was kept; all else that was found
    was dropped. An order counts only where the ranking stage has made it: not where another stood in for it or it was
    skipped, nor of a page in another order than by relevance.

    Args:
        traces: parts of a trace log, one after the other, with at least COLUMNS; rows of a request stand in one part.
        pages: what was on screens, see `rank.data.read_pages`. Pages without a trace are left out, and so are further
            pages of a list: their candidates are those of the first.
        rows: columns product_id and row; other products are left out, as they cannot be described any more.
        drawn: how many candidates of each kind. seed: of what is drawn.
    """
    drawn = drawn or Drawn()
    page_of = {request: at for at, request in enumerate(pages.request_id.tolist())}
    scratch = np.full(int(rows["row"].to_numpy().max(initial=0)) + 1, -1, np.int64)
    at_page: list[int] = []
    parts: list[tuple[np.ndarray, ...]] = []
    for part in traces:
        part = first_pages(part, page_of)
        if not part.height:
            continue
        ranks = pl.col("stage") == RANK
        first = pl.col("place").filter(ranks).min().over("request_id")
        last = pl.col("place").max().over("request_id")
        own = ~pl.col("degraded").fill_null("").str.contains(f'"stage":"{RANK}"', literal=True)
        found = lists_of(part.filter(pl.col("place") == 0), rows)
        kept = lists_of(part.filter(pl.col("place") == pl.coalesce(first - 1, last)), rows)
        ranked = lists_of(part.filter(ranks & own), rows)
        nothing = np.zeros(0, np.int64)
        for request, (every, _) in found.items():
            page = page_of[request]
            rng = np.random.default_rng([seed, page])
            own_kept, order = kept.get(request, (every,))[0], ranked.get(request, (nothing,))[0]
            parts.append(candidates_of(pages, page, every, own_kept, order, scratch, drawn, rng))
            at_page.append(page)
    return stream_of(pages, at_page, parts)


def stream_of(pages: Pages, at_page: Sequence[int], parts: Sequence[tuple[np.ndarray, ...]]) -> Stream:
    """Candidates of requests as a stream: at_page: the page of each; parts: what `candidates_of` gives of each."""
    order = np.argsort(pages.now[list(at_page)], kind="stable") if at_page else np.zeros(0, np.int64)
    chosen = np.asarray(at_page, np.int64)[order]
    width = max((len(own[0]) for own in parts), default=1)
    found = np.full((len(parts), max((len(own[3]) for own in parts), default=0)), -1, np.int32)
    for place, at in enumerate(order.tolist()):
        own = np.sort(parts[at][3])
        found[place, found.shape[1] - len(own) :] = own
    return Stream(
        pages.user_id[chosen],
        pages.query[chosen],
        pages.now[chosen],
        rows=_wide([parts[at][0] for at in order.tolist()], width, 0, np.int32),
        level=_wide([parts[at][1] for at in order.tolist()], width, 0, np.int8),
        place=_wide([parts[at][2] for at in order.tolist()], width, -1, np.int16),
        found=found,
    )


def candidates_of(
    pages: Pages,
    page: int,
    found: np.ndarray,
    kept: np.ndarray,
    ranked: np.ndarray,
    scratch: np.ndarray,
    drawn: Drawn,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...]:
    """(rows, level, place, found) of one request, see Stream.

    Args:
        page: which of `pages`. found: rows that retrieval found; kept: those that the ranker was handed; ranked: those
            that it has placed, best first. scratch: an int64 for each product, -1 everywhere, before and after.
    """
    there = pages.mask[page]
    on_page, clicked, bought = (own[page][there] for own in (pages.rows, pages.clicked, pages.bought))
    level = np.where(bought, int(Level.BOUGHT), np.where(clicked, int(Level.CLICKED), int(Level.SHOWN)))
    shown = on_page
    if len(shown) > drawn.shown:
        most = max(drawn.shown, int((level > Level.SHOWN).sum()))
        some = np.sort(np.argsort(-level, kind="stable")[:most])
        shown, level = shown[some], level[some]
    hidden = ranked[~np.isin(ranked, on_page)]
    dropped = found[~np.isin(found, np.concatenate([kept, ranked, on_page]))]
    scratch[ranked] = np.arange(len(ranked))
    hidden = hidden[_by_chunks(scratch[hidden], drawn.ranked, rng)]
    dropped = dropped[np.sort(rng.permutation(len(dropped))[: drawn.dropped])]
    rows = np.concatenate([shown, hidden, dropped])
    place = scratch[rows]
    scratch[ranked] = -1
    levels = np.concatenate([level, np.full(len(hidden), Level.RANKED), np.full(len(dropped), Level.DROPPED)])
    return rows, levels, place, np.unique(np.concatenate([found, ranked]))


def _by_chunks(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Which of some places in a ranker's list are drawn: as many from each chunk, as long as it has any; rising."""
    if len(places) <= count:
        return np.arange(len(places))
    chunk = chunk_of(torch.from_numpy(places)).numpy()
    mixed = rng.permutation(len(places))
    mixed = mixed[np.argsort(chunk[mixed], kind="stable")]
    own = chunk[mixed]
    first = np.r_[True, own[1:] != own[:-1]]
    turn = np.arange(len(own)) - np.maximum.accumulate(np.where(first, np.arange(len(own)), 0))
    return np.sort(mixed[np.argsort(turn, kind="stable")[:count]])


def _wide(parts: list[np.ndarray], width: int, fill: float, kind: type) -> np.ndarray:
    out: np.ndarray = np.full((len(parts), width), fill, kind)
    for at, own in enumerate(parts):
        out[at, : len(own)] = own
    return out


@dataclass(frozen=True)
class Examples:
    """R requests to learn from, or to be judged on. products: what the rows of `asked` mean."""

    products: ProductColumns
    asked: Described
    stream: Stream

    def __len__(self) -> int:
        return len(self.stream)

    def take(self, places: np.ndarray) -> Examples:
        """Some of the requests, in that order."""
        return replace(self, asked=taken(self.asked, places), stream=self.stream.take(places))

    def without(self, level: Level) -> Examples:
        """The same requests without the candidates of a level."""
        stream, asked = self.stream, self.asked
        kept = self.stream.mask & (stream.level != level)
        order = np.argsort(~kept, axis=1, kind="stable")

        def moved(own: np.ndarray) -> np.ndarray:
            return np.take_along_axis(own, order if own.ndim == 2 else order[..., None], axis=1)

        there = moved(kept)
        columns = {name: moved(getattr(stream, name)) for name in ("rows", "level", "place")}
        columns["level"] = np.where(there, columns["level"], int(Level.PADDING)).astype(np.int8)
        asked = replace(asked, rows=moved(asked.rows), mask=there, numeric=moved(asked.numeric))
        return replace(self, asked=asked, stream=replace(stream, **columns))

    def batch(self, places: np.ndarray, pool: np.ndarray, scale: Scale) -> PrerankBatch:
        """Some of the requests as tensors. pool: rows of products of the catalogue."""
        asked, stream = taken(self.asked, places), self.stream.take(places)
        width = max(int(stream.mask.sum(1).max(initial=1)), 1)
        asked = replace(asked, rows=asked.rows[:, :width], mask=asked.mask[:, :width], numeric=asked.numeric[:, :width])
        number = np.where(asked.mask, self.products.number[asked.rows], 0)
        return PrerankBatch(
            asked=batch_of(arrays_of(self.products, asked), scale),
            level=torch.from_numpy(stream.level[:, :width].astype(np.int64)),
            place=torch.from_numpy(stream.place[:, :width].astype(np.int64)),
            number=torch.from_numpy(number),
            found=torch.from_numpy(np.sort(np.where(stream.found < 0, 0, self.products.number[stream.found]), axis=1)),
            pool_product=torch.from_numpy(self.products.fields[pool]),
            pool_own=torch.from_numpy(self.products.own[pool]),
            pool_number=torch.from_numpy(self.products.number[pool]),
        )

    def batches(
        self, scale: Scale, *, size: int, pool: int, seed: int, epoch: int, shuffle: bool = True
    ) -> Iterator[PrerankBatch]:
        """Batches of `size` requests and `pool` products; both follow from (seed, epoch)."""
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self)) if shuffle else np.arange(len(self))
        for start in range(0, len(order), size):
            drawn = rng.choice(self.products.nobody, min(pool, self.products.nobody), replace=False)
            yield self.batch(order[start : start + size], np.sort(drawn), scale)

    def scale(self, *, seed: int) -> Scale:
        """The scale of numbers, from some requests drawn at random."""
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:_SCALED_BY])
        return Scale.of(arrays_of(self.products, taken(self.asked, chosen)))


def examples_of(features: Features, stream: Stream) -> Examples:
    """A stream as examples: each request knows what a server knew."""
    parts = []
    for at in range(0, max(len(stream), 1), _AT_ONCE):
        own = stream.take(np.arange(at, min(at + _AT_ONCE, len(stream))))
        parts.append(features.describe(own.user_id.tolist(), own.query.tolist(), own.now, own.rows, own.mask))
    return Examples(features.products, joined(parts), stream)
