"""What retrieval learns from: queries with the products that were chosen for them, and some that words find in vain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import polars as pl
import torch

from emptor.learn.seeds import numpy_rng
from emptor.retrieve.listings import Listings
from emptor.retrieve.models.inputs import RetrievalBatch
from emptor.shop.holdout import is_held_out
from emptor.shop.text.analyser import fold

CHOSEN = ("click", "add_to_cart", "purchase")
"""Actions by which somebody chooses a product."""
VALIDATED = 0.1
"""Share of the queries, by their words, that nothing is learnt from."""
OF_GATE = 0.05
"""Share of the queries that are learnt from of which the first stage knows nothing."""
LONGEST = 200
"""Characters of a query that count."""


@dataclass(frozen=True)
class Pairs:
    """N pairs of a query and a product that was chosen for it.

    queries: Q texts, folded, each once, rising. query [N] int64: which; row [N] int64: product. Sorted by query, then
    row. missed [Q, H] int64: products that words find for the query and that nobody chose for it, -1 padding.
    """

    queries: list[str]
    query: np.ndarray
    row: np.ndarray
    missed: np.ndarray

    def __len__(self) -> int:
        return len(self.query)

    def of(self, chosen: np.ndarray) -> Pairs:
        """Only the pairs of some queries [Q] bool; queries keep their numbers."""
        mine = chosen[self.query]
        return replace(self, query=self.query[mine], row=self.row[mine])

    @property
    def validated(self) -> np.ndarray:
        """[Q] bool: queries that nothing is learnt from; which follows from their words alone."""
        return np.array([_share(text, b"validated") < VALIDATED for text in self.queries], bool)

    @property
    def of_gate(self) -> np.ndarray:
        """[Q] bool: of the others, those that only the second stage learns from; see `train`."""
        return ~self.validated & np.array([_share(text, b"gate") < OF_GATE for text in self.queries], bool)


def read_pairs(events: pl.LazyFrame, rows: pl.DataFrame) -> Pairs:
    """The pairs of a log, without users who are kept from training.

    Args:
        rows: columns product_id and row; choices of other products are left out.
    """
    chosen = (
        events.filter(
            pl.col("action").is_in(CHOSEN) & pl.col("query").is_not_null() & pl.col("product_id").is_not_null()
        )
        .select("user_id", "query", "product_id")
        .unique()
        .collect(engine="streaming")
        .join(rows, on="product_id")
    )
    out = {user for user in chosen["user_id"].unique().to_list() if user is not None and is_held_out(user)}
    chosen = chosen.filter(~pl.col("user_id").is_in(list(out)) | pl.col("user_id").is_null())
    known = {text: asked(text) for text in chosen["query"].unique().to_list()}
    chosen = chosen.with_columns(pl.col("query").replace_strict(known, return_dtype=pl.String))
    chosen = chosen.filter(pl.col("query") != "").select("query", "row").unique()
    return pairs_of(chosen["query"].to_list(), chosen["row"].to_numpy())


def pairs_of(query: Sequence[str], row: np.ndarray) -> Pairs:
    """Pairs from columns [N]; no pair stands twice."""
    texts = pl.Series(query, dtype=pl.String).unique().sort()
    number = (
        pl.DataFrame({"query": pl.Series(query, dtype=pl.String)})
        .join(pl.DataFrame({"query": texts}).with_row_index("number"), on="query", maintain_order="left")["number"]
        .to_numpy()
        .astype(np.int64)
    )
    order = np.lexsort((row, number))
    return Pairs(
        texts.to_list(), number[order], np.asarray(row, np.int64)[order], np.full((len(texts), 0), -1, np.int64)
    )


def asked(text: str) -> str:
    """A query as it counts: folded, spaces made one."""
    return " ".join(fold(text[:LONGEST]).split())


def with_missed(pairs: Pairs, found: Sequence[np.ndarray], *, most: int = 8) -> Pairs:
    """Pairs with hard negatives.

    Args:
        found: for each query the rows that words find, best first. most: of them that are kept, the best that nobody
            chose.
    """
    missed = np.full((len(pairs.queries), most), -1, np.int64)
    first = np.searchsorted(pairs.query, np.arange(len(pairs.queries) + 1))
    for at, rows in enumerate(found):
        own = rows[~np.isin(rows, pairs.row[first[at] : first[at + 1]])][:most]
        missed[at, : len(own)] = own
    return replace(pairs, missed=missed)


class Sample(NamedTuple):
    """A batch, and which query each of its rows is: query [Q] int64."""

    batch: RetrievalBatch
    query: torch.Tensor


@dataclass(frozen=True)
class Source:
    """Where batches are cut from. ids [Q, n_q] int32: the queries as tokens. known: all pairs there are, whichever are
    learnt from: no product that fits a query is its negative.
    """

    listings: Listings
    ids: np.ndarray
    known: Pairs

    @cached_property
    def _key(self) -> np.ndarray:
        """Of all pairs there are, rising."""
        return self.known.query * len(self.listings) + self.known.row

    def batch(
        self, pairs: Pairs, places: np.ndarray, *, extra: np.ndarray, prior: np.ndarray | None = None
    ) -> RetrievalBatch:
        """Pairs as a batch, each product once.

        Args:
            places: of the pairs. extra: rows of products that are negatives of all but those whom they fit.
            prior [products] float32: see `losses.batch_loss`.
        """
        query, row = pairs.query[places], pairs.row[places]
        rows, at = np.unique(np.concatenate([row, extra]), return_inverse=True)
        key = self._key
        wanted = query[:, None] * len(self.listings) + rows[None]
        near = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        ids = self.ids[query]
        ids = ids[:, : max(int((ids > 0).sum(1).max(initial=1)), 1)]
        return RetrievalBatch(
            **self.listings.columns(rows),
            query=torch.from_numpy(ids.astype(np.int64)),
            positive=torch.from_numpy(key[near] == wanted),
            target=torch.from_numpy(at[: len(row)]),
            prior=None if prior is None else torch.from_numpy(prior[rows]),
        )

    def batches(
        self,
        pairs: Pairs,
        *,
        size: int,
        seed: int,
        epoch: int,
        together: int = 1,
        near: float = 0.0,
        hard: float = 0.0,
        untold: float = 0.0,
    ) -> Iterator[Sample]:
        """An epoch: every pair once, in an order that follows from (seed, epoch).

        Args:
            size: pairs of a batch, about. together, near: see `_in_batches`. hard: hard negatives for each product of
                the batch, up to the number of those there are. untold: share of the products with both whose text is
                hidden.
        """
        rng = numpy_rng(seed, "pairs", epoch)
        count = max(1, -(-len(pairs) // size))
        # a product stands in as many batches as its pairs fill; that it is the target oftener there is its popularity
        many = np.bincount(pairs.row, minlength=len(self.listings))
        parts = np.clip(-(-many // together), 1, count)
        prior = np.log(np.maximum(many, 1) / parts).astype(np.float32)
        for places in self._in_batches(pairs, count, rng, together=together, near=near):
            extra = self._hard(pairs, places, round(hard * len(np.unique(pairs.row[places]))), rng)
            batch = self.batch(pairs, places, extra=extra, prior=prior)
            hidden = torch.from_numpy(rng.random(len(batch.has_text)) < untold) & batch.has_image
            yield Sample(replace(batch, has_text=batch.has_text & ~hidden), torch.from_numpy(pairs.query[places]))

    def _in_batches(
        self, pairs: Pairs, count: int, rng: np.random.Generator, *, together: int, near: float
    ) -> list[np.ndarray]:
        """Places of the pairs, by batch; `count` batches, none empty.

        Args:
            together: pairs of one product that stand in one batch, at most; more only where there are not enough
                batches. A product costs more than ten times what a query does, so the more queries ask for it at once,
                the more is learnt for the work.
            near: share of the products that stand beside others of their category. Any other category is soon told
                apart, and teaches nothing more; what tells products of one category apart is learnt from these.
        """
        order = rng.permutation(len(pairs))
        order = order[np.argsort(pairs.row[order], kind="stable")]
        row, first, product, many = np.unique(
            pairs.row[order], return_index=True, return_inverse=True, return_counts=True
        )
        category = self.listings.category[row]
        beside = rng.random(len(row)) < near
        place = rng.random(len(row)) + np.where(beside, rng.permutation(category.max(initial=0) + 1)[category], 0)
        begins = np.zeros(len(row), np.int64)
        for mine in (np.flatnonzero(beside), np.flatnonzero(~beside)):
            mine = mine[np.argsort(place[mine], kind="stable")]
            before = np.cumsum(many[mine]) - many[mine]
            begins[mine] = before * count // max(int(many[mine].sum()), 1)
        # what a product has too many of for one batch stands in those behind it
        turn = (np.arange(len(order)) - first[product]) // together
        number = rng.permutation(count)[(begins[product] + turn) % count]
        by_batch = np.argsort(number, kind="stable")
        ends = np.bincount(number, minlength=count).cumsum()
        return [own for own in np.split(order[by_batch], ends[:-1]) if len(own)]

    def _hard(self, pairs: Pairs, places: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        missed = pairs.missed[pairs.query[places]]
        missed = missed[missed >= 0]
        return rng.choice(missed, min(count, len(missed)), replace=False) if len(missed) else missed


def digest_of(pairs: Pairs) -> str:
    """A short name of just these pairs."""
    digest = blake2b("\x1f".join(pairs.queries).encode(), digest_size=8)
    for own in (pairs.query, pairs.row, pairs.missed):
        digest.update(np.ascontiguousarray(own).tobytes())
    return digest.hexdigest()


def _share(text: str, name: bytes) -> float:
    """A number in 0..1 that follows from a query's words."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8, person=name).digest(), "little") / 2**64
