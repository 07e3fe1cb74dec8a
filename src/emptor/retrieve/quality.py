"""How much of what was chosen a network finds, among all products that it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from emptor.retrieve.listings import Listings
from emptor.retrieve.models.retriever import Retriever
from emptor.retrieve.samples import Pairs, Source

_PRODUCTS, _QUERIES = 512, 256
"""Encoded at a time."""


@contextmanager
def _evaluating(net: Retriever) -> Iterator[None]:
    """In evaluation mode, and afterwards as it was. One that is in it is left alone: to walk all its parts takes longer
    than some queries.
    """
    if not net.training:
        yield
        return
    net.eval()
    try:
        yield
    finally:
        net.train()


@torch.no_grad()
def product_vectors(net: Retriever, listings: Listings, rows: np.ndarray | None = None) -> np.ndarray:
    """What an index holds of products: [P, serving_width] float32, NaN for those the network has no vector of.

    Args:
        rows: which; all unless given.
    """
    rows = np.arange(len(listings)) if rows is None else rows
    out = np.full((len(rows), net.serving_width), np.nan, np.float32)
    with _evaluating(net):
        for start in range(0, len(rows), _PRODUCTS):
            part = slice(start, start + _PRODUCTS)
            found = net.products(listings.batch(rows[part]))
            out[part] = torch.where(found.there.unsqueeze(1), net.serving_products(found), torch.nan).numpy()
    return out


@torch.no_grad()
def query_vectors(net: Retriever, ids: np.ndarray) -> np.ndarray:
    """What an index is asked by: ids [Q, n_q] -> [Q, serving_width] float32."""
    with _evaluating(net):
        parts = [
            net.serving_queries(net.query(torch.from_numpy(ids[at : at + _QUERIES].astype(np.int64)))).numpy()
            for at in range(0, len(ids), _QUERIES)
        ]
    return np.concatenate([np.zeros((0, net.serving_width), np.float32), *parts])


def recalls(
    net: Retriever, source: Source, pairs: Pairs, *, depths: Sequence[int] = (10, 50), pool: np.ndarray
) -> dict[str, float]:
    """Recall at depths, the mean over queries, among products of a pool: rows [M], rising, with all that was chosen."""
    queries = np.unique(pairs.query)
    if not len(queries):
        return {f"recall@{depth}": float("nan") for depth in depths}
    asked, products = query_vectors(net, source.ids[queries]), product_vectors(net, source.listings, pool)
    there = np.isfinite(products[:, 0])
    products = np.nan_to_num(products)
    first = np.append(np.searchsorted(pairs.query, queries), len(pairs))
    sums = dict.fromkeys(depths, 0.0)
    for at, vector in enumerate(asked):
        scores = np.where(there, products @ vector, -np.inf)
        own = scores[np.searchsorted(pool, pairs.row[first[at] : first[at + 1]])]
        # ties stand before what was chosen: a network that says the same of all finds nothing
        above = len(scores) - np.searchsorted(np.sort(scores), own) - 1
        for depth in depths:
            sums[depth] += float((above < depth).sum()) / min(len(own), depth)
    return {f"recall@{depth}": total / len(queries) for depth, total in sums.items()}
