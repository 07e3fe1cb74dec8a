"""What pre-ranking learns from: pages of the log, and what the cascade had found, ranked and dropped for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import torch

from emptor.prerank.models.inputs import Level, PrerankBatch
from emptor.rank.data import Pages
from emptor.rank.scale import Scale, batch_of
from emptor.shop.features import Described, Features, ProductColumns, arrays_of, joined, taken

COLUMNS = ("request_id", "offset", "place", "stage", "product_ids", "scores")
"""Of a trace that are read."""
_AT_ONCE = 2_048
_SCALED_BY = 2_000
_CHUNK = 10


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

    @property
    def width(self) -> int:
        return self.shown + self.ranked + self.dropped


@dataclass(frozen=True)
class Stream:
    """R requests with candidates of all stages, N each at most, in order of time.

    user_id, query [R] object; now [R] int64, UTC microseconds; rows [R, N] int32; level [R, N] int8, of Level: padding
    at the end; place [R, N] int16: where the ranker put it, -1 where it did not see it; teacher [R, N] float32: the
    ranker's score, NaN without.

    Where retrieval put a candidate is not among it: where the first of what it found are kept, all the others are
    dropped for their place, and a network that knew the place would learn nothing but that.
    """

    user_id: np.ndarray
    query: np.ndarray
    now: np.ndarray
    rows: np.ndarray
    level: np.ndarray
    place: np.ndarray
    teacher: np.ndarray

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

    Args:
        traces: parts of a trace log, one after the other, with at least COLUMNS; rows of a request stand in one part.
        pages: what was on screens, see `rank.data.read_pages`. Pages without a trace are left out, and so are further
            pages of a list: their candidates are those of the first.
        rows: columns product_id and row; other products are left out, as they cannot be described any more.
        drawn: how many candidates of each kind. seed: of what is drawn.
    """
    drawn = drawn or Drawn()
    page_of = {request: at for at, request in enumerate(pages.request_id.tolist())}
    products = int(rows["row"].to_numpy().max(initial=0)) + 1
    at_page: list[int] = []
    parts: list[tuple[np.ndarray, ...]] = []
    scratch = np.full(products, -1, np.int64)
    for part in traces:
        part = part.filter((pl.col("offset") == 0) & pl.col("request_id").is_in(list(page_of)))
        if not part.height:
            continue
        found = _lists(part.filter(pl.col("place") == 0), rows)
        ranked = _lists(part.filter(pl.col("stage") == "rank"), rows, scores=True)
        for request in found:
            page = page_of.get(request)
            if page is None:
                continue
            rng = np.random.default_rng([seed, page])
            list_, teacher = ranked.get(request, (np.zeros(0, np.int64), np.zeros(0, np.float32)))
            parts.append(candidates_of(pages, page, found[request][0], list_, teacher, scratch, drawn, rng))
            at_page.append(page)
    return stream_of(pages, at_page, parts)


def stream_of(pages: Pages, at_page: Sequence[int], parts: Sequence[tuple[np.ndarray, ...]]) -> Stream:
    """Candidates of requests as a stream: at_page: the page of each; parts: what `candidates_of` gives of each."""
    order = np.argsort(pages.now[list(at_page)], kind="stable") if at_page else np.zeros(0, np.int64)
    chosen = np.asarray(at_page, np.int64)[order]
    width = max((len(own[0]) for own in parts), default=1)
    columns = [(0, np.int32), (0, np.int8), (-1, np.int16), (np.nan, np.float32)]
    return Stream(
        pages.user_id[chosen],
        pages.query[chosen],
        pages.now[chosen],
        *(
            _wide([parts[at][column] for at in order.tolist()], width, fill, kind)
            for column, (fill, kind) in enumerate(columns)
        ),
    )


def _lists(part: pl.DataFrame, rows: pl.DataFrame, *, scores: bool = False) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """request_id -> rows of its products, best first, and their scores if wanted; without those that are not known."""
    names = ["product_ids", "scores"] if scores else ["product_ids"]
    flat = (
        part.select("request_id", *names)
        .filter(pl.col("product_ids").list.len() > 0)
        .explode(names)
        .rename({"product_ids": "product_id"})
        .join(rows, on="product_id", how="left", maintain_order="left")
        .filter(pl.col("row").is_not_null())
    )
    request, row = flat["request_id"].to_list(), flat["row"].to_numpy().astype(np.int64)
    value = flat["scores"].to_numpy().astype(np.float32) if scores else np.zeros(len(row), np.float32)
    if not request:
        return {}
    begins = [at for at in range(len(request)) if at == 0 or request[at] != request[at - 1]]
    ends = [*begins[1:], len(request)]
    return {request[start]: (row[start:end], value[start:end]) for start, end in zip(begins, ends, strict=True)}


def candidates_of(
    pages: Pages,
    page: int,
    found: np.ndarray,
    ranked: np.ndarray,
    teacher: np.ndarray,
    scratch: np.ndarray,
    drawn: Drawn,
    rng: np.random.Generator,
) -> tuple[np.ndarray, ...]:
    """(rows, level, place, teacher) of one request, see Stream.

    Args:
        page: which of `pages`. found: rows that retrieval found. ranked, teacher: rows that were ranked, best first,
            and their scores. scratch: an int64 for each product, -1 everywhere, before and after.
    """
    there = pages.mask[page]
    shown, clicked, bought = (own[page][there] for own in (pages.rows, pages.clicked, pages.bought))
    level = np.where(bought, int(Level.BOUGHT), np.where(clicked, int(Level.CLICKED), int(Level.SHOWN)))
    if len(shown) > drawn.shown:
        kept = np.sort(np.argsort(-level, kind="stable")[: max(drawn.shown, int((level > Level.SHOWN).sum()))])
        shown, level = shown[kept], level[kept]
    hidden = ranked[~np.isin(ranked, pages.rows[page][there])]
    dropped = found[~np.isin(found, np.concatenate([ranked, pages.rows[page][there]]))]
    scratch[ranked] = np.arange(len(ranked))
    hidden = hidden[_by_chunks(scratch[hidden], drawn.ranked, rng)]
    dropped = dropped[np.sort(rng.permutation(len(dropped))[: drawn.dropped])]
    rows = np.concatenate([shown, hidden, dropped])
    place = scratch[rows]
    scratch[ranked] = -1
    score = np.full(len(rows), np.nan, np.float32)
    score[place >= 0] = teacher[place[place >= 0]]
    levels = np.concatenate([level, np.full(len(hidden), Level.RANKED), np.full(len(dropped), Level.DROPPED)])
    return rows, levels, place, score


def _by_chunks(places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Which of some places in a ranker's list are drawn: as many from each chunk, as long as it has any; rising."""
    if len(places) <= count:
        return np.arange(len(places))
    chunk = np.where(places < _CHUNK, 0, 1 + np.floor(np.log2(np.maximum(places, _CHUNK) / _CHUNK)))
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
        columns = {name: moved(getattr(stream, name)) for name in ("rows", "level", "place", "teacher")}
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
            teacher=torch.from_numpy(np.ascontiguousarray(stream.teacher[:, :width])),
            number=torch.from_numpy(number),
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
