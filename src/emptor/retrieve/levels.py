"""How much a product's vector loses without its picture or its text, so that nobody stands behind for lacking one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from emptor.learn.seeds import numpy_rng
from emptor.retrieve.models.retriever import Retriever
from emptor.retrieve.samples import Pairs, Source

_PAIRS = 2_048
_FEWEST = 20
"""Pairs without which levels stay 1."""
_AT_ONCE = 512
_LARGEST = 2.0


@torch.no_grad()
def measure(net: Retriever, source: Source, pairs: Pairs, *, seed: int) -> None:
    """Set `levels` of a network that makes one vector of two sides: by how much smaller the cosine of a query and what
    was chosen for it is where the same product is shown without its picture, and where without its text.

    Products of the log that lack a side are not asked: they are few, and of another kind than the rest.

    Args: pairs: that were learnt from.

    Source: ours.
    """
    whole = source.listings.has_image & source.listings.has_text
    places = np.flatnonzero(whole[pairs.row])
    if len(places) < _FEWEST:
        return
    places = np.sort(numpy_rng(seed, "levels").permutation(places)[:_PAIRS])
    net.eval()
    net.levels.fill_(1)
    sums = torch.zeros(net.levels.shape, dtype=torch.float64)
    for start in range(0, len(places), _AT_ONCE):
        batch = source.batch(pairs, places[start : start + _AT_ONCE], extra=np.zeros(0, np.int64))
        query = net.query(batch.query).vector
        without = torch.zeros_like(batch.has_text)
        for lacks, own in enumerate((batch, replace(batch, has_image=without), replace(batch, has_text=without))):
            products = net.products(own)
            if products.lacks is None:
                return
            for at, vectors in enumerate(net.vectors(products)):
                sums[at, lacks] += (query * vectors[batch.target]).sum()
    level = sums[:, :1] / sums
    known = (sums > 0) & (sums[:, :1] > 0)
    net.levels.copy_(torch.where(known, level.clamp(1 / _LARGEST, _LARGEST), 1.0))
